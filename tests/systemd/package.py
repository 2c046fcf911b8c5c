#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
The Debian package in a Debian 12 that really booted: installed, set up,
started, upgraded, removed, purged.  tools/package --check makes the root and
the package; tests/systemd/inside_package.py does the rest, in there.

    package.py --root DIR DEB

DIR is changed.  Closes with "N passed, N failed".
"""
import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys

from container import boot, prepare, verdict

BUDGET = 300        # seconds for everything in there
TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tests/man"))
from libraries import tables    # noqa: E402


def output(*argv):
    return subprocess.run(argv, check=True, stdout=subprocess.PIPE,
                          text=True).stdout


def depends(deb):
    """Complaints if it depends on other libraries than micelio(8) names."""
    page = (TOP / "man/micelio.8").read_text(encoding="utf-8")
    want = set(tables(page)[1].values()) | {"libc6"}
    field = output("dpkg-deb", "-f", deb, "Depends")
    got = {d for d in re.findall(r"(?:^|, )([a-z0-9.+-]+)", field)
           if d.startswith("lib")}
    return [] if got == want else \
        [f"depends on {sorted(got)}, micelio(8) names {sorted(want)}"]


def next_version(deb, out, work):
    """The same package with a higher version."""
    subprocess.run(["dpkg-deb", "-R", deb, work], check=True)
    control = work / "DEBIAN/control"
    text = control.read_text()
    control.write_text(re.sub(r"^(Version: .*)$", r"\1+next", text,
                              flags=re.M))
    subprocess.run(["dpkg-deb", "--root-owner-group", "-b", work, out],
                   check=True, stdout=subprocess.DEVNULL)
    shutil.rmtree(work)


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--root", required=True, type=pathlib.Path)
    ap.add_argument("deb")
    o = ap.parse_args()
    wrong = depends(o.deb)
    for line in wrong:
        print("FAIL depends:", line)
    debs = o.root / "debs"
    debs.mkdir()
    shutil.copy(o.deb, debs / "one.deb")
    next_version(o.deb, debs / "two.deb", debs / "work")
    (o.root / "etc/machine-id").write_text("")
    prepare(o.root, "inside_package.py", BUDGET)
    status, said = boot(o.root, f"micelio-{os.getpid()}", BUDGET)
    passed, failed = verdict(o.root, status, said)
    if not wrong:
        print("ok depends: the libraries that micelio(8) names")
    passed += not wrong
    failed += bool(wrong)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
