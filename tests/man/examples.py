#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Executes the examples of the manual pages.

usage: examples.py BUILD_DIR PAGE...

A display or line of a page is run when a comment stands right before it:

    .\\" run             in the page's lab
    .\\" run NAME        as if at the machine NAME of that lab
    .\\" run -c          a configuration file: micelio.conf, and free of errors

In it "$ " begins a command and "> " a further line of it; "#" in place of "$"
is root's and not run.  All other lines are what it prints: ids, fingerprints,
addresses, ports, times, durations and the width of columns may differ, "..."
within a line stands for any text, and alone on a line for any lines.  A
command must succeed unless "$ echo $?" follows.

A command that ends in " &" runs until the end of its page.  What it is shown
to print is looked for then; micelio is waited for until the node is ready,
and must end well.

A lab is a temporary directory with a home for each machine, on loopback, with
free ports in place of 2222, 2223 and 4000.  ssh and ssh-keygen use the keys there.
"""
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
import leaks  # noqa: E402
from literal import blocks, line_pattern, loose  # noqa: E402

PATIENCE = 20.0		# seconds until something has to be so
HOST = "192.0.2.10"	# of the first machine, in the pages
USERS = {"north": "alice", "south": "bob"}
READS = re.compile(r"(micelioctl|ssh)\b(?!.*\b(say)\b)")
MARK = "\x1e"


class Failed(Exception):
    pass


def steps(at, lines):
    """(line number, command, expected lines) of a block."""
    command, expected, begun = None, [], at
    for n, line in enumerate(lines, at):
        if line.startswith(("$ ", "# ")):
            if command is not None:
                yield begun, command, expected
            command, expected, begun = line[2:], [], n
            if line.startswith("#"):
                command = None
        elif line.startswith("> ") and command is not None and not expected:
            command += "\n" + line[2:]
        else:
            expected.append(line)
    if command is not None:
        yield begun, command, expected


def pattern(expected):
    out = ""
    for line in expected:
        if line.strip() == "...":
            out += r"(?:.*\n)*?"
            continue
        out += line_pattern(line) + r"\n"
    return re.compile(out)


def matches(expected, text, anywhere=False):
    text = "".join(loose(line) + "\n" for line in text.splitlines())
    p = pattern(expected)
    return (p.search if anywhere else p.fullmatch)(text) is not None


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return str(s.getsockname()[1])


def write(path, text, mode=0o755):
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)


class Machine:
    """A home, a shell in it, and what was started there."""

    def __init__(self, lab, name):
        self.lab, self.name = lab, name
        self.home = lab.dir / name
        self.home.mkdir(mode=0o700)
        (self.home / ".ssh").mkdir(mode=0o700)
        self.ports = {"2222": free_port(), "2223": free_port(),
                      "4000": lab.mesh_port}
        self.background = []
        bin_dir = self.home / "bin"
        bin_dir.mkdir()
        self.tools(bin_dir)
        env = {"HOME": str(self.home), "LC_ALL": "C.UTF-8", "TZ": "UTC",
               "PATH": f"{bin_dir}:/usr/local/sbin:/usr/local/bin:/usr/sbin:"
               "/usr/bin:/sbin:/bin", "USER": USERS.get(name, "alice")}
        for keep in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS"):
            if keep in os.environ:
                env[keep] = os.environ[keep]
        self.env = env
        self.shell = subprocess.Popen(
            ["bash", "--norc", "--noprofile"], cwd=self.home, env=env,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, start_new_session=True)

    def tools(self, bin_dir):
        build, home = self.lab.build, self.home
        user = USERS.get(self.name, "alice")
        key = home / ".ssh/id_ed25519"
        # The default address of people is everybody's on this machine.
        write(bin_dir / "micelio", f"""#!/bin/sh
m='{build}/micelio/micelio --libexec {build}'
if $m -nv "$@" 2>/dev/null | grep -qF '"127.0.0.1:2222"'
then exec $m --ssh-listen 127.0.0.1:{self.ports["2222"]} "$@"
fi
exec $m "$@"
""")
        write(bin_dir / "micelioctl",
              f'#!/bin/sh\nexec {build}/micelioctl/micelioctl "$@"\n')
        write(bin_dir / "ssh", f"""#!/bin/sh
exec /usr/bin/ssh -F none -o BatchMode=yes -o LogLevel=ERROR \\
    -o StrictHostKeyChecking=no -o UserKnownHostsFile={home}/.ssh/known_hosts \\
    -o IdentityFile={key} -o IdentitiesOnly=yes -l {user} "$@"
""")
        write(bin_dir / "ssh-keygen", f"""#!/bin/sh
[ "$*" = '-t ed25519' ] || exec /usr/bin/ssh-keygen "$@"
exec /usr/bin/ssh-keygen -q -t ed25519 -N '' -C {user} -f {key}
""")

    def here(self, text):
        for a, b in self.ports.items():
            text = re.sub(rf"\b{a}\b", b, text)
        return text.replace(HOST, "127.0.0.1")

    def run(self, command):
        """(exit status, what was printed)"""
        self.shell.stdin.write(
            f"{{ {self.here(command)}\n}} </dev/null\n"
            f"__s=$?; printf '\\036%d\\n' $__s; (exit $__s)\n")
        self.shell.stdin.flush()
        out = ""
        while True:
            line = self.shell.stdout.readline()
            if line == "":
                raise Failed("the shell has ended")
            if MARK in line:
                before, _, status = line.partition(MARK)
                return int(status), leaks.without_noise(out + before)
            out += line

    def start(self, command, expected, at):
        logins = self.logins()
        one = self.begin(command, expected, at)
        p = one[0]
        if command.startswith("ssh "):
            # A key that was written just now may not be read yet.
            def logged_in():
                nonlocal one
                if one[0].poll() is not None and self.logins() == logins:
                    self.background.remove(one)
                    one = self.begin(command, expected, at)
                return self.logins() > logins
            until(logged_in, f"line {at}: nobody logged in", one)
        if command.split()[0] == "micelio":
            until(lambda: "node_ready" in said(one) or p.poll() is not None,
                  f"line {at}: the node is not ready", one)
            if p.poll() is not None:
                raise Failed(f"line {at}: {command}: it has ended\n"
                             f"{said(one)}")

    def begin(self, command, expected, at):
        """In the background: (process, what it prints, ...)"""
        log = open(self.lab.dir / f"{self.name}.{at}.out", "wb+")
        p = subprocess.Popen(
            ["bash", "-c", "exec " + self.here(command)], cwd=self.home,
            env=self.env, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            start_new_session=True)
        one = (p, pathlib.Path(log.name), command, expected, at)
        self.background.append(one)
        return one

    def logins(self):
        return sum(said(one).count(" sshd login ") for one in self.background)

    def end(self, check):
        for one in self.background:
            if check and one[3]:
                until(lambda: matches(one[3], said(one), anywhere=True),
                      f"line {one[4]}: {one[2]}: it did not print\n"
                      + "\n".join(one[3]), one)
        while self.background:
            p, _, command, _, at = self.background.pop()
            if p.poll() is None:
                p.send_signal(signal.SIGTERM)
            try:
                status = p.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                os.killpg(p.pid, signal.SIGKILL)
                status = "none in time"
            if check and command.split()[0] == "micelio" and status != 0:
                raise Failed(f"line {at}: {command}: exit status {status}")
        if self.shell.poll() is None:
            self.shell.stdin.close()
            self.shell.wait(PATIENCE)


def said(one):
    return one[1].read_text(encoding="utf-8", errors="replace")


def until(true, what, one=None):
    deadline = time.monotonic() + PATIENCE
    while not true():
        if time.monotonic() > deadline:
            raise Failed(what + ("\nit printed\n" + said(one) if one else ""))
        time.sleep(0.05)


class Lab:
    def __init__(self, build):
        self.build = build
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="man-"))
        self.mesh_port = free_port()
        self.machines = {}

    def machine(self, name):
        if name not in self.machines:
            self.machines[name] = Machine(self, name)
        return self.machines[name]

    def step(self, machine, at, command, expected, status):
        """Runs it; again while it only looks and what it sees is to come."""
        if re.search(r" &$", command):
            machine.start(command[:-2], expected, at)
            return 0
        deadline = time.monotonic() + PATIENCE
        while True:
            got, out = machine.run(command)
            good = matches(expected, out) and got == status
            if good or not READS.match(command) or \
                    time.monotonic() > deadline:
                break
            time.sleep(0.1)
        if not good:
            raise Failed(f"line {at}: {command}\nexit status {got}, want "
                         f"{status}; it printed\n{out}want\n"
                         + "\n".join(expected))
        return got

    def run(self, page):
        n = 0
        for at, name, lines in blocks(page, "run"):
            machine = self.machine(name if name.isalnum() else "north")
            if name == "-c":
                write(machine.home / "micelio.conf", "\n".join(lines), 0o644)
                lines = ["$ micelio -n -c micelio.conf", "..."]
            todo = list(steps(at, lines))
            if not todo:
                raise Failed(f"line {at}: nothing to run after the mark")
            for i, (line, command, expected) in enumerate(todo):
                status = 0
                if i + 1 < len(todo) and todo[i + 1][1] == "echo $?":
                    status = int(todo[i + 1][2][0])
                self.step(machine, line, command, expected, status)
            n += 1
        return n

    def end(self, check):
        for m in self.machines.values():
            m.end(check)
        if not check:
            shutil.rmtree(self.dir, ignore_errors=True)


def main(argv):
    build = os.path.abspath(argv[0])
    failed = 0
    # Whoever ends us ends what we started, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    for page in map(pathlib.Path, argv[1:]):
        lab = Lab(build)
        try:
            n = lab.run(page)
            if n == 0:
                raise Failed("no example is marked to be run")
            lab.end(True)
            print(f"ok {page.name}: {n} examples")
        except Failed as e:
            failed += 1
            print(f"FAIL {page.name}: {e}")
        finally:
            lab.end(False)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
