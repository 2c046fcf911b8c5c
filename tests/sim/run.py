#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs the simulator's lanes and judges them.

    tests/sim/run.py --build DIR [--hash-build DIR]... [--long] [--jobs N]

--build: where tests/sim/sim is; --hash-build: another build of it (other
compiler, other optimisation) that must give the same hashes; --long: the
runs of 10,000 nodes too.  Ends with "N passed, N failed".
"""
import argparse
import concurrent.futures
import json
import subprocess
import sys

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
]
LONG = [
    ("brief", [1], ["--nodes", "10000"]),
]
# Small, and of every part: what decides here decides everywhere.
HASHED = [
    ("stable", 1, ["--nodes", "60"]),
    ("v1-crash30", 1, ["--nodes", "100"]),
    ("stable", 2, ["--nodes", "40", "--set", "overlay self"]),
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
    print(f"{'ok  ' if status == 0 else 'FAIL'} {scenario} {r['nodes']} "
          f"seed {seed}: {a['delivered']} %, {a['missed']:.0f} of "
          f"{a['wanted']:.0f} missed, {a['copies']} copies, p99 "
          f"{a['p99']:.0f} ms, {a['hops']:.0f} hops, control "
          f"{a['control']:.0f}, {rate}/s, {r['peak_kib'] // 1024} MiB")
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


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--build", required=True)
    p.add_argument("--hash-build", action="append", default=[])
    p.add_argument("--long", action="store_true")
    p.add_argument("--jobs", type=int, default=2)
    a = p.parse_args()
    with concurrent.futures.ThreadPoolExecutor(a.jobs) as pool:
        counts = [hashes(pool, [a.build] + a.hash_build),
                  lanes(pool, a.build, PROOF + LANES)]
    if a.long:
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            counts.append(lanes(pool, a.build, LONG))
    good = sum(c[0] for c in counts)
    bad = sum(c[1] for c in counts)
    print(f"{good} passed, {bad} failed")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
