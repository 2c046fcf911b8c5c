# SPDX-License-Identifier: MIT
"""tools/run: from a checkout to a conversation, as the README says."""
import os
import re
import shlex
import signal
import subprocess

import procs
from node import fresh_address
from runner import lane
from waiting import until

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..")


class Run:
    """tools/run in a home directory of its own."""

    def __init__(self, t, *args, key=True):
        self.t, self.home = t, os.path.join(t.dir, "home")
        if not os.path.isdir(self.home):
            os.makedirs(os.path.join(self.home, ".ssh"), mode=0o700)
            if key:
                subprocess.run(
                    ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f",
                     os.path.join(self.home, ".ssh", "id_ed25519")],
                    check=True, stdin=subprocess.DEVNULL)
        self.out_file = os.path.join(t.dir, "run.out")
        with open(self.out_file, "wb") as out:
            self.process = subprocess.Popen(
                [os.path.join(TOP, "tools/run"), *args], stdout=out,
                stderr=out, stdin=subprocess.DEVNULL, start_new_session=True,
                env={"HOME": self.home, "USER": "alice",
                     "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
                     "MICELIO_BUILD_ROOT": os.path.dirname(t.build)})

    def out(self):
        with open(self.out_file, encoding="utf-8", errors="replace") as f:
            return f.read()

    def ssh_lines(self, n, timeout=150):
        """The commands it tells people to type."""
        def look():
            assert self.process.poll() is None, self.out()
            found = re.findall(r"^ *(ssh -p .*)$", self.out(), re.M)
            return found if len(found) == n else None
        return until(f"{n} ssh lines", look, timeout, 0.1)

    def ssh(self, line, *words):
        """That command, with what a person's home would give it."""
        first, *rest = shlex.split(line)
        # ssh takes the home from the password file, not from HOME.
        return subprocess.run(
            [first, "-F", "/dev/null", "-o", "BatchMode=yes",
             "-o", "StrictHostKeyChecking=yes", "-i",
             os.path.join(self.home, ".ssh", "id_ed25519"), "-l", "alice",
             *rest, *words], capture_output=True, text=True, timeout=20,
            stdin=subprocess.DEVNULL, check=False)

    def interrupt(self):
        """^C at the terminal reaches the whole group."""
        left = procs.descendants(self.process.pid)
        os.killpg(self.process.pid, signal.SIGINT)
        self.process.wait(10)

        def gone():
            procs.reap_known(left)
            return not any(procs.alive(p, s) for p, s in left.items())
        until("all have ended", gone, 5)


@lane(budget=240, sandbox=True)
def test_first_and_second_start(t):
    address = fresh_address()
    for start in (1, 2):
        run = Run(t, "--ssh-listen", f"{address}:2222")
        line = run.ssh_lines(1)[0]
        r = run.ssh(line, "who")
        assert r.returncode == 0, (start, line, r, run.out())
        run.interrupt()
        t.keep(f"start{start}.txt", run.out())
    home = os.path.join(run.home, ".micelio")
    assert os.stat(home).st_mode & 0o777 == 0o700
    for f in ("micelio.conf", "authorized_keys", "identity/node.key"):
        assert os.path.exists(os.path.join(home, f)), f


@lane(budget=240, sandbox=True)
def test_without_a_key(t):
    """It says exactly how."""
    run = Run(t, "--ssh-listen", f"{fresh_address()}:2222", key=False)
    run.ssh_lines(1)
    assert "ssh-keygen -t ed25519" in run.out(), run.out()
    assert "/.micelio/authorized_keys" in run.out(), run.out()
    run.interrupt()


@lane(budget=240, sandbox=True)
def test_mesh(t):
    run = Run(t, "--mesh", "3")
    lines = run.ssh_lines(3)
    shown = [run.ssh(x, "who") for x in lines]
    assert all(r.returncode == 0 for r in shown), (shown, run.out())
    until("they are linked", lambda: all(
        len(re.findall(rf"^{i}: .* peer_up ", run.out(), re.M)) == 2
        for i in (1, 2, 3)), 20)
    t.keep("mesh.txt", run.out())
    run.interrupt()
