# SPDX-License-Identifier: MIT
"""The independent v1 peer talks with a node, as each of the two sides."""
import os
import time

from node import Node
from peer import Peer
from runner import lane
from sshclient import Client, Key
from waiting import never, until

KEEPALIVE = "4d490001000000022805"


def meet(t, side, **options):
    """A node and a peer, connected; side is the peer's part."""
    peer = Peer(t)
    if side == "initiator":
        node = Node(t, "north").start()
        up = peer.dial(node, **options)
        return node, peer, "c", up
    addr = peer.listen(**options)
    node = Node(t, "north", listen=False, bootstrap=[addr]).start()
    up = peer.wait("up", 15)
    return node, peer, up["conn"], up


def person(t, node, user="alice"):
    key = Key(t, user)
    node.authorize(key.line)
    client = Client(t, node, key, user)
    client.wait_admitted()
    return client.open()


def conversation(t, side):
    node, peer, conn, up = meet(t, side)
    assert up["node"] == node.id and up["version"] == "0.1.0"
    assert up["pub"] == node.public_key.hex()
    node.wait_event("peer_up", id=peer.id[:12])
    alice = person(t, node)
    # From the peer to the person.
    peer.chat("hello from another kind", conn)
    alice.wait_text(rf"gopher@{peer.id[:12]}\S* *[\]>:]* *"
                    "hello from another kind")
    # And back: signed, with the author's key, ten hops, nothing unknown.
    alice.say("hello to another kind ✓")
    got = peer.wait_chat("hello to another kind ✓")
    assert got["nick"] == "alice" and got["sender"] == node.id
    assert got["signed"] and got["hop"] == 10 and got["type"] == 3
    assert got["pub"] == node.public_key.hex()
    # The clock: v1 signs it and looks no further.
    assert abs((got["lamport"] >> 16) / 1000 - time.time()) < 30
    assert got["lamport"] < 2 ** 64
    assert got["unknown"] == "" and len(got["id"]) == 36
    assert got["id"] == got["id"].lower() and got["id"][14] == "4"
    assert abs(got["time"] - time.time()) < 30
    # Frames split over several messages, and several in one.
    peer.chat("cut into bytes", conn, pieces=[1, 1, 1, 5, 2, 40, 1])
    alice.wait_text("cut into bytes")
    peer.do("send", conn=conn, messages=[
        {"type": 3, "nick": "gopher", "text": f"packed {i}"}
        for i in range(5)])
    for i in range(5):
        alice.wait_text(f"packed {i}")
    # Empty messages, empty frames, keepalives in pieces.
    peer.do("plain", conn=conn, hex=["", "", KEEPALIVE[:6], KEEPALIVE[6:],
                                     "4d49000100000000", ""])
    # The largest frame there is, and one that is worth nothing.
    peer.send(conn, type=5, no_pub=True, pad_to=1048576)
    peer.do("plain", conn=conn, hex=["4d49000100000004ffffffff"])
    peer.chat("still here", conn)
    alice.wait_text("still here")
    assert not peer.is_closed(conn)
    alice.save()
    # The largest text a person may send crosses too (a v1 node's limit).
    peer.chat("y" * 3000, conn)
    alice.wait_text("yyyyyyyy")
    # The end: the node says goodbye by closing.
    node.stop()
    peer.wait_closed(conn)


def test_peer_dials(t):
    conversation(t, "initiator")


def test_peer_answers(t):
    conversation(t, "responder")


def test_exchange(t):
    """Peer lists both ways; a huge one is capped and harms nobody."""
    node = Node(t, "north",
                settings={"network": 'exchange_interval = "1s";'}).start()
    peer, other = Peer(t), Peer(t)
    peer.dial(node, hello={"reachable": True, "listen_addr": "192.0.2.1:4000"})
    other.dial(node)
    for n in (1, 100, 3000):
        peer.send(type=4, peer_count=n)
    peer.send(type=4, peer_count=2, bad_sig=True)
    peer.send(type=4, peer_count=2, author=os.urandom(32).hex())
    peer.send(type=4, payload="0a7f01")
    # Node ids that do not belong to the keys, lengths out of range.
    peer.send(type=4, peers=[
        {"node": "00" * 32, "addr": "192.0.2.7:1", "reachable": True,
         "pub": "11" * 32, "last_seen": 2 ** 64 - 1},
        {"node": "x" * 400, "addr": "y" * 4000, "reachable": True,
         "pub": "22" * 5, "last_seen": 0}])
    peer.chat("after the lists")
    other.wait_chat("after the lists")
    assert not peer.is_closed()
    # What it tells is signed by it, small, and true.
    other.wait("exchange", 10)
    for e in peer.find("exchange") + other.find("exchange"):
        assert e["signed"] and e["sender"] == node.id and e["hop"] == 1
        assert len(e["peers"]) <= 300 and e["len"] < 65536
        assert "error" not in e
    node.stop()


@lane(budget=100, waits=True)
def test_keepalive_and_idle(t):
    """20 s without a write: keepalive; 60 s without a frame: the end."""
    node = Node(t, "north").start()
    silent, alive = Peer(t), Peer(t)
    silent.dial(node, keepalive=False)
    alive.dial(node)
    first = silent.wait("keepalive", 30)
    assert first["raw"] == "2805", first
    t.note(f"first keepalive after {first['ms'] / 1000:.1f} s")
    assert 15000 < first["ms"] < 26000
    gone = silent.wait_closed(timeout=50)
    t.note(f"silent peer dropped after {gone['ms'] / 1000:.1f} s")
    assert 55000 < gone["ms"] < 70000
    node.wait_event("peer_down", id=silent.id[:12], cause="idle")
    assert not alive.is_closed()
    alive.chat("awake")


def test_relay(t):
    """What passes through a node, and how it looks then."""
    node = Node(t, "north").start()
    a, b = Peer(t), Peer(t)
    a.dial(node)
    b.dial(node)
    node.wait_peers(2)
    # One hop less, all else the same byte for byte, unknown fields too.
    sent = a.do("encode", message={
        "type": 3, "nick": "x", "text": "with extras",
        "unknown": "a0069601fa0603616263"})
    a.do("plain", conn="c", hex=[sent["frame"]])
    got = b.wait_chat("with extras")
    assert got["hop"] == 9 and got["signed"]
    expected = bytes.fromhex(sent["frame"])[8:].replace(
        b"\x20\x0a\x28\x03", b"\x20\x09\x28\x03", 1)
    assert bytes.fromhex(got["raw"]) == expected
    assert got["unknown"] == "a0069601fa0603616263"
    # The same again: known already, whoever brings it.
    a.do("plain", conn="c", hex=[sent["frame"]])
    b.do("plain", conn="c", hex=[sent["frame"]])
    # Types nobody here knows travel on; hop counts are bounded.
    for type_ in (7, 8, 99, 500, 1000, 4294967295):
        a.send(type=type_, payload=f"{type_:08x}")
        m = b.wait("message", type=type_)
        assert m["payload"] == f"{type_:08x}" and m["signed"], m
        assert m["hop"] == 9
    a.chat("boundless", hop=4294967295)
    assert b.wait_chat("boundless")["hop"] == 9
    a.chat("second last", hop=2)
    assert b.wait_chat("second last")["hop"] == 1
    # Another's message through a neighbour: its key comes along.
    a.chat("for another", author=(b"\x07" * 32).hex())
    b.wait_chat("for another")
    # And now without the key: it is remembered.
    a.chat("key known", author=(b"\x07" * 32).hex(), no_pub=True)
    b.wait_chat("key known")
    # The last hop: delivered here, not sent on.
    a.chat("last", hop=1)
    a.chat("beyond", hop=0)
    a.chat("the end of it")
    b.wait_chat("the end of it")
    texts = [e.get("text") for e in b.find("chat")]
    assert "last" not in texts and "beyond" not in texts
    assert texts.count("with extras") == 1
    # Nothing came back to who sent it.
    assert not a.find("chat"), a.find("chat")
    # Types 1 and 2 after the hello are ignored.
    a.send(type=1, payload="00")
    a.send(type=2, payload="00")
    a.chat("unmoved")
    b.wait_chat("unmoved")


def test_duplicate_and_full(t):
    """The newer of two connections loses; so does one peer too many."""
    node = Node(t, "north", settings={"network": "max_peers = 2;"}).start()
    a, b, c = Peer(t), Peer(t), Peer(t)
    a.dial(node)
    node.wait_event("peer_up", id=a.id[:12])
    b.dial(node)
    node.wait_event("peer_up", id=b.id[:12])
    c.dial(node, up=False)
    c.wait_closed()
    assert not a.is_closed() and not b.is_closed()
    a.chat("three is a crowd")
    b.wait_chat("three is a crowd")
    b.close()
    node.wait_event("peer_down", id=b.id[:12])
    until("there is room again", lambda: c.dial(node, "again", up=False)
          is None and _up(c, "again"), 5, 0.3)


def _up(peer, conn):
    try:
        return peer.wait("up", 2, conn=conn)
    except AssertionError:
        return None


def test_reconnect(t):
    """A bootstrap that vanishes and comes back; no busy loop meanwhile."""
    peer = Peer(t)
    addr = peer.listen()
    node = Node(t, "north", listen=False, bootstrap=[addr]).start()
    first = peer.wait("up")
    peer.close(first["conn"], reset=True)
    node.wait_event("peer_down", id=peer.id[:12])
    until("it comes back", lambda: len(peer.find("up")) == 2, 10)
    # Closed at once after the hello, again and again: slower and slower.
    for e in peer.find("up"):
        peer.close(e["conn"])
    before = len(peer.find("accepted"))
    never("more than a few dials in three seconds",
          lambda: len(peer.find("accepted")) > before + 4, 3)


def test_addresses(t):
    """Several listeners, both families; names are looked up for dialling."""
    port = 20000 + os.getpid() % 20000
    node = Node(t, "north", listen=False)
    node.settings = {"network":
                     f'listen = ("[::1]:{port}", "{node.address}:4000");'}
    node.write_conf()
    node.start()
    four, six, named = Peer(t), Peer(t), Peer(t)
    six.dial(f"[::1]:{port}")
    four.dial(f"{node.address}:4000")
    six.chat("from six")
    four.wait_chat("from six")
    there = named.listen("127.0.0.1:0").rsplit(":", 1)[1]
    node.bootstrap = [f"localhost:{there}"]
    node.write_conf()
    assert node.ctl("reload").returncode == 0
    named.chat("from a name", named.wait("up")["conn"])
    six.wait_chat("from a name")


def test_clock(t):
    """A clock that is not the neighbours': people and status are told."""
    node = Node(t, "north").start()
    alice = person(t, node)
    peer = Peer(t)
    peer.dial(node)
    assert "clock of this node" not in node.ctl("status").stdout

    def says(ahead):
        peer.send(type=4, peers=[{
            "node": peer.id, "addr": "192.0.2.1:4000", "reachable": True,
            "pub": peer.pub, "last_seen": int(time.time()) + ahead}])
    says(600)
    node.wait_event("clock_off")
    alice.wait_text(r"-- clock: this node is \d+ s behind its neighbours")
    assert node.status()["gossipd"][0]["clock"] == "behind"
    assert "is behind its neighbours'" in node.ctl("status").stdout
    says(0)
    until("it is right again", lambda: node.status()["gossipd"][0]["clock"]
          == "right", 5)
    assert "clock of this node" not in node.ctl("status").stdout


def test_own_key(t):
    """A node that finds itself at the other end ends it."""
    node = Node(t, "north")
    node.bootstrap = [node.mesh_address]
    node.write_conf()
    node.start()
    node.wait_event("bootstrap_down", cause="own-key")
    assert not node.events("peer_up")
    thief = Peer(t, seed=node.seed)
    thief.dial(node, up=False)
    thief.wait_closed()
    assert not node.events("peer_up")


@lane(budget=60)
def test_pace(t):
    """Own lines leave at a v1 node's pace, all of them and in order."""
    node = Node(t, "north").start()
    peer = Peer(t)
    peer.dial(node)
    for i in range(30):
        node.ctl("say", f"line {i:02d}")
    peer.wait("chat", 15, count=30)
    times = [e["ms"] for e in peer.find("chat")]
    texts = [e["text"] for e in peer.find("chat")]
    assert texts == [f"line {i:02d}" for i in range(30)], texts
    # A v1 receiver's bucket: 20 at once, then 10 a second.
    tokens, last = 20.0, times[0]
    for ms in times:
        tokens = min(20.0, tokens + (ms - last) / 100.0) - 1
        last = ms
        assert tokens > -1, times
    t.note(f"30 lines took {(times[-1] - times[0]) / 1000:.1f} s")
