#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
Runs inside the container of run.py: the node as an operator has it.

Prints "ok NAME" or "FAIL NAME: why" for each check, and "done".
"""
import grp
import ipaddress
import json
import os
import pathlib
import pwd
import re
import shutil
import signal
import subprocess
import sys
import time
import traceback

sys.path.insert(0, "/tests/lib")
from sshclient import Client, Key   # noqa: E402
from waiting import until           # noqa: E402

USERS = ("micelio", "_mtransport", "_mgossip", "_mstate", "_mssh", "_msession")
DAEMONS = {"micelio-transportd": "_mtransport", "micelio-gossipd": "_mgossip",
           "micelio-stated": "_mstate", "micelio-sshd": "_mssh"}
SET_IDS = 1 << 6 | 1 << 7       # CAP_SETGID, CAP_SETUID
UNITS = pathlib.Path("/etc/systemd/system")
HOME = pwd.getpwuid(0).pw_dir

PEM = """-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f
-----END PRIVATE KEY-----
"""
PEM_ID = "56475aa75463"


def run(*argv, check=True, timeout=40):
    r = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True,
                       text=True, errors="replace", timeout=timeout,
                       check=False)
    assert not check or r.returncode == 0, \
        f"{' '.join(argv)}: status {r.returncode}\n{r.stdout}{r.stderr}"
    return r


def systemctl(*argv, **kw):
    return run("systemctl", "--no-pager", *argv, **kw)


def process(pid):
    """{name: value} of /proc/PID/status; None when it is gone."""
    try:
        with open(f"/proc/{pid}/status", encoding="ascii") as f:
            return dict(line.rstrip("\n").split(":\t", 1) for line in f
                        if ":\t" in line)
    except (FileNotFoundError, ProcessLookupError):
        return None


class Node:
    """One of the units; t of sshclient.py too."""
    dir = HOME
    panes = []
    count = 0

    def __init__(self, name=None, bootstrap=()):
        Node.count += 1
        self.name = name or "main"
        self.unit = f"micelio@{name}.service" if name else "micelio.service"
        self.conf = pathlib.Path(f"/etc/micelio/{name or 'micelio'}.conf")
        self.data = pathlib.Path("/var/lib/micelio", name or "")
        self.run_dir = pathlib.Path(f"/run/micelio-{name}" if name else
                                    "/run/micelio")
        self.socket = self.run_dir / "control.sock"
        host = f"127.0.1.{Node.count}"
        self.mesh, self.ssh_address = host + ":4000", host + ":2222"
        self.bootstrap = list(bootstrap)
        self.conf.parent.mkdir(exist_ok=True)
        self.write_conf()

    def write_conf(self, text="", max_peers=15):
        peers = ", ".join(f'"{b}"' for b in self.bootstrap)
        self.conf.write_text(
            f'node = {{ name = "{self.name}"; }};\n'
            f'ssh = {{ listen = "{self.ssh_address}"; }};\n'
            f'network = {{ listen = "{self.mesh}"; bootstrap = ({peers}); '
            f'max_peers = {max_peers}; }};\n' + text)

    def drop_in(self, text, name="test"):
        d = UNITS / (self.unit + ".d")
        d.mkdir(exist_ok=True)
        (d / (name + ".conf")).write_text(text)
        systemctl("daemon-reload")

    def ctl(self, *argv, **kw):
        return run("micelioctl", "-s", str(self.socket), *argv, **kw)

    def start(self, check=True):
        return systemctl("start", self.unit, check=check)

    def stop(self):
        systemctl("stop", self.unit)

    def show(self, prop):
        return systemctl("show", "-P", prop, self.unit).stdout.strip()

    @property
    def active(self):
        return self.show("ActiveState")

    @property
    def pid(self):
        return int(self.show("MainPID"))

    def kill(self):
        pid = self.pid
        assert pid > 1, f"{self.unit} does not run"
        os.kill(pid, signal.SIGKILL)
        return pid

    def children(self):
        """{program: pid} below the parent."""
        found, parent = {}, str(self.pid)
        for d in pathlib.Path("/proc").glob("[0-9]*"):
            p = process(d.name)
            if p and p["PPid"].strip() == parent:
                argv = (d / "cmdline").read_bytes().split(b"\0")
                found[argv[0].decode()] = int(d.name)
        return found

    def child(self, name):
        return until(f"{self.name} has {name}",
                     lambda: self.children().get(name), 15)

    def peers(self):
        """How many are connected."""
        r = self.ctl("peers", "--json", check=False)
        try:
            rows = json.loads(r.stdout)["peers"]
        except (ValueError, KeyError):
            return 0
        return sum(row.get("state") in ("up", "connected") for row in rows)

    def wait_peers(self, n, timeout=15):
        """At least: those that hear of each other connect, too."""
        until(f"{self.name} has {n} peers", lambda: self.peers() >= n,
              timeout)

    def journal(self, *match):
        """Records of this unit as dictionaries."""
        out = run("journalctl", "-q", "-o", "json", "--no-pager",
                  "_SYSTEMD_UNIT=" + self.unit, *match).stdout
        return [json.loads(line) for line in out.splitlines()]

    def text(self):
        return run("journalctl", "-q", "-o", "cat", "--no-pager", "-u",
                   self.unit).stdout

    def wait_said(self, pattern, timeout=5):
        """Until the journal of the unit has it: journald takes its time."""
        def look():
            return re.search(pattern, self.text())
        return until(f"the journal of {self.unit} has {pattern!r}", look,
                     timeout)

    def events(self, name):
        return self.journal("MICELIO_EVENT=" + name)

    def authorize(self, key):
        path = self.data / "authorized_keys"
        path.write_text(key.line + "\n")        # root's, mode 0644


class World:
    """What the checks share: a mesh of three, linked to the first."""

    def __init__(self):
        self.main = Node()
        self.a = Node("a", [self.main.mesh])
        self.b = Node("b", [self.main.mesh])
        self.key = None


def check_installation(w):
    """Users and directories are there before any start."""
    for name in USERS:
        u = pwd.getpwnam(name)
        assert u.pw_uid != 0 and u.pw_shell.endswith("nologin"), u
        assert grp.getgrgid(u.pw_gid).gr_name == name, u
    for name, owner in (("", "micelio"), ("identity", "micelio"),
                        ("state", "_mstate")):
        st = os.stat(w.main.data / name)
        assert st.st_mode & 0o7777 == 0o700, (name, st)
        assert st.st_uid == pwd.getpwnam(owner).pw_uid, (name, st)
    # Each boot does it again.
    run("systemd-tmpfiles", "--create", "micelio.conf")


def check_verify(_):
    """Not a word."""
    man = [] if shutil.which("man") else ["--man=no"]
    r = run("systemd-analyze", "verify", *man, "micelio.service",
            "micelio@test.service", "micelio-metrics.service",
            "micelio-metrics.timer")
    assert r.stdout + r.stderr == "", r


def check_security(_):
    for unit in ("micelio.service", "micelio@.service"):
        r = run("systemd-analyze", "security", "--offline=yes", "--no-pager",
                "--threshold=17", "/usr/lib/systemd/system/" + unit)
        score = re.search(r"exposure level for .*: ([\d.]+)", r.stdout)
        assert float(score[1]) <= 1.7, r.stdout
        print(f"   {unit}: exposure {score[1]}")


def listeners():
    """{(address, port)} of TCP and UDP that anybody waits at, in here."""
    found = set()
    for name, waits in (("tcp", "0A"), ("tcp6", "0A"), ("udp", "07"),
                        ("udp6", "07")):
        try:
            rows = pathlib.Path("/proc/net", name).read_text().splitlines()
        except FileNotFoundError:       # no IPv6
            continue
        for row in (r.split() for r in rows[1:]):
            host, port = row[1].split(":")
            words = [bytes.fromhex(host[i:i + 8])[::-1]
                     for i in range(0, len(host), 8)]
            if row[3] == waits:
                found.add((ipaddress.ip_address(b"".join(words)),
                           int(port, 16)))
    return found


def check_start(w):
    """Without a configuration file; it is ready when systemctl returns."""
    w.main.conf.unlink()
    began = time.monotonic()
    w.main.start()
    took = time.monotonic() - began
    assert systemctl("is-active", w.main.unit).stdout == "active\n"
    # The database may be opened after all daemons are up.
    w.main.wait_said("store_open")
    status = systemctl("status", w.main.unit).stdout
    node_id = w.main.ctl("status", "--json").stdout
    shown = re.search(r'Status: "(\S+) ([0-9a-f]{12})"', status)
    assert shown and shown[2] in node_id, (status, node_id)
    ms = re.search(r"node_ready .*ms=(\S+)", w.main.wait_said("node_ready.*")
                   .string)
    print(f"   systemctl start took {took * 1000:.0f} ms, exec to ready "
          f"{ms[1]}")
    assert (w.main.data / "identity/node.key").exists()
    # As installed, nobody is reached from elsewhere.
    found = listeners()
    assert (ipaddress.ip_address("127.0.0.1"), 2222) in found, found
    assert all(a.is_loopback for a, _ in found), found
    w.main.write_conf()
    systemctl("restart", w.main.unit)


def check_processes(w):
    """Each daemon is somebody else, and only the parent has a right."""
    parent = process(w.main.pid)
    assert parent["Uid"].split()[0] == str(pwd.getpwnam("micelio").pw_uid)
    for kind in ("CapPrm", "CapEff", "CapBnd"):
        assert int(parent[kind], 16) == SET_IDS, (kind, parent)
    assert int(parent["CapAmb"], 16) == 0, parent
    children = w.main.children()
    assert set(children) == set(DAEMONS), children
    for name, user in DAEMONS.items():
        p = process(children[name])
        assert set(p["Uid"].split()) == {str(pwd.getpwnam(user).pw_uid)}, p
        assert p["Groups"].strip() == "", p
        assert p["NoNewPrivs"] == "1" and p["Seccomp"] == "2", p
        for kind in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
            assert int(p[kind], 16) == 0, (name, kind, p)
        with open(f"/proc/{children[name]}/environ", "rb") as f:
            assert f.read() == b"", name
    status = json.loads(w.main.ctl("status", "--json").stdout)
    assert '"service"' in json.dumps(status), status


def check_two_instances(w):
    """Side by side with the first; directories made by the helper."""
    for n in (w.a, w.b):
        n.start()
        assert n.show("SubState") == "running"
        assert os.stat(n.data).st_mode & 0o7777 == 0o700
        assert os.stat(n.data / "state").st_uid == \
            pwd.getpwnam("_mstate").pw_uid
        assert n.socket.is_socket()
    w.main.wait_peers(2)
    ids = {PEM_ID, *(e["MICELIO_NODE"] for n in (w.main, w.a, w.b)
                     for e in n.events("node_ready"))}
    assert len(ids) == 4, ids


def check_chat_by_ssh(w):
    w.key = Key(w.main, "alice")
    panes = []
    for n in (w.a, w.b):
        n.authorize(w.key)
        client = Client(w.main, n, w.key, "alice" if n is w.a else "bob")
        client.wait_admitted(10)
        panes.append(client.open())
    panes[0].say("from one instance to the other")
    panes[1].wait_text("from one instance to the other")
    panes[1].say("and back")
    panes[0].wait_text("and back")
    r = Client(w.main, w.a, w.key).command("who")
    assert r.returncode == 0 and b"alice" in r.stdout, r
    for p in panes:
        p.close()


def check_reload(w):
    """systemctl waits, says whether it worked, and the old one is kept."""
    pid = w.b.pid
    w.b.write_conf(max_peers=9)
    systemctl("reload", w.b.unit)
    assert w.b.events("config_reloaded")[-1]["MICELIO_CHANGED"].find(
        "network.max_peers") >= 0
    before = w.b.conf.read_text()
    w.b.conf.write_text(before.replace("bootstrap", "bootstap"))
    r = systemctl("reload", w.b.unit, check=False)
    assert r.returncode != 0, r
    # The reason, with its line, where an operator looks for it.
    where = rf"{w.b.conf}:3: .*bootstap"
    assert re.search(where, w.b.ctl("reload", check=False).stderr), where
    w.b.wait_said(where)
    assert w.b.ctl("reload", check=False).returncode == 78
    assert w.b.active == "active" and w.b.pid == pid
    w.b.wait_peers(1)
    w.b.conf.write_text(before)
    systemctl("reload", w.b.unit)


def check_journal(w):
    """By daemon, with fields, each record by the process it is of."""
    def records():
        out = run("journalctl", "-q", "-t", "micelio-gossipd", "-o", "json",
                  "--no-pager").stdout
        return [r for r in map(json.loads, out.splitlines())
                if r.get("MICELIO_EVENT") == "peer_up" and
                r["_SYSTEMD_UNIT"] == w.main.unit]
    r = until("a record of gossipd", records, 5)[-1]
    assert r["_UID"] == str(pwd.getpwnam("_mgossip").pw_uid), r
    assert r["_PID"] != str(w.main.pid), r
    assert re.fullmatch("[0-9a-f]{12}", r["MICELIO_ID"]), r
    assert r["MICELIO_DIR"] == "in" and r["PRIORITY"] == "6", r
    assert r["MICELIO_ADDR"].startswith("127.0."), r
    assert len(r["MESSAGE_ID"]) == 32, r
    found = run("journalctl", "-q", "-o", "cat", "--no-pager",
                "MICELIO_ID=" + r["MICELIO_ID"]).stdout
    assert "peer_up" in found, found


def check_catalogue(w):
    """journalctl -x explains."""
    run("journalctl", "--update-catalog")
    out = run("journalctl", "-q", "-x", "--no-pager", "-u",
              w.b.unit).stdout
    for words in ("a peer is connected and known by its key",
                  "all daemons are up and sandboxed",
                  "micelio -n shows every error", "micelio-events(7)"):
        assert words in out, (words, out[-4000:])


def check_restart(w):
    """Within a second, peers and all."""
    times = []
    for _ in range(3):
        began = time.monotonic()
        systemctl("restart", w.a.unit)
        w.a.wait_peers(1)
        times.append(time.monotonic() - began)
    print("   restart with the peer back: "
          + ", ".join(f"{t * 1000:.0f} ms" for t in times))
    assert sorted(times)[1] <= 1.0, times
    # The same for the node the others dial.
    began = time.monotonic()
    systemctl("restart", w.main.unit)
    w.main.wait_peers(2)
    print(f"   restart of the one that is dialled: "
          f"{(time.monotonic() - began) * 1000:.0f} ms")


def check_sshd_respawn(w):
    """Killed: a new one at once, and the mesh does not notice."""
    mesh = w.a.child("micelio-transportd")
    downs = len(w.a.events("peer_down"))
    for n in range(2):
        old = w.a.child("micelio-sshd")
        os.kill(old, signal.SIGKILL)
        until("another sshd", lambda: w.a.child("micelio-sshd") != old, 10)
        until("it answers", lambda: w.a.ctl(
            "version", check=False).returncode == 0, 10)
        until("it says so", lambda: len(w.a.events("child_respawned")) > n, 5)
    assert w.a.child("micelio-transportd") == mesh
    assert len(w.a.events("peer_down")) == downs
    Client(w.main, w.a, w.key).wait_admitted(10)
    assert w.a.active == "active" and w.a.show("NRestarts") == "0"


def check_hung(w):
    """
    Three at once, as it takes its time: gossipd of a stops answering, and
    micelio ends the node and says why; of c, whose watchdog is quicker,
    systemd does; and sshd of main, which ends sshd only.
    """
    c = Node("c", [w.main.mesh])
    c.drop_in("[Service]\nWatchdogSec=5\n")
    c.start()
    w.main.wait_peers(3)
    old = {n: n.pid for n in (w.a, c, w.main)}
    for n, name in ((w.a, "micelio-gossipd"), (c, "micelio-gossipd"),
                    (w.main, "micelio-sshd")):
        os.kill(n.child(name), signal.SIGSTOP)
    sshd = w.main.child("micelio-sshd")
    transportd = w.main.child("micelio-transportd")
    began = time.monotonic()
    for n in (c, w.a):
        until(f"{n.name} is another one", lambda n=n: n.active == "active" and
              n.pid not in (0, old[n]), 30)
        print(f"   {n.name} recovered {time.monotonic() - began:.1f} s after "
              "gossipd was stopped")
    c.wait_said(r"Watchdog timeout")
    w.a.wait_said(r"child_hung child=micelio-gossipd")
    assert w.a.show("NRestarts") == "1" and c.show("NRestarts") == "1"
    until("another sshd of main",
          lambda: w.main.child("micelio-sshd") != sshd, 20)
    until("it answers",
          lambda: w.main.ctl("version", check=False).returncode == 0, 10)
    w.main.wait_said(r"child_hung child=micelio-sshd")
    assert w.main.pid == old[w.main]
    assert w.main.child("micelio-transportd") == transportd
    w.main.wait_peers(3, 20)
    c.stop()


def check_killed(w):
    """The parent killed: no daemon survives it, and it comes back."""
    children = w.a.children()
    pid = w.a.kill()
    until("it is another one", lambda: w.a.active == "active" and
          w.a.pid not in (0, pid), 15)
    for child in children.values():
        assert process(child) is None, child
    w.a.wait_peers(1)


def check_broken_configuration(_):
    """Said with its line, once, and not tried again."""
    bad = Node("bad")
    bad.conf.write_text("network = {\n lisen = 5;\n};\n")
    assert bad.start(check=False).returncode != 0
    bad.wait_said(rf"{bad.conf}:2: .*network.listen")
    # And by the program itself, where it is not asked before.
    worse = Node("worse")
    worse.conf.unlink()
    worse.drop_in("[Service]\nExecStartPre=\n")
    assert worse.start(check=False).returncode != 0
    worse.wait_said(rf"{worse.conf}: does not exist")
    assert worse.show("ExecMainStatus") == "78"
    # Broken while it ran: the crash is tried again, the mistake is not.
    later = Node("later")
    later.start()
    later.conf.write_text("network = {\n lisen = 5;\n};\n")
    os.kill(later.child("micelio-gossipd"), signal.SIGKILL)
    later.wait_said(rf"{later.conf}:2: .*network.listen", 10)
    for n in (bad, worse, later):
        until(f"{n.name} has failed", lambda n=n: n.active == "failed", 20)
    time.sleep(2.5)         # it stays so: RestartSec is 1
    for n, restarts in ((bad, "0"), (worse, "0"), (later, "1")):
        assert n.active == "failed", (n.name, n.active)
        assert n.show("NRestarts") == restarts, n.name
        assert n.show("Result") == "exit-code"


def check_address_in_use(_):
    """That may pass: it is tried again."""
    import socket
    n = Node("late")
    host, port = n.mesh.split(":")
    with socket.create_server((host, int(port))):
        assert n.start(check=False).returncode != 0
        n.wait_said("cannot listen on " + n.mesh)
        assert n.active == "activating", n.active
    until("it listens at last", lambda: n.active == "active", 10)
    n.stop()


def check_restored_by_root(w):
    """A backup put back by root: the owners are mended, all is kept."""
    w.b.stop()
    before = (w.b.data / "identity/node.pub").read_text()
    outside = pathlib.Path("/var/outside")
    outside.write_text("root's\n")
    (w.b.data / "state/link").symlink_to(outside)
    os.link(outside, w.b.data / "state/second-name")
    shutil.chown(w.b.data, 0, 0)
    for path in w.b.data.rglob("*"):
        os.chown(path, 0, 0, follow_symlinks=False)
    w.b.start()
    w.b.wait_peers(1)
    assert (w.b.data / "identity/node.pub").read_text() == before
    state = pwd.getpwnam("_mstate").pw_uid
    for path in (w.b.data / "state").iterdir():
        if path.name not in ("link", "second-name"):
            assert path.stat().st_uid == state, path
    assert outside.stat().st_uid == 0
    assert not [e for e in w.b.events("store_damaged")]
    (w.b.data / "state/link").unlink()
    (w.b.data / "state/second-name").unlink()


def check_reserved_names(w):
    """No instance lives in the state of another node."""
    before = os.stat(w.main.data / "state")
    for name in ("state", "identity"):
        n = Node(name)
        assert n.start(check=False).returncode != 0
        n.wait_said("no name of an instance")
        n.conf.unlink()
    after = os.stat(w.main.data / "state")
    assert (before.st_uid, before.st_mode) == (after.st_uid, after.st_mode)
    w.main.ctl("version")


def check_credential(_):
    """The identity by LoadCredential, from a file that is root's alone."""
    n = Node("cred")
    key = pathlib.Path("/etc/micelio/node.key")
    key.write_text(PEM)
    key.chmod(0o600)
    shipped = pathlib.Path(
        "/usr/share/doc/micelio/identity-credential.conf").read_text()
    n.drop_in(shipped)
    n.start()
    assert f'{n.name} {PEM_ID}' in n.show("StatusText"), n.show("StatusText")
    assert not (n.data / "identity/node.key").exists()
    # Reloading needs no key; a restart takes it again.
    systemctl("reload", n.unit)
    systemctl("restart", n.unit)
    assert PEM_ID in n.show("StatusText"), n.show("StatusText")
    n.stop()
    key.unlink()
    assert n.start(check=False).returncode != 0


def check_group(w):
    """Members of the group micelio may use micelioctl, others not."""
    gid = grp.getgrnam("micelio").gr_gid
    sock = str(w.main.socket)
    for groups, works in ((f"--groups={gid}", True), ("--clear-groups", False)):
        r = run("setpriv", "--reuid=65534", "--regid=65534", groups,
                "micelioctl", "-s", sock, "who", check=False)
        assert (r.returncode == 0) == works, (groups, r)


def check_stop(w):
    """In order, in time, and nothing stays but the data."""
    for n in (w.a, w.b, w.main):
        children = n.children()
        began = time.monotonic()
        n.stop()
        took = time.monotonic() - began
        assert n.show("Result") == "success", n.name
        assert n.show("ExecMainStatus") == "0", n.name
        assert took < 3, took
        for pid in children.values():
            assert process(pid) is None
        assert not n.run_dir.exists()
        n.wait_said(r"node_stopped")
    ours = {str(pwd.getpwnam(u).pw_uid) for u in USERS}
    left = [p for p in (process(d.name) for d in
                        pathlib.Path("/proc").glob("[0-9]*"))
            if p and p["Uid"].split()[0] in ours]
    assert not left, left


def check_nothing_bad(w):
    """No line of a kind that only a defect of ours makes."""
    bad = {"fatal", "channel_violation", "sandbox_weak", "key_refused",
           "store_damaged", "store_failed", "session_lied",
           "authkeys_unreadable"}
    out = run("journalctl", "-q", "-o", "json", "--no-pager",
              "_TRANSPORT=journal").stdout
    found = [r["MESSAGE"] for r in map(json.loads, out.splitlines())
             if r.get("MICELIO_EVENT") in bad]
    assert not found, found
    assert w


CHECKS = (check_installation, check_verify, check_security, check_start,
          check_processes, check_two_instances, check_chat_by_ssh,
          check_reload, check_journal, check_catalogue, check_restart,
          check_sshd_respawn, check_hung, check_killed,
          check_broken_configuration, check_address_in_use,
          check_restored_by_root, check_reserved_names, check_credential,
          check_group, check_stop, check_nothing_bad)


def main(checks, w):
    """A check may return what it saw, in words."""
    failed = 0
    began = time.monotonic()
    for check in checks:
        name = check.__name__.removeprefix("check_")
        if sys.argv[1:] and name not in sys.argv[1:]:
            continue
        start = time.monotonic()
        try:
            seen = check(w)
            print(f"ok {name} ({time.monotonic() - start:.1f} s)"
                  + (f": {seen}" if seen else ""))
        except Exception as e:      # noqa: BLE001
            failed += 1
            print(f"FAIL {name}: {e}")
            traceback.print_exc(file=sys.stdout)
            run("journalctl", "--sync", check=False)
            print(run("journalctl", "-q", "-n", "80", "-o", "short-monotonic",
                      "--no-pager", check=False).stdout)
        sys.stdout.flush()
    print(f"in all {time.monotonic() - began:.1f} s\ndone", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(CHECKS, World()))
