#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
Do the tables of tests/PARITY.md and tests/OPERATOR.md hold together?  Every
line of a page's list is a row of it, once and in the list's order, each with
tests that exist and are run, and a result; no row is there that is in no
list.
"""
import os
import re
import sys

TESTS = os.path.dirname(os.path.abspath(__file__))
ROW = re.compile(r"\| ([^|]*) \| ([^|]*) \| ([^|]*) \|$")
HEADS = ("row", "weakness", "expectation")
NAME = re.compile(r"`([^`:]+):([^`:]+)`")
PASSES = r"passes|passes; .+|passes as far as .+"
# A page, its list, and what may be a result.  A weakness is in the list by
# its number.
PAGES = (
    ("PARITY.md", "parity-rows.txt",
     re.compile(rf"({PASSES}|cannot apply: .+)$")),
    ("OPERATOR.md", "operator-rows.txt",
     re.compile(rf"({PASSES}|not yet: .+)$")),
)


def read(name):
    with open(os.path.join(TESTS, name), encoding="utf-8") as f:
        return f.read()


def has(*parts):
    return os.path.exists(os.path.join(TESTS, *parts))


def defined(path, name):
    """Is it there, and does something call it?"""
    if path == "config/run.py":
        return has("config", name + ".conf") and has("config", name + ".err")
    if path == "invocations/run.py":
        return has("invocations", name + ".err")
    if not has(path):
        return False
    text, word = read(path), re.escape(name)
    if path.startswith("man/"):     # programs of their own
        return name == "main" and "def main(" in text
    if path.endswith(".c"):
        # Its body, and its place in the list of those that are run.
        return bool(re.search(rf"^{word}\(", text, re.M)) and \
            bool(re.search(rf"(?<!\w){word}\s*[,)]", text))
    if path == "systemd/inside.py":
        return f"def {name}(" in text and \
            bool(re.search(rf"^CHECKS = [^)]*\b{word}\b", text, re.M))
    # The runner takes all that begin with test_.
    return path.endswith(".py") and name.startswith("test_") and \
        bool(re.search(rf"^def {word}\(", text, re.M))


def row_problems(row, tests, result, good):
    """What is wrong with one, a line each."""
    names = NAME.findall(tests)
    if not names and not (tests == "none" and result.startswith("not yet")):
        yield f"{row}: no test"
    if names and NAME.sub("", tests).strip(", "):
        yield f"{row}: cannot read {tests}"
    for path, name in names:
        if not defined(path, name):
            yield f"{row}: there is no {path}:{name}"
    if not good.match(result):
        yield f"{row}: result \"{result}\""


def problems(text, rows, good):
    """What is wrong, a line each."""
    found, wrong = [], []
    for line in text.splitlines():
        m = ROW.match(line.replace("\\|", "/"))
        if not m or m[1] in HEADS:
            if line.startswith("| ") and not m:
                wrong.append(f"not a row: {line}")
            continue
        row, tests, result = m.groups()
        row = re.sub(r"^(W\d+) .*", r"\1", row)
        found.append(row)
        wrong += row_problems(row, tests, result, good)
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
        change(last, r"`(\w+)/", r"`x\1/"),
        change(first, r"`.*`", "none"),
        change(first, r"`.*`", " "),
        change(last, r"passes", "fails"),
    ]


def check(page, listed, good):
    """Says what is wrong; returns whether all is well."""
    rows = [line for line in read(listed).splitlines()
            if line and not line.startswith("#")]
    text = read(page)
    wrong = problems(text, rows, good)
    for x in wrong:
        print(f"tests/{page}: {x}")
    if wrong:
        return False
    for i, bad in enumerate(spoiled(text)):
        if not problems(bad, rows, good):
            print(f"tests/rows.py: mistake {i} in {page} is not found")
            return False
    print(f"tests/{page}: {len(rows)} rows, each with its tests")
    return True


if __name__ == "__main__":
    sys.exit(not all([check(*page) for page in PAGES]))
