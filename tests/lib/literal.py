# SPDX-License-Identifier: MIT
"""Literal text of examples: where it stands in a manual page, and whether
what a program printed is what is shown there."""
import re

# What may differ from run to run, in the order of replacing.
LOOSE = [
    (r"\b[0-9a-f]{64}\b", "ID"),
    (r"\b[0-9a-f]{12}\b", "id"),
    (r"SHA256:[A-Za-z0-9+/]{43}", "FINGERPRINT"),
    (r"\bAAAA[A-Za-z0-9+/]+=*", "KEY"),
    (r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z", "TIME"),
    (r"\[\d\d:\d\d\]", "[TIME]"),
    (r"(\d+\.\d+\.\d+\.\d+|\[[0-9a-f:]+\]):\d+", "ADDRESS"),
    (r"\b(pid) \d+", r"\1 N"),
    (r"\b(\d+d)?(\d+h)?(\d+m)?\d+(\.\d+)?[mu]?s\b", "SPAN"),
    (r"\b\d+(\.\d+)?[mu]s\b", "SPAN"),
    (r"[ \t]+", " "),
]


def plain(line):
    """A line of a literal display as it is printed."""
    for a, b in (("\\&", ""), ("\\(dq", '"'), ("\\(aq", "'"), ("\\-", "-"),
                 ("\\e", "\\")):
        line = line.replace(a, b)
    return line


def words(line):
    """The arguments of .Dl, as mandoc joins them."""
    return plain(re.sub(r'"([^"]*)"', r"\1", line))


def blocks(page, mark):
    """(line number, what the mark says, lines) of each display behind a
    comment that begins with the mark."""
    lines = page.read_text(encoding="utf-8").splitlines()
    i = 0
    while i < len(lines):
        m = re.fullmatch(rf'\.\\" {mark} ?(-c|\w*)', lines[i])
        i += 1
        if m is None:
            continue
        at, out = i + 1, []
        if i < len(lines) and lines[i].startswith(".Bd -literal"):
            i += 1
            while lines[i] != ".Ed":
                out.append(plain(lines[i]))
                i += 1
        while i < len(lines) and lines[i].startswith(".Dl "):
            out.append(words(lines[i][4:]))
            i += 1
        yield at, m.group(1), out


def loose(text):
    for pattern, by in LOOSE:
        text = re.sub(pattern, by, text)
    return text.strip()


def line_pattern(line):
    """Of one line, in which "..." stands for any text."""
    return r"[^\n]*".join(re.escape(loose(p)) for p in line.split("..."))
