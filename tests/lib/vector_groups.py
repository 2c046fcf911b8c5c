# SPDX-License-Identifier: MIT
"""
Is every group of the vector file consumed by a unit test?  Each test says in
a comment "vector group NAME: equal" or "vector group NAME: superseded by ...".
Prints how many vectors each group has; status 1 if a group is unclaimed.
"""
import json
import os
import re
import sys

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..")
CLAIM = re.compile(r"vector groups? ([a-z0-9_]+(?:\.[a-z0-9_]+)*)"
                   r"[^:\n]*:\s*(?:\*\s*)?(equal|superseded)")


def size(value):
    """Vectors in a group: the items of its lists, or of the group itself."""
    if isinstance(value, list):
        return len(value)
    if isinstance(value, dict):
        return sum(size(v) if isinstance(v, (list, dict)) else 1
                   for v in value.values())
    return 1


def claims():
    found = {}
    for d, _, files in os.walk(os.path.join(TOP, "tests", "unit")):
        for name in files:
            if not name.endswith((".c", ".h")):
                continue
            path = os.path.join(d, name)
            with open(path, encoding="utf-8") as f:
                for group, how in CLAIM.findall(f.read()):
                    found.setdefault(group.split(".")[0], set()).add(
                        (how, os.path.relpath(path, TOP)))
    return found


def main():
    with open(os.path.join(TOP, "tests/vectors/vectors-v1.json"),
              encoding="utf-8") as f:
        vectors = json.load(f)
    claimed, missing = claims(), []
    for group, value in vectors.items():
        if group == "meta":
            continue
        who = sorted(claimed.get(group, []))
        if not who:
            missing.append(group)
        print(f"{group}: {size(value)}: " + (", ".join(
            f"{how} ({path})" for how, path in who) or "NOT CONSUMED"))
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
