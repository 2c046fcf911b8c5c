#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The commands of the control socket, from the hub's table, as a C table.

usage: help_table.py [--all] COMMAND.C OUTPUT

With --all those of every door, as rows of struct command.
"""
import re
import sys

TEXT = r'"(?:[^"\\]|\\.)*"'
ENTRY = re.compile(r'\{ (' + TEXT + r'),\s*(' + TEXT + r'),\s*((?:' + TEXT +
                   r'\s*)+),\s*\{[^}]*\},\s*ROLE_\w+,\s*([A-Z_| \s]+?),\s*\.'
                   r'(?:group = (\w+))?')
ROW = "\t{ %s, %s,\n\t    %s },\n"
FULL = "\t{ %s, %s,\n\t    %s,\n\t    .doors = %s, .group = %s },\n"


def main():
    full = sys.argv[1] == "--all"
    source, output = sys.argv[-2:]
    with open(source, encoding="utf-8") as f:
        table = f.read().split("struct command commands[] = {")[1]
    table = table.split("{ .name = NULL }")[0]
    found = ENTRY.findall(table)
    if len(found) < table.count(".start ="):
        sys.exit("help_table.py: an entry of the table is not understood")
    with open(output, "w", encoding="utf-8") as f:
        for name, args, text, door, group in found:
            row = name, args, " ".join(text.split("\n"))
            if full:
                f.write(FULL % (*row, door, group or "GROUP_TALK"))
            elif "DOOR_ANY" in door or "DOOR_CONTROL" in door:
                f.write(ROW % row)


if __name__ == "__main__":
    main()
