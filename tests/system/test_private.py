# SPDX-License-Identifier: MIT
"""What one person says to another: shown, kept, and read by nobody else."""
import json
import time

from node import Node, linked_pair
from peer import Peer
from runner import lane
from sshclient import person
from waiting import until


def varint(n):
    out = b""
    while n > 127:
        out += bytes([n & 127 | 128])
        n >>= 7
    return out + bytes([n])


@lane(budget=60)
def test_msg_here(t):
    """Of one node: shown where they are, kept where they are not."""
    node = Node(t, "north").start()
    alice, bob = person(t, node, "alice"), person(t, node, "bob")
    pane = alice.open()
    pane.say("/msg bob are you there?")
    pane.wait_text("nobody called bob is known")
    here = bob.open()
    pane.say("/msg bob now you are")
    here.wait_text("<alice to you> now you are")
    pane.wait_text("<you to bob> now you are")
    here.say("/away asleep")
    here.wait_text("you are away")
    here.say("/reply yes, half asleep")
    pane.wait_text("<bob to you> yes, half asleep")
    pane.say("/msg bob wake up")
    pane.wait_text("bob is away: asleep")
    here.say("/quit")
    here.wait_end()
    pane.say("/msg bob this is kept")
    pane.wait_text("-- bob is not here: it is kept")
    r = alice.command("msg", "bob", "and this")
    assert r.returncode == 0 and b"is kept" in r.stderr, r
    r = node.ctl("history", "--json", check=False)
    assert "kept" not in r.stdout, r.stdout
    node.stop()
    node.start()
    here = bob.open()
    here.wait_text("<alice to you> this is kept")
    here.wait_text("<alice to you> and this")
    here.say("/quit")
    here.wait_end()
    here = bob.open()
    here.say("/who")
    here.wait_text("Online")
    assert not here.shows("this is kept"), here.screen()


@lane(budget=60)
def test_msg_there(t):
    """Between nodes: signed and sealed, and the speaker hears what became
    of it."""
    a, b = linked_pair(t)
    alice, bob = person(t, a, "alice"), person(t, b, "bob")
    pane, there = alice.open(), bob.open()
    pane.say(f"/msg bob@{b.id[:6]} the password is swordfish")
    there.wait_text(f"<alice@{a.id[:12]} to you> the password is swordfish")
    there.say("/reply thank you")
    pane.wait_text(f"<bob@{b.id[:12]} to you> thank you")
    pane.say("/reply welcome")
    there.wait_text("to you> welcome")
    pane.say(f"/msg carol@{b.id[:6]} hello")
    pane.wait_text("nobody called carol@.* is known there")
    there.say("/quit")
    there.wait_end()
    pane.say(f"/msg bob@{b.id[:6]} for later")
    pane.wait_text("-- bob@.* is not here: it is kept")
    r = a.ctl("msg", f"bob@{b.id[:8]}", "and", "this")
    assert "is kept" in r.stderr, r
    r = a.ctl("msg", "bob@ffffffff", "hello", check=False)
    assert r.returncode == 1 and "no node is known" in r.stderr, r
    there = bob.open()
    there.wait_text("to you> (.sent .*)?for later")
    there.wait_text("to you> (.sent .*)?and this")
    stats = json.loads(b.ctl("stats", "--json").stdout)
    assert stats["gossipd"][0]["talk_bad"] == 0, stats["gossipd"]


@lane(budget=60)
def test_rubbish(t):
    """What strangers send as these types ends nothing."""
    a = Node(t, "north").start()
    v1 = Peer(t)
    v1.dial(a)
    a.wait_peers(1)
    hub = a.child("sshd")
    room = b"\x08\x01\x12\x04#dev\x22\x01a\x2a\x02hi\x30" + varint(
        int(time.time()))
    sealed = b"\x08\x01\x12\x20" + bytes.fromhex(a.id) + \
        b"\x1a\x20" + b"\x05" * 32 + b"\x22\x20" + b"x" * 32
    who = b"\x08\x01\x18\x05\x22\x01n\x30" + varint(int(time.time()))
    told = "1 1\nmallory\x1b[2J@x\t-\t1\t0\taway\t\x1b]0;x\x07\n".encode()
    people = b"\x08\x01\x18\x06\x22\x01n\x2a" + varint(len(told)) + told + \
        b"\x30" + varint(int(time.time()))
    for payload in (who, people, people.replace(b"1 1\n", b"1 x\n")):
        v1.send("c", type=38, payload=payload.hex())
    for kind, payload in ((38, room), (38, b"\xff"), (38, b""),
                          (39, sealed), (39, sealed[:-1]), (39, b"")):
        v1.send("c", type=kind, payload=payload.hex())
    v1.chat("still here")
    until("the last came", lambda: "still here" in a.ctl(
        "history", check=False).stdout, 10)
    bad = json.loads(a.ctl("stats", "--json").stdout)["gossipd"][0]
    assert bad["talk_bad"] == 5, bad     # all but the first
    assert a.child("sshd") == hub
    text = a.ctl("whom").stdout
    assert "mallory" in text and "\x1b" not in text and "\x07" not in text, text


@lane(budget=60)
def test_blind(t):
    """Others pass it on, and find neither the text nor the nicks in it."""
    a = Node(t, "north").start()
    b = Node(t, "south", ssh=False, bootstrap=[a.mesh_address]).start()
    a.wait_peers(1)
    v1 = Peer(t)
    v1.dial(a)
    a.wait_peers(2)
    r = a.ctl("msg", f"carol@{b.id[:8]}", "swordfish", check=False)
    assert r.returncode == 1 and "nobody called carol" in r.stderr, r
    for sender in (a.id, b.id):     # the message, and its receipt
        e = v1.wait("message", type=39, sender=sender)
        assert e["signed"] is True, e
        for word in (b"swordfish", b"carol"):
            assert word.hex() not in e["raw"], e
