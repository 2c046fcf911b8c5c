#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
A mesh of real processes in which a third of the nodes dies at once, while
random nodes talk.

    crash.py --build BUILD [--seconds N] [--nodes N] [--kill N] [--rate N]
             [--seed N] [--idle SECONDS] [--keep]

What has to hold: every line reaches every node that lives on exactly once.
A line that a node said in the last second before it was killed may have
reached nobody or all, but not some.  Exits 1 when it does not hold.

Told besides: copies per node, latency from the author's control socket to
those of the others, processor time, wake-ups, memory; first of the idle mesh,
then under the lines.
"""
import argparse
import os
import random
import re
import selectors
import struct
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))
# pylint: disable=wrong-import-position
import control  # noqa: E402
import procs  # noqa: E402
import trial  # noqa: E402
from node import Node  # noqa: E402
from usage import by_daemon, tasks  # noqa: E402
from waiting import until  # noqa: E402

LINKS_MIN = 10          # of a node, before it begins
LAST_INSTANT = 1.0      # seconds before a kill, for the author's own lines
AFTER_KILL = 5.0        # seconds whose latency is told apart
ARRIVE = 60.0           # seconds, after which a line is lost
QUIET = 2.0             # seconds in which nothing may come twice
WORD = re.compile(rb"line-(\d+)-end")


class Line:
    def __init__(self, author, at):
        self.author, self.at = author, at
        self.given = None               # None: no answer yet
        self.heard = {}                 # node: [seconds since it was said]


class Ears:
    """What all nodes say to those who read along, with the time it came."""

    def __init__(self, nodes):
        self.poll = selectors.DefaultSelector()
        self.lines = []
        for n in nodes:
            tail = control.Control(n)
            tail.run("tail")
            self.poll.register(tail.sock, selectors.EVENT_READ,
                               (self.heard, n, bytearray()))

    def say(self, node):
        line = Line(node, time.monotonic())
        self.lines.append(line)
        sock = control.ask(node, "say", f"line-{len(self.lines) - 1}-end")
        self.poll.register(sock, selectors.EVENT_READ,
                           (self.answered, line, bytearray()))

    def take(self, seconds):
        """Reads what comes, for so long."""
        until_ = time.monotonic() + seconds
        while True:
            left = until_ - time.monotonic()
            for key, _ in self.poll.select(max(0.0, left)):
                took, who, rest = key.data
                try:
                    piece = key.fileobj.recv(1 << 16)
                except OSError:
                    piece = b""
                rest += piece
                if not took(who, rest, time.monotonic()) or not piece:
                    self.drop(key.fileobj)
            if left <= 0:
                return

    def drop(self, sock):
        self.poll.unregister(sock)
        sock.close()

    def heard(self, node, rest, now):
        end = 0
        for m in WORD.finditer(rest):
            line = self.lines[int(m.group(1))]
            line.heard.setdefault(node, []).append(now - line.at)
            end = m.end()
        del rest[:end]
        return True

    def answered(self, line, rest, _):
        i = rest.find(struct.pack(">IB", 2, control.EXIT))
        if i < 0 or len(rest) < i + 6:
            return True
        line.given = rest[i + 5] == 0
        return False

    def close(self):
        for key in list(self.poll.get_map().values()):
            self.drop(key.fileobj)


class Counts:
    """What gossipd counts, and what the processes used, of some nodes."""

    def __init__(self, nodes, pids):
        self.at = time.monotonic()
        self.tasks = {n: tasks(n, pids[n]) for n in nodes}
        self.gossip = {n: n.status()["gossipd"][0] for n in nodes}


class Crash:
    def __init__(self, t, count, kill, length, rate, seed):
        self.t, self.length, self.rate, self.nkill = t, length, rate, kill
        self.random = random.Random(seed)
        first = Node(t, "n0", ssh=False)
        self.nodes = [first] + [Node(t, f"n{i}", ssh=False,
                                     bootstrap=[first.mesh_address])
                                for i in range(1, count)]
        self.dying = set(self.random.sample(self.nodes[1:], kill))
        self.living = [n for n in self.nodes if n not in self.dying]
        self.pids, self.killed_at, self.ears = {}, None, None

    def start(self):
        for n in self.nodes:
            n.start(ready=False)
        for n in self.nodes:
            n.wait_ready(90)
        want = min(LINKS_MIN, len(self.nodes) - 1)
        until("the mesh has formed", lambda: all(
            len(set(n.peer_ids())) >= want for n in self.nodes), 90, 0.2)
        self.ears = Ears(self.nodes)

    def settle(self, seconds):
        """What belongs to the start is over."""
        self.ears.take(seconds)
        self.pids = {n: n.processes() for n in self.nodes}

    def kill(self):
        """All of them at once."""
        pids = {p: s for n in self.dying for p, s in self.pids[n].items()}
        self.killed_at = time.monotonic()
        procs.end_all(pids)

    def talk(self):
        began = next_at = time.monotonic()
        kill_at = began + self.length / 2
        while next_at < began + self.length:
            self.ears.take(max(0.0, next_at - time.monotonic()))
            if self.killed_at is None and time.monotonic() >= kill_at:
                self.kill()
            nodes = self.living if self.killed_at else self.nodes
            node = self.random.choice(nodes)
            self.ears.say(node)
            next_at += 1 / self.rate
        deadline = time.monotonic() + ARRIVE
        while time.monotonic() < deadline and self.missing():
            self.ears.take(0.2)
        self.ears.take(QUIET)
        for n in self.dying:
            n.wait_end(20, self.pids[n])

    def missing(self):
        return [line for line in self.ears.lines
                if line.given is not False and self.due(line) and
                any(n not in line.heard for n in self.living)]

    def due(self, line):
        """Must it have reached all, or may it have reached nobody?"""
        return line.author not in self.dying or \
            line.at < self.killed_at - LAST_INSTANT or \
            any(n in line.heard for n in self.living)

    # -- judgement -----------------------------------------------------

    def wrong(self):
        bad = []
        for i, line in enumerate(self.ears.lines):
            if line.given is None and line.author not in self.dying:
                bad.append(f"line {i} of {line.author.name}: no answer")
            lost = [n.name for n in self.living if n not in line.heard]
            if line.given is not False and self.due(line) and lost:
                bad.append(f"line {i} of {line.author.name}, "
                           f"{line.at - self.killed_at:+.2f} s from the "
                           f"kill: not at {' '.join(lost)}")
            bad += [f"line {i} of {line.author.name}: {len(x)} times at "
                    f"{n.name}" for n, x in line.heard.items() if len(x) > 1]
        return bad

    def note_lines(self):
        lines = self.ears.lines
        refused = sum(x.given is False for x in lines)
        last = [x for x in lines if x.author in self.dying and
                x.at >= self.killed_at - LAST_INSTANT]
        count = sum(len(x.heard) for x in lines)
        self.t.note(f"{len(self.nodes)} nodes, {len(self.dying)} killed at "
                    f"once; {len(lines)} lines at {self.rate:g}/s "
                    f"({refused} refused), {count} arrivals, "
                    f"{sum(len(self.living) for _ in lines)} due at living "
                    f"nodes; {len(last)} said by a node in its last "
                    f"{LAST_INSTANT:g} s, {sum(not x.heard for x in last)} "
                    "of these died with it")

    def note_latency(self):
        stable, after, whole = [], [], []
        for x in self.ears.lines:
            others = [v[0] for n, v in x.heard.items()
                      if n in self.living and n is not x.author]
            near = 0 <= x.at - self.killed_at < AFTER_KILL
            (after if near else stable).extend(others)
            if others and not near:
                whole.append(max(others))
        for what, v in (("to a node", stable), ("to the last node", whole),
                        (f"to a node, {AFTER_KILL:g} s after the kill",
                         after)):
            self.t.note(f"latency {what}: p50 {at(v, .5):.2f} ms, "
                        f"p99 {at(v, .99):.2f} ms, most {at(v, 1):.1f} ms")

    def note_use(self, idle, before, after):
        took = after.at - before.at
        share = {n: cpu(idle[1], n) - cpu(idle[0], n) for n in self.living}
        idle_s = idle[1].at - idle[0].at
        rest = sum(share.values()) / len(share) / idle_s
        used = sum(cpu(after, n) - cpu(before, n)
                   for n in self.living) / len(self.living) / took
        new, again = (sum(after.gossip[n][k] - before.gossip[n][k]
                          for n in self.living)
                      for k in ("received", "drop_duplicate"))
        own = sum(after.gossip[n]["broadcast"] > 0 for n in self.living)
        rate = len(self.ears.lines) / took
        self.t.note(f"copies per node and message: "
                    f"{(new + again) / max(new, 1):.3f} ({new} new, {again} "
                    f"again, {own} nodes spoke)")
        self.t.note(f"processor of a node: idle {100 * rest:.3f} % of a core, "
                    f"under the lines {100 * used:.3f} %; per delivered line "
                    f"{1e6 * used / rate:.0f} us, "
                    f"{1e6 * (used - rest) / rate:.0f} us above idle")
        for name in sorted(idle[1].tasks[self.living[0]]):
            wakes = [(idle[1].tasks[n][name][0] - idle[0].tasks[n][name][0])
                     * 60 / idle_s for n in self.living]
            ran = [(idle[1].tasks[n][name][1] - idle[0].tasks[n][name][1])
                   * 100 / idle_s for n in self.living]
            self.t.note(f"idle: {name} wakes {at(wakes, .5) / 1000:.0f} "
                        f"times/min, {at(ran, .5) / 1000:.4f} % of a core")

    def note_memory(self):
        node = self.living[-1]
        sizes = by_daemon(node)
        links = len(set(node.peer_ids()))
        self.t.note(f"memory of a node with {links} links, PSS KiB: " +
                    ", ".join(f"{k} {v // 1024}" for k, v in sorted(
                        sizes.items())) +
                    f", whole {sum(sizes.values()) // 1024}")


def cpu(counts, node):
    return sum(ran for _, ran in counts.tasks[node].values())


def at(values, part):
    """Quantile in thousandths of the values' unit."""
    if not values:
        return float("nan")
    return 1000 * sorted(values)[min(len(values) - 1,
                                     int(part * len(values)))]


def crash(t, count, kill, length, rate, seed, idle_s=10.0):
    """Runs it, notes the figures; what does not hold, in words."""
    c = Crash(t, count, kill, length, rate, seed)
    c.start()
    try:
        c.settle(3.0)
        idle = [Counts(c.living, c.pids)]
        c.ears.take(idle_s)
        idle.append(Counts(c.living, c.pids))
        c.note_memory()
        before = Counts(c.living, c.pids)
        c.talk()
        after = Counts(c.living, c.pids)
    finally:
        c.ears.close()
    c.note_lines()
    c.note_latency()
    c.note_use(idle, before, after)
    bad = c.wrong()
    if not any(x.heard for x in c.ears.lines):
        bad.append("nothing was heard")
    return bad


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--seconds", type=float, default=300)
    p.add_argument("--nodes", type=int, default=30)
    p.add_argument("--kill", type=int, default=9)
    p.add_argument("--rate", type=float, default=20)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--idle", type=float, default=30,
                   help="seconds to look at the idle mesh before")
    return trial.run(p, "crash", lambda t, args: crash(
        t, args.nodes, args.kill, args.seconds, args.rate, args.seed,
        args.idle))


if __name__ == "__main__":
    sys.exit(main())
