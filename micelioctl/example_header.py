#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A text as lines of C strings.

usage: example_header.py TEXT OUTPUT
"""
import sys


def main():
    with open(sys.argv[1], encoding="utf-8") as f:
        lines = f.read().splitlines()
    with open(sys.argv[2], "w", encoding="utf-8") as f:
        for line in lines:
            text = line.replace("\\", "\\\\").replace('"', '\\"')
            f.write('"%s\\n"\n' % text.replace("\t", "\\t"))


if __name__ == "__main__":
    main()
