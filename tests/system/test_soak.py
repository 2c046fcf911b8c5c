# SPDX-License-Identifier: MIT
"""A mesh that is not left in peace (tests/mesh/soak.py), for a minute."""
import os
import sys

from runner import lane

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..",
                             "mesh"))
from soak import soak  # noqa: E402  pylint: disable=wrong-import-position


# To count descriptors needs root; memory of a sanitizer grows by itself.
@lane(budget=180, root=True, sandbox=True)
def test_minute(t):
    bad = soak(t, 20, 60, 1)
    assert not bad, "\n".join(bad[:20])


@lane(budget=2400, root=True, sandbox=True, long=True)
def test_half_an_hour(t):
    bad = soak(t, 20, 1800, 2)
    assert not bad, "\n".join(bad[:20])
