#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
Does tests/PARITY.md hold together?  Every row of tests/parity-rows.txt is in
it once and in its order, each with a test that exists and is run, and a
result; no row is there that is in no list.
"""
import os
import re
import sys

TESTS = os.path.dirname(os.path.abspath(__file__))
ROW = re.compile(r"\| ([^|]*) \| ([^|]*) \| ([^|]*) \|$")
NAME = re.compile(r"`([^`:]+):([^`:]+)`")
RESULT = re.compile(r"(passes|passes; superseded by .+, our test asserts ours"
                    r"|passes; .+|passes as far as .+|cannot apply: .+)$")


def read(name):
    with open(os.path.join(TESTS, name), encoding="utf-8") as f:
        return f.read()


def defined(path, name):
    """Is it there, and does something call it?"""
    if path == "config/run.py":
        return all(os.path.exists(os.path.join(TESTS, "config", name + end))
                   for end in (".conf", ".err"))
    try:
        text = read(path)
    except OSError:
        return False
    word = re.escape(name)
    if path.endswith(".c"):
        # Its body, and its place in the list of those that are run.
        return bool(re.search(rf"^{word}\(", text, re.M)) and \
            bool(re.search(rf"(?<!\w){word}\s*[,)]", text))
    if path.endswith(".py"):
        # The runner takes all that begin with test_.
        return name.startswith("test_") and \
            bool(re.search(rf"^def {word}\(", text, re.M))
    return False


def wanted():
    return [line for line in read("parity-rows.txt").splitlines()
            if line and not line.startswith("#")]


def problems(text, rows):
    """What is wrong, a line each."""
    found, wrong = [], []
    for line in text.splitlines():
        m = ROW.match(line.replace("\\|", "/"))
        if not m or m[1] in ("row", "weakness") or m[1].startswith("---"):
            if line.startswith("| ") and not m:
                wrong.append(f"not a row: {line}")
            continue
        row, tests, result = m.groups()
        if re.match(r"W\d+ ", row):
            row = row.split()[0]
        found.append(row)
        names = NAME.findall(tests)
        if not names:
            wrong.append(f"{row}: no test")
        if NAME.sub("", tests).strip(", "):
            wrong.append(f"{row}: cannot read {tests}")
        for path, name in names:
            if not defined(path, name):
                wrong.append(f"{row}: there is no {path}:{name}")
        if not RESULT.match(result):
            wrong.append(f"{row}: result \"{result}\"")
    for row in rows:
        if row not in found:
            wrong.append(f"{row}: missing")
    for row in found:
        if row not in rows:
            wrong.append(f"{row}: in no list")
    if not wrong and found != rows:
        wrong.append("a row twice, or not in the list's order")
    return wrong


def spoiled(text):
    """The page with one mistake each; every one must be found."""
    lines = text.splitlines(keepends=True)
    rows = [i for i, x in enumerate(lines) if "` | passes" in x]
    first, last = rows[0], rows[-1]

    def change(i, *sub):
        return "".join(lines[:i] + [re.sub(*sub, lines[i], count=1)] +
                       lines[i + 1:])
    return [
        "".join(lines[:first] + lines[first + 1:]),
        "".join(lines[:last] + [lines[last], lines[last]] +
                lines[last + 1:]),
        change(first, r":test_(\w+)`", r":test_\1x`"),
        change(last, r"`system/", "`sytem/"),
        change(first, r"`.*`", " "),
        change(last, r"passes", "fails"),
    ]


def main():
    text, rows = read("PARITY.md"), wanted()
    wrong = problems(text, rows)
    for x in wrong:
        print(f"tests/PARITY.md: {x}")
    if wrong:
        return 1
    for i, bad in enumerate(spoiled(text)):
        if not problems(bad, rows):
            print(f"tests/parity.py: mistake {i} is not found")
            return 1
    print(f"{len(rows)} rows, each with its tests")
    return 0


if __name__ == "__main__":
    sys.exit(main())
