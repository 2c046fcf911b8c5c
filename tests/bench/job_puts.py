# SPDX-License-Identifier: MIT
"""
Durable puts beside SQLite and LMDB, and what a store of 1,000,000 entries of
250 bytes takes and gives: bytes on the disk and in memory, reads, prefixes.

SQLite and LMDB make one durable transaction after the other, as one writer
or sixteen would have to: neither commits for several at once.  A whole node
has to sign, too, and each of its puts comes over a connection of its own.
"""
import json
import os
import re
import subprocess
import tempfile
import threading
import time

from control import EXIT, Control, frame
from figures import Row, Sample
from job_map import tool
from node import Node

RUNS, SECONDS = 3, 2            # each of two rounds
ENTRIES, ENTRIES_QUICK = 1000000, 100000
KEYS = 200                      # an open mesh lets one node have 256
WRITERS = (1, 16)
CLIENTS = (1, 12)               # the hub serves 16; one may not be gone yet
OURS, PEERS = "ours, %d writer", ("SQLite WAL FULL", "LMDB")
DONE = frame(EXIT, b"\0")
RATE = re.compile(r"^(\S.*?) +(\d+) puts/s$", re.M)
FIGURE = re.compile(r"^(disk|memory|reads|scans) +([\d.]+) (\S+)", re.M)


def stores(t):
    """The store alone: its thread, its commits."""
    exe, found = tool(t, "bench_puts"), {}
    for i in range(1 if t.quick else RUNS):
        d = os.path.join(t.dir, f"puts{i}")
        os.mkdir(d)
        out = subprocess.run([exe, d, str(1 if t.quick else SECONDS)],
                             check=True, capture_output=True, text=True)
        for name, rate in RATE.findall(out.stdout):
            found.setdefault(name, Sample()).add(float(rate))
    peers = dict(sorted(((p, found[p]) for p in PEERS if p in found),
                        key=lambda x: -x[1].quantile(0.5)))
    for n in WRITERS:
        ours = next(v for k, v in found.items() if k.startswith(OURS % n))
        yield Row(f"durable puts, {n} at once", "puts/s", ours, peers,
                  more=True, goals=(("ratio", 1),) if n > 1 else ())


def puts(node, writers, seconds):
    """Acknowledged puts a second."""
    until, done, wrong = time.monotonic() + seconds, [0] * writers, []

    def write(me):
        while time.monotonic() < until and not wrong:
            c = Control(node)
            c.run("put", "o/%d" % ((me + done[me] * writers) % KEYS),
                  "v" * 116)
            try:
                c.wait(DONE)
            except AssertionError as e:
                wrong.append(e)
                return
            finally:
                c.close()
            done[me] += 1

    began = time.monotonic()
    threads = [threading.Thread(target=write, args=(i,))
               for i in range(writers)]
    for x in threads:
        x.start()
    for x in threads:
        x.join()
    assert not wrong, wrong
    return sum(done) / (time.monotonic() - began)


def imported(t, node):
    """Lines of an import a second, all of them durable at its end."""
    lines = "".join(json.dumps({"key": "o/%d" % (i % KEYS), "value":
                                "%0116d" % i}) + "\n" for i in range(5000))
    with tempfile.TemporaryFile(dir=t.dir) as f:
        f.write(lines.encode())
        f.seek(0)
        began = time.monotonic()
        r = node.ctl("import", stdin=f, timeout=300)
        assert r.returncode == 0, r
        return 5000 / (time.monotonic() - began)


def whole(t):
    """The same through a node: asked for, signed, durable, answered."""
    node = Node(t, "writer")
    node.start()
    node.wait_event("map_read")
    for n in CLIENTS:
        sample = Sample(puts(node, n, SECONDS) for _ in
                        range(1 if t.quick else RUNS))
        yield Row(f"puts of a whole node, {n} at once", "puts/s", sample,
                  more=True)
    yield Row("import into a whole node", "lines/s", Sample(
        imported(t, node) for _ in range(1 if t.quick else RUNS)), more=True)
    node.stop()


def many(t):
    """What bench_map tells of so many entries."""
    entries = ENTRIES_QUICK if t.quick else ENTRIES
    out = subprocess.run([tool(t, "bench_map"), os.path.join(t.dir, "many"),
                          str(entries)], capture_output=True, text=True,
                         check=False).stdout
    print("    " + out.replace("\n", "\n    "))
    found = {k: Sample([float(v)]) for k, v, _ in FIGURE.findall(out)}
    of = f"of {entries:,}"
    yield Row(f"disk for an entry {of}", "bytes", found["disk"])
    yield Row(f"memory for an entry {of}", "bytes", found["memory"],
              goals=(("p50", 450),))
    yield Row(f"reads of one key {of}", "/s", found["reads"], more=True)
    yield Row(f"reads of a prefix of 11 keys {of}", "/s", found["scans"],
              more=True)


def run(t):
    return [*stores(t), *whole(t), *many(t)]
