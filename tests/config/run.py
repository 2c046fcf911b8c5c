#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Broken configurations against what `micelio -n -c FILE` must say of them.

usage: run.py MICELIO [--update]

For each NN-name.conf here, standard error must be NN-name.err and one last
line of the form "micelio: 4 errors in NN-name.conf...", standard output
empty, the exit status 78.  Files good-*.conf must be found good, with 0.
"""
import os
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "lib"))
import leaks  # noqa: E402

ENV = {"HOME": "/nonexistent/home", "PATH": "/usr/bin:/bin",
       **leaks.unchecked()}


def check(program, name):
    run = subprocess.run([program, "-n", "-c", name], cwd=HERE, env=ENV,
                         stdin=subprocess.DEVNULL, capture_output=True,
                         timeout=20)
    return (run.returncode, run.stdout,
            leaks.without_noise(run.stderr.decode("utf-8")))


def broken(program, conf, update):
    status, out, err = check(program, conf.name)
    lines = err.splitlines(keepends=True)
    golden = conf.with_suffix(".err")
    if not lines:
        return "nothing on standard error"
    said = "".join(lines[:-1])
    if update:
        golden.write_text(said, encoding="utf-8")
    want = golden.read_text(encoding="utf-8")
    n = len(want.splitlines())
    last = r"micelio: %d error%s in %s(,.*)?\n" % (
        n, "" if n == 1 else "s", re.escape(conf.name))
    if said != want:
        return "standard error is\n%swant\n%s" % (said, want)
    if not re.fullmatch(last, lines[-1]):
        return "the last line is %r" % lines[-1]
    if status != 78:
        return "exit status %d, want 78" % status
    if out:
        return "standard output: %r" % out
    return None


def good(program, conf):
    status, _, err = check(program, conf.name)
    if status != 0 or err != "micelio: %s: configuration ok\n" % conf.name:
        return "exit status %d, standard error %r" % (status, err)
    return None


def main():
    program = str(pathlib.Path(sys.argv[1]).resolve())
    update = "--update" in sys.argv[2:]
    failed = count = 0
    for conf in sorted(HERE.glob("*.conf")):
        if conf.name.startswith("good-"):
            wrong = good(program, conf)
        else:
            wrong = broken(program, conf, update)
        count += 1
        if wrong:
            failed += 1
            print("%s: %s" % (conf.name, wrong))
    print("%d configurations, %d failed" % (count, failed))
    return 1 if failed or count < 40 else 0


if __name__ == "__main__":
    os.umask(0o022)
    sys.exit(main())
