#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
Does SECURITY.md hold together?  Every row has the cells of its table, every
function it names as a check is in its file, every test it names exists and is
run, and where none is named it says so; each message between the processes is
in the table of those, and each position of an attacker is there.
"""
import os
import re
import sys

import rows

TOP = os.path.dirname(rows.TESTS)
PAGE = "SECURITY.md"
NO_TEST = "not shown by a test"
CHECK = re.compile(r"`([^`: ]+\.c):([^`: ]+)`")
MESSAGE = re.compile(r"`([A-Z][A-Z_]+)`")
RULE = re.compile(r"^\tX\(([A-Z_]+),\s+[A-Z]", re.M)
# Made by a loop in the file: who and in which way.
SANDBOX = re.compile(r"test_(transportd|gossipd|stated|sshd|session)_"
                     r"(nobody|service)$")
POSITIONS = ("outsider", "member of the mesh", "relay", "logged in",
             "taken over", "disk", "user of the same machine")
PROGRAMS = ("transportd", "gossipd", "stated", "sshd", "session", "parent")


def read(*parts):
    with open(os.path.join(TOP, *parts), encoding="utf-8") as f:
        return f.read()


def tables(text):
    """(line of the head, cells of the head, rows) of each."""
    head = None
    for line in text.splitlines() + [""]:
        if not line.startswith("|"):
            if head:
                yield head, found
            head = None
            continue
        cells = [c.strip() for c in line.strip("|").split("|")]
        if head is None:
            head, found = cells, []
        elif set(line) - set("|-"):
            found.append(cells)


def tested(path, name):
    if path == "system/test_sandbox.py" and SANDBOX.match(name):
        return "_define(_who, _way)" in rows.read(path)
    return rows.defined(path, name)


def defined(path, name):
    """A function in that file of the source?"""
    return os.path.exists(os.path.join(TOP, path)) and \
        bool(re.search(rf"^{re.escape(name)}\(", read(path), re.M))


def cell_problems(head, cells):
    for name, cell in zip(head, cells):
        if name == "shown by":
            names = rows.NAME.findall(cell)
            if not names and cell != NO_TEST or \
                    names and rows.NAME.sub("", cell).strip(", "):
                yield f"cannot read \"{cell}\""
            yield from (f"there is no {p}:{n}" for p, n in names
                        if not tested(p, n))
        elif name == "the check":
            names = CHECK.findall(cell)
            if not names or CHECK.sub("", cell).strip(", "):
                yield f"cannot read \"{cell}\""
            yield from (f"there is no {p}:{n}" for p, n in names
                        if not defined(p, n))


def problems(text, messages):
    """What is wrong, a line each."""
    wrong, seen, programs = [], set(), set()
    for head, found in tables(text):
        if head[-1] != "shown by" or not found:
            wrong.append(f"a table of {head}, of {len(found)} rows")
            continue
        for cells in found:
            row = cells[1] if head[0] == "can" else cells[0]
            if len(cells) != len(head) or "" in cells:
                wrong.append(f"{row}: {len(cells)} cells of {len(head)}")
                continue
            if head[0] == "can" and cells[0] not in ("can", "cannot"):
                wrong.append(f"{row}: \"{cells[0]}\"")
            wrong += [f"{row}: {x}" for x in cell_problems(head, cells)]
            if head[0] == "way":
                seen |= set(MESSAGE.findall(cells[1]))
            if head[0] == "program":
                programs.add(cells[0])
    wrong += [f"{m}: in no row" for m in messages - seen]
    wrong += [f"{m}: there is no such message" for m in seen - messages]
    heads = " ".join(re.findall(r"^### (.*)$", text, re.M))
    wrong += [f"nothing of: {p}" for p in POSITIONS if p not in heads]
    wrong += [f"nothing of {p} taken over" for p in PROGRAMS
              if p not in programs]
    return wrong


def spoiled(text):
    """The page with one mistake each; every one must be found."""
    return [re.sub(*change, text, count=1, flags=re.M) for change in (
        (r":(test_\w+)` \|$", r":\1x` |"),
        (r"`(unit|system)/", r"`x\1/"),
        (r"test_gossipd_service", "test_gossipd_nowhere"),
        (r":check_group`", ":check_groups`"),
        (r"invocations/run.py:(\w+)", r"invocations/run.py:\1x"),
        (r"hello\.c:(\w+)", r"hello.c:\1x"),
        (r"\| not shown by a test \|", "| |"),
        (r"\| not shown by a test \|", "| shown |"),
        (r"^\| cannot \|", "| will not |"),
        (r" `KEY_DH` ", " "),
        (r"`SES_BYE`", "`SES_BYEBYE`"),
        (r"^### A relay.*$", "### Another"),
        (r"^\| parent \|", "| others |"),
        (r"^(\| TCP connection) \|", r"\1 "),
    )]


def main():
    text = read(PAGE)
    messages = set(RULE.findall(read("common", "imsg_types.h")))
    wrong = problems(text, messages)
    for x in wrong:
        print(f"{PAGE}: {x}")
    if wrong or len(messages) < 100:
        return 1
    for i, bad in enumerate(spoiled(text)):
        if bad == text or not problems(bad, messages):
            print(f"tests/security.py: mistake {i} in {PAGE} is not found")
            return 1
    n = sum(len(found) for _, found in tables(text))
    print(f"{PAGE}: {n} rows, {text.count(NO_TEST + ' |')} without a test")
    return 0


if __name__ == "__main__":
    sys.exit(main())
