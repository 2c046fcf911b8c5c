# SPDX-License-Identifier: MIT
"""The command line and the configuration, as a person meets them."""
import base64
import os
import subprocess
import sys
import time

from node import Node
from runner import lane
from sshclient import Key
from test_modes import NOBODY, as_nobody, setpriv
from waiting import until


def run(t, *args, env=None, timeout=10):
    node = Node(t, "x", ssh=False)
    t.nodes.remove(node)
    return subprocess.run([node.binary, "--libexec", t.build, *args],
                          stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=timeout, check=False,
                          env={"PATH": "/usr/bin:/bin", "HOME": t.dir,
                               **(env or {})})


def conf(t, text):
    path = os.path.join(t.dir, "test.conf")
    with open(path, "w") as f:
        f.write(text)
    return path


def test_options(t):
    r = run(t, "--version")
    assert r.returncode == 0 and "0.1.0" in r.stdout, r
    for h in ("-h", "--help"):
        r = run(t, h)
        assert r.returncode == 0 and "usage" in r.stdout.lower(), r
    for bad in (["--nosuch"], ["-q"], ["stray"], ["--name"],
                ["--log-level", "loud"]):
        r = run(t, *bad)
        assert r.returncode == 64 and r.stderr and not r.stdout, (bad, r)
        assert r.stderr.count("\n") <= 3, r.stderr


def test_check(t):
    path = conf(t, 'node = { name = "n"; };\n')
    for option in ("-n",):
        r = run(t, option, "-c", path)
        assert r.returncode == 0, r
    r = run(t, "-nv", "-c", path)
    assert r.returncode == 0 and '"n"' in r.stdout, r
    # What is printed reads back equal.
    again = run(t, "-nv", "-c", conf(t, r.stdout))
    assert again.returncode == 0 and again.stdout == r.stdout, (r, again)
    # The reference's single-dash spellings.
    r = run(t, "-n", "-config", path)
    assert r.returncode == 0, r
    r = run(t, "-n", "-c", os.path.join(t.dir, "absent.conf"))
    assert r.returncode == 78, r
    # An empty file is fine.
    assert run(t, "-n", "-c", conf(t, "")).returncode == 0


def test_ssh_off(t):
    """From the command line, whatever the file says."""
    for option in (("--ssh-listen", ""), ("--ssh-listen=",)):
        r = run(t, "-nv", "-c", conf(
            t, 'ssh = { listen = "127.0.0.1:2222"; };\n'), *option)
        assert r.returncode == 0 and "listen = ();" in r.stdout, r
        assert '"127.0.0.1:2222"' not in r.stdout, r
    node = Node(t, "north", options=["--ssh-listen", ""]).start()
    assert not node.events("listening", what="ssh")
    assert node.ctl("who").returncode == 0


def test_errors_at_once(t):
    path = conf(t, 'network = {\n'
                   ' lisen = "127.0.0.1:1";\n'
                   ' max_peers = "15";\n'
                   ' exchange_interval = 30;\n'
                   '};\nlogging = { level = "loud"; };\n')
    r = run(t, "-n", "-c", path)
    assert r.returncode == 78, r
    for want in ("test.conf:2:", 'did you mean "network.listen"',
                 "test.conf:3:", "test.conf:4:", '"30s"', "test.conf:6:",
                 "logging.level"):
        assert want in r.stderr, (want, r.stderr)
    t.keep("errors.txt", r.stderr)


def test_show_id(t):
    node = Node(t, "north", seed=bytes(range(32)))
    # It makes nothing; the host key comes with the first start.
    r = run(t, "--show-id", "--data-dir", node.dir)
    assert r.returncode in (0, 1), r
    assert os.listdir(os.path.join(node.dir, "identity")) == ["node.key"]
    node.start()
    assert node.id.startswith("56475aa75463")
    assert node.seed == bytes(range(32))
    with open(os.path.join(node.dir, "identity", "node.pub")) as f:
        assert f.read() == "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAOhB7/zzhC" \
            "+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4\n"
    r = run(t, "--show-id", "--data-dir", node.dir)
    assert r.returncode == 0, r
    assert "56475aa75463474c0285df5dbf2bcab73da651358839e9b77481b2eab107708c" \
        in r.stdout, r.stdout
    key = subprocess.run(["ssh-keygen", "-lf", os.path.join(
        node.dir, "identity", "ssh_host_ed25519_key.pub")],
        capture_output=True, text=True, check=True).stdout.split()[1]
    assert key in r.stdout, (key, r.stdout)


def test_bad_key_files(t):
    """Never a new identity because the old one cannot be read."""
    good = Node(t, "good")
    good.plant_identity(bytes(range(32)))
    path = os.path.join(good.dir, "identity", "node.key")
    with open(path) as f:
        pem = f.read()
    ssh = Key(t)
    with open(ssh.path) as f:
        openssh = f.read()
    der = base64.b64decode(pem.splitlines()[1])
    wrong = {"empty": "", "text": "hello\n", "openssh": openssh,
             "cut": pem[:60], "other": pem.replace("MC4C", "MC4D"),
             "rsa": "-----BEGIN PRIVATE KEY-----\n" + base64.b64encode(
                 der.replace(b"\x2b\x65\x70", b"\x2b\x65\x6e")).decode() +
             "\n-----END PRIVATE KEY-----\n"}
    for name, text in wrong.items():
        with open(path, "w") as f:
            f.write(text)
        r = subprocess.run(good.command(), capture_output=True, text=True,
                           timeout=10, check=False, stdin=subprocess.DEVNULL)
        assert r.returncode not in (0, 70), (name, r)
        assert "node.key" in r.stderr, (name, r.stderr)
        with open(path) as f:
            assert f.read() == text, name
    # Readable by others: refused, and the remedy named.
    with open(path, "w") as f:
        f.write(pem)
    os.chmod(path, 0o644)
    r = subprocess.run(good.command(), capture_output=True, text=True,
                       timeout=10, check=False, stdin=subprocess.DEVNULL)
    assert r.returncode not in (0, 70) and "chmod" in r.stderr, r


@lane(root=True)
def test_address_in_use(t):
    """Whose it is, where the kernel lets an ordinary user know."""
    b = as_nobody(t, "south")
    b.mesh_address = f"{b.address}:{20000 + os.getpid() % 10000}"
    b.write_conf()
    host, port = b.mesh_address.split(":")
    other = subprocess.Popen(
        [*setpriv(NOBODY, NOBODY), sys.executable, "-c", "import socket, sys;"
         f"s = socket.create_server(({host!r}, {port}));"
         "print('on', flush=True); sys.stdin.read()"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    other.stdout.readline()
    began = time.monotonic()
    b.start(ready=False)
    status = b.process.wait(10)
    other.stdin.close()
    other.wait()
    assert status not in (0, 70) and time.monotonic() - began < 5, status
    assert b.mesh_address in b.log() and str(other.pid) in b.log(), b.log()


def test_ctl_without_node(t):
    node = Node(t, "north")
    began = time.monotonic()
    r = node.ctl("status", check=False)
    took = time.monotonic() - began
    assert r.returncode == 69 and "control.sock" in r.stderr, r
    assert took < 0.5, took
    # What there is, nobody has to run a node for.
    alone = node.ctl("help").stdout.splitlines()
    assert any(x.startswith("  status ") for x in alone), alone
    assert node.ctl("help", "nosuch", check=False).returncode == 64
    # That text is for people; who wants JSON is told there is no node.
    assert node.ctl("help", "--json", check=False).returncode == 69
    node.start()
    asked = node.ctl("help").stdout.splitlines()
    assert [x for x in alone if x.startswith("  ")] == \
        [x for x in asked if x.startswith("  ")], (alone, asked)


def test_ctl(t):
    node = Node(t, "north").start()
    other = Node(t, "south", bootstrap=[node.mesh_address]).start()
    node.wait_peers(1)
    for n in (node, other):
        s = n.status()
        assert s["v"] == 1, s
    r = node.ctl("status")
    assert "healthy" in r.stdout.splitlines()[0], r.stdout
    for d in ("transportd", "gossipd", "stated", "sshd"):
        assert d in r.stdout, r.stdout
    assert node.ctl("version").stdout.strip(), "version"
    assert node.ctl("who").returncode == 0
    shown = os.path.join(t.dir, "tail.out")
    with open(shown, "wb") as out:
        t.panes.append(_Ending(subprocess.Popen(
            [other.find("micelioctl"), "--data-dir", other.dir, "tail"],
            stdin=subprocess.DEVNULL, stdout=out)))

    def heard():
        # Nothing says when tail has begun to listen: again until it does.
        node.ctl("say", "hello from the control socket")
        with open(shown) as f:
            return "hello from the control socket" in f.read()
    until("tail shows what was said", heard, 10, 0.2)
    assert node.ctl("nosuch", check=False).returncode == 64
    a, b = (node.ctl("version", "--json").stdout for _ in range(2))
    assert a == b


class _Ending:
    def __init__(self, process):
        self.process = process

    def close(self):
        self.process.kill()
        self.process.wait()
