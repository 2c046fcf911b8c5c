# SPDX-License-Identifier: MIT
"""Runs of the simulator, and what broadcast has to reach in them."""
import json
import os
import subprocess

CONTROL = 130       # bytes for a message, to a node
HOPS = 12           # of the last delivery of a message, mean of them
EVENTS = 300000     # in a second of processor time, of 10,000 nodes
CPU_S = 300         # of a run of 10,000 nodes
PEAK_MIB = 4096     # of the same

WARM = {"missed": 0, "copies": 1.05, "stretch": 1.5, "longest": HOPS,
        "control": CONTROL}
COLD = {"missed": 0, "copies": 1.25, "longest": HOPS, "control": CONTROL}
CRASH = {**COLD, "p99": 600}
ROUGH = {"missed": 0, "copies": 1.25}
MIXED = {"missed": 0, "muted": 0}
# Name, scenario, options, the phase whose figures count, most seeds, what
# they may be at most.  What is missed is counted over the whole run.  The
# limits of the scenarios are other ones: nearer to what is reached.
TABLE = [
    ("stable, warm", "warm", [], "warm", 100, WARM),
    ("stable, cold", "stable", [], "all", 100, COLD),
    ("crash30, warm", "crash30", [], "after", 100, CRASH),
    ("crash30, cold", "crash30-cold", [], "after", 100, CRASH),
    ("heal", "partition-heal", [], "all", 100, ROUGH),
    ("crash30 withhold10 loss1", "crash30-withhold10-loss1", [], "after",
     100, ROUGH),
    ("crash30 collude10 loss1", "colluders", ["--set", "byz collude 10%"],
     "after", 100, ROUGH),
    ("64 KiB on 10 Mb/s", "bulk64k-10mbit", [], "all", 100,
     {"missed": 0, "copies": 2, "control": CONTROL}),
    ("v1 25 %", "mixed-v1-25", [], "all", 100, MIXED),
    ("v1 50 %", "mixed-v1-50", [], "all", 100, MIXED),
    ("v1 75 %", "mixed-v1-75", [], "all", 100, {"lost": 0.1, "muted": 0}),
    ("author at full rate", "author-full-rate-v1", [], "all", 100, MIXED),
    ("torture", "torture", [], "all", 100, {"missed": 0}),
    ("10,000 nodes", "large", [], "warm", 5,
     {**WARM, "p99": 550, "longest": 17, "cpu": CPU_S, "peak": PEAK_MIB}),
]


def command(build, scenario, seed, options):
    return [os.path.join(build, "tests/sim/sim"), "--quiet", "--json",
            "--scenario", scenario, "--seed", str(seed)] + options


def run(build, scenario, seed, options):
    """Its status, what it said, and the command."""
    cmd = command(build, scenario, seed, options)
    out = subprocess.run(cmd, capture_output=True, text=True, check=False)
    try:
        return out.returncode, json.loads(out.stdout), cmd
    except ValueError:
        return out.returncode or 1, {}, cmd


def rate(result):
    """Events in a second of processor time."""
    return result["events"] * 1000000 // max(result["cpu_us"], 1)


def figures(result, phase):
    """What is looked at in one run, by name."""
    p, a = result["phases"][phase], result["phases"]["all"]
    return {
        "missed": a["missed"],
        "lost": 100 * a["missed"] / max(a["wanted"], 1),
        "copies": p["copies"], "p99": p["p99"], "stretch": p["stretch"],
        "longest": p["longest"], "hops": p["hops"], "control": p["control"],
        "muted": result["muted"],
        "cpu": result["cpu_us"] / 1e6, "wall": result["wall_us"] / 1e6,
        "peak": result["peak_kib"] / 1024,
        "rate": rate(result),
    }
