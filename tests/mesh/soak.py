#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
A mesh that is not left in peace: every few seconds a node is killed and
started again, while random nodes say something all the time.

    soak.py --build BUILD [--seconds N] [--nodes N] [--seed N]
            [--kill-every SECONDS] [--keep]

What has to hold: every line is seen at most once at each node; a line is seen
wherever a direct link with its author, by the logs of both ends, stood from a
second before it was said to a second after; the nodes that are never killed
(a fifth) do not grow, in memory or in descriptors.

A line counts as said when the node took it: refused ones are not.  Exits 1
when something does not hold.
"""
import argparse
import bisect
import collections
import datetime
import json
import os
import random
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))
# pylint: disable=wrong-import-position
import procs  # noqa: E402
import trial  # noqa: E402
from ear import Ear  # noqa: E402
from node import Node  # noqa: E402
from waiting import until  # noqa: E402

KILL_EVERY, SAY_EVERY = 5.0, 0.1
AROUND = 1.0            # seconds that a link has to stand before and after
GROWTH_MAX = 1.10       # memory at the end, of that at the first look
FILES_MORE = 24         # descriptors: links and dials come and go
FIRST_LOOK = 300.0      # seconds, or a third of a shorter run


class Said:
    """One line, and when it was said: between began and ended (wall)."""

    def __init__(self, serial, node):
        self.text = f"soak {serial}"
        self.node = node
        self.began, self.ended, self.given = time.time(), None, False
        self.process = subprocess.Popen(
            [node.find("micelioctl"), "--data-dir", node.dir, "--json", "say",
             self.text], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL)

    def check(self):
        """Has the answer come?"""
        if self.process.poll() is None:
            return False
        self.ended = time.time()
        out = self.process.stdout.read()
        self.process.stdout.close()
        if self.process.returncode == 0:
            answer = json.loads(out)
            self.given = answer["ok"] and answer["links"] > 0
        self.process = None
        return True


class Life:
    """A node between a start and a kill: what it logged and what it heard."""

    def __init__(self, t, node):
        self.node, self.log_file = node, node.log_file
        self.ended = None               # wall; None: until the end
        self.ear = Ear(t, node).wait_open(20)
        self.opened = time.time()

    def links(self):
        """{short id: [(up, down)]} by the log, wall time."""
        found, up = collections.defaultdict(list), {}
        for e in self.node.events_of(self.log_file):
            peer = e.fields.get("id", "")[:12]
            if e.name == "peer_up":
                up[peer] = seconds(e.time)
            elif e.name == "peer_down" and peer in up:
                found[peer].append((up.pop(peer), seconds(e.time)))
        for peer, at in up.items():
            found[peer].append((at, self.ended or float("inf")))
        return found


def seconds(stamp):
    """Unix time of the log's."""
    return datetime.datetime.fromisoformat(
        stamp.replace("Z", "+00:00")).timestamp()


def stood(links, peer, since, until_):
    """Was there a link over all of the time?"""
    rows = links.get(peer, ())
    i = bisect.bisect_right(rows, (since, float("inf"))) - 1
    return i >= 0 and rows[i][0] <= since and rows[i][1] >= until_


def measure(nodes):
    """{daemon: [KiB resident, descriptors]} over the nodes."""
    found = collections.defaultdict(lambda: [0, 0])
    for node in nodes:
        for pid in node.processes():
            try:
                argv, status = procs.cmdline(pid), procs.status(pid)
                files = len(os.listdir(f"/proc/{pid}/fd"))
            except (FileNotFoundError, ProcessLookupError):
                continue
            if not argv or os.path.basename(argv[0]) == "micelioctl":
                continue
            row = found[os.path.basename(argv[0])]
            row[0] += int(status["VmRSS"].split()[0])
            row[1] += files
    return found


class Soak:
    def __init__(self, t, count, length, seed, kill_every):
        self.t, self.length, self.kill_every = t, length, kill_every
        self.random = random.Random(seed)
        hub = Node(t, "n0", ssh=False)
        self.nodes = [hub] + [Node(t, f"n{i}", ssh=False,
                                   bootstrap=[hub.mesh_address])
                              for i in range(1, count)]
        self.staying = self.nodes[:max(2, count // 5)]
        self.said, self.waiting = [], []
        self.lives = collections.defaultdict(list)
        self.down, self.killer, self.trouble = set(), None, None
        self.kills = 0

    def start(self):
        for n in self.nodes:
            n.start(ready=False)
        for n in self.nodes:
            n.wait_ready(60)
        for n in self.nodes:
            self.lives[n].append(Life(self.t, n))
        want = min(10, len(self.nodes) - 1)
        until("the mesh has formed", lambda: all(
            len(set(n.peer_ids())) >= want for n in self.nodes), 60, 0.2)

    def kill(self, node):
        """In a thread of its own: saying goes on meanwhile."""
        try:
            life = self.lives[node][-1]
            pids = node.processes()
            life.ended = time.time()
            procs.end_all(pids)
            node.wait_end(20, pids)
            life.ear.end()
            node.start(timeout=30)
            self.lives[node].append(Life(self.t, node))
            self.down.discard(node)
            self.kills += 1
        except BaseException as e:  # pylint: disable=broad-except
            self.trouble = e

    def kill_one(self):
        if self.killer is not None and self.killer.is_alive():
            return              # the machine is slow: one at a time
        node = self.random.choice(self.nodes[len(self.staying):])
        self.down.add(node)
        self.killer = threading.Thread(target=self.kill, args=(node,))
        self.killer.start()

    def say_one(self):
        node = self.random.choice([n for n in self.nodes
                                   if n not in self.down])
        self.waiting.append(Said(len(self.said) + len(self.waiting), node))

    def answers(self):
        for s in self.waiting[:]:
            if s.check():
                self.waiting.remove(s)
                self.said.append(s)

    def run(self):
        began = time.monotonic()
        say_at = kill_at = began + 1
        look_at = began + min(FIRST_LOOK, self.length / 3)
        first = None
        while time.monotonic() < began + self.length:
            now = time.monotonic()
            if self.trouble is not None:
                raise self.trouble
            if now >= say_at and len(self.waiting) < 50:
                say_at += SAY_EVERY
                self.say_one()
            if now >= kill_at:
                kill_at += self.kill_every
                self.kill_one()
            if now >= look_at and first is None:
                first = measure(self.staying)
            self.answers()
            time.sleep(max(0.0, min(say_at, kill_at) - time.monotonic()))
        self.settle()
        return first, measure(self.staying)

    def settle(self):
        """Whatever was under way has arrived when a last line has."""
        self.killer.join()
        if self.trouble is not None:
            raise self.trouble
        until("all answers came", lambda: not (self.answers() or self.waiting),
              30)
        want = min(10, len(self.nodes) - 1)
        until("the mesh is whole", lambda: all(
            len(set(n.peer_ids())) >= want for n in self.nodes), 90, 0.2)
        for n in self.nodes:
            last = f"last of {n.name}"
            n.ctl("say", last)
            until(f"\"{last}\" is seen everywhere", lambda line=last: all(
                line in self.lives[x][-1].ear.texts()[-300:]
                for x in self.nodes), 30, 0.1)

    # -- judgement -----------------------------------------------------

    def twice(self):
        """Lines seen more than once at one node."""
        bad = []
        for n, lives in self.lives.items():
            seen = collections.Counter(
                x for life in lives for x in life.ear.texts()
                if x.startswith("soak "))
            bad += [f"{n.name}: {x}: {k} times"
                    for x, k in seen.items() if k > 1]
        return bad

    def lost(self):
        """(how many were due, those that did not come, all seen, all)."""
        by_life = {life: (life.links(), set(life.ear.texts()))
                   for lives in self.lives.values() for life in lives}
        due, bad, seen, possible = 0, [], 0, 0
        for s in self.said:
            if not s.given:
                continue
            since, end = s.began - AROUND, s.ended + AROUND
            from_ = self.life_over(s.node, since, end)
            for n in self.nodes:
                to = self.life_over(n, since, end)
                if n is s.node or to is None:
                    continue
                possible += 1
                got = s.text in by_life[to][1]
                seen += got
                if from_ is None or not (
                        stood(by_life[from_][0], n.id[:12], since, end) and
                        stood(by_life[to][0], s.node.id[:12], since, end)):
                    continue
                due += 1
                if not got:
                    bad.append(f"{s.text} of {s.node.name}, "
                               f"{datetime.datetime.utcfromtimestamp(s.began)}"
                               f": not seen at {n.name}")
        return due, bad, seen, possible

    def life_over(self, node, since, end):
        """The life of a node that held, and was read along, in that time."""
        for life in self.lives[node]:
            if life.opened <= since and (life.ended is None or
                                         life.ended >= end):
                return life
        return None


def grown(first, last):
    """Lines of a table, and what grew too much."""
    lines, bad = [f"{'nodes that were never killed:':<30}{'RSS KiB':>10}"
                  f"{'at the end':>12}{'files':>8}{'at the end':>12}"], []
    total = [sum(r[0] for r in x.values()) for x in (first, last)]
    for name in sorted(last):
        a, b = first[name], last[name]
        lines.append(f"{name:<30}{a[0]:>10}{b[0]:>12}{a[1]:>8}{b[1]:>12}")
        if b[1] > a[1] + FILES_MORE:
            bad.append(f"{name}: {a[1]} descriptors became {b[1]}")
    lines.append(f"{'all':<30}{total[0]:>10}{total[1]:>12}"
                 f"  ({total[1] / total[0] * 100 - 100:+.1f} %)")
    if total[1] > total[0] * GROWTH_MAX:
        bad.append(f"memory: {total[0]} KiB became {total[1]}")
    return lines, bad


def soak(t, count, length, seed, kill_every=KILL_EVERY):
    """Runs it, notes the figures; what does not hold, in words."""
    s = Soak(t, count, length, seed, kill_every)
    s.start()
    first, last = s.run()
    lines, bad = grown(first, last)
    due, lost, seen, possible = s.lost()
    twice = s.twice()
    given = sum(x.given for x in s.said)
    t.note(f"{count} nodes, {length:.0f} s, seed {seed}: {s.kills} kills, "
           f"{len(s.said)} lines ({len(s.said) - given} not taken); "
           f"{due} were due over a standing link, {len(lost)} of these lost, "
           f"{len(twice)} seen twice; {seen} of {possible} "
           f"({seen / max(possible, 1) * 100:.3f} %) reached a node that ran, "
           "linked or not")
    for line in lines:
        t.note(line)
    if due == 0 or s.kills == 0:
        bad.append("nothing was tried")
    return bad + lost + twice


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--seconds", type=float, default=1800)
    p.add_argument("--nodes", type=int, default=20)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--kill-every", type=float, default=KILL_EVERY)
    return trial.run(p, "soak", lambda t, args: soak(
        t, args.nodes, args.seconds, args.seed, args.kill_every))


if __name__ == "__main__":
    sys.exit(main())
