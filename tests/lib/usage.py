# SPDX-License-Identifier: MIT
"""What the processes of a node use: processor, wake-ups, memory."""
import os
import re

import procs


def pss(pid):
    """Bytes; 0 when it has gone, or only root may know."""
    try:
        with open(f"/proc/{pid}/smaps_rollup") as f:
            m = re.search(r"^Pss: +(\d+) kB", f.read(), re.M)
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return 0
    return int(m.group(1)) * 1024 if m else 0


def name_of(pid):
    argv = procs.cmdline(pid)
    return os.path.basename(argv[0]).partition(":")[0] if argv else "?"


def by_daemon(node):
    """{program: bytes of all its processes}"""
    sizes = {}
    for pid in node.processes():
        name = name_of(pid)
        sizes[name] = sizes.get(name, 0) + pss(pid)
    return sizes


def tasks(node, pids=None):
    """{program: (times it waited, seconds it ran)} of all its threads."""
    found = {}
    for pid in node.processes() if pids is None else pids:
        waits, ran = found.get(name_of(pid), (0, 0.0))
        for task in os.listdir(f"/proc/{pid}/task"):
            base = f"/proc/{pid}/task/{task}"
            with open(base + "/status") as f:
                waits += int(dict(line.split(":", 1) for line in f)
                             ["voluntary_ctxt_switches"])
            with open(base + "/schedstat") as f:
                ran += int(f.read().split()[0]) / 1e9
        found[name_of(pid)] = waits, ran
    return found
