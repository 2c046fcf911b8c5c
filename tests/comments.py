#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
Do the comments of the C sources name what there is?  A function written as
name(), or a source file, must be somewhere in the code: what a comment leads
to goes when the code is moved, and the comment stays.
"""
import pathlib
import re
import sys

TOP = pathlib.Path(__file__).resolve().parents[1]
FOLDERS = ("common", "proto", "state", "micelio*", "systemd", "tests")
COMMENT = re.compile(r"/\*.*?\*/", re.S)


def sources():
    return [f for folder in FOLDERS for top in sorted(TOP.glob(folder))
            for f in sorted(top.rglob("*.[ch]"))]


def named(comment):
    """Functions and files that a comment speaks of."""
    return (set(re.findall(r"\b([a-z][a-z0-9_]+)\(\)", comment)),
            set(re.findall(r"\b([a-z0-9_]+\.[ch])\b", comment)))


def problems(texts):
    """What is wrong in {name: text}, a line each."""
    code = COMMENT.sub("", "\n".join(texts.values()))
    words = set(re.findall(r"\w+", code))
    files = {pathlib.Path(name).name for name in texts} | \
        set(re.findall(r'#include [<"](?:\w+/)*(\w+\.h)[>"]', code))
    for name, text in texts.items():
        for comment in COMMENT.findall(text):
            functions, others = named(comment)
            for word in sorted(functions - words):
                yield f"{name}: there is no {word}()"
            for word in sorted(others - files):
                yield f"{name}: there is no {word}"


def main():
    texts = {str(f.relative_to(TOP)): f.read_text(encoding="utf-8")
             for f in sources()}
    wrong = list(problems(texts))
    for line in wrong:
        print(line)
    spoiled = dict(texts, x="/* See no_such_thing() in no_such_file.c. */")
    if len(list(problems(spoiled))) != len(wrong) + 2:
        print("a comment that names nothing is not found")
        return 1
    if not wrong:
        print(f"{len(texts)} sources name what there is")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
