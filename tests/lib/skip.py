# SPDX-License-Identifier: MIT
"""For tests that not every machine can run."""


class Skip(Exception):
    """What the machine lacks, in words.  Counted as skipped, never passed."""
