# SPDX-License-Identifier: MIT
"""Starts, ends, and what dies in between."""
import os
import shutil
import signal
import socket
import subprocess
import time

import procs
from node import DAEMONS, ESSENTIAL, Node
from peer import Peer
from runner import lane
from sshclient import Client, Key
from waiting import never, until


def second_start(node, timeout=5):
    """Another start on the same data directory."""
    return subprocess.run(node.command(), stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          timeout=timeout, text=True, check=False)


def gone_within(t, node, pids, seconds, what):
    began = time.monotonic()
    status = node.wait_end(seconds, pids)
    t.note(f"{what}: all gone in {time.monotonic() - began:.2f} s, "
           f"status {status}")
    return status


def test_start_and_stop(t):
    began = time.monotonic()
    node = Node(t, "north").start()
    t.note(f"exec to ready: {time.monotonic() - began:.3f} s")
    took = node.stop()
    t.note(f"SIGTERM to the end: {took:.3f} s")
    for sig in (signal.SIGINT,):
        node.start()
        pids = node.processes()
        node.signal(sig)
        assert node.wait_end(5, pids) == 0
    for file, mode in (("identity/node.key", 0o600),
                       ("identity/node.pub", 0o644)):
        assert os.stat(os.path.join(node.dir, file)).st_mode & 0o777 == mode
    assert not os.path.exists(os.path.join(node.dir, "control.sock"))


def _kill_child(name):
    @lane(budget=60, waits=True)
    def test(t):
        node = Node(t, "north").start()
        peer = Peer(t)
        peer.dial(node)
        for sig, word in ((signal.SIGKILL, "lost"), (signal.SIGSTOP, "hung")):
            if not node.running():
                node.start()
            pids, pid = node.processes(), node.child(name)
            os.kill(pid, sig)
            if name in ESSENTIAL:
                status = gone_within(t, node, pids, 25, f"{name}: {sig.name}")
                assert status not in (0, -9), status
                line = node.events(f"child_{word}", child=name) or \
                    node.events(f"child_{word}", child=f"micelio-{name}")
                assert line, node.log_tail()
                continue
            # Not essential: comes back by itself, the node stays.
            began = time.monotonic()
            until(f"{name} is back",
                  lambda p=pid: not procs.alive(p) and
                  node.child(name) != p, 25)
            t.note(f"{name}: {sig.name}: back after "
                   f"{time.monotonic() - began:.2f} s")
            assert node.running() and not peer.is_closed()
            key = Key(t)
            node.authorize(key.line)
            until("it takes people again", lambda k=key: Client(
                t, node, k).command("who").returncode == 0, 10, 0.3)
    test.__name__ = f"test_kill_{name}"
    return test


for _name in DAEMONS:
    globals()[f"test_kill_{_name}"] = _kill_child(_name)


@lane(budget=60, waits=True)
def test_kill_session(t):
    """A session's process: that login ends, nothing else."""
    node = Node(t, "north")
    key = Key(t)
    node.authorize(key.line)
    node.start()
    for sig in (signal.SIGKILL, signal.SIGSTOP):
        bob = Client(t, node, key, "bob").open()
        sessions = [p for p in procs.descendants(node.pid)
                    if "sshd-session" in "".join(procs.cmdline(p)[:1])]
        alice = Client(t, node, key, "alice").open()
        os.kill(sessions[0], sig)
        alice.wait_text("bob.*(left|gone|lost|quit)", 40)
        alice.say("still here")
        alice.say("/quit")
        assert alice.wait_end() == 0
        assert not procs.alive(sessions[0])
        bob.close()


def test_kill_parent(t):
    """Nobody is left; the next start works at once."""
    node = Node(t, "north").start()
    peer = Peer(t)
    peer.dial(node)
    pids = node.processes()
    assert len(pids) == 5, pids
    node.signal(signal.SIGKILL)
    gone_within(t, node, pids, 5, "parent: SIGKILL")
    peer.wait_closed()
    began = time.monotonic()
    node.start()
    t.note(f"ready again after {time.monotonic() - began:.2f} s")
    node.stop()


def test_second_start(t):
    node = Node(t, "north").start()
    began = time.monotonic()
    r = second_start(node)
    took = time.monotonic() - began
    assert r.returncode not in (0, 70) and took < 2, (r, took)
    assert str(node.pid) in r.stdout, r.stdout
    assert node.running()
    t.note(r.stdout.strip())


def test_survivor(t):
    """A stated that outlives its parent keeps the next start away."""
    node = Node(t, "north").start()
    pids, survivor, parent = node.processes(), node.child("stated"), node.pid
    os.kill(survivor, signal.SIGSTOP)
    try:
        node.signal(signal.SIGKILL)
        node.process.wait(5)
        until("the others are gone", lambda: sum(
            procs.alive(p, s) for p, s in pids.items()) == 1, 5)
        r = second_start(node)
        assert r.returncode not in (0, 70), r
        assert str(survivor) in r.stdout or "left over" in r.stdout and \
            str(parent) in r.stdout, (survivor, parent, r.stdout)
        t.note(r.stdout.strip())
        # It touched nothing: no process of the second start is left.
        assert procs.alive(survivor)
    finally:
        os.kill(survivor, signal.SIGCONT)
    until("it ends by itself", lambda: (procs.reap_known(pids), not
          procs.alive(survivor))[1], 5)
    node.start()
    node.stop()


def test_stopped_parent(t):
    """A stopped parent and SIGTERM to all: nothing hangs for ever."""
    node = Node(t, "north").start()
    # Signals meant for the parent only do no harm to the children.
    for name in DAEMONS:
        for sig in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            os.kill(node.child(name), sig)
    peer = Peer(t)
    peer.dial(node)
    node.stop()


def test_reload(t):
    """SIGHUP: all or nothing."""
    node = Node(t, "north").start()
    peer = Peer(t)
    addr = peer.listen()
    assert not [e for e in node.events() if e.level == "debug"]
    # Good: the level and a bootstrap entry change, the name needs a restart.
    node.bootstrap, node.level = [addr], "debug"
    node.write_conf()
    node.signal(signal.SIGHUP)
    line = node.wait_event("config_reloaded")
    assert "network.bootstrap" in line.fields["changed"], line
    peer.wait("up", 10)
    # Details are logged now.
    node.authorize("# nobody")
    assert node.wait_event("authkeys_read").level == "debug"
    node.name, old = "other", node.name
    node.write_conf()
    node.name = old
    r = node.ctl("reload")
    assert "node.name" in r.stdout and "restart" in r.stdout, r
    # Bad: each error with its line; nothing changes.
    node.write_conf('network = {\n lisen = "x";\n max_peers = -1;\n};\n')
    r = node.ctl("reload", check=False)
    assert r.returncode == 78, r
    text = r.stdout + r.stderr
    assert ":2:" in text and "network.listen" in text, text
    assert ":3:" in text and "max_peers" in text, text
    node.signal(signal.SIGHUP)
    node.wait_event("config_refused", count=1)
    peer.chat("still linked", peer.find("up")[0]["conn"])
    assert not peer.is_closed(peer.find("up")[0]["conn"])
    # Bootstrap gone: good again.
    node.write_conf()
    assert node.ctl("reload").returncode == 0
    # And once more, without a change.
    before = len(node.events("config_reloaded"))
    r = node.ctl("reload")
    assert "reloaded; nothing changed" in r.stdout or \
        "needs a restart" in r.stdout, r
    line = node.wait_event("config_reloaded", count=before + 1)
    assert line.fields["changed"], line
    node.stop()


class OwnConfig(Node):
    """A node that finds its configuration in its data directory."""

    def command(self, *extra):
        conf = os.path.join(self.dir, "micelio.conf")
        if self.process is None:
            os.rename(self.conf_file, conf)
        self.conf_file = conf
        words = super().command(*extra)
        at = words.index("-c")
        return words[:at] + words[at + 2:]


def test_reload_without_the_file(t):
    """A file that has gone is a mistake, not an empty one."""
    node = OwnConfig(t, "north",
                     settings={"network": "max_peers = 3;"}).start()
    os.rename(node.conf_file, node.conf_file + ".gone")
    r = node.ctl("reload", check=False)
    assert r.returncode == 78, r
    assert "does not exist" in r.stdout + r.stderr, r
    os.rename(node.conf_file + ".gone", node.conf_file)
    assert node.ctl("reload").returncode == 0
    node.stop()


def test_reload_while_sshd_ends(t):
    """One that is started in the middle of a reload has all of it."""
    node = Node(t, "north")
    alice = Key(t, "alice")
    node.authorize(alice.line)
    node.start()
    gossipd, sshd = node.child("gossipd"), node.child("sshd")
    os.kill(gossipd, signal.SIGSTOP)
    try:
        node.settings = {"ssh": "max_per_address = 1;"}
        node.write_conf()
        node.signal(signal.SIGHUP)
        # The others answer, gossipd is waited for.
        never("it is in force without gossipd",
              lambda: node.events("config_reloaded"), 0.3)
        os.kill(sshd, signal.SIGKILL)
        node.wait_event("child_respawned", 5)
        until("sshd answers", lambda: node.ctl(
            "version", check=False).returncode == 0, 5)
    finally:
        os.kill(gossipd, signal.SIGCONT)
    node.wait_event("config_reloaded")
    assert Client(t, node, alice).command("who").returncode == 0
    host, port = node.ssh_address.rsplit(":", 1)
    with socket.create_connection((host, int(port))) as first, \
            socket.create_connection((host, int(port))) as second:
        second.settimeout(20)
        assert second.recv(100).startswith(b"SSH-")
        first.settimeout(20)
        while first.recv(4096):     # it made way for the second
            pass
    node.stop()


def test_authorized_keys_reload(t):
    """A key added works at once; a key removed ends its sessions."""
    node = Node(t, "north").start()
    alice, bob = Key(t, "alice"), Key(t, "bob")
    assert Client(t, node, alice).command("who").returncode == 255
    node.authorize(alice.line, bob.line)
    until("the key works", lambda: Client(t, node, alice).command("who")
          .returncode == 0, 5)
    terminal = Client(t, node, bob, "bob").open()
    node.authorize(alice.line)
    terminal.wait_end(5)
    assert Client(t, node, bob).command("who").returncode == 255
    assert Client(t, node, alice).command("who").returncode == 0


def test_authorized_keys_link(t):
    """The file may be a link: a change of its target is seen."""
    node = Node(t, "north")
    real = os.path.join(t.dir, "elsewhere")
    os.mkdir(real, 0o755)
    link = os.path.join(node.dir, "authorized_keys")
    target = os.path.join(real, "keys")
    alice, bob = Key(t, "alice"), Key(t, "bob")

    def put(*keys):
        with open(target, "w") as f:
            f.write("".join(k.line + "\n" for k in keys))
        os.chmod(target, 0o600)
    put(alice)
    os.symlink(target, link)
    node.start()
    assert Client(t, node, alice).command("who").returncode == 0
    put(bob)
    until("bob's key works", lambda: Client(t, node, bob).command(
        "who").returncode == 0, 10)
    assert Client(t, node, alice).command("who").returncode == 255
    # Another target: that one is watched then.
    target = os.path.join(t.dir, "third")
    put(alice)
    os.symlink(target, link + ".new")
    os.rename(link + ".new", link)
    until("alice's key works", lambda: Client(t, node, alice).command(
        "who").returncode == 0, 10)
    put(bob)
    until("bob's key works again", lambda: Client(t, node, bob).command(
        "who").returncode == 0, 10)


def test_damaged_store(t):
    """A broken database is set aside, loudly, and the node starts."""
    node = Node(t, "north").start()
    peer = Peer(t)
    peer.dial(node, hello={"reachable": True, "listen_addr": "192.0.2.9:4000"})
    node.stop()
    state = os.path.join(node.dir, "state")
    files = [os.path.join(d, f) for d, _, names in os.walk(state)
             for f in names]
    assert files
    for path in files:
        with open(path, "r+b") as x:
            x.write(os.urandom(16384))
    node.start()
    line = node.wait_event("store_damaged")
    aside = [f for f in os.listdir(node.dir) + os.listdir(state)
             if "damaged" in f]
    assert aside, (line, os.listdir(node.dir))
    node.stop()
    shutil.rmtree(state)
    node.start()
    node.stop()
