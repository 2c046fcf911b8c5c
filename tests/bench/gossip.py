#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
What one micelio-gossipd takes: messages a second, beside the bare Ed25519
checks of this machine in the same run, and instructions for each message
beyond the check of its signature (counted by valgrind, so the same on a busy
machine).

    gossip.py BUILD [--rounds N]

Exits 1 when a message was lost; the goal, 85 % of the bare checks, is for
people to judge on a quiet machine.
"""
import argparse
import os
import re
import subprocess
import sys

COUNTS = (500, 1000)


def instructions(bench, what, count):
    r = subprocess.run(
        ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null",
         bench, what, str(count)], stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True, check=False)
    found = re.search(r"Collected : (\d+)", r.stderr)
    if r.returncode != 0 or not found:
        raise SystemExit(f"valgrind: status {r.returncode}\n{r.stderr}")
    return int(found.group(1))


def each(bench, what):
    """Instructions of one message: of two counts, as the start is in both."""
    few, many = (instructions(bench, what, n) for n in COUNTS)
    return (many - few) / (COUNTS[1] - COUNTS[0])


def main():
    p = argparse.ArgumentParser()
    p.add_argument("build")
    p.add_argument("--rounds", type=int, default=5)
    args = p.parse_args()
    subprocess.run(["ninja", "-C", args.build, "tests/bench/gossip_bench",
                    "micelio-gossipd/micelio-gossipd"], check=True,
                   stdout=subprocess.DEVNULL)
    bench = os.path.join(args.build, "tests/bench/gossip_bench")
    r = subprocess.run(
        [bench, os.path.join(args.build, "micelio-gossipd/micelio-gossipd"),
         str(args.rounds)], check=False)
    if r.returncode != 0:
        return 1
    bare = each(bench, "bare")
    for what, who in (("core", "of our kind"), ("core-v1", "of v1")):
        # Making the messages is in both and not in their difference.
        beyond = each(bench, what) - bare
        print(f"instructions of a message beyond the check of its signature, "
              f"in the core, relayed to 14 {who}: {beyond:.0f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
