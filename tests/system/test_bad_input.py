# SPDX-License-Identifier: MIT
"""
Everything a stranger may get wrong.  Each case comes from an address of its
own, so that its log line cannot hide behind another's; the node must say why
exactly once, and serve on.
"""
import itertools
import json
import os

from node import Node
from peer import Peer
from runner import lane
from waiting import never, until

VECTORS = os.path.join(os.path.dirname(__file__),
                       "../vectors/vectors-v1.json")
REFUSALS = ("conn_refused", "hello_refused")

# In the handshake: {name: options}.
NOISE = {
    "hs-empty": {"bad": "hs-length", "hs_len": 2},
    "hs-short": {"bad": "hs-length", "hs_len": 31},
    "hs-corrupt-3": {"bad": "hs-corrupt-3"},
}
# After it: the checks of the hello, by what the log line names (the eighth is
# in SILENT), and frames and messages that are none.
HELLO = {
    "envelope": ["hello-envelope", "hello-envelope-utf8"],
    "type": ["hello-type", "hello-type-unknown", "hello-early-keepalive",
             "hello-empty"],
    "payload": ["hello-payload", "hello-utf8"],
    "signature": ["hello-signature", "hello-key-short", "hello-other-key"],
    "sender": ["hello-sender"],
    "node": ["hello-nodeid", "hello-nodeid-upper"],
    "x25519": ["hello-x25519", "top-bit-s"],
    None: ["hello-magic", "hello-version", "hello-oversize",
           "hello-noise-oversize", "hello-noise-short", "hello-noise-corrupt",
           "hello-flood"],
}
# The other side of check (a): nothing comes within the deadline.  Text of
# another protocol is the beginning of a message of 18,245 bytes.
SILENT = ["tcp-silent", "hs-half", "hs-garbage", "hs-silent-1", "hs-silent-2",
          "hello-silent", "hello-half"]


def low_order():
    with open(VECTORS) as f:
        return json.load(f)["x25519_low_order_inputs_must_fail"]


def cases():
    all_ = dict(NOISE)
    all_.update({n: {"bad": n} for group in HELLO.values() for n in group})
    for i, p in enumerate(low_order()):
        all_[f"low-e-{i}"] = {"bad": "low-e", "point": p}
        all_[f"low-s-{i}"] = {"bad": "low-s", "point": p}
    return all_


def sources():
    for i in itertools.count(2):
        yield f"127.1.{i // 250}.{i % 250 + 1}"


def serves(node, name="c"):
    """A good peer can join and is heard by another."""
    a, b = Peer(node.t), Peer(node.t)
    a.dial(node, name)
    b.dial(node, name)
    a.chat("all is well", name)
    b.wait_chat("all is well")
    a.close(name)
    b.close(name)


def refusals(node, source):
    """Log lines about what came from that address."""
    return [e for e in node.events() if e.name in REFUSALS and
            e.fields.get("addr", "").rsplit(":", 1)[0] == source]


@lane(budget=60)
def test_bad_initiators(t):
    """Our node answers; what dials it is broken."""
    node = Node(t, "north").start()
    peer = Peer(t)
    source = sources()
    used = {}
    for name, options in cases().items():
        used[name] = next(source)
        peer.dial(node, name, up=False, source=used[name], **options)
    for name in used:
        end = peer.wait_closed(name, 8)
        assert end["stage"] in ("noise", "hello"), (name, end)
        assert end["ms"] < 4000, (name, end)
    assert not peer.find("up")
    said = []
    for name, addr in used.items():
        lines = until(f"a log line about {name} ({addr})",
                      lambda a=addr: refusals(node, a), 3)
        assert len(lines) == 1, (name, lines)
        said.append(f"{name}: {lines[0]}\n")
        if name.startswith("low-"):
            assert lines[0].fields["cause"] == "handshake-failed", lines
        for check, group in HELLO.items():
            if name in group and check is not None:
                assert check in lines[0].fields["check"], (name, lines)
    t.keep("refusals.txt", "".join(said))
    t.note(f"{len(used)} kinds of bad initiator refused")
    # The same again from one address: once a minute is enough.
    again = next(source)
    for i in range(20):
        peer.dial(node, f"again{i}", up=False, source=again,
                  bad="hello-signature")
    for i in range(20):
        peer.wait_closed(f"again{i}")
    assert len(refusals(node, again)) == 1
    assert not node.events("peer_up")
    serves(node)


@lane(budget=90)
def test_bad_responders(t):
    """Our node dials; what answers is broken."""
    peers, where = {}, {}
    chosen = {n: o for n, o in cases().items()
              if n not in ("hs-corrupt-3",)}
    chosen["hs-corrupt-2"] = {"bad": "hs-corrupt-2"}
    for name, options in chosen.items():
        peers[name] = Peer(t)
        where[name] = peers[name].listen(**options)
    good = Peer(t)
    good_addr = good.listen()
    node = Node(t, "north", listen=False, level="debug",
                bootstrap=[*where.values(), good_addr]).start()
    for name, peer in peers.items():
        # It has sent its ack and thinks that all is well.
        assert peer.wait("closed", 15)["ms"] < 4000, name
        node.wait_event("bootstrap_down", 5, addr=where[name])
    good.wait("up")
    up = node.events("peer_up")
    assert [e.fields["id"] for e in up] == [good.id[:12]], up
    t.note(f"{len(peers)} kinds of bad responder refused")


@lane(budget=60, waits=True)
def test_silence(t):
    """One deadline of 10 s from the connection to the end of the hello."""
    node = Node(t, "north").start()
    peer, drip = Peer(t), Peer(t)
    source = sources()
    used = {n: next(source) for n in SILENT}
    for name, addr in used.items():
        peer.dial(node, name, up=False, source=addr, bad=name)
    # One byte at a time, too slow for the deadline, at either stage.
    for stage in ("noise", "hello"):
        used["drip-" + stage] = next(source)
        drip.dial(node, "drip-" + stage, up=False,
                  source=used["drip-" + stage], drip_from=stage, drip_ms=300)
    # Slow, but in time.
    drip.dial(node, "slow", up=False, source=next(source),
              drip_from="noise", drip_ms=10)
    serves(node)
    for name in used:
        p = drip if name.startswith("drip") else peer
        end = p.wait_closed(name, 16)
        assert 8500 < end["ms"] < 12500, (name, end)
        until(f"a log line about {name}",
              lambda n=name: len(refusals(node, used[n])) == 1, 3)
    drip.wait("up", conn="slow")
    assert not drip.is_closed("slow")


FRAMES = {
    "magic": "ffff00010000000141",
    "version": "4d49000200000000",
    "version-0": "4d49000000000000",
    "oversize": "4d49000100100001",
    "huge": "4d490001ffffffff",
}
RAW = {
    "noise-oversize": "00100019",
    "noise-huge": "ffffffff",
    "noise-short": "0000000f" + "00" * 15,
    "noise-zero": "00000000",
    "noise-corrupt": "00000020" + "00" * 32,
}


def test_bad_frames(t):
    """After the hello: the session ends, the node says why."""
    node = Node(t, "north").start()
    watcher = Peer(t)
    watcher.dial(node)
    for name, data in [*FRAMES.items(), *RAW.items()]:
        bad = Peer(t)
        bad.dial(node, keepalive=False)
        bad.do("plain" if name in FRAMES else "raw", conn="c", hex=[data],
               check=False)
        assert bad.wait_closed(timeout=4)["stage"] == "steady", name
        down = node.wait_event("peer_down", id=bad.id[:12])
        assert down.fields["cause"] in ("bad-frame", "handshake-failed"), \
            (name, down)
    assert not watcher.is_closed()
    serves(node)


# Messages that are dropped while the session stays; the first two without a
# word, as in v1.
QUIET = ("empty-id", "empty-sender")
MESSAGES = {
    "empty-id": {"type": 3, "id": ""},
    "long-id": {"type": 3, "id_len": 129},
    "long-sender": {"type": 3, "sender_len": 129},
    "empty-sender": {"type": 3, "sender": ""},
    "long-payload": {"type": 1000, "payload_len": 65537},
    "bad-signature": {"type": 3, "bad_sig": True},
    "no-signature": {"type": 3, "no_sig": True},
    "unknown-author": {"type": 3, "author": "31" * 32, "no_pub": True},
    "foreign-key": {"type": 3, "author": "32" * 32, "pub_hex": "aa" * 32},
    "short-key": {"type": 3, "author": "33" * 32, "pub_hex": "aa" * 31},
    "stolen-name": {"type": 3, "sender": "ab" * 32},
    "utf8-id": {"type": 3, "id_hex": "fffe41"},
    "undecodable": {"type": 3, "truncate": 3},
}


def test_bad_messages(t):
    node = Node(t, "north").start()
    watcher = Peer(t)
    watcher.dial(node)
    for name, message in MESSAGES.items():
        bad = Peer(t)
        bad.dial(node)
        if message["type"] == 3:
            message = dict(message, nick="bad", text=f"bad {name}")
        for _ in range(5):
            bad.send(**message)
        bad.chat(f"good after {name}")
        watcher.wait_chat(f"good after {name}")
        assert not bad.is_closed(), name
        if name not in QUIET:
            until(f"a line about {name}", lambda b=bad: node.events(
                "message_refused", id=b.id[:12]), 3)
        lines = node.events("message_refused", id=bad.id[:12])
        assert len(lines) == (name not in QUIET), (name, lines)
        bad.close()
        node.wait_event("peer_down", id=bad.id[:12])
    seen = [e["text"] for e in watcher.find("chat")]
    assert seen == [f"good after {n}" for n in MESSAGES], seen
    assert not watcher.find("message")
    # The largest that is right.
    edge = Peer(t)
    edge.dial(node)
    edge.send(type=1000, payload_len=65536, id_len=128)
    got = watcher.wait("message", type=1000)
    assert len(got["id"]) == 128 and got["signed"]
    edge.chat("x" * 60000)
    watcher.wait("chat", text="x" * 60000)


def test_hostile_text(t):
    """A name and a text full of tricks: nothing of it reaches a terminal."""
    from test_chat import login  # pylint: disable=import-outside-toplevel
    node = Node(t, "north").start()
    alice = login(t, node, "alice")
    peer = Peer(t)
    peer.dial(node)
    tricks = ["\x1b[2J\x1b[31mred", "a\r\nforged line", "bell\a",
              "c1 \x9b31m", "\u202egnp.exe", "line\u2028separator",
              "nul\0end", "\x7f\x08\x08rubout", "tag\U000e0041"]
    for i, s in enumerate(tricks):
        peer.chat(f"{s} end{i}", nick=f"n{i}")
        peer.chat(f"as nick end{i}b", nick=s)
    peer.send(type=3, nick="x", text_hex="62616420ff20757466")
    peer.chat("and done")
    alice.wait_text("and done")
    picture = alice.screen(history=True, escapes=True)
    for c in ("\x1b[2J", "\x1b[31m", "\x9b", "\u202e", "\u2028", "\0",
              "\x7f", "\U000e0041", "\a"):
        assert c not in picture, (repr(c), picture)
    for line in picture.splitlines():
        assert not line.startswith("forged line"), picture
    alice.save()


@lane(budget=60)
def test_replay(t):
    """A recorded hello opens no session for anybody else."""
    node = Node(t, "north", bootstrap=[]).start()
    honest, thief = Peer(t), Peer(t)
    honest.dial(node)
    recorded = honest.find("up", conn="c")[0]["sent"]
    honest.close()
    node.wait_event("peer_down", id=honest.id[:12])
    thief.dial(node, up=False, source="127.1.77.1", hello_hex=recorded)
    thief.wait_closed()
    assert len(refusals(node, "127.1.77.1")) == 1
    assert len(node.events("peer_up")) == 1
    # A recorded chat line is shown once.
    a, b = Peer(t), Peer(t)
    a.dial(node)
    b.dial(node)
    frame = a.do("encode", message={"type": 3, "nick": "a", "text": "once"})
    for _ in range(5):
        a.do("plain", conn="c", hex=[frame["frame"]])
    b.wait_chat("once")
    never("it comes twice", lambda: len(b.find("chat", text="once")) > 1, 0.5)
    # The node's own words, brought back to it, are nobody's news.
    assert not a.find("chat")


@lane(budget=60)
def test_flood(t):
    """One neighbour sends all it can; the others are served."""
    node = Node(t, "north").start()
    noisy, a, b = Peer(t), Peer(t), Peer(t)
    for p in (noisy, a, b):
        p.dial(node)
    for _ in range(20):
        noisy.do("send", conn="c", check=False, messages=[
            {"type": 3, "nick": "n", "text": "spam", "bad_sig": True}] * 100)
    a.chat("through the noise")
    b.wait_chat("through the noise", 5)
    lines = node.events("message_refused", id=noisy.id[:12])
    assert len(lines) <= 2, lines
    assert len(node.log().splitlines()) < 200
