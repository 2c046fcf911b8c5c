# SPDX-License-Identifier: MIT
"""
What each daemon can do once it runs, tried in the running daemon itself: the
test makes it do the system call.  Whatever is not its duty ends it.
"""
import os
import signal
import socket
import struct
import sys

import inject
import procs
from node import DAEMONS, Node
from runner import lane
from sshclient import Client, Key
from test_modes import as_nobody, as_service
from waiting import until

FDCWD = -100
SOCK = socket.SOCK_STREAM | socket.SOCK_CLOEXEC


def inet(port=22):
    return struct.pack("=HH4s8x", socket.AF_INET, socket.htons(port),
                       bytes([127, 0, 0, 1]))


def probes(parent):
    """{what: system call}; each is refused to every daemon."""
    return {
        "open a file": ("openat", FDCWD, b"/etc/passwd", 0),
        "open a file the old way": ("open", b"/etc/passwd", 0),
        "create a socket": ("socket", socket.AF_INET, SOCK, 0),
        "create a local socket": ("socket", socket.AF_UNIX, SOCK, 0),
        "create a netlink socket": ("socket", socket.AF_NETLINK, SOCK, 0),
        "connect": ("connect", 3, inet(), 16),
        "listen": ("listen", 3, 5),
        "bind": ("bind", 3, inet(0), 16),
        "fork": ("fork",),
        "clone": ("clone", signal.SIGCHLD, 0, 0, 0, 0),
        "exec": ("execve", b"/bin/true", 0, 0),
        "ptrace": ("ptrace", inject.ATTACH, parent, 0, 0),
        "read the parent's memory": ("process_vm_readv", parent, 0, 0, 0, 0,
                                     0),
        "signal the parent": ("kill", parent, 0),
        "signal a thread of the parent": ("tgkill", parent, parent, 0),
        "signal the parent by descriptor": ("pidfd_open", parent, 0),
        "make code": ("mmap", 0, 4096, 7, 0x22, -1, 0),
        "change user": ("setresuid", 0, 0, 0),
        "change its own limits": ("prctl", 4, 1, 0, 0, 0),
        "use io_uring": ("io_uring_setup", 4, 0),
        "remove a file": ("unlinkat", FDCWD, b"/tmp/nothing-there", 0),
    }


# Duties that look like a breach elsewhere: what comes of the call then.
DUTY = {
    ("transportd", "create a socket"): "done",
    ("transportd", "connect"): "ENOTSOCK EISCONN EINVAL EAFNOSUPPORT "
                               "EPROTOTYPE ECONNREFUSED",
    # Files: one directory, by Landlock.
    ("stated", "open a file"): "EACCES",
    ("stated", "open a file the old way"): "EACCES",
    ("stated", "remove a file"): "EACCES ENOENT",
}


def session(t, node):
    """Pid of a session process with somebody in it."""
    key = Key(t, "alice")
    node.authorize(key.line)
    Client(t, node, key).open()
    return until("a session process", lambda: next(
        (p for p in procs.descendants(node.pid)
         if "micelio-sshd-session" in "".join(procs.cmdline(p)[:1])), None))


def try_all(t, make, who):
    """Every probe in daemon who; a node anew whenever one has ended it."""
    assert sys.maxsize > 2 ** 32 and os.uname().machine == "x86_64"
    node, results, wrong = None, {}, []
    for what in probes(0):
        if node is None or not node.running():
            node = make()
        pid = session(t, node) if who == "session" else node.child(who)
        result = inject.syscall(pid, *probes(node.pid)[what])
        results[what] = result
        allowed = DUTY.get((who, what), "killed")
        if not (str(result) in allowed.split() or
                allowed == "done" and isinstance(result, int)):
            wrong.append(f"{who}: {what}: {result}, want {allowed}")
        if result == "killed":
            until(f"{who} is gone", lambda p=pid: not procs.alive(p), 5)
            if who not in ("session", "sshd"):
                node.process.wait(10)
                assert "SIGSYS" in node.log() or "signal 31" in node.log() \
                    or "system call" in node.log(), node.log_tail()
            else:
                assert node.running()
                if who == "sshd":
                    node.stop()
    if node.running():
        node.stop()
    t.keep(f"{who}.txt", "".join(f"{k}: {v}\n" for k, v in results.items()))
    refused = sum(r == "killed" or r == "EACCES" for r in results.values())
    t.note(f"{who}: {refused} of {len(results)} refused, "
           "the others are its duty")
    assert not wrong, "\n".join(wrong)


def _make(t, way):
    count = [0]

    def make():
        count[0] += 1
        name = f"{way}{count[0]}"
        if way == "nobody":
            node = as_nobody(t, name)
        elif way == "service":
            node = as_service(t, name)
        else:
            node = Node(t, name)
        return node.start()
    return make


def _define(who, way):
    @lane(budget=90, sandbox=True, root=True)
    def test(t):
        try_all(t, _make(t, way), who)
    test.__name__ = f"test_{who}_{way}"
    globals()[test.__name__] = test


for _who in (*DAEMONS, "session"):
    for _way in ("nobody", "service"):
        _define(_who, _way)


@lane(sandbox=True, root=True)
def test_marks(t):
    """What the kernel says about each process, in all ways to run."""
    for way in ("root", "nobody", "service"):
        node = _make(t, way)()
        session(t, node)
        uids = set()
        for pid in procs.descendants(node.pid):
            s = procs.status(pid)
            name = s["Name"]
            assert s["Seccomp"] == "2", (way, name, s["Seccomp"])
            assert s["NoNewPrivs"] == "1", (way, name)
            for c in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
                assert int(s[c], 16) == 0, (way, name, c)
            assert len(set(s["Uid"].split())) == 1, (way, name)
            assert s["Groups"].split() in ([], [s["Gid"].split()[0]]) \
                or way == "root", (way, name, s["Groups"])
            uids.add(s["Uid"].split()[0])
            with open(f"/proc/{pid}/limits") as f:
                core = next(x for x in f if x.startswith("Max core"))
            assert core.split()[4] == "0", core
            with open(f"/proc/{pid}/environ", "rb") as f:
                assert b"=" not in f.read(), (way, name)
        s = procs.status(node.pid)
        effective = int(s["CapEff"], 16) | int(s["CapPrm"], 16)
        assert effective == (0xc0 if way == "service" else 0), (way, s)
        assert int(s["CapAmb"], 16) & ~0xc0 == 0
        assert s["Seccomp"] == "2"
        if way == "service":
            assert len(uids) == 5 and s["Uid"].split()[0] not in uids, uids
        else:
            assert uids == {s["Uid"].split()[0]}
        shown = node.ctl("status").stdout
        assert ("service" if way == "service" else "personal") in shown, shown
        node.stop()
