# SPDX-License-Identifier: MIT
"""
What a node costs that nobody uses: wake-ups, and processor time.

Alone, and as the one that LINKS others have dialled.
"""
import time

from figures import Row, Sample
from node import Node
from usage import tasks

LINKS, SECONDS, WINDOWS = 10, 10, 5


def observe(node, when, windows, goals):
    wakes, percent = {}, Sample()
    before = tasks(node)
    for _ in range(windows):
        began = time.monotonic()
        time.sleep(SECONDS)
        now, took = tasks(node), time.monotonic() - began
        for name, (waits, _) in now.items():
            wakes.setdefault(name, Sample()).add(
                (waits - before[name][0]) * 60 / took)
        percent.add(100 / took * sum(now[n][1] - before[n][1] for n in now))
        before = now
    return [*(Row(f"{when}: {name} wakes up", "1/min", s)
              for name, s in sorted(wakes.items())),
            Row(f"{when}: processor, whole node", "% of a core", percent,
                goals=goals)]


def settle(node):
    """Until nothing of its start goes on: two windows alike."""
    before = 0
    for _ in range(10):
        first = sum(w for w, _ in tasks(node).values())
        time.sleep(2)
        now = sum(w for w, _ in tasks(node).values()) - first
        if abs(now - before) <= 10:
            return
        before = now


def run(t):
    windows = 1 if t.quick else WINDOWS
    hub = Node(t, "hub").start()
    settle(hub)
    rows = observe(hub, "alone", windows, ())
    for i in range(LINKS):
        Node(t, f"link{i}", bootstrap=[hub.mesh_address]).start()
    hub.wait_peers(LINKS, 30)
    settle(hub)
    return rows + observe(hub, f"{LINKS} linked peers", windows,
                          (("p50", 0.1),))
