#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The table of broadcast's targets, each beside what so many seeds reached.

    tests/sim/table.py --build DIR [--seeds N] [--first SEED] [--row WORD]...
                       [--out FILE] [--jobs N] [--show]

Each run is appended to FILE as a line of JSON when it ends, and is not made
again as long as program, scenario and options are the same: whoever ends it
goes on later with the same command.  --row: only rows with that word in
their name; --show: runs nothing.  Ends with a status of 1 when a target is
missed, a limit of a scenario is, or a run broke an invariant.
"""
import argparse
import concurrent.futures
import hashlib
import json
import os
import pathlib
import sys

import targets

SCENARIOS = pathlib.Path(__file__).resolve().parent / "scenarios"
# Name, unit, digits behind the point.
SHOWN = [
    ("missed", "", 0), ("lost", "%", 3), ("copies", "a node", 3),
    ("p99", "ms", 0), ("stretch", "x flooding", 2), ("longest", "hops", 1),
    ("hops", "at most", 0),
    ("control", "B a node and message", 0), ("muted", "at v1 nodes", 0),
    ("cpu", "s", 1), ("wall", "s", 1), ("peak", "MiB", 0),
    ("rate", "events/s of cpu", 0),
]


def program(build):
    exe = pathlib.Path(build) / "tests/sim/sim"
    return hashlib.sha256(exe.read_bytes()).hexdigest()


def key_of(exe, scenario, options):
    """What has to be the same for a run to be the same."""
    h = hashlib.sha256(exe.encode())
    h.update((SCENARIOS / (scenario + ".sim")).read_bytes())
    h.update(json.dumps(options).encode())
    return h.hexdigest()[:16]


class Store:
    """The runs that are done, by row and seed."""

    def __init__(self, path, keys):
        self.path, self.keys = path, keys
        self.done, self.others = {}, 0
        if os.path.exists(path):
            with open(path, encoding="utf-8") as f:
                for line in f:
                    self.take(line)

    def take(self, line):
        try:
            r = json.loads(line)
        except ValueError:      # it was ended while it wrote this
            return
        if r["key"] != self.keys.get(r["row"]):
            self.others += 1
            return
        self.done[r["row"], r["seed"]] = r

    def add(self, row, seed, status, result):
        r = {"row": row, "seed": seed, "key": self.keys[row],
             "status": status, "result": result}
        self.done[row, seed] = r
        if not result:          # killed: not this time
            return
        with open(self.path, "a+b") as f:
            # Behind a line that was never ended.
            if f.tell() > 0:
                f.seek(-1, os.SEEK_END)
                if f.read(1) != b"\n":
                    f.write(b"\n")
            f.write(json.dumps(r).encode() + b"\n")


def rows_of(words):
    return [t for t in targets.TABLE
            if not words or any(w in t[0] for w in words)]


def seeds_of(a, most):
    return range(a.first, a.first + min(a.seeds, most))


def work(a, rows, store, jobs):
    """Seed by seed, so that what is there early is of all rows."""
    todo = sorted((seed, i) for i, t in enumerate(rows)
                  for seed in seeds_of(a, t[4])
                  if (t[0], seed) not in store.done)
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        running = {}
        for seed, i in todo:
            _, scenario, options, *_ = rows[i]
            running[pool.submit(targets.run, a.build, scenario, seed,
                                options)] = (rows[i][0], seed)
        try:
            for job in concurrent.futures.as_completed(running):
                status, result, _ = job.result()
                store.add(*running[job], status, result)
        except KeyboardInterrupt:
            pool.shutdown(cancel_futures=True)
            raise


def verdict(name, worst, limits):
    if name == "rate" and "cpu" in limits:
        return f">= {targets.EVENTS}", worst >= targets.EVENTS
    if name not in limits:
        return "", True
    return f"<= {limits[name]}", worst <= limits[name]


def lines_of(values, limits):
    """A line a figure: mean, worst, target; and how many miss it."""
    bad = 0
    for name, unit, digits in SHOWN:
        if name == "lost" and name not in limits:
            continue
        v = [x[name] for x in values]
        worst = min(v) if name == "rate" else max(v)
        target, good = verdict(name, worst, limits)
        bad += not good
        print(f"    {name:8} {sum(v) / len(v):12.{digits}f} "
              f"{worst:12.{digits}f}  {target:10} "
              f"{'' if good else 'MISSED ':7}{unit}".rstrip())
    return bad


def show(t, seeds, store):
    """One row; how much of it is wrong."""
    name, _, _, phase, _, limits = t
    runs = [store.done[name, s] for s in seeds if (name, s) in store.done]
    whole = [r for r in runs if r["result"]]
    bad = sum(r["status"] != 0 for r in runs)
    print(f"{name}: {len(runs)} of {len(seeds)} seeds, {bad} failed")
    if not whole:
        return bad
    results = [r["result"] for r in whole]
    wanted = sum(r["phases"]["all"]["wanted"] for r in results)
    missed = sum(r["phases"]["all"]["missed"] for r in results)
    print(f"    {missed:.0f} missed of {wanted:.0f} deliveries"
          f"{'mean':>9} {'worst':>12}  target")
    bad += lines_of([targets.figures(r, phase) for r in results], limits)
    for r in results:
        for why, is_ in r["failed"].items():
            print(f"    seed {r['seed']}: {why}: {is_:g}")
        if r["broken"]:
            print(f"    seed {r['seed']}: {r['broken']}")
    return bad


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--build", required=True)
    p.add_argument("--seeds", type=int, default=100)
    p.add_argument("--first", type=int, default=1)
    p.add_argument("--row", action="append")
    p.add_argument("--out", default="table.jsonl")
    p.add_argument("--jobs", type=int, default=os.cpu_count())
    p.add_argument("--show", action="store_true")
    a = p.parse_args()
    rows = rows_of(a.row)
    if not rows:
        p.error(f"--row: no row is named so; there are: "
                f"{'; '.join(t[0] for t in targets.TABLE)}")
    exe = program(a.build)
    store = Store(a.out, {t[0]: key_of(exe, t[1], t[2]) for t in rows})
    if not a.show:
        os.nice(10)
        # Large ones alone: they need the memory, and their time counts.
        work(a, [t for t in rows if t[1] != "large"], store, a.jobs)
        work(a, [t for t in rows if t[1] == "large"], store, 1)
    if store.others > 0:
        print(f"{a.out}: {store.others} runs of other rows or of another "
              "program are left aside")
    return 1 if sum(show(t, seeds_of(a, t[4]), store) for t in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
