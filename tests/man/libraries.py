#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
Does micelio(8) name the libraries that each program loads, and no others?

usage: libraries.py [--no-load] MICELIO_8 PROGRAM...

--no-load: the programs are for another machine; what their libraries load in
turn is not looked at.
"""
import argparse
import pathlib
import re
import subprocess
import sys

# The C library's own, of which the page does not speak.
LIBC = {"c", "m", "pthread", "dl", "rt", "resolv", "linux-vdso"}


def short(soname):
    """libevent_core-2.1.so.7 is called event_core; None for libc's."""
    name = soname.rsplit("/", 1)[-1].split(".so")[0].removeprefix("lib")
    name = re.sub(r"-[0-9.]+$", "", name)
    return None if name in LIBC or name.startswith("ld-linux") else name


def run(*argv):
    return subprocess.run(argv, check=True, capture_output=True,
                          text=True).stdout


def linked(program):
    said = run("readelf", "-d", program)
    names = re.findall(r"\(NEEDED\).*\[(.*)\]", said)
    assert "libc.so.6" in names, f"{program}: readelf says:\n{said}"
    return {short(n) for n in names} - {None}


def loaded(program):
    said = run("ldd", program)
    assert "not found" not in said, f"{program}: ldd says:\n{said}"
    return {short(line.split()[0]) for line in said.splitlines()} - {None}


def tables(page):
    """({program: libraries}, {library: package}, what libssh brings)."""
    page = page[page.index("\n.Ss Libraries\n"):]
    programs, libraries = page.split("\n.It Em library ")
    uses = {row[0]: set(row[1].split()) - {"-"} for row in
            re.findall(r"^\.It (micelio\S*) Ta (.*)$", programs, re.M)}
    packages = dict(re.findall(r"^\.It (\S+) Ta (\S+) Ta .", libraries,
                               re.M))
    brings = re.search(r"libssh brings ([\w \n]*?)\s+along", programs)
    return uses, packages, set(brings[1].split())


def problems(page, programs, seen):
    """What is wrong, a line each; seen: {program: (linked, loaded)}."""
    uses, packages, brings = tables(page)
    for name in sorted(set(uses) ^ set(programs)):
        yield f"{name}: is on the page or is built, not both"
    for name in sorted(set(packages) ^ set().union(*uses.values())):
        yield f"{name}: is in one table, not in the other"
    for name in sorted(set(uses) & set(programs)):
        links, loads = seen[name]
        if links != uses[name]:
            yield f"{name}: linked with {sorted(links)}, the page says " \
                  f"{sorted(uses[name])}"
        more = brings if "ssh" in uses[name] else set()
        if loads is not None and loads - links != more:
            yield f"{name}: loaded besides {sorted(loads - links)}, the " \
                  f"page says {sorted(more)}"


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--no-load", action="store_true")
    ap.add_argument("page")
    ap.add_argument("programs", nargs="+")
    o = ap.parse_args()
    page = pathlib.Path(o.page).read_text(encoding="utf-8")
    seen = {pathlib.Path(p).name:
            (linked(p), None if o.no_load else loaded(p)) for p in o.programs}
    wrong = list(problems(page, seen, seen))
    for line in wrong:
        print(line)
    # A page that names one too many, or one too few, is found out.
    for old, new in (("micelioctl Ta event_core", "micelioctl Ta"),
                     ("micelio-dirs Ta -", "micelio-dirs Ta ssh")):
        spoiled = page.replace(".It " + old, ".It " + new)
        if len(list(problems(spoiled, seen, seen))) <= len(wrong):
            print(f"a page that says \"{new}\" passes")
            return 1
    if not wrong:
        print(f"{len(seen)} programs load what the page says")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
