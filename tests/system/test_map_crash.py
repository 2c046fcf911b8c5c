# SPDX-License-Identifier: MIT
"""What the map keeps when its daemon, its disk or its log comes to grief."""
import glob
import json
import os
import random
import shutil
import signal
import subprocess
import tempfile
import threading
import time

from node import Node
from runner import lane
from smallfs import Small
from waiting import until

ZEROS = 8       # that the record of a commit ends in


def last_log(node):
    """The last log, and where its records end: it is zeros from there."""
    path = max(glob.glob(os.path.join(node.dir, "state", "db", "log.*")))
    with open(path, "rb") as f:
        return path, len(f.read().rstrip(b"\0")) + ZEROS


def kill(node, name="stated"):
    """kill -9 of one daemon: the node ends."""
    pids = node.processes()
    os.kill(node.child(name), signal.SIGKILL)
    node.wait_end(10, pids)


def exported(node):
    out = node.ctl("export", timeout=60).stdout
    return {e["key"]: e["value"] for e in map(json.loads, out.splitlines())}


def tear_cut(path, at):
    os.truncate(path, at)


def tear_garble(path, at):
    """As long as it was, of other bytes from there on."""
    size = os.path.getsize(path)
    with open(path, "r+b") as f:
        f.seek(at)
        f.write(random.Random(at).randbytes(min(size - at, 65536)))


def torn(t, tears):
    """
    The last log ends anywhere: what was durable before that is there, and
    the node is as good as it was.
    """
    t.expected = ("child_lost", "start_failed")
    n = Node(t, "map")
    n.start()
    n.wait_event("map_read")
    durable = []        # (end of the log, key, value)
    for i in range(24):
        key, value = "o/%d" % (i % 16), "%d " % i + "v" * (i * 16)
        n.ctl("put", key, value)
        durable.append((last_log(n)[1], key, value))
    kill(n)
    path, end = last_log(n)
    first = durable[0][0]
    db = os.path.join(n.dir, "state", "db")
    left = os.path.join(t.dir, "left")
    shutil.copytree(db, left)
    chance = random.Random(tears)
    # The end of each record, and anywhere between.
    places = [(a[0], tear_cut) for a in durable[-2:]] + [
        (chance.randrange(first, end), chance.choice(
            (tear_cut, tear_garble))) for _ in range(tears - 2)]
    ready = []
    for at, tear in places:
        shutil.rmtree(db)
        shutil.copytree(left, db)
        tear(path, at)
        began = time.monotonic()
        n.start()
        n.wait_event("map_read")
        ready.append(time.monotonic() - began)
        want = {k: v for end_, k, v in durable if end_ <= at}
        found = exported(n)
        for key, value in want.items():
            later = [v for _, k, v in durable if k == key]
            later = later[later.index(value):]
            assert found.get(key) in later, (at, tear, key, found.get(key))
        assert not n.events("store_damaged"), n.log_tail()
        assert n.events("store_open"), n.log_tail()
        n.ctl("put", "o/after", "the tear")
        kill(n)
    n.start()
    n.wait_event("map_read")
    assert n.ctl("get", "o/after").stdout == "the tear"
    ready.sort()
    t.note("ready after a torn log: p50 %.2f s, max %.2f s, %d tears" %
           (ready[len(ready) // 2], ready[-1], len(ready)))
    n.stop()


def test_torn_log(t):
    torn(t, 6)


@lane(long=True, budget=900)
def test_torn_log_anywhere(t):
    torn(t, 200)


def pair(t, **second):
    """Two nodes, the second of which dials the first; not started."""
    a = Node(t, "a")
    return a, Node(t, "b", bootstrap=[a.mesh_address], **second)


def state(n):
    return json.loads(n.ctl("state", "--json").stdout)


def wait_equal(nodes, timeout=60):
    def equal():
        return len({state(n)["digest"] for n in nodes}) == 1
    until("equal maps", equal, timeout, 0.1)


def fill(t, node, keys, text):
    """Write that many keys in one import."""
    with tempfile.TemporaryFile(dir=t.dir) as f:
        for i in range(keys):
            line = {"key": "o/%d" % i, "value": text}
            f.write(json.dumps(line).encode() + b"\n")
        f.seek(0)
        r = node.ctl("import", stdin=f, timeout=120)
    assert r.returncode == 0, r


class Writer(threading.Thread):
    """Writes keys of one node's own, as fast as they are acknowledged."""

    def __init__(self, node, first):
        super().__init__(daemon=True)
        self.node, self.n = node, first
        self.acked, self.tried = {}, {}
        self.over = threading.Event()
        self.start()

    def run(self):
        while not self.over.is_set():
            key, value = "o/own/%d" % (self.n % 40), str(self.n)
            self.n += 1
            self.tried[key] = value
            r = self.node.ctl("put", key, value, check=False)
            if r.returncode != 0:
                break
            self.acked[key] = value

    def end(self, known):
        """known: {key: values it may have}, brought up to date."""
        self.over.set()
        self.join()
        for key, value in self.tried.items():
            if key in self.acked:
                known[key] = (self.acked[key], value)
            else:
                known[key] = (*known.get(key, (None,)), value)


def killed_in_sessions(t, times):
    """
    stated of b is killed while it copies, or finds and takes what differs:
    what b had acknowledged, and what it had taken in, is there again.
    """
    t.expected = ("child_lost", "start_failed")

    def text(life):     # some 4 kB, but never as long as the one before
        return "%d " % life + "v" * (3900 + life % 50)
    a, b = pair(t)
    a.start()
    a.wait_event("map_read")
    chance = random.Random(times)
    fill(t, a, 200, text(0))
    acked, ready, within, number, said = {}, [], 0, 0, 0
    for life in range(times):
        began = time.monotonic()
        b.start()
        b.wait_event("map_read")
        ready.append(time.monotonic() - began)
        found = exported(b)
        for key, values in acked.items():
            assert found.get(key) in values, (life, key, found.get(key))
        w = Writer(b, number)
        until("they are linked", lambda: b.events("peer_up"), 20, 0.005)
        if life % 2:
            time.sleep(chance.random() * 0.4)
        else:
            # Not before some are there, and soon after.
            first = state(b)["map_bytes"]
            until("some have come", lambda: state(b)["map_bytes"] != first
                  or state(b)["digest"] == state(a)["digest"], 20, 0.002)
        within += state(b)["digest"] != state(a)["digest"]
        kill(b)
        w.end(acked)
        number = w.n
        said += len(w.acked)
        # Now and then there is all of it to copy; else what is new.
        fill(t, a, 200, text(life + 1))
        if life % 8 == 7:
            shutil.rmtree(os.path.join(b.dir, "state", "db"))
            acked = {}
    b.start()
    b.wait_event("map_read")
    wait_equal((a, b))
    assert not b.events("store_damaged")
    found = exported(b)
    for key, values in acked.items():
        assert found.get(key) in values, (key, found.get(key))
    assert said > 0
    ready.sort()
    t.note("ready after a kill in a session: p50 %.2f s, max %.2f s, "
           "%d kills, %d with maps not yet equal; %d writes acknowledged "
           "and none lost" % (ready[len(ready) // 2], ready[-1], times,
                              within, said))
    for n in (a, b):
        n.stop()


def test_killed_in_sessions(t):
    killed_in_sessions(t, 4)


@lane(long=True, budget=1800)
def test_killed_in_many_sessions(t):
    killed_in_sessions(t, 200)


@lane(root=True, budget=90)
def test_full_while_they_compare(t):
    """
    A disk that is full takes no entry of another node either: the node
    stays in the mesh, reads, and goes on by itself when there is room.
    """
    t.expected = ("store_failed",)
    small = Small(t, "8m")
    a, b = pair(t, data_dir=small.path)
    for n in (a, b):
        n.start()
        n.wait_event("map_read")
    b.ctl("put", "o/b", "of b")
    wait_equal((a, b))
    small.fill()
    fill(t, a, 200, "v" * 3900)
    b.wait_event("store_failed", 30)
    r = b.ctl("put", "o/refused", "x" * 4000, check=False)
    assert r.returncode == 75 and "disk is full" in r.stderr, r
    assert b.ctl("get", "o/b").stdout == "of b"
    # What is said passes, whatever becomes of the map.
    tail = subprocess.Popen(
        [b.find("micelioctl"), "--data-dir", b.dir, "tail"],
        stdout=subprocess.PIPE)
    try:
        os.set_blocking(tail.stdout.fileno(), False)

        def heard():
            a.ctl("say", "is anybody there?")
            try:
                return b"is anybody there?" in os.read(
                    tail.stdout.fileno(), 65536)
            except BlockingIOError:
                return False
        until("b hears a", heard, 20, 0.2)
    finally:
        tail.terminate()
        tail.wait(10)
    assert len(b.peer_ids()) == 1 and not b.events("peer_down")
    assert state(a)["digest"] != state(b)["digest"]
    began = time.monotonic()
    small.empty()
    wait_equal((a, b))
    t.note("equal %.1f s after there was room" % (time.monotonic() - began))
    assert exported(a) == exported(b)
    assert b.ctl("put", "o/after", "v").returncode == 0
    b.stop()
    b.start()
    b.wait_event("map_read")
    wait_equal((a, b))
    for n in (a, b):
        n.stop()


def test_damaged_beyond_recovery(t):
    """It is set aside, loudly, and the last backup takes its place."""
    t.expected = ("child_lost", "start_failed")
    n = Node(t, "map")
    n.start()
    n.wait_event("map_read")
    for instead in ("nothing", "backup"):
        n.ctl("put", "o/kept", "in the backup")
        written = json.loads(n.ctl("get", "o/kept", "--json").stdout)
        if instead == "backup":
            n.ctl("backup")
        n.ctl("put", "o/lost", "since then")
        kill(n)
        path, _ = last_log(n)
        with open(path, "r+b") as f:
            f.write(b"\xff" * 64)
        n.start()
        e = n.wait_event("store_damaged", instead=instead)
        n.wait_event("map_read")
        aside = os.path.join(n.dir, e.fields["set_aside"])
        assert os.path.exists(os.path.join(aside, "map.db")), aside
        found = exported(n)
        assert found == ({"o/kept": "in the backup"} if instead == "backup"
                         else {}), found
        # No time is given twice, whatever was lost.
        n.ctl("put", "o/kept", "again")
        again = json.loads(n.ctl("get", "o/kept", "--json").stdout)
        assert again["written"] > written["written"], (written, again)
    n.stop()
    # A backup that is none either is not tried over and over.
    state_dir = os.path.join(n.dir, "state")
    for d in ("db", "backup"):
        for name in os.listdir(os.path.join(state_dir, d)):
            with open(os.path.join(state_dir, d, name), "r+b") as f:
                f.write(b"\xff" * 64)
    n.start()
    n.wait_event("store_damaged", instead="nothing")
    n.wait_event("map_read", entries="0")
    assert n.ctl("put", "o/new", "v").returncode == 0
    n.stop()
    n.start()
    n.wait_event("map_read", entries="1")
    assert not n.events("store_damaged")
    n.stop()
