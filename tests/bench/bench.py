# SPDX-License-Identifier: MIT
"""
Measures a build beside what one would use instead.  See tools/bench.

    bench.py --build DIR [--quick] [--results DIR] [JOB...]
"""
import argparse
import os
import sys
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [os.path.join(TOP, "tests", "lib")]
import procs  # noqa: E402
from runner import Test  # noqa: E402

import figures  # noqa: E402
import job_crowd  # noqa: E402
import job_first  # noqa: E402
import job_idle  # noqa: E402
import job_line  # noqa: E402
import job_map  # noqa: E402
import job_memory  # noqa: E402
import job_puts  # noqa: E402
import job_ready  # noqa: E402
import job_who  # noqa: E402

JOBS = {"ready": job_ready, "memory": job_memory, "idle": job_idle,
        "line": job_line, "who": job_who, "crowd": job_crowd,
        "first": job_first, "map": job_map, "puts": job_puts}


def run(name, args):
    """The rows of a job, None if it broke off."""
    t = Test("bench-" + name, args.build, "", "")
    t.quick = args.quick
    print(f"== {name}: {JOBS[name].__doc__.strip().splitlines()[0]}",
          flush=True)
    rows = None
    try:
        rows = JOBS[name].run(t)
    except Exception:   # pylint: disable=broad-except
        traceback.print_exc(file=sys.stdout)
        print(t.nodes[-1].log_tail(20) if t.nodes else "no node")
    finally:
        t.finish()
        t.remove()
    print(figures.HEADER)
    for row in rows or []:
        print("\n".join(row.text()), flush=True)
    return None if t.failed else rows


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--build", required=True)
    p.add_argument("--build-type", default="")
    p.add_argument("--quick", action="store_true",
                   help="a fifth of the runs: for looking, not for quoting")
    p.add_argument("--results", default=os.path.join(TOP, "bench", "results"))
    p.add_argument("jobs", nargs="*")
    args = p.parse_args()
    args.build = os.path.abspath(args.build)
    unknown = [j for j in args.jobs if j not in JOBS]
    if unknown:
        p.error(f"no job {unknown[0]} ({' '.join(JOBS)})")
    procs.adopt_orphans()
    began, load = time.time(), os.getloadavg()[0]
    rows, broken = {}, []
    for name in args.jobs or JOBS:
        result = run(name, args)
        if result is None:
            broken.append(name)
        else:
            rows[name] = result
    goals = [g for rs in rows.values() for r in rs for g in r.goals]
    met = sum(g["met"] is True for g in goals)
    missed = sum(g["met"] is False for g in goals)
    path = os.path.join(args.results, time.strftime(
        "%Y-%m-%dT%H%M%SZ", time.gmtime(began)) + ".json")
    figures.write(path, TOP, args.build_type, began, load, rows)
    print(f"load before {load:.2f} on {os.cpu_count()} cores"
          + ("; quick, do not quote" if args.quick else ""))
    print(f"written: {os.path.relpath(path)}")
    for name in broken:
        print(f"broke off: {name}")
    print(f"{met} goals met, {missed} missed, {len(broken)} jobs broke off")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
