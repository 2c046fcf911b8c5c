# SPDX-License-Identifier: MIT
"""A node under test: its files, its processes, its log, its control socket."""
import base64
import hashlib
import itertools
import json
import os
import re
import shutil
import signal
import subprocess
import time

import procs
from waiting import Timeout, until

DAEMONS = ("transportd", "gossipd", "stated", "sshd")
ESSENTIAL = ("transportd", "gossipd", "stated")
NETWORK_PORT, SSH_PORT = 4000, 2222

LINE = re.compile(r"(\d{4}-\d\d-\d\dT[\d:.]+Z) (debug|info|warn|error) "
                  r"(\S+) (\S+) ?(.*)$")
FIELD = re.compile(r'([a-z_]+)=("(?:[^"\\]|\\.)*"|\S*)')

_count = itertools.count(1)


def fresh_address():
    """
    A loopback address nobody else uses: of 127.64/10, by our process id.
    Every node then has the well-known ports to itself, before and after a
    restart.
    """
    pid = os.getpid()
    return f"127.{64 + (pid >> 8 & 63)}.{pid & 255}.{next(_count)}"


class Event:
    """One line of the log."""

    def __init__(self, text):
        self.text = text
        m = LINE.match(text)
        self.ok = bool(m)
        self.time, self.level, self.daemon, self.name, rest = \
            m.groups() if m else ("", "", "", "", "")
        self.fields = {k: v[1:-1].replace('\\"', '"').replace("\\\\", "\\")
                       if v.startswith('"') else v
                       for k, v in FIELD.findall(rest or "")}

    def __repr__(self):
        return self.text


class Node:
    """
    t is the running test (runner.Test).  listen: of the mesh; ssh: of people.
    settings is further libconfig text by group: {"network": "max_peers = 1;"}.
    wrap is put before the command line (setpriv ...).  mesh_address: in place
    of a fresh one.
    """

    def __init__(self, t, name, listen=True, ssh=True, bootstrap=(),
                 settings=None, level="info", wrap=(), data_dir=None,
                 seed=None, libexec=None, options=(), mesh_address=None):
        self.t, self.name, self.wrap = t, name, list(wrap)
        self.address = fresh_address()
        self.dir = data_dir or os.path.join(t.dir, name)
        os.makedirs(self.dir, mode=0o700, exist_ok=True)
        self.conf_file = os.path.join(t.dir, name + ".conf")
        self.libexec = libexec or t.build
        self.binary = self.find("micelio")
        self.options = list(options)
        self.mesh_address = mesh_address or (
            f"{self.address}:{NETWORK_PORT}" if listen else None)
        self.ssh_address = f"{self.address}:{SSH_PORT}" if ssh else None
        self.bootstrap = list(bootstrap)
        self.settings = settings or {}
        self.level = level
        self.people = []    # lines of authorized_keys: sshclient.person()
        self.process = None
        self.starts = 0
        if seed is not None:
            self.plant_identity(seed)
        self.write_conf()
        t.nodes.append(self)

    def find(self, name):
        for path in (os.path.join(self.libexec, name),
                     os.path.join(self.libexec, name, name)):
            if os.path.isfile(path):
                return path
        raise FileNotFoundError(f"{name} under {self.libexec}")

    # -- files ---------------------------------------------------------

    def plant_identity(self, seed):
        d = os.path.join(self.dir, "identity")
        os.makedirs(d, mode=0o700, exist_ok=True)
        der = bytes.fromhex("302e020100300506032b657004220420") + seed
        path = os.path.join(d, "node.key")
        with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w") as f:
            f.write("-----BEGIN PRIVATE KEY-----\n"
                    + base64.b64encode(der).decode()
                    + "\n-----END PRIVATE KEY-----\n")

    def conf_text(self):
        def strings(values):
            return "[ " + ", ".join(f'"{v}"' for v in values) + " ]"
        groups = {
            "node": f'name = "{self.name}";',
            "ssh": f'listen = "{self.ssh_address or ""}";',
            "network": f"bootstrap = {strings(self.bootstrap)};",
            "logging": f'level = "{self.level}";',
        }
        if self.mesh_address:
            groups["network"] += f' listen = "{self.mesh_address}";'
        for group, text in self.settings.items():
            groups[group] = groups.get(group, "") + " " + text
        return "".join(f"{g} = {{ {text} }};\n" for g, text in groups.items())

    def write_conf(self, text=None):
        with open(self.conf_file, "w") as f:
            f.write(self.conf_text() if text is None else text)
        os.chmod(self.conf_file, 0o644)

    def authorize(self, *lines):
        """Write authorized_keys."""
        path = os.path.join(self.dir, "authorized_keys")
        with open(path + ".new", "w") as f:
            f.write("".join(line.rstrip("\n") + "\n" for line in lines))
        st = os.stat(self.dir)
        os.chown(path + ".new", st.st_uid, st.st_gid)
        os.chmod(path + ".new", 0o600)
        os.rename(path + ".new", path)

    @property
    def public_key(self):
        with open(os.path.join(self.dir, "identity", "node.pub")) as f:
            return base64.b64decode(f.read().split()[1])[-32:]

    @property
    def id(self):
        return hashlib.sha256(self.public_key).hexdigest()

    @property
    def seed(self):
        with open(os.path.join(self.dir, "identity", "node.key")) as f:
            return base64.b64decode("".join(f.read().splitlines()[1:-1]))[-32:]

    # -- life ----------------------------------------------------------

    def command(self, *extra):
        return [*self.wrap, self.binary, "--libexec", self.libexec,
                "--data-dir", self.dir, "-c", self.conf_file,
                *self.options, *extra]

    @property
    def log_file(self):
        return os.path.join(self.t.dir, f"{self.name}.{self.starts}.log")

    def start(self, ready=True, timeout=20.0):
        assert self.process is None or self.process.poll() is not None
        self.starts += 1
        with open(self.log_file, "wb") as log:
            self.process = subprocess.Popen(
                self.command(), stdin=subprocess.DEVNULL, stdout=log,
                stderr=log, start_new_session=True)
        if ready:
            self.wait_ready(timeout)
        return self

    def wait_ready(self, timeout=20.0):
        def up():
            if self.process.poll() is not None:
                raise AssertionError(
                    f"{self.name} ended at start with status "
                    f"{self.process.returncode}:\n{self.log_tail()}")
            return self.events("node_ready")
        until(f"{self.name} is ready", up, timeout)

    @property
    def pid(self):
        return self.process.pid

    def running(self):
        return self.process is not None and self.process.poll() is None

    def processes(self):
        """{pid: start time} of the parent and all below it."""
        found = procs.descendants(self.pid)
        s = procs.stat(self.pid)
        if s:
            found[self.pid] = s[3]
        return found

    def child(self, name):
        """Pid of a standing daemon."""
        def look():
            for p in procs.descendants(self.pid):
                argv = procs.cmdline(p)
                if argv and os.path.basename(argv[0]) == "micelio-" + name:
                    return p
            return None
        return until(f"{self.name} has a micelio-{name}", look, 5)

    def signal(self, sig):
        os.kill(self.pid, sig)

    def wait_end(self, timeout, pids=None):
        """Status of the parent; every process of the node must be gone."""
        pids = self.processes() if pids is None else pids
        try:
            status = self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise Timeout(f"{self.name} still runs after {timeout:g} s:\n"
                          + self.log_tail()) from None

        def gone():
            procs.reap_known(pids, self.pid)
            return not any(procs.alive(p, s) for p, s in pids.items())
        until(f"no process of {self.name} is left", gone, timeout)
        return status

    def stop(self, timeout=5.0):
        """SIGTERM; all gone within timeout; status 0.  Seconds it took."""
        pids = self.processes()
        began = time.monotonic()
        self.signal(signal.SIGTERM)
        status = self.wait_end(timeout, pids)
        assert status == 0, f"{self.name} ended with {status}:\n" \
            + self.log_tail()
        return time.monotonic() - began

    # -- log -----------------------------------------------------------

    def log(self):
        try:
            with open(self.log_file, encoding="utf-8", errors="replace") as f:
                return f.read()
        except FileNotFoundError:
            return ""

    def log_tail(self, n=40):
        return "\n".join(self.log().splitlines()[-n:])

    def events(self, name=None, **fields):
        """Log lines of this event whose fields begin with these values."""
        return [e for e in self.events_of(self.log_file)
                if name in (None, e.name) and
                all(e.fields.get(k, "").startswith(str(v))
                    for k, v in fields.items())]

    def events_of(self, log_file):
        """All of a log, of this start or another."""
        try:
            with open(log_file, encoding="utf-8", errors="replace") as f:
                found = [Event(line) for line in f.read().splitlines()]
        except FileNotFoundError:
            return []
        return [e for e in found if e.ok]

    def wait_event(self, name, timeout=10.0, count=1, **fields):
        try:
            return until(
                f"{self.name} logs {name} {fields}",
                lambda: (lambda e: e if len(e) >= count else None)(
                    self.events(name, **fields)), timeout)[-1]
        except Timeout as e:
            raise Timeout(f"{e}\n{self.log_tail()}") from None

    # -- control -------------------------------------------------------

    def ctl(self, *args, check=True, timeout=10, stdin=None):
        """Run micelioctl against this node."""
        r = subprocess.run(
            [self.find("micelioctl"), "--data-dir", self.dir, *args],
            stdin=stdin or subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, timeout=timeout, text=True,
            errors="surrogateescape", check=False)
        if check and r.returncode != 0:
            raise AssertionError(f"micelioctl {' '.join(args)}: status "
                                 f"{r.returncode}\n{r.stdout}{r.stderr}")
        return r

    def status(self):
        return json.loads(self.ctl("status", "--json", check=False).stdout)

    def sanitized(self):
        """Sanitizers keep what is freed: memory says nothing there."""
        with open(f"/proc/{self.pid}/status", encoding="ascii") as f:
            size = re.search(r"VmSize:\s+(\d+)", f.read()).group(1)
        return int(size) > 2 ** 32

    def wait_peers(self, n, timeout=15.0):
        def count():
            return len(self.peer_ids()) == n
        until(f"{self.name} has {n} peers", count, timeout)

    def peer_ids(self):
        """Ids of the peers connected now, from the log (short form)."""
        up = []
        for e in self.events():
            if e.name == "peer_up":
                up.append(e.fields["id"])
            elif e.name == "peer_down" and e.fields.get("id") in up:
                up.remove(e.fields["id"])
        return up


def linked_pair(t):
    """Two nodes that know of their link."""
    a = Node(t, "north").start()
    b = Node(t, "south", bootstrap=[a.mesh_address]).start()
    a.wait_peers(1)
    b.wait_peers(1)
    return a, b


def copy_binaries(build, to):
    """A build tree's programs where any user may run them."""
    os.makedirs(to, mode=0o755, exist_ok=True)
    os.chmod(to, 0o755)
    for d, names in (("micelio", ["micelio"]), ("micelioctl", ["micelioctl"]),
                     ("micelio-sshd", ["micelio-sshd", "micelio-sshd-session"]),
                     *((f"micelio-{n}", [f"micelio-{n}"])
                       for n in ("transportd", "gossipd", "stated"))):
        for n in names:
            path = os.path.join(to, n)
            shutil.copy(os.path.join(build, d, n), path)
            os.chmod(path, 0o755)
    return to
