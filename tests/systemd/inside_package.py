#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
Runs inside the container of package.py, a Debian with what the package
depends on: the package as dpkg puts it there, changes it and takes it away.
"""
import json
import os
import pathlib
import pwd
import shutil
import subprocess
import sys

import inside
from inside import Client, HOME, Node, USERS, process, run, systemctl, until

ONE, TWO = "/debs/one.deb", "/debs/two.deb"
INIT = ("micelioctl", "--data-dir", "/var/lib/micelio", "init", "--config",
        "/etc/micelio/micelio.conf")
# What others write, and the copies that passwd makes of its own files.
NOT_OURS = ("/proc", "/sys", "/dev", "/run", "/tmp", "/var/tmp", "/out",
            "/tests", "/debs", "/var/log", HOME,
            "/var/lib/dpkg", "/var/lib/systemd/timers",
            "/var/lib/systemd/catalog", "/var/lib/systemd/linger",
            "/var/lib/private", "/etc/passwd-", "/etc/group-",
            "/etc/shadow-", "/etc/gshadow-", "/etc/subuid-",
            "/etc/subgid-", "/etc/.pwd.lock")


class Main(Node):
    """micelio.service with the configuration that init made."""

    def write_conf(self, *_, **__):
        pass


class RootKey:
    """The SSH key of root, which init lets in."""

    def __init__(self):
        self.path = os.path.join(HOME, ".ssh/id_ed25519")
        os.makedirs(os.path.dirname(self.path), mode=0o700, exist_ok=True)
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.path)


class World:
    """What the checks share."""

    def __init__(self):
        self.before = everything()
        self.main = Main()
        shutil.rmtree("/etc/micelio")       # made by Node
        self.main.ssh_address = "127.0.0.1:2222"
        self.second = self.key = self.id = None

    def answers(self):
        """By SSH and on the control socket, as the same node, with its map."""
        r = Client(self.main, self.main, self.key, "root").command("who")
        assert r.returncode == 0 and b"Online" in r.stdout, r
        r = self.main.ctl("get", "o/kept")
        assert "through all of it" in r.stdout, r
        assert node_id(self.main) == self.id


def everything():
    """Every path, and the names in passwd and group."""
    found = set()
    for top, dirs, files in os.walk("/"):
        dirs[:] = [d for d in dirs if os.path.join(top, d) not in NOT_OURS]
        found.update(os.path.join(top, name) for name in dirs + files)
    for name in ("passwd", "group", "shadow", "gshadow"):
        with open("/etc/" + name, encoding="utf-8") as f:
            found.update(f"{name}: {line.split(':')[0]}" for line in f)
    return {f for f in found if f not in NOT_OURS}


def node_id(n):
    return json.loads(n.ctl("status", "--json").stdout)["id"]


def dpkg(*argv):
    r = run("dpkg", *argv)
    assert "error" not in r.stderr.lower(), r.stderr
    return r


def processes():
    """Those of our users."""
    ours = {str(pwd.getpwnam(u).pw_uid) for u in USERS}
    return [p for p in (process(d.name) for d in
                        pathlib.Path("/proc").glob("[0-9]*"))
            if p and p["Uid"].split()[0] in ours]


def check_install(w):
    """Enabled, not started, and it says why; nothing has failed."""
    said = dpkg("-i", ONE).stdout
    readme = "/usr/share/doc/micelio/README.Debian"
    assert readme in said and os.path.exists(readme), said
    inside.check_installation(w)
    inside.check_verify(w)
    inside.check_security(w)
    assert w.main.show("UnitFileState") == "enabled"
    assert systemctl("is-enabled", "micelio-metrics.timer",
                     check=False).stdout == "disabled\n"
    assert w.main.active == "inactive" and not processes()
    status = systemctl("status", "micelio", check=False).stdout
    why = "ConditionPathExists=/etc/micelio/micelio.conf was not met"
    assert why in status, status
    assert " ".join(INIT) in pathlib.Path(readme).read_text()
    failed = systemctl("--failed", "--no-legend", "--plain").stdout
    assert "micelio" not in failed, failed
    return f"6 users, enabled, not started: {why}"


def check_init(w):
    """As root; all is the service's, and a second time changes nothing."""
    w.key = RootKey()
    said = run(*INIT).stdout
    node = pwd.getpwnam("micelio").pw_uid
    for name in ("/etc/micelio/micelio.conf", w.main.data / "authorized_keys",
                 w.main.data / "identity/node.key"):
        st = os.stat(name)
        assert st.st_uid == node and st.st_mode & 0o7777 == 0o600, (name, st)
    again = run(*INIT).stdout
    assert " made " not in again and again.count(" kept ") == 4, again
    made = [line.split()[0] for line in said.splitlines() if " made " in line]
    assert made == ["configuration", "identity", "authorized_keys"], said
    return "made " + ", ".join(made)


def check_start(w):
    """With a second node, by hand, and the timer of the numbers."""
    systemctl("start", "micelio")
    inside.check_processes(w)
    w.id = node_id(w.main)
    w.main.ctl("put", "o/kept", "through all of it")
    Client(w.main, w.main, w.key, "root").wait_admitted()
    w.answers()
    w.second = Node("second")
    systemctl("enable", "--now", w.second.unit, "micelio-metrics.timer")
    return f"node {w.id[:12]}, {len(processes())} processes of two nodes"


def check_unpacked(w):
    """Old programs running, new files there: a login and a crash are good."""
    pid = w.main.pid
    dpkg("--unpack", TWO)
    assert w.main.pid == pid
    w.answers()
    old = w.main.child("micelio-sshd")
    os.kill(old, 9)
    until("another sshd", lambda: w.main.child("micelio-sshd") != old, 10)
    Client(w.main, w.main, w.key, "root").wait_admitted(15)
    w.answers()
    assert w.main.pid == pid
    return "ssh answers, also after sshd was killed"


def check_upgrade(w):
    """Both restarted, once; the same node with the same map."""
    pids = {n: n.pid for n in (w.main, w.second)}
    dpkg("--configure", "micelio")
    for n, pid in pids.items():
        until(f"{n.name} is up", lambda n=n: n.active == "active", 10)
        assert n.pid not in (0, pid), n.name
        assert n.show("NRestarts") == "0" and n.show("Result") == "success"
    Client(w.main, w.main, w.key, "root").wait_admitted()
    w.answers()
    assert systemctl("is-active", "micelio-metrics.timer").stdout == \
        "active\n"
    version = run("dpkg-query", "-Wf", "${Version}", "micelio").stdout
    return f"to {version}: both nodes restarted, same id, same map"


def check_stopped(w):
    """Who is switched off stays off through an upgrade."""
    systemctl("disable", "--now", "micelio")
    dpkg("-i", TWO)
    assert w.main.active == "inactive"
    assert w.main.show("UnitFileState") == "disabled"
    systemctl("enable", "--now", "micelio")
    w.answers()
    return "a disabled node stays down"


def check_nothing_bad(w):
    inside.check_nothing_bad(w)
    return "no line of a defect in the journal"


def check_remove(w):
    """Everything stops; keys, map, configuration and users stay."""
    key = (w.main.data / "identity/node.key").read_bytes()
    dpkg("-r", "micelio")
    assert not processes(), processes()
    for unit in ("micelio.service", w.second.unit, "micelio-metrics.timer"):
        assert systemctl("cat", unit, check=False).returncode != 0, unit
        assert systemctl("is-active", unit, check=False).returncode != 0
    assert (w.main.data / "identity/node.key").read_bytes() == key
    assert list((w.main.data / "state").iterdir())
    assert w.main.conf.exists() and w.second.conf.exists()
    return "stopped; keys, data, configuration, users kept"


def check_again(w):
    """Installed again, it is what it was, and starts by itself."""
    dpkg("-i", TWO)
    assert w.main.active == "active"
    w.answers()
    return "starts by itself, same id, same map"


def check_purge(w):
    """As if it had never been here; also for a user of its group."""
    run("usermod", "-aG", "micelio", "nobody")
    dpkg("-P", "micelio")
    left = sorted(everything() - w.before)
    assert not left, left
    gone = sorted(w.before - everything())
    assert not gone, gone
    run("systemctl", "daemon-reload")
    ids = subprocess.run(["id", "micelio"], check=False, capture_output=True)
    assert ids.returncode != 0
    return f"nothing left; {len(w.before)} paths and names as before"


CHECKS = (check_install, check_init, check_start, check_unpacked,
          check_upgrade, check_stopped, check_nothing_bad, check_remove,
          check_again, check_purge)

if __name__ == "__main__":
    os.environ["HOME"] = HOME   # as for who types init
    sys.exit(inside.main(CHECKS, World()))
