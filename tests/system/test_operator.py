# SPDX-License-Identifier: MIT
"""What an operator sees of other nodes, and does about them."""
import json
import os
import re
import socket
import subprocess
import time

import leaks
from node import Node
from peer import Peer
from runner import lane
from sshclient import Client, Key
from waiting import until


def pair(t, **kw):
    a = Node(t, "north", **kw)
    b = Node(t, "south", ssh=False, bootstrap=[a.mesh_address])
    for n in (a, b):
        n.start(ready=False)
    for n in (a, b):
        n.wait_ready()
        n.wait_peers(1)
    return a, b


def obj(r):
    """The one object a command printed, version 1 of the schema."""
    assert r.stdout.count("\n") == 1, r.stdout
    o = json.loads(r.stdout)
    assert o["v"] == 1, o
    return o


def peers(node):
    return obj(node.ctl("peers", "--json"))["peers"]


@lane(budget=40)
def test_peers(t):
    """peers and peer: who, where, how long, how far, how much."""
    a, b = pair(t)
    row = until("the round trip is known",
                lambda: [p for p in peers(a) if p["rtt_us"]], 5)[0]
    assert row["id"] == b.id and row["state"] == "up", row
    assert row["dir"] == "in" and row["kind"] == "m2", row
    assert 0 < row["rtt_us"] < 1_000_000, row
    assert 0 < row["rtt_kernel_us"] and row["rtt_smoothed_us"] > 0, row
    assert row["in_bytes"] > 300 and row["out_bytes"] > 300, row
    assert row["queue_bytes"] == 0 or row["queue_bytes"] < 4096, row
    assert row["version"] == "0.1.0" and row["up_ms"] >= 0, row
    assert row["listens"] == b.mesh_address, row
    t.note(f"round trip on loopback {row['rtt_us']} us")
    head = a.ctl("peers").stdout.splitlines()[0].split()
    for column in ("id", "addr", "dir", "kind", "state", "up", "rtt", "in",
                   "out"):
        assert column in head, head
    assert "cause" not in head, "nothing is down: " + str(head)
    assert len(a.ctl("peers", "--plain").stdout.splitlines()) == 1
    # said: the counters of the connection move
    a.ctl("say", "x" * 2000)
    until("what was said is counted",
          lambda: peers(a)[0]["out_bytes"] > row["out_bytes"] + 2000, 5)
    # by any of its names
    for word in (b.id, b.id[:6].upper(), b.mesh_address):
        one = obj(a.ctl("peer", word, "--json"))
        assert one["id"] == b.id and one["source"] == "verified", one
        assert one["linked"] is True and one["in_bytes"] > 300, one
    text = a.ctl("peer", b.id[:8]).stdout
    assert b.id in text and "verified" in text, text
    r = a.ctl("peer", "ffff0000ffff", check=False)
    assert r.returncode == 1 and "nodes lists them" in r.stderr, r


@lane(budget=40)
def test_v1_peer(t):
    """A node of v1 is told from ours, and what it says of itself is shown."""
    a = Node(t, "north").start()
    p = Peer(t)
    p.dial(a)
    row = until("the peer is up",
                lambda: [r for r in peers(a) if r["state"] == "up"], 10)[0]
    assert row["kind"] == "v1", row


@lane(budget=60)
def test_same_by_every_door(t):
    """ssh, micelioctl: the same object; the partyline: the same table."""
    a, b = pair(t)
    key = Key(t)
    a.authorize(key.line)
    client = Client(t, a, key)
    client.wait_admitted()

    def still(o):
        """Without what moves by itself."""
        for r in o.get("peers", []):
            for k in list(r):
                if k.endswith("_ms") or k.endswith("_bytes") or "rtt" in k \
                        or "frames" in k or k == "credit":
                    del r[k]
        return o
    mine = still(obj(a.ctl("peers", "--json")))
    theirs = still(json.loads(client.command("peers", "--json").stdout))
    assert mine == theirs, (mine, theirs)
    nodes = obj(a.ctl("nodes", "--json"))
    assert [n["id"] for n in nodes["nodes"]] == [b.id], nodes
    assert nodes["nodes"][0]["linked"] is True
    assert json.loads(client.command("nodes", "--json").stdout)["nodes"][0][
        "id"] == b.id
    pane = client.open()
    for line, want in (("/peers", b.id[:12]), ("/stats", "gossipd"),
                       ("/peer zz", "no node is known that fits")):
        pane.say(line)
        pane.wait_text(want)
    pane.close()


@lane(budget=40)
def test_stats(t):
    a, b = pair(t)
    stats = obj(a.ctl("stats", "--json"))
    assert stats["complete"] is True, stats
    for daemon in ("micelio", "transportd", "gossipd", "stated", "sshd"):
        assert len(stats[daemon]) == 1 and stats[daemon][0], daemon
        for k, v in stats[daemon][0].items():
            assert v is None or isinstance(v, (int, str)), (daemon, k, v)
    assert stats["transportd"][0]["handshakes_ok"] >= 1, stats
    drops = {(d["daemon"], d["what"]): d for d in stats["drops"]}
    for where in (("gossipd", "rate"), ("gossipd", "signature"),
                  ("transportd", "handshake"), ("stated", "evicted"),
                  ("sshd", "login")):
        assert drops[where]["count"] == 0 and drops[where]["why"], where
    # somebody speaks something else: counted, with the reason
    with socket.create_connection(a.mesh_address.split(":")) as s:
        s.sendall(b"\0\x20" + b"x" * 32 + b"\0" * 100)
        s.recv(1000)
    until("the strange connection is counted", lambda: any(
        d["count"] for d in obj(a.ctl("stats", "--json"))["drops"]
        if d["daemon"] == "transportd"), 15, 0.2)
    text = a.ctl("stats").stdout
    assert "refused or lost:" in text and "transportd" in text, text
    assert b.running()


@lane(budget=60)
def test_link_unlink(t):
    a = Node(t, "north").start()
    b = Node(t, "south", ssh=False).start()
    c = Node(t, "east", ssh=False)         # not started
    r = obj(a.ctl("link", b.mesh_address, "--json"))
    assert r["ok"] and r["outcome"] == "linked" and r["id"] == b.id, r
    t.note(f"linked in {r['took_ms']} ms")
    a.wait_peers(1)
    r = a.ctl("link", f"{b.id}@{b.mesh_address}")
    assert "already linked to " + b.id[:12] in r.stdout, r.stdout
    other = a.id[:-1] + ("1" if a.id[-1] == "0" else "0")
    # what cannot be: why, and what to do
    for words, status, want in (
            ((a.mesh_address,), 1, "this node itself"),
            ((c.mesh_address,), 1, "nothing listens there"),
            (("nonsense",), 64, "HOST:PORT"),
            ((f"{other}@{b.mesh_address}",), 1, "check the node id")):
        r = a.ctl("link", *words, check=False)
        assert r.returncode == status and want in r.stderr, (words, r)
        assert not r.stdout, r.stdout
    r = a.ctl("link", c.mesh_address, "--json", check=False)
    assert r.returncode == 1 and obj(r)["cause"] == "connection-refused", r
    r = a.ctl("unlink", b.id[:6], "--json")
    assert obj(r)["hold_ms"] == 600_000, r.stdout
    a.wait_event("peer_down", cause="unlinked")
    until("the other end knows", lambda: not b.peer_ids(), 10)
    r = a.ctl("unlink", b.id[:6], check=False)
    assert r.returncode == 1 and "no node is linked" in r.stderr, r
    # held off until somebody says otherwise, in both directions
    r = b.ctl("link", a.mesh_address, check=False)
    assert r.returncode == 1, r
    a.ctl("link", b.mesh_address)
    a.wait_peers(1)
    b.wait_peers(1)


def daemon_of(event_id):
    return event_id.rsplit("-", 1)[0]


@lane(budget=60)
def test_lost(t):
    """A peer stops: health, why and retry until it is back."""
    b = Node(t, "south", ssh=False).start()
    # Only this one dials.
    a = Node(t, "north", listen=False, ssh=False,
             bootstrap=[b.mesh_address]).start()
    a.wait_peers(1)
    r = a.ctl("health", "--json")
    assert obj(r)["health"] == "healthy" and not obj(r)["reasons"], r
    b.stop()
    lost = a.wait_event("peer_down", id=b.id[:12])
    down = a.wait_event("bootstrap_down", addr=b.mesh_address)
    r = a.ctl("health", check=False)
    assert r.returncode == 1 and r.stdout.startswith("unhealthy\n"), r
    assert "connection-refused" in r.stdout and "retry" in r.stdout, r
    # from cause to effect, over two daemons at least
    chain = obj(a.ctl("why", b.id[:8], "--json"))["chain"]
    t.keep("why.txt", a.ctl("why", b.id[:8]).stdout)
    assert (chain[0]["daemon"], chain[0]["event"]) == \
        ("transportd", "conn_lost"), chain
    assert [x["event"] for x in chain[1:4]] == \
        ["peer_down", "dial_failed", "bootstrap_down"], chain
    for one, other in zip(chain, chain[1:]):
        assert other["cause_id"] == one["event_id"], (one, other)
        assert daemon_of(other["event_id"]) == other["daemon"], other
        assert other["time"] >= one["time"] and other["after_ms"] >= 0
    assert lost.fields["event_id"] == chain[1]["event_id"], (lost, chain)
    assert down.fields["cause_id"] == chain[2]["event_id"], (down, chain)
    lines = a.ctl("why", chain[1]["event_id"]).stdout.splitlines()
    assert len(lines) == 2 and "peer_down" in lines[1], lines
    r = a.ctl("why", "ffff", check=False)
    assert r.returncode == 1 and "event_id" in r.stderr, r
    # it waits longer each time
    for _ in range(5):
        r = a.ctl("retry", b.mesh_address, check=False)
        assert r.returncode == 1 and "nothing listens there" in r.stderr, r
    assert peers(a)[0]["next_ms"] > 8000, peers(a)
    b.start()
    r = obj(a.ctl("retry", b.id[:8], "--json"))
    assert r["outcome"] == "linked" and r["id"] == b.id, r
    back = a.wait_event("peer_up", count=2, id=b.id[:12])
    assert daemon_of(back.fields["cause_id"]) == "gossipd", back
    assert obj(a.ctl("health", "--json"))["health"] == "healthy"
    for word, want in ((b.id[:8], "linked already"), ("zz", "link HOST")):
        r = a.ctl("retry", word, check=False)
        assert r.returncode == 1 and want in r.stderr, r
    config(t, a)


def config(t, a):
    """What is in force, and whether what is on the disk may be."""
    def micelio(*words):
        return subprocess.run(a.command(*words), capture_output=True,
                              text=True, check=False)

    def complaints():
        return leaks.without_noise(micelio("-n").stderr)
    text = a.ctl("config").stdout
    assert text == micelio("-nv").stdout, text
    again = os.path.join(t.dir, "again.conf")
    with open(again, "w", encoding="utf-8") as f:
        f.write(text)
    assert micelio("-nv", "-c", again).stdout == text
    facts = obj(a.ctl("config", "--json"))
    assert facts["node_name"] == "north", facts
    assert facts["network_bootstrap"] == [{"value": a.bootstrap[0]}], facts
    good = a.conf_text()
    a.write_conf(good.replace("bootstrap", "max_peers = 2; bootstrap"))
    r = a.ctl("check")
    assert "would change: network.max_peers" in r.stdout, r.stdout
    a.write_conf('network = { lisen = "x"; max_peers = "15"; };\n')
    r = a.ctl("check", check=False)
    assert r.returncode == 78 and not r.stdout, r
    assert r.stderr == complaints(), (r.stderr, complaints())
    assert a.ctl("config").stdout == text
    # Of any length: as long as no field of an answer is.
    a.write_conf(good.replace("bootstrap = [", "bootstrap = [" + "".join(
        f'"a-name-of-some-length-{i:03}.invalid:4000", ' for i in range(100))))
    assert a.ctl("reload").returncode == 0
    text = a.ctl("config").stdout
    assert text == micelio("-nv").stdout and len(text) > 5000, text
    a.write_conf("".join(f"key_{i} = 1;\n" for i in range(100)))
    r = a.ctl("check", "--json", check=False)
    assert obj(r)["text"] + "\n" == complaints(), r


@lane(budget=40)
def test_roles(t):
    """A user looks; only an op acts.  Both nodes have one name, by mistake."""
    a, b = pair(t, options=("--name", "south"))
    for one, other in ((a, b), (b, a)):
        e = one.wait_event("name_taken", id=other.id[:12])
        assert e.fields["name"] == "south" and "node.name" in \
            e.fields["hint"], e
    assert peers(a)[0]["node_name"] == "south", peers(a)
    key = Key(t)
    a.authorize('role="user" ' + key.line)
    client = Client(t, a, key)
    client.wait_admitted()
    assert client.command("peers").returncode == 0
    assert client.command("nodes").returncode == 0
    assert client.command("stats").returncode == 0
    for words in (("link", b.mesh_address), ("unlink", b.id[:8])):
        r = client.command(*words)
        assert r.returncode == 77 and b"needs the role op" in r.stderr, r
    assert len(a.peer_ids()) == 1


def memory(node, daemon):
    with open(f"/proc/{node.child(daemon)}/status") as f:
        return int(re.search(r"VmRSS:\s+(\d+)", f.read()).group(1))


@lane(budget=90)
def test_hundred_thousand_known(t):
    """A store full of peers: a node starts, works, tells 256 at most."""
    a = Node(t, "north", settings={"network": 'exchange_interval = "1s";'})
    a.start()
    empty = {d: memory(a, d) for d in ("gossipd", "stated")}
    a.stop()
    began = time.monotonic()
    subprocess.run([os.path.join(t.build, "tests/probe/fillbook"),
                    os.path.join(a.dir, "state", "db"), "100000",
                    str(int(time.time()))], check=True, timeout=60)
    filled, began = time.monotonic() - began, time.monotonic()
    a.start()
    ready = time.monotonic() - began
    first = until("the records are read",
                  lambda: (lambda o: o if o["known"] >= 4096 else None)(
                      obj(a.ctl("nodes", "--json"))), 30, 0.2)
    read = time.monotonic() - began
    assert first["known"] == 4096 and first["pages"] == 41, first["known"]
    assert len(first["nodes"]) == 100
    last = obj(a.ctl("nodes", "page=41", "--json"))["nodes"]
    assert len(last) == 96 and last[0]["source"] == "stored", last[0]
    # Of all there are those seen last, in their order.
    assert first["nodes"][0]["addr"] == "10.0.0.0:4000", first["nodes"][0]
    assert last[-1]["addr"] == "10.0.15.255:4000", last[-1]
    assert len(a.ctl("nodes").stdout.splitlines()) == 102
    p = Peer(t)
    p.dial(a)
    e = until("the peer is told of others", lambda: [
        e for e in p.find("exchange") if len(e["peers"]) > 1], 15)[0]
    assert 200 < len(e["peers"]) <= 256 and e["len"] < 65536, len(e["peers"])
    r = a.ctl("peers")
    assert "v1" in r.stdout, r.stdout
    grown = {d: memory(a, d) - kb for d, kb in empty.items()}
    t.note(f"filled in {filled:.2f} s; ready after {ready:.2f} s, all read "
           f"after {read:.2f} s, {len(e['peers'])} told, "
           f"grown by {grown} KiB")
    assert ready < 15, ready
    if not a.sanitized():
        assert grown["gossipd"] < 16384 and grown["stated"] < 65536, grown
    a.stop()
