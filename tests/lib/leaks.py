# SPDX-License-Identifier: MIT
"""Leak checks of sanitized builds, where nothing can come of them.

A daemon lets nobody trace it, not even the leak checker in it.
"""
import os
import re

NOISE = re.compile(
    r"==\d+==(Unable to get registers from thread \d+\."
    r"|LeakSanitizer has encountered a fatal error\."
    r"|HINT: (For debugging, try|LeakSanitizer does not) .*)\n")


def unchecked():
    """Sanitizers' options of this environment, without the leak check."""
    env = {k: v for k, v in os.environ.items() if k.endswith("SAN_OPTIONS")}
    env["ASAN_OPTIONS"] = ":".join(filter(None, [
        env.get("ASAN_OPTIONS"), "detect_leaks=0"]))
    return env


def without_noise(text):
    """What was said but for the leak checker's complaint: the parent gives
    its daemons no environment, so they cannot be told to leave it."""
    return NOISE.sub("", text)
