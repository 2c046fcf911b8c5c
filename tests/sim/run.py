#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs the simulator's lanes and judges them.

    tests/sim/run.py --build DIR [--hash-build DIR]... [--long] [--jobs N]
    tests/sim/run.py --build DIR --table [--seeds N] [--first SEED]
                     [--row WORD]... [--jobs N]

--build: where tests/sim/sim is; --hash-build: another build of it (other
compiler, other optimisation) that must give the same hashes; --long: every
target with a seed, and the runs of 10,000 nodes too.  Ends with "N passed, N
failed".

--table: the targets of broadcast, a row each: what so many seeds reached.
--row: only rows with that word in their name.
"""
import argparse
import concurrent.futures
import json
import os
import subprocess
import sys
import tempfile
import xml.etree.ElementTree

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
# Name, scenario, options, the phase whose figures are shown, most seeds.
# The limits are in the scenarios.
TABLE = [
    ("stable, warm", "warm", [], "warm", 100),
    ("stable, cold", "stable", [], "all", 100),
    ("crash30, warm", "crash30", [], "after", 100),
    ("crash30, cold", "crash30-cold", [], "after", 100),
    ("heal", "partition-heal", [], "all", 100),
    ("crash30 withhold10 loss1", "crash30-withhold10-loss1", [], "after",
     100),
    ("crash30 collude10 loss1", "colluders", ["--set", "byz collude 10%"],
     "after", 100),
    ("64 KiB on 10 Mb/s", "bulk64k-10mbit", [], "all", 100),
    ("v1 25 %", "mixed-v1-25", [], "all", 100),
    ("v1 50 %", "mixed-v1-50", [], "all", 100),
    ("v1 75 %", "mixed-v1-75", [], "all", 100),
    ("author at full rate", "author-full-rate-v1", [], "all", 100),
    ("10,000 nodes", "large", [], "warm", 5),
]
CPU_S = 300         # of a run of 10,000 nodes
PEAK_KIB = 4 << 20
CONTROL = 130       # bytes for a message, to a node
EVENTS = 300000     # in a second of processor time, of 10,000 nodes
LONG = [(scenario, [1], options) for _, scenario, options, _, most in TABLE
        if most > 5]
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


def run(build, scenario, seed, options):
    cmd = [f"{build}/tests/sim/sim", "--quiet", "--json", "--scenario",
           scenario, "--seed", str(seed)] + options
    out = subprocess.run(cmd, capture_output=True, text=True, check=False)
    try:
        return out.returncode, json.loads(out.stdout), cmd
    except ValueError:
        return out.returncode or 1, {}, cmd


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
        short([r], "all")
    if status != 0:
        print(f"  {r['broken'] or 'an expectation does not hold'}: "
              f"{' '.join(c for c in cmd if c not in ('--json', '--quiet'))}")


def lanes(pool, build, table):
    jobs = [(s, seed, pool.submit(run, build, s, seed, o))
            for s, seeds, o in table for seed in seeds]
    good = bad = 0
    for scenario, seed, job in jobs:
        status, r, cmd = job.result()
        show(scenario, seed, status, r, cmd)
        good += status == 0
        bad += status != 0
    return good, bad


def figure(results, phase, name, best=max):
    values = [r["phases"][phase][name] for r in results]
    return best(values), sum(values) / len(values)


def short(results, phase):
    """Targets that are named here though no scenario fails for them."""
    control, _ = figure(results, phase, "control")
    if control > CONTROL:
        print(f"    target missed: control {control:.0f} B, not <= {CONTROL}")
    rates = [r["events"] * 1000000 // max(r["cpu_us"], 1) for r in results
             if r["nodes"] >= 10000]
    if rates and min(rates) < EVENTS:
        print(f"    target missed: {min(rates)} events/s of processor time, "
              f"not >= {EVENTS}")


def row(name, phase, done):
    """One line of the table; how many of its runs broke a limit."""
    results = [r for status, r, _ in done if r]
    bad = sum(status != 0 for status, _, _ in done)
    if not results:
        print(f"{name:25} no result")
        return len(done)
    missed = sum(r["phases"]["all"]["missed"] for r in results)
    wanted = sum(r["phases"]["all"]["wanted"] for r in results)
    cells = [f"{name:25}", f"{len(done):5}", f"{missed:8.0f} of {wanted:<10.0f}"]
    for what, form in (("copies", ".3f"), ("p99", ".0f"), ("stretch", ".2f"),
                       ("hops", ".0f"), ("control", ".0f"),
                       ("pings", ".1f")):
        worst, mean = figure(results, phase, what)
        cells.append(f"{mean:{form}}/{worst:{form}}".rjust(12))
    cells.append(f"{sum(r['muted'] for r in results):6}")
    cells.append(f"{max(r['cpu_us'] for r in results) / 1e6:5.0f} s")
    cells.append(f"{max(r['peak_kib'] for r in results) >> 10:5} MiB")
    cells.append("holds" if bad == 0 else f"{bad} of {len(done)} FAIL")
    print(" ".join(cells), flush=True)
    short(results, phase)
    for why in sorted({w for r in results for w in r["failed"]}):
        values = [r["failed"][why] for r in results if why in r["failed"]]
        worst = max(values) if "<=" in why else min(values)
        print(f"    {why}: not in {len(values)} of {len(done)}, worst "
              f"{worst:g}")
    for r in results:
        if r["broken"]:
            print(f"    seed {r['seed']}: {r['broken']}")
    return bad


def table(pool, a):
    print(f"{'row':25} seeds {'missed':>22} "
          + " ".join(x.rjust(12) for x in ("copies", "p99 ms", "x flooding",
                                           "hops", "control B", "pings/s"))
          + "  muted    cpu     peak   (mean/worst of the seeds)")
    bad = 0
    jobs = [(name, scenario, phase, [
        pool.submit(run, a.build, scenario, seed, options)
        for seed in range(a.first, a.first + min(a.seeds, most))])
        for name, scenario, options, phase, most in TABLE
        if not a.row or any(w in name for w in a.row)]
    for name, scenario, phase, futures in jobs:
        done = [f.result() for f in futures]
        bad += row(name, phase, done)
        if scenario == "large":
            bad += sum(r.get("cpu_us", 0) > CPU_S * 1000000 or
                       r.get("peak_kib", 0) > PEAK_KIB for _, r, _ in done)
    return bad


def hashes(pool, builds):
    good = bad = 0
    for scenario, seed, options in HASHED:
        jobs = [pool.submit(run, b, scenario, seed, options)
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
            run(build, "stable", 1, ["--nodes", "60", "--plot", path])
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
    p.add_argument("--table", action="store_true")
    p.add_argument("--seeds", type=int, default=100)
    p.add_argument("--first", type=int, default=1)
    p.add_argument("--row", action="append")
    a = p.parse_args()
    if a.table:
        os.nice(10)
        with concurrent.futures.ThreadPoolExecutor(a.jobs) as pool:
            return 1 if table(pool, a) else 0
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
