# SPDX-License-Identifier: MIT
"""log, events, loglevel: the log as an operator reads it through the node."""
import json
import re
import subprocess

from node import LINE, Node
from sshclient import Client, Key
from waiting import until


def test_log(t):
    """The same lines as in the log itself; by level, program and event."""
    south = Node(t, "south").start()
    north = Node(t, "north", bootstrap=[south.mesh_address]).start()
    north.wait_peers(1)
    until("the event is told", lambda: north.ctl(
        "events", "peer_up").stdout.count("peer_up") == 1, 5)
    line = north.ctl("events", "peer_up").stdout.strip()
    assert line in north.log().splitlines(), line
    lines = north.ctl("log").stdout.splitlines()
    assert line in lines and all(LINE.match(x) for x in lines), lines
    assert all(" gossipd " in x for x in
               north.ctl("log", "info", "gossipd").stdout.splitlines())
    assert "nothing" in north.ctl("log", "error").stdout
    rows = json.loads(north.ctl("events", "peer_", "--json").stdout)["lines"]
    assert rows[0]["event"] == "peer_up" and rows[0]["daemon"] == "gossipd"
    assert f"id={south.id[:12]}" in rows[0]["fields"], rows
    for bad in (("log", "loud"), ("events", "nosuch"), ("log", "a", "b", "c")):
        r = north.ctl(*bad, check=False)
        assert r.returncode == 64 and r.stderr and not r.stdout, r


def test_watch(t):
    """Lines as they come, to somebody who may see them."""
    south = Node(t, "south")
    north = Node(t, "north")
    op, user = Key(t), Key(t, "user")
    north.authorize(op.line, f'role="user" {user.line}')
    north.start()
    client = Client(t, north, op)
    client.wait_admitted()
    r = Client(t, north, user).command("log")
    assert r.returncode == 77 and b"role op" in r.stderr, r
    watch = subprocess.Popen(
        [north.find("micelioctl"), "--data-dir", north.dir, "--timeout",
         "1s", "events", "peer_", "--watch", "--json"],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    pane = client.open()
    pane.say("/log info gossipd --watch")
    pane.say("/version")
    pane.wait_text("micelio 0")
    south.bootstrap = [north.mesh_address]
    south.write_conf()
    south.start()
    row = json.loads(watch.stdout.readline())
    assert row["v"] == 1 and row["event"] == "peer_up", row
    pane.wait_text("info gossipd peer_up")
    # C-c ends watching, not the session.
    pane.send("C-c")
    south.stop()
    row = json.loads(watch.stdout.readline())
    assert row["event"] == "peer_down", row
    watch.terminate()
    watch.wait(10)
    watch.stdout.close()
    pane.say("/quit")
    assert pane.wait_end() == 0
    assert "gossipd peer_down" not in pane.screen(history=True)


def test_level(t):
    """For a time, then as configured; told, and seen in log."""
    node = Node(t, "north").start()
    levels = json.loads(node.ctl("loglevel", "--json").stdout)["levels"]
    assert {x["level"] for x in levels} == {"info"} and len(levels) == 5
    assert {x["for_ms"] for x in levels} == {None}, levels
    node.ctl("loglevel", "all", "debug", "24h")
    levels = json.loads(node.ctl("loglevel", "--json").stdout)["levels"]
    assert {x["level"] for x in levels} == {"debug"}, levels
    node.ctl("loglevel", "transportd", "warn", "1s")
    node.wait_event("log_level", child="transportd", level="warn")
    node.ctl("loglevel", "all", "debug", "1s")

    def over():
        rows = json.loads(node.ctl("loglevel", "--json").stdout)["levels"]
        return all(x["level"] == "info" and x["for_ms"] is None
                   for x in rows)
    until("it is over", over, 10)
    # What debug there was is in the ring, and marked so.
    node.ctl("loglevel", "all", "debug", "10m")
    node.ctl("link", "127.0.0.1:1", check=False)
    until("debug lines are seen", lambda: re.search(
        r"^\S+ debug ", node.ctl("log", "debug").stdout, re.M), 5)
    assert " debug " not in node.ctl("events").stdout
    # A configuration that is read ends it at once.
    node.write_conf(node.conf_text().replace(
        "bootstrap = [", "max_peers = 3; bootstrap = ["))
    node.ctl("reload")
    assert over(), node.ctl("loglevel").stdout
    for bad in (("gossipd",), ("gossipd", "loud"), ("nosuch", "debug"),
                ("gossipd", "debug", "25h"), ("gossipd", "debug", "soon")):
        r = node.ctl("loglevel", *bad, check=False)
        assert r.returncode == 64 and "for example" in r.stderr, r
