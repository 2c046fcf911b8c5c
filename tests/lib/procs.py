# SPDX-License-Identifier: MIT
"""Processes as /proc shows them."""
import ctypes
import os
import signal

PR_SET_CHILD_SUBREAPER = 36


def adopt_orphans():
    """Orphans of this process's descendants become its children."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "PR_SET_CHILD_SUBREAPER")


def stat(pid):
    """(name, state, parent, start time) or None when it is gone."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as f:
            data = f.read().decode("utf-8", "replace")
    except (FileNotFoundError, ProcessLookupError):
        return None
    name = data[data.index("(") + 1:data.rindex(")")]
    rest = data[data.rindex(")") + 2:].split()
    return name, rest[0], int(rest[1]), int(rest[19])


def alive(pid, started=None):
    """Does it run (a zombie does not)?"""
    s = stat(pid)
    return bool(s and s[1] not in "ZX" and started in (None, s[3]))


def table():
    return {int(d): s for d in os.listdir("/proc") if d.isdigit()
            for s in [stat(d)] if s}


def descendants(pid):
    """Living descendants: {pid: start time}."""
    all_ = table()
    found, wave = {}, {pid}
    while wave:
        wave = {p for p, s in all_.items() if s[2] in wave and p not in found}
        found.update({p: all_[p][3] for p in wave})
    return {p: t for p, t in found.items() if all_[p][1] not in "ZX"}


def cmdline(pid):
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as f:
            return [a.decode("utf-8", "replace")
                    for a in f.read().split(b"\0")[:-1]]
    except (FileNotFoundError, ProcessLookupError):
        return []


def status(pid):
    """Fields of /proc/PID/status."""
    with open(f"/proc/{pid}/status") as f:
        return dict(line.rstrip("\n").split(":\t", 1)
                    for line in f if ":\t" in line)


def reap_known(pids, except_pid=0):
    """Collect adopted orphans among these, so that they are not zombies."""
    for pid in pids:
        if pid != except_pid:
            try:
                os.waitpid(pid, os.WNOHANG)
            except ChildProcessError:
                pass


def signal_all(pids, sig):
    """To exactly these processes, if they are still the same."""
    for pid, started in pids.items():
        if alive(pid, started):
            try:
                os.kill(pid, sig)
            except (ProcessLookupError, PermissionError):
                pass


def end_all(pids):
    """SIGKILL to exactly these processes, if they are still the same."""
    signal_all(pids, signal.SIGKILL)
