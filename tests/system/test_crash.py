# SPDX-License-Identifier: MIT
"""A third of a talking mesh dies at once (tests/mesh/crash.py)."""
import os
import sys

from runner import lane

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..",
                             "mesh"))
from crash import crash  # noqa: E402  pylint: disable=wrong-import-position


# A sanitizer's nodes are too slow for so many.
@lane(budget=150, sandbox=True)
def test_crash(t):
    bad = crash(t, 16, 5, 20, 20, 1, idle_s=2)
    assert not bad, "\n".join(bad[:20])


@lane(budget=700, sandbox=True, long=True, alone=True)
def test_crash_of_thirty(t):
    bad = crash(t, 30, 9, 300, 20, 2, idle_s=30)
    assert not bad, "\n".join(bad[:20])
