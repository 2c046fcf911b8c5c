# SPDX-License-Identifier: MIT
"""Waiting for conditions.  Never for a time."""
import time


class Timeout(AssertionError):
    """A condition did not come true in time."""


def until(what, condition, timeout=10.0, pause=0.02):
    """Value of condition() as soon as it is true; what says it in words."""
    deadline = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise Timeout(f"not within {timeout:g} s: {what}")
        time.sleep(pause)


def never(what, condition, seconds, pause=0.05):
    """Fails if condition() comes true within so many seconds."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        assert not condition(), f"happened, but must not: {what}"
        time.sleep(pause)
