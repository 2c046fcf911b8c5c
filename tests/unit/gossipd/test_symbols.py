#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Cores have no input or output: nm of their objects shows no symbol that is
not on the list.  Usage: test_symbols.py NM LIST ARCHIVE..."""
import subprocess
import sys

# Put in by sanitizers and coverage, not by the sources.
TOOLS = ("__asan_", "__ubsan_", "__sanitizer_", "__gcov_", "__llvm_")


def symbols(nm, archive, option):
    out = subprocess.run([nm, "-P", option, archive], check=True,
                         capture_output=True, text=True).stdout
    return {line.split()[0] for line in out.splitlines()
            if line and not line.endswith(":")}


def main():
    nm, listed, archives = sys.argv[1], sys.argv[2], sys.argv[3:]
    with open(listed, encoding="ascii") as f:
        allowed = {line.strip() for line in f
                   if line.strip() and not line.startswith("#")}
    needed, own = set(), set()
    for archive in archives:
        needed |= symbols(nm, archive, "--undefined-only")
        own |= symbols(nm, archive, "--defined-only")
    if len(own) < 50 or len(needed) < 50:
        print("too few symbols: are these the right archives?")
        return 1
    wrong = sorted(s for s in needed - own - allowed
                   if not s.startswith(TOOLS))
    for symbol in wrong:
        print(f"a core refers to {symbol}")
    print(f"{len(needed - own)} outside symbols, {len(wrong)} not allowed")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
