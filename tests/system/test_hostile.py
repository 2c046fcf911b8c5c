# SPDX-License-Identifier: MIT
"""
One hostile peer after another, while two honest v1 peers talk across the node:
what the node does about it, what it costs in memory, and how long the honest
lines take meanwhile.
"""
import hashlib
import os
import re
import resource
import socket
import subprocess
import threading
import time

from node import Node, fresh_address
from peer import Peer
from runner import lane
from waiting import never, until

DAEMONS = ("micelio", "transportd", "gossipd", "stated", "sshd")
GROWTH = 48 * 1024      # KiB: no daemon, over all attacks
LATE = 8.0              # s: an honest line is across, whatever goes on
FOREVER = 2 ** 63 - 1


def memory(node):
    """KiB of each daemon."""
    found = {}
    for d in DAEMONS:
        pid = node.pid if d == "micelio" else node.child(d)
        with open(f"/proc/{pid}/status", encoding="ascii") as f:
            found[d] = int(re.search(r"VmRSS:\s+(\d+)", f.read()).group(1))
    return found


class Stage:
    """The node, the honest pair, and the table."""

    def __init__(self, t, **kw):
        self.t = t
        self.node = Node(t, "north", **kw).start()
        self.honest = [Peer(t), Peer(t)]
        for p in self.honest:
            p.dial(self.node)
        self.lines = 0
        self.rows = []
        self.first = memory(self.node)
        self.bounded = not self.node.sanitized()

    def counters(self):
        s = self.node.status()
        return {**s["gossipd"][0], **{"t_" + k: v for k, v in
                                      s["transportd"][0].items()}}

    def talk(self):
        """A line in each direction; seconds of the slower."""
        slowest = 0.0
        for a, b in (self.honest, self.honest[::-1]):
            self.lines += 1
            text = f"honest line {self.lines}"
            began = time.monotonic()
            a.chat(text)
            b.wait_chat(text, LATE)
            slowest = max(slowest, time.monotonic() - began)
        return slowest

    def attack(self, name, act):
        """act(before) runs; it says what the node did about it."""
        before, mem = self.counters(), memory(self.node)
        result = []
        over = threading.Event()

        def run():
            try:
                result.append(act(before))
            except BaseException as e:  # pylint: disable=broad-except
                result.append(e)
            over.set()
        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        slowest = self.talk()
        while not over.wait(0.25):
            slowest = max(slowest, self.talk())
        slowest = max(slowest, self.talk())
        if isinstance(result[0], BaseException):
            raise result[0]
        after = memory(self.node)
        grown = {d: after[d] - mem[d] for d in DAEMONS}
        most = max(grown, key=grown.get)
        self.rows.append((name, result[0], f"{sum(mem.values())} -> "
                          f"{sum(after.values())} KiB (most {most} "
                          f"{grown[most]:+d})", f"{slowest * 1000:.0f} ms"))
        for p in self.honest:
            assert not p.is_closed(), name

    def since(self, before, *names):
        now = self.counters()
        return {n: now[n] - before[n] for n in names}

    def enemy(self, **options):
        p = Peer(self.t)
        p.dial(self.node, **options)
        return p

    def told_why(self, peer, cause="abuse"):
        """It is put out, and kept out for a while."""
        e = self.node.wait_event("peer_down", id=peer.id[:12])
        assert e.fields["cause"] == cause, e
        peer.dial(self.node, "again", up=False)
        peer.wait_closed("again")
        return "put out and refused"

    def finish(self):
        last = memory(self.node)
        grown = {d: last[d] - self.first[d] for d in DAEMONS}
        if self.bounded:
            assert max(grown.values()) < GROWTH, grown
        for row in self.rows:
            self.t.note(" | ".join(row))
        self.t.note(f"all of it: {grown} KiB; bound {GROWTH}")
        self.t.keep("table.txt", "".join(" | ".join(r) + "\n"
                                         for r in self.rows))


def records(s, before):
    """134,000 made-up nodes, each named once, by two neighbours."""
    for i, first in enumerate((0, 1_000_000)):
        p = s.enemy()
        p.do("flood", conn="c", count=1, message={
            "type": 4, "peer_count": 7000, "peer_from": first})
        p.do("flood", conn="c", count=60, timeout=60, message={
            "type": 4, "peer_count": 1000, "peer_from": first + 7000})
        until("they are read", lambda n=61 * (i + 1): sum(s.since(
            before, "exchanges", "drop_rate").values()) >= n, 30, 0.1)
        p.close()
    n = s.since(before, "exchanges", "drop_rate")
    now = s.counters()
    assert n["drop_rate"] > 0, n
    assert now["hearsay"] <= 600 and now["known"] <= 1024, now
    late = Peer(s.t)
    late.dial(s.node)
    told = late.wait("exchange")
    assert len(told["peers"]) <= 256 and told["len"] < 65536, told["len"]
    late.close()
    return f"{n['exchanges']} taken, {n['drop_rate']} over the rate, " \
        f"{now['hearsay']} kept, {len(told['peers'])} told on"


def stale(s, before):
    """What was said long ago, and what was said just now, again and again."""
    p = s.enemy()
    old = int(time.time()) - 7200
    p.do("flood", conn="c", count=200, message={
        "type": 3, "nick": "old", "text": "from the past", "time": old})
    p.do("flood", conn="c", count=10000, same=True, timeout=60, message={
        "type": 3, "nick": "old", "text": "said once"})
    for h in s.honest:
        h.wait_chat("said once")
        assert not h.find("chat", text="from the past")
    until("the copies are read", lambda: s.since(
        before, "drop_duplicate")["drop_duplicate"] >= 9500, 20)
    for h in s.honest:
        assert len(h.find("chat", text="said once")) == 1
    n = s.since(before, "drop_stale", "drop_duplicate")
    assert n["drop_stale"] == 200, n
    p.close()
    return f"{n['drop_stale']} too old, {n['drop_duplicate']} copies"


def copies(s, before):
    """Long copies without end."""
    p = s.enemy()
    p.do("flood", conn="c", count=50_000, same=True, timeout=60,
         message={"type": 3, "nick": "n", "text_len": 60000})
    why = s.told_why(p)
    n = s.since(before, "drop_duplicate")["drop_duplicate"]
    assert n > 2000, n
    return f"{n} copies, then {why}"


def ids(s, before):
    """The id of somebody else's line, taken before he says it."""
    p = s.enemy()
    mid = "00000000-0000-4000-8000-000000000001"
    p.do("flood", conn="c", count=300, message={
        "type": 3, "nick": "n", "text": "thief", "id": mid})
    until("they are read", lambda: s.since(
        before, "drop_duplicate")["drop_duplicate"] >= 299)
    a, b = s.honest
    a.chat("with that id", id=mid)
    b.wait_chat("with that id", LATE)
    until("the other line is there", lambda: b.find("chat", text="thief"),
          LATE)
    assert len(b.find("chat", text="thief")) == 1
    p.close()
    return "299 of 300 dropped; the owner's line is across"


def forged(s, before):
    """Lines in another's name."""
    p = s.enemy()
    a, b = s.honest
    p.do("flood", conn="c", count=500, message={
        "type": 3, "nick": "n", "text": "forged", "sender": a.id,
        "pub_hex": a.pub})
    why = s.told_why(p)
    n = s.since(before, "drop_signature")["drop_signature"]
    assert 20 <= n <= 60, n
    assert s.node.events("message_refused", check="signature",
                         id=p.id[:12])
    assert not a.find("chat", text="forged") + b.find("chat", text="forged")
    return f"{n} signatures checked, then {why}"


def accused(s, before):
    """Nodes made up, which claim links and say that real ones are gone."""
    p = s.enemy()
    us, friend = (bytes.fromhex(i) for i in (s.node.id, s.honest[0].id))
    items = b"".join(b"\x1a\x26\x0a\x20" + i + b"\x10\x01\x18\x01"
                     for i in (us, friend))
    payload = b"\x08\x01\x10\x01" + items + \
        b"\x22\x20" + us[:16] + friend[:16]
    p.do("flood", conn="c", count=5000, mint=True, timeout=60, message={
        "type": 35, "payload": payload.hex(),
        "lamport": int(time.time() * 1000) << 16})
    until("they are read", lambda: sum(s.since(
        before, "received", "drop_neighbour").values()) >= 5000, 30)
    now = s.counters()
    assert 1000 <= now["mesh_nodes"] <= 4096, now["mesh_nodes"]
    assert now["suspects_in"] >= 1000, now["suspects_in"]
    time.sleep(4)   # for the judgement, which nothing shows
    now = s.counters()
    assert now["mesh_down"] + now["mesh_unreachable"] == 0, now
    assert now["suspects_answered"] == 0, now
    p.close()
    return f"{now['mesh_nodes']} nodes made up, {now['suspects_in']} " \
        "words, nobody is down for it"


def minted(s, before):
    """An author for each line."""
    p = s.enemy()
    p.do("flood", conn="c", count=8000, mint=True, timeout=60, message={
        "type": 3, "nick": "n", "text": "I am new", "hop": 1})
    until("they are read", lambda: sum(s.since(
        before, "received", "drop_neighbour").values()) >= 8000, 30)
    n = s.since(before, "received", "drop_neighbour", "verified")
    assert n["drop_neighbour"] > 0, n
    assert s.counters()["keys"] <= 4096 + 1024
    p.close()
    return f"{n['verified']} checked, {n['drop_neighbour']} over the " \
        "neighbour's rate"


def hops(s, before):
    """A line that would cross four thousand million edges."""
    p = s.enemy()
    p.chat("round and round", hop=2 ** 32 - 1)
    for h in s.honest:
        assert h.wait_chat("round and round")["hop"] == 9
    assert s.since(before, "received")["received"] >= 1
    p.close()
    return "hop_count 4294967295 leaves as 9"


def long_hello(s, before):
    """A name of a megabyte, in the hello."""
    p = Peer(s.t)
    p.dial(s.node, up=False, source=fresh_address(),
           hello={"listen_addr": "x" * 1_048_000 + ":1", "reachable": True})
    end = p.wait_closed()
    assert not p.find("up"), end
    n = s.since(before, "t_bytes_in")["t_bytes_in"]
    # Not even read to its end.
    assert n < 512 * 1024, n
    return f"ended in the hello after {n // 1024} KiB of it"


def text(s, before):
    """Terminal tricks in names and lines."""
    p = s.enemy()
    with open(os.path.join(s.t.dir, "tail.out"), "w+b") as out:
        tail = subprocess.Popen(
            [s.node.find("micelioctl"), "--data-dir", s.node.dir, "tail"],
            stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        tricks = ["\x1b]0;owned\a", "\x1b[2J", "\u009b31m", "a\r\nforged",
                  "\u202egnp.exe", "\u2066x", "nul\0end", "\u2028line"]

        def shown(what):
            out.seek(0)
            return what in out.read().decode("utf-8")
        n = [0]

        def listening():
            n[0] += 1
            s.honest[0].chat(f"is it on {n[0]}")
            return shown("is it on")
        until("tail shows lines", listening, 10, 0.3)
        for i, x in enumerate(tricks):
            p.chat(f"{x} end{i}", nick=x)
        bad = [{"text_hex": "62ff64"}, {"nick_hex": "c328"}]
        for m in bad:
            p.send(type=3, nick="n", **m)
        p.chat("after the tricks")
        until("the last is shown", lambda: shown("after the tricks"), 10)
        tail.terminate()
        tail.wait()
        out.seek(0)
        seen = out.read().decode("utf-8")
    for c in "\x1b\a\u009b\u202e\u2066\0\u2028\r":
        assert c not in seen, (repr(c), seen)
    assert not re.search(r"^forged", seen, re.M), seen
    assert s.since(before, "drop_chat")["drop_chat"] == len(bad)
    p.close()
    return f"{len(tricks)} shown tame, {len(bad)} not UTF-8 dropped"


def half_open(s, before):
    """A thousand connections that say nothing."""
    host = fresh_address().rsplit(".", 1)[0]
    stay = []
    for i in range(1000):
        c = socket.socket()
        c.setblocking(False)
        c.bind((f"{host}.{100 + i % 50}", 0))
        try:
            c.connect((s.node.address, 4000))
        except BlockingIOError:
            pass
        stay.append(c)
    until("all were accepted", lambda: s.since(
        before, "t_accepted")["t_accepted"] >= 1000, 20)
    now = s.counters()
    assert now["t_unfinished"] <= 256, now
    began = time.monotonic()
    late = s.enemy(source=f"{host}.100")
    joined = time.monotonic() - began
    late.close()
    for c in stay:
        c.close()
    # Those that were there for 10 s before they were crowded out went, too.
    n = sum(s.since(before, "t_crowded_out", "t_hello_deadline").values())
    assert n >= 700, n
    return f"{n} put out, {now['t_unfinished']} unfinished; a new " \
        f"peer of that address joined in {joined * 1000:.0f} ms"


class Loris:
    """Slow at every stage; begun before all other attacks."""

    EARLY = {"tcp": {"bad": "tcp-silent"}, "noise": {
        "drip_from": "noise", "drip_ms": 400}, "hello": {
        "drip_from": "hello", "drip_ms": 400}}

    def __init__(self, s):
        self.s, self.peer = s, Peer(s.t)
        for stage, options in self.EARLY.items():
            self.peer.dial(s.node, stage, up=False, source=fresh_address(),
                           **options)
        self.frame, self.deaf = s.enemy(keepalive=False), s.enemy(deaf=True)
        self.frame.do("drip", conn="c", options={"drip_ms": 400}, message={
            "type": 3, "nick": "n", "text_len": 50000})

    def feed(self, before):
        """One that reads nothing is owed more than fits into a socket."""
        p = self.s.enemy()
        p.do("flood", conn="c", count=100, mint=True, timeout=60, message={
            "type": 3, "nick": "n", "text_len": 60000})
        down = self.s.node.wait_event("peer_down", 30,
                                      id=self.deaf.id[:12])
        assert down.fields["cause"] == "write-timeout", down
        p.close()
        n = self.s.since(before, "forwarded", "dropped")
        return f"{down.fields['cause']} after {down.fields['up']}, " \
            f"{n['dropped']} not queued for it"

    def judge(self, _):
        said = []
        for stage in self.EARLY:
            end = self.peer.wait_closed(stage, 20)
            assert 8500 < end["ms"] < 16000, (stage, end)
            said.append(f"{stage} {end['ms'] / 1000:.1f} s")
        end = self.frame.wait_closed(timeout=80)
        down = self.s.node.wait_event("peer_down", id=self.frame.id[:12])
        assert down.fields["cause"] == "idle-timeout", down
        assert 58000 < end["ms"] < 75000, end
        said.append(f"mid-frame {end['ms'] / 1000:.1f} s")
        return "ended: " + ", ".join(said)


def victim_moved(s, _):
    """Somebody says that a node is elsewhere, for all eternity."""
    victim, trap, p = Peer(s.t), socket.create_server(
        (fresh_address(), 0)), s.enemy()
    own = victim.listen(fresh_address() + ":0")
    host, port = trap.getsockname()
    victim.dial(s.node, hello={"listen_addr": own, "reachable": True})
    for h in (f"{host}:{port}", f"{host}:{port + 1}"):
        p.send(type=4, peers=[{"node": victim.id, "addr": h,
                               "reachable": True, "pub": victim.pub,
                               "last_seen": FOREVER}])
    p.chat("after the lies")
    s.honest[0].wait_chat("after the lies")
    victim.close()
    began = time.monotonic()
    victim.wait("accepted", 20)
    victim.wait("up", conn="in1")
    took = time.monotonic() - began
    trap.settimeout(0)
    try:
        trap.accept()
        raise AssertionError("the node went where the liar said")
    except BlockingIOError:
        pass
    trap.close()
    p.close()
    return f"its own address is dialled, after {took:.1f} s"


@lane(budget=180, waits=True)
def test_attacks(t):
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4096), hard))
    s = Stage(t)
    loris = Loris(s)
    for name, act in (
            ("never reading", loris.feed),
            ("hop_count 2^32-1", lambda b: hops(s, b)),
            ("hello of 1 MB", lambda b: long_hello(s, b)),
            ("reused ids", lambda b: ids(s, b)),
            ("forged authors", lambda b: forged(s, b)),
            ("terminal tricks", lambda b: text(s, b)),
            ("last_seen 2^63-1", lambda b: victim_moved(s, b)),
            ("old envelopes", lambda b: stale(s, b)),
            ("copies without end", lambda b: copies(s, b)),
            ("minted authors", lambda b: minted(s, b)),
            ("made-up accusers", lambda b: accused(s, b)),
            ("1,000 half-open", lambda b: half_open(s, b)),
            ("flood of records", lambda b: records(s, b)),
            ("slow at every stage", loris.judge)):
        s.attack(name, act)
    s.finish()


@lane(root=True)
def test_bait(t):
    """On hearsay no service of the host is knocked at."""
    node = Node(t, "north").start()
    # A port below 1024, ssh's own if it is free.
    bait = None
    for port in (22, 23, 19, 17, 13):
        try:
            bait = bait or socket.create_server(("127.0.0.1", port))
        except OSError:
            pass
    assert bait, "no port below 1024 is free on 127.0.0.1"
    open_, peer = Peer(t), Peer(t)
    good = open_.listen(fresh_address() + ":0")
    peer.dial(node)
    made_up = bytes(range(32))
    for pub, node_id, addr in (
            (made_up.hex(), None, "%s:%d" % bait.getsockname()),
            (open_.pub, open_.id, good)):
        node_id = node_id or hashlib.sha256(made_up).hexdigest()
        peer.send(type=4, peers=[{"node": node_id, "addr": addr,
                                  "reachable": True, "pub": pub,
                                  "last_seen": int(time.time())}])
    # The other record of the same neighbour is followed.
    open_.wait("accepted")
    open_.wait("up", conn="in1")
    bait.setblocking(False)

    def knocked():
        try:
            bait.accept()
            return True
        except BlockingIOError:
            return False
    never("somebody knocks at the bait", knocked, 3)
    assert node.status()["gossipd"][0]["hearsay"] == 1
    t.note("no connection at 127.0.0.1:%d" % bait.getsockname()[1])
    bait.close()
