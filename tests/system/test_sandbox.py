# SPDX-License-Identifier: MIT
"""
What each daemon can do once it runs, tried in the running daemon itself: the
test makes it do the system call.  Whatever is not its duty ends it.
"""
import os
import subprocess

import procs
from node import DAEMONS, Node
from runner import lane
from sshclient import Client, Key
from test_modes import as_nobody, as_service
from waiting import until

# Duties that look like a breach elsewhere: what comes of the attempt then.
DUTY = {
    ("transportd", "socket-inet"): "allowed",
    ("transportd", "connect"): "errno",
    # Files: one directory, by Landlock.
    ("stated", "open"): "errno EACCES",
    ("stated", "create"): "errno EACCES",
    ("stated", "unlink"): "errno",
}


def inject(t, *args):
    """tests/probe/inject: what came of the attempt."""
    r = subprocess.run([os.path.join(t.build, "tests/probe/inject"),
                        *map(str, args)], capture_output=True, text=True,
                       timeout=10, check=False, stdin=subprocess.DEVNULL)
    assert r.returncode == 0, (args, r)
    return r.stdout.strip()


def session(t, node):
    """Pid of a session process with somebody in it."""
    key = Key(t, "alice")
    node.authorize(key.line)
    client = Client(t, node, key)
    client.wait_admitted()
    client.open()
    return until("a session process", lambda: next(
        (p for p in procs.descendants(node.pid)
         if "micelio-sshd-session" in "".join(procs.cmdline(p)[:1])), None))


def try_all(t, make, who):
    """Every attempt in daemon who; a node anew whenever one has ended it."""
    node, results, wrong = None, {}, []
    for what in inject(t).split():
        if node is None or not node.running():
            node = make()
        pid = session(t, node) if who == "session" else node.child(who)
        result = results[what] = inject(t, pid, what)
        want = DUTY.get((who, what), "killed SIGSYS")
        if not result.startswith(want):
            wrong.append(f"{who}: {what}: {result}, want {want}")
        if result.startswith("killed"):
            until(f"{who} is gone", lambda p=pid: not procs.alive(p), 5)
            if who not in ("session", "sshd"):
                node.process.wait(10)
                assert "SIGSYS" in node.log() or "signal 31" in node.log(), \
                    node.log_tail()
            else:
                assert node.running()
                if who == "sshd":
                    node.stop()
    if node.running():
        node.stop()
    t.keep(f"{who}.txt", "".join(f"{k}: {v}\n" for k, v in results.items()))
    refused = sum(not r.startswith("allowed") for r in results.values())
    t.note(f"{who}: {refused} of {len(results)} attempts refused")
    assert len(results) > 15 and not wrong, "\n".join(wrong)


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
