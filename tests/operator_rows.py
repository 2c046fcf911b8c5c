#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
Does tests/OPERATOR.md hold together?  Every line of tests/operator-rows.txt
is a row of it, once and in its order, each with tests that exist and are run,
and a result.
"""
import os
import re
import sys

from parity import NAME, TESTS, defined, read

ROW = re.compile(r"\| ([^|]*) \| ([^|]*) \| ([^|]*) \|$")
RESULT = re.compile(r"(passes|passes; .+|passes as far as .+|not yet: .+)$")


def exists(path, name):
    if path == "invocations/run.py":
        return os.path.exists(os.path.join(TESTS, "invocations",
                                           name + ".err"))
    if path.startswith("man/"):     # programs of their own
        return name == "main" and "def main(" in read(path)
    return defined(path, name)


def problems(text, rows):
    """What is wrong, a line each."""
    found, wrong = [], []
    for line in text.splitlines():
        m = ROW.match(line)
        if not m or m[1] == "expectation":
            if line.startswith("| ") and not m:
                wrong.append(f"not a row: {line}")
            continue
        row, tests, result = m.groups()
        found.append(row)
        names = NAME.findall(tests)
        if not names and not result.startswith("not yet"):
            wrong.append(f"{row}: no test")
        if names and NAME.sub("", tests).strip(", ") or \
                not names and tests != "none":
            wrong.append(f"{row}: cannot read {tests}")
        wrong += [f"{row}: there is no {path}:{name}"
                  for path, name in names if not exists(path, name)]
        if not RESULT.match(result):
            wrong.append(f"{row}: result \"{result}\"")
    wrong += [f"{row}: missing" for row in rows if row not in found]
    wrong += [f"{row}: in no list" for row in found if row not in rows]
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
        change(first, r"`.*`", "none"),
        change(last, r"`man/", "`men/"),
        change(last, r"passes", "fails"),
    ]


def main():
    rows = [line for line in read("operator-rows.txt").splitlines()
            if line and not line.startswith("#")]
    text = read("OPERATOR.md")
    wrong = problems(text, rows)
    for x in wrong:
        print(f"tests/OPERATOR.md: {x}")
    if wrong:
        return 1
    for i, bad in enumerate(spoiled(text)):
        if not problems(bad, rows):
            print(f"tests/operator_rows.py: mistake {i} is not found")
            return 1
    print(f"{len(rows)} expectations, each with its result")
    return 0


if __name__ == "__main__":
    sys.exit(main())
