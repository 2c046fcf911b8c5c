#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
The journal's catalogue from the table of events.

usage: catalog.py EVENTS_H OUTPUT
"""
import hashlib
import re
import sys
import textwrap

STRING = r'"(?:[^"\\]|\\.)*"'
STRINGS = rf'((?:{STRING}\s*)+)'
ENTRY = re.compile(rf'\bX\((\w+),\s*(\w+),\s*{STRINGS},\s*{STRINGS},'
                   rf'\s*{STRINGS}\)')


def text(literals):
    """Adjacent C string literals as one."""
    joined = "".join(s[1:-1] for s in re.findall(STRING, literals))
    return re.sub(r"\\(.)", r"\1", joined)


def events(header):
    source = re.sub(r"/\*.*?\*/", "", header, flags=re.S)
    source = source[source.index("#define EVENT_TABLE"):]
    found = [(name.lower(), level.lower(), *map(text, rest))
             for name, level, *rest in
             ENTRY.findall(re.sub(r"\\\n", " ", source))]
    if len(found) != len(re.findall(r"\bX\(\w+,", source)):
        sys.exit("catalog.py: an event of unknown form")
    return found


def sentence(words):
    words = words[:1].upper() + words[1:]
    return words if words.endswith((".", "?", "!")) else words + "."


def entry(name, level, fields, meaning, remedy):
    # common/log_line.c derives the same.
    ident = hashlib.sha256(f"micelio/event/{name}".encode()).hexdigest()[:32]
    body = [sentence(meaning)]
    if remedy:
        body.append(sentence("What to do: " + remedy))
    if fields:
        names = " ".join("MICELIO_" + f.upper() for f in fields.split())
        body.append("Fields of the record (journalctl -o verbose): " + names)
    return (f"-- {ident}\nSubject: {meaning}\nDefined-By: Micelio\n"
            f"Documentation: man:micelio-events(7)\n\n"
            f"Event {name}, level {level}.\n\n"
            + "\n\n".join(textwrap.fill(b, 76, break_on_hyphens=False)
                          for b in body) + "\n")


def main():
    with open(sys.argv[1], encoding="utf-8") as f:
        table = events(f.read())
    with open(sys.argv[2], "w", encoding="utf-8") as f:
        f.write("# Made from common/events.h by systemd/catalog.py.\n")
        for e in table:
            if e[0] != "debug":
                f.write("\n" + entry(*e))


main()
