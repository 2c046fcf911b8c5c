#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs the simulator's lanes and judges them.

    tests/sim/run.py --build DIR [--hash-build DIR]... [--long] [--jobs N]

--build: where tests/sim/sim is; --hash-build: another build of it (other
compiler, other optimisation) that must give the same hashes; --long: every
target with a seed, and the runs of 10,000 nodes too.  Ends with "N passed, N
failed".
"""
import argparse
import concurrent.futures
import os
import sys
import tempfile
import xml.etree.ElementTree

import targets

# (scenario, seeds, options)
PROOF = [
    ("v1-stable", [1], []),
    ("v1-crash30", [2, 3, 4], []),
    ("v1-crash30-idle", [1], []),
]
LANES = [
    ("brief", range(1, 21), []),
    ("torture", range(2, 9), ["--nodes", "100"]),
    # A part of one node, healed, and the end soon after: links of the overlay
    # must be there again by then.
    ("torture", [2], ["--nodes", "100", "--set", "until 23730ms"] +
     [w for c in ("verdicts", "reset", "cut", "collude", "reuse", "flood")
      for w in ("--without", c)]),
    ("warm", [1], []),
    ("stable", [1], []),
    ("map-heal", [1], ["--nodes", "60"]),
] + [(f"suspect-{what}", [1], [])
     for what in ("crash30", "quiet", "partition", "liars")]
LONG = [(scenario, [1], options)
        for _, scenario, options, _, most, _ in targets.TABLE if most > 5]
# One after the other: they need the memory.
LARGE = [
    ("large", [1], []),
    ("brief", [1], ["--nodes", "10000"]),
    ("map-heal", [1], []),
]
# Of these runs the targets without a limit are looked at.
SHORT = ("bulk64k-10mbit", "large")
# Small, and of every part: what decides here decides everywhere.
HASHED = [
    ("stable", 1, ["--nodes", "60"]),
    ("v1-crash30", 1, ["--nodes", "100"]),
    ("stable", 2, ["--nodes", "40", "--set", "overlay self"]),
    ("bulk64k-10mbit", 1, ["--nodes", "20", "--set", "until 6s"]),
    ("map-heal", 1, ["--nodes", "20", "--set", "map 200 apart 1000 at 15s"]),
] + [("torture", seed, ["--nodes", "40"]) for seed in range(1, 9)]


def show(scenario, seed, status, r, cmd):
    if not r:
        print(f"FAIL {scenario} seed {seed}: status {status}: "
              f"{' '.join(cmd)}")
        return
    a = r["phases"]["all"]
    rate = r["events"] * 1000000 // max(r["wall_us"], 1)
    if a["mapms"] > 0:
        what = f"maps equal {a['mapms']:.0f} ms after the partition, " \
            f"{a['mapratio']} times the bytes that nodes lacked"
    else:
        what = f"{a['delivered']} %, {a['missed']:.0f} of " \
            f"{a['wanted']:.0f} missed, {a['copies']} copies, p99 " \
            f"{a['p99']:.0f} ms, {a['hops']:.0f} hops, control " \
            f"{a['control']:.0f}"
    print(f"{'ok  ' if status == 0 else 'FAIL'} {scenario} {r['nodes']} "
          f"seed {seed}: {what}, {rate}/s, {r['peak_kib'] // 1024} MiB")
    if r["phases"]["all"]["messages"] and scenario in SHORT:
        short(r)
    if status != 0:
        print(f"  {r['broken'] or 'an expectation does not hold'}: "
              f"{' '.join(c for c in cmd if c not in ('--json', '--quiet'))}")


def lanes(pool, build, table):
    jobs = [(s, seed, pool.submit(targets.run, build, s, seed, o))
            for s, seeds, o in table for seed in seeds]
    good = bad = 0
    for scenario, seed, job in jobs:
        status, r, cmd = job.result()
        show(scenario, seed, status, r, cmd)
        good += status == 0
        bad += status != 0
    return good, bad


def short(r):
    """Targets that are named here though no scenario fails for them."""
    control = r["phases"]["all"]["control"]
    if control > targets.CONTROL:
        print(f"    target missed: control {control:.0f} B, not <= "
              f"{targets.CONTROL}")
    if r["nodes"] >= 10000 and targets.rate(r) < targets.EVENTS:
        print(f"    target missed: {targets.rate(r)} events/s of processor "
              f"time, not >= {targets.EVENTS}")


def hashes(pool, builds):
    good = bad = 0
    for scenario, seed, options in HASHED:
        jobs = [pool.submit(targets.run, b, scenario, seed, options)
                for b in builds + builds[:1]]
        seen = {j.result()[1].get("hash") for j in jobs}
        if len(seen) == 1 and None not in seen:
            good += 1
        else:
            bad += 1
            print(f"FAIL {scenario} seed {seed}: hashes differ: "
                  f"{sorted(str(s) for s in seen)}")
    print(f"{good} of {good + bad} runs with one hash in {len(builds)} "
          "builds and again")
    return good, bad


def columns_good(path):
    """Shares of nodes over time: they only grow, and all get it."""
    with open(path, encoding="ascii") as f:
        lines = [line.split() for line in f if not line.startswith("#")]
    shares = [[float(x) for x in line[1:]] for line in lines]
    return len(shares) > 100 and \
        all(a <= b for x, y in zip(shares, shares[1:])
            for a, b in zip(x, y)) and \
        all(x == 1 for x in shares[-1])


def drawing_good(path):
    """A curve and a name for every phase."""
    svg = "{http://www.w3.org/2000/svg}"
    top = xml.etree.ElementTree.parse(path).getroot()
    curves = top.findall(svg + "polyline")
    names = [t.text for t in top.findall(svg + "text")]
    return len(curves) == 3 and {"all", "cold", "later"} <= set(names) and \
        all(len(c.get("points").split()) > 100 for c in curves)


def plots(build):
    good = bad = 0
    with tempfile.TemporaryDirectory() as tmp:
        for name, judge in (("p.svg", drawing_good), ("p.txt", columns_good)):
            path = os.path.join(tmp, name)
            targets.run(build, "stable", 1, ["--nodes", "60", "--plot", path])
            try:
                ok = judge(path)
            except (OSError, ValueError, xml.etree.ElementTree.ParseError):
                ok = False
            if ok:
                good += 1
            else:
                bad += 1
                print(f"FAIL --plot {name}: not what it should be")
    return good, bad


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--build", required=True)
    p.add_argument("--hash-build", action="append", default=[])
    p.add_argument("--long", action="store_true")
    p.add_argument("--jobs", type=int, default=2)
    a = p.parse_args()
    with concurrent.futures.ThreadPoolExecutor(a.jobs) as pool:
        counts = [plots(a.build), hashes(pool, [a.build] + a.hash_build),
                  lanes(pool, a.build, PROOF + LANES)]
    if a.long:
        with concurrent.futures.ThreadPoolExecutor(a.jobs) as pool:
            counts.append(lanes(pool, a.build, LONG))
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            counts.append(lanes(pool, a.build, LARGE))
    good = sum(c[0] for c in counts)
    bad = sum(c[1] for c in counts)
    print(f"{good} passed, {bad} failed")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
