#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Plants bugs in the core and sees whether the simulator finds them.

    tests/sim/mutants.py --build DIR [--keep DIR]

Each bug is a change of text in a copy of one source file.  That copy alone is
compiled, with the flags of the build, and linked before the same objects; no
source that is shipped knows of it.  A text that is no longer there, or there
twice, is a failure: the table below has to follow the source.  A bug counts
as caught when its scenario passes without it and fails with it, for the
reason that is named.  Ends with "N passed, N failed".
"""
import argparse
import json
import os
import pathlib
import shlex
import subprocess
import sys
import tempfile

TOP = pathlib.Path(__file__).resolve().parents[2]
TREES = "micelio-gossipd/tree.c"

# (name, source, [(text, instead)], scenario, options, what must be said)
MUTANTS = [
    ("prune-not-sent", TREES,
     [("control_name(&l->prune, m2_oid(l->setup.salt, o->id.b));", "")],
     "mutant-tree", ["--set", "expect warm.copies <= 1.02"], "warm.copies"),
    ("graft-timer-not-armed", "micelio-gossipd/repair.c",
     [("heap_set(&b->due, &w->due,\n"
       "\t\t    g->now.mono + first_wait(g, l, size));", "(void)size;")],
     "mutant-tree", ["--set", "at 10s crash 30%"], "all.missed"),
    ("seen-before-verified", "micelio-gossipd/envelope_in.c",
     [("seen_release(&g->seen, job->seen_key);\n\t\trepair_spoilt(",
       "seen_keep(&g->seen, job->seen_key, g->now);\n\t\trepair_spoilt(")],
     "mutant-tree", ["--set", "byz lie 20%"], "all.missed"),
    ("dead-link-stays-eager", TREES,
     [("o->eager &= ~l->bit;\n\t\to->ahead", "o->ahead")],
     "mutant-tree", ["--set", "at 10s reset 30%"], "BROKEN ghost"),
]


def compile_args(build, source):
    """The command that compiles this source of the core, as a list."""
    with open(build / "compile_commands.json", encoding="utf-8") as f:
        for entry in json.load(f):
            path = (build / entry["directory"] / entry["file"]).resolve()
            if path == TOP / source and "gossip_core" in entry["output"]:
                return shlex.split(entry["command"])
    raise LookupError(f"{source}: not compiled in {build}")


def after(args, option, value):
    args[args.index(option) + 1] = value


def link_args(build):
    out = subprocess.run(["ninja", "-C", str(build), "-t", "commands",
                          "tests/sim/sim"], capture_output=True, text=True,
                         check=True).stdout
    return shlex.split(out.strip().splitlines()[-1])


def plant(text, changes, source):
    for old, new in changes:
        if text.count(old) != 1:
            raise LookupError(f"{source}: {text.count(old)} times, not "
                              f"once: {old!r}")
        text = text.replace(old, new)
    return text


def make(build, folder, name, source, changes):
    text = (TOP / source).read_text(encoding="utf-8")
    copy = folder / (name + ".c")
    copy.write_text(plant(text, changes, source), encoding="utf-8")
    obj, exe = folder / (name + ".o"), folder / name
    args = compile_args(build, source)
    after(args, "-o", str(obj))
    after(args, "-c", str(copy))
    for option in ("-MQ", "-MF"):
        at = args.index(option)
        del args[at:at + 2]
    args.remove("-MD")
    # Headers beside the source are found beside it no more.
    args.insert(args.index("-c"), f"-I{(TOP / source).parent}")
    args.insert(args.index("-c"), "-w")
    subprocess.run(args, cwd=build, check=True)
    args = link_args(build)
    after(args, "-o", str(exe))
    # Before the archive: what is defined already is not taken from it.
    first = next(i for i, a in enumerate(args) if a.endswith(".o"))
    args.insert(first, str(obj))
    subprocess.run(args, cwd=build, check=True)
    return exe


def run(exe, scenario, options):
    out = subprocess.run([str(exe), "--quiet", "--scenario", scenario]
                         + options, capture_output=True, text=True,
                         check=False)
    return out.returncode, out.stdout + out.stderr


def judge(build, folder, mutant):
    name, source, changes, scenario, options, said = mutant
    status, text = run(build / "tests/sim/sim", scenario, options)
    if status != 0:
        return f"its scenario fails without it:\n{text}"
    try:
        exe = make(build, folder, name, source, changes)
    except (LookupError, subprocess.CalledProcessError) as e:
        return str(e)
    status, text = run(exe, scenario, options)
    line = next((l for l in text.splitlines() if said in l), None)
    if status != 1 or line is None:
        return f"not caught (status {status}, no {said!r}):\n{text}"
    print(f"caught {name}: {line.strip()}")
    return None


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--build", required=True, type=pathlib.Path)
    p.add_argument("--keep", type=pathlib.Path,
                   help="leave what was built here")
    a = p.parse_args()
    bad = 0
    with tempfile.TemporaryDirectory() as tmp:
        folder = a.keep or pathlib.Path(tmp)
        os.makedirs(folder, exist_ok=True)
        for mutant in MUTANTS:
            why = judge(a.build.resolve(), folder.resolve(), mutant)
            if why is not None:
                bad += 1
                print(f"FAIL {mutant[0]}: {why}")
    print(f"{len(MUTANTS) - bad} passed, {bad} failed")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
