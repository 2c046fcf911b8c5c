#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The commands of the control socket, from the hub's table, as a C table.

usage: help_table.py COMMAND.C OUTPUT
"""
import re
import sys

TEXT = r'"(?:[^"\\]|\\.)*"'
ENTRY = re.compile(r'\{ (' + TEXT + r'),\s*(' + TEXT + r'),\s*((?:' + TEXT +
                   r'\s*)+),\s*\{[^}]*\},\s*ROLE_\w+,\s*([A-Z_| \s]+?),\s*\.')


def main():
    with open(sys.argv[1], encoding="utf-8") as f:
        table = f.read().split("struct command commands[] = {")[1]
    table = table.split("{ .name = NULL }")[0]
    found = ENTRY.findall(table)
    if len(found) < table.count(".start ="):
        sys.exit("help_table.py: an entry of the table is not understood")
    with open(sys.argv[2], "w", encoding="utf-8") as f:
        for name, args, text, door in found:
            if "DOOR_ANY" in door or "DOOR_CONTROL" in door:
                f.write("\t{ %s, %s,\n\t    %s },\n" %
                        (name, args, " ".join(text.split("\n"))))


if __name__ == "__main__":
    main()
