# SPDX-License-Identifier: MIT
"""The table of commands: what is in it, and what becomes of what is not."""
import json
import subprocess

from node import Node
from peer import Peer
from sshclient import person
from waiting import until

# Those that need no other node, change nothing and end by themselves.
HARMLESS = ("help", "who", "status", "peers", "version", "reload")
SHELL_ONLY = {"nick": ["x"], "quit": []}


def test_table(t):
    """Each command once; each has a word about it, and does something."""
    node = Node(t, "north").start()
    hub = node.child("sshd")
    rows = json.loads(node.ctl("help", "--json").stdout)
    rows = next(v for v in rows.values() if isinstance(v, list))
    names = [r["name"] for r in rows]
    assert len(names) == len(set(names)) and "help" in names, names
    assert not set(SHELL_ONLY) & set(names), names
    text = node.ctl("help").stdout
    for name in names:
        assert name in text
        one = node.ctl("help", name).stdout
        assert one.startswith(f"micelioctl {name}"), one
        assert "examples:" in one, one
        for words in (("help", name, "--json"), (name, "--help", "--json")):
            one = json.loads(node.ctl(*words).stdout)
            assert one["v"] == 1 and one.get("name") == name, one
            assert len(one["examples"]) == 2, one
    for name in HARMLESS:
        r = node.ctl(name)
        assert r.stdout, (name, r)
    for name, words in SHELL_ONLY.items():
        r = node.ctl(name, *words, check=False)
        assert r.returncode == 64 and "partyline" in r.stderr, (name, r)
    r = node.ctl("statsu", check=False)
    assert r.returncode == 64 and 'did you mean "status"' in r.stderr, r
    r = node.ctl("nosuchatall", check=False)
    assert r.returncode == 64 and not r.stdout, r
    # Nothing of it ended the hub.
    assert node.child("sshd") == hub


def test_at_once(t):
    """A hundred calls, ten at a time: each has its answer, each counts."""
    node = Node(t, "north").start()
    peer = Peer(t)
    peer.dial(node)
    binary = node.find("micelioctl")
    for _ in range(10):
        calls = [subprocess.Popen(
            [binary, "--data-dir", node.dir, "version"], text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
            for _ in range(10)]
        said = {p.communicate()[0] for p in calls}
        assert [p.returncode for p in calls] == [0] * 10
        assert len(said) == 1 and said.pop(), said
    # So are the counters whole while there is traffic.
    seen = 0
    for i in range(15):
        peer.chat(f"line {i}")
        now = node.status()["gossipd"][0]["received"]
        assert seen <= now <= i + 1, (seen, now, i)
        seen = now
    until("all are counted", lambda: node.status()["gossipd"][0]["received"]
          == 15, 5)


def test_words(t):
    """motd, console, uptime, clear, and what fingers know from elsewhere."""
    node = Node(t, "north").start()
    alice = person(t, node, "alice")
    r = node.ctl("motd", check=False)
    assert r.returncode == 1 and "an op says put o/motd" in r.stderr, r
    quiet = alice.open()
    assert not quiet.shows("motd"), quiet.screen()
    quiet.say("/quit")
    quiet.wait_end()
    motd = b"no work today\n<bob> two\n\x1b[2Jthree\nfour\nfive\n"
    assert alice.command("put", "o/motd", stdin=None, input=motd) \
        .returncode == 0
    a = alice.open()
    a.wait_text(r"-- motd: no work today\n +\| <bob> two\n.*\n +\| \+2 lines")
    a.say("/motd")
    text = a.wait_text(r"\| five")
    assert "2J" not in text.replace("\\x1b[2J", ""), text
    assert node.ctl("motd").stdout.splitlines()[1] == "<bob> two"
    assert json.loads(node.ctl("motd", "--json").stdout)["value"] == \
        motd.decode()
    a.say("/console +login -login_refused")
    a.wait_text(r"-- events you see, .*: \+login -login_refused")
    assert alice.command("uptime").stdout.startswith(b"north: up ")
    a.wait_text("-- info sshd login user=alice")
    a.say("/console -all")
    a.wait_text("you see no events")
    a.say("/console peer")
    a.wait_text(r"console: want \+ or -")
    a.say("/uptime")
    a.wait_text("north: up .* since 20.*, people: 1, links: 0")
    row = json.loads(node.ctl("uptime", "--json").stdout)
    assert row["node"] == "north" and row["people"] == 1, row
    a.say("/names")
    a.wait_text(r"Online \(1\): alice")
    a.say("/j #dev")
    a.wait_text(r"\[alice #dev\]>")
    a.say("/part")
    a.say("/list")
    a.wait_text("#dev")
    a.say("/m nobody hello")
    a.wait_text("nobody called nobody is known")
    a.say("/w")
    a.wait_text(r"Online \(1\): alice", count=2)
    a.say("/clear")
    until("the screen is clear", lambda: a.screen().strip() == "[alice]>")
    a.say("/exit")
    assert a.wait_end() == 0
