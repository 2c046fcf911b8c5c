# SPDX-License-Identifier: MIT
"""SSH from outside: commands, keys, limits."""
import os
import signal
import socket
import subprocess
import time

import procs
from node import Node
from runner import lane
from sshclient import Client, Key
from waiting import until


def start(t, *lines, **kw):
    node = Node(t, "north", **kw)
    key = Key(t)
    node.authorize(key.line, *lines)
    node.start()
    return node, Client(t, node, key)


def nobody_reads():
    r, w = os.pipe()
    os.close(r)
    return {"stdout": w}, [w]


def open_stdin():
    r, w = os.pipe()
    return {"stdin": r}, [r, w]


def ended_stdin():
    r, w = os.pipe()
    os.close(w)
    return {"stdin": r}, [r]


# Ways a command is run: flags, further arguments of run() and what of them is
# to be closed.
VARIANTS = {
    "null": ((), lambda: ({}, [])),
    "-n": (("-n",), lambda: ({}, [])),
    "-tt": (("-tt",), lambda: ({}, [])),
    "open stdin": ((), open_stdin),
    "ended stdin": ((), ended_stdin),
    "closed stdout": ((), nobody_reads),
}


def run_variant(client, name, words):
    flags, make = VARIANTS[name]
    extra, fds = make()
    try:
        return client.command(*words, flags=flags, **extra)
    finally:
        for fd in fds:
            os.close(fd)


@lane(budget=120)
def test_exit_status(t):
    """Right every time, however it is called."""
    node, alice = start(t)
    times = []
    for name in VARIANTS:
        for i in range(20):
            words, want = ((("who",), 0), (("nosuch",), 64))[i % 2]
            began = time.monotonic()
            r = run_variant(alice, name, words)
            times.append(time.monotonic() - began)
            assert r.returncode == want, (name, words, r)
            if want == 64 and name != "-tt":
                assert not r.stdout and r.stderr, (name, r)
    times.sort()
    t.note(f"{len(times)} commands, median {times[len(times) // 2] * 1000:.0f}"
           f" ms, slowest {times[-1] * 1000:.0f} ms")
    assert node.running()


def test_no_pty(t):
    """A shell without a terminal: lines in, lines out, no escapes."""
    node, alice = start(t)
    r = alice.command(flags=("-T",), stdin=None, input=b"/who\n/help\r\n/quit\n")
    assert r.returncode == 0, r
    assert b"\x1b" not in r.stdout and b"alice" in r.stdout, r.stdout
    # The end of input is an end too.
    r = alice.command(flags=("-T",), stdin=None, input=b"hello\n")
    assert r.returncode == 0, r


def test_key_kinds(t):
    """ed25519, ecdsa, rsa with SHA-2; nothing weaker."""
    node = Node(t, "north").start()
    keys = [Key(t, "ed"), Key(t, "ec", "ecdsa", 256), Key(t, "ec3", "ecdsa", 384),
            Key(t, "ec5", "ecdsa", 521), Key(t, "rsa", "rsa", 2048)]
    node.authorize(*(k.line for k in keys))
    for k in keys:
        until(f"{k.line.split()[0]} works", lambda k=k: Client(
            t, node, k).command("who").returncode == 0, 5)
    stranger = Client(t, node, Key(t, "stranger"), "eve")
    r = stranger.command("who")
    assert r.returncode == 255, r
    line = node.wait_event("login_refused")
    assert stranger.key.fingerprint in line.text and "127." in line.text, line
    node.wait_event("login", key=keys[0].fingerprint)
    r = Client(t, node, keys[-1]).command(
        "who", options=("PubkeyAcceptedAlgorithms=ssh-rsa",))
    assert r.returncode == 255, r
    # The refused learn which key it was and what would help.
    r = subprocess.run(
        stranger.argv("-v", "eve@" + node.address, "who"),
        stdin=subprocess.DEVNULL, capture_output=True, check=False)
    assert stranger.key.fingerprint.encode() in r.stderr, r.stderr


def test_key_options(t):
    """Options of authorized_keys are honoured or the line is refused."""
    node = Node(t, "north").start()
    cases = [
        ('from="127.0.0.0/8"', 0), ('from="10.0.0.0/8"', 255),
        ('from="!127.0.0.1,*"', 255), ('expiry-time="20990101"', 0),
        ('expiry-time="20200101"', 255), ('command="true"', 255),
        ("restrict", 0), ("restrict,pty", 0), ("no-port-forwarding", 0),
        ("cert-authority", 255), ('name="carol",role="user"', 0),
        ('nosuchoption', 255), ('environment="A=B"', 255),
    ]
    keys = [Key(t, f"k{i}") for i in range(len(cases))]
    last = Key(t, "last")
    node.authorize("# a comment", "", *(f"{o} {k.line}" for (o, _), k in
                                        zip(cases, keys)), last.line)
    until("they are read", lambda: Client(t, node, last).command("who")
          .returncode == 0, 5)
    for (option, want), key in zip(cases, keys):
        r = Client(t, node, key).command("who")
        assert r.returncode == want, (option, want, r)
    bad = {e.fields["line"] for e in node.events("authkeys_line")}
    assert len(bad) == 4, bad
    # restrict takes the terminal away, pty gives it back.
    denied = b"PTY allocation request failed"
    # (ssh itself gives up when -tt is denied.)
    r = Client(t, node, keys[6]).command("who", flags=("-tt",))
    assert (r.returncode, r.stdout) == (255, b""), r
    assert denied in r.stderr, r
    for key in (keys[7], last):
        r = Client(t, node, key).command("who", flags=("-tt",))
        assert r.returncode == 0 and denied not in r.stderr, r
    # name= is the nick.
    Client(t, node, keys[10]).open().wait_text("You are carol")


def test_forwarding_refused(t):
    node, alice = start(t)
    s = socket.socket()
    s.bind(("127.0.0.1", 0))
    port = s.getsockname()[1]
    s.close()
    for flags in (("-L", f"127.0.0.1:{port}:127.0.0.1:22"),
                  ("-R", "0:127.0.0.1:22"), ("-A",), ("-X",)):
        r = alice.command("who", flags=flags)
        assert r.returncode == 0, (flags, r)
    r = alice.command(flags=("-W", f"{node.address}:2222"))
    assert r.returncode != 0, r
    r = alice.command("sftp", flags=("-s",))
    assert r.returncode != 0, r
    assert node.running()


@lane(budget=60)
def test_login_limits(t):
    """Silence before the login, floods, too many at once."""
    node, alice = start(t, settings={
        "ssh": 'login_grace = "2s"; max_per_address = 4; max_sessions = 6;'})
    addr = (node.address, 2222)
    began = time.monotonic()
    quiet = socket.create_connection(addr)
    quiet.settimeout(6)
    while quiet.recv(4096):
        pass
    took = time.monotonic() - began
    t.note(f"silent login ended after {took:.1f} s")
    assert 1.0 < took < 4.5
    # Garbage ends at once, and costs nobody else anything.
    s = socket.create_connection(addr)
    s.settimeout(6)
    try:
        s.sendall(b"GET / HTTP/1.0\r\n\r\n" * 10)
        while s.recv(4096):
            pass
    except ConnectionError:
        pass
    many = [socket.create_connection(addr) for _ in range(12)]
    other = Client(t, node, alice.key)
    r = other.command("who", options=("BindAddress=127.0.0.77",))
    assert r.returncode == 0, r
    for s in many:
        s.close()
    until("room again", lambda: alice.command("who").returncode == 0, 8, 0.3)
    refused = node.events("ssh_refused")
    assert refused, node.log_tail()


def test_place_after_logout(t):
    """Who is logged out frees the place at once, not when a process ends."""
    node, alice = start(t, settings={
        "ssh": "max_per_address = 1; max_sessions = 1;"})
    alice.open()
    session, = (p for p in procs.descendants(node.pid)
                if "sshd-session" in "".join(procs.cmdline(p)[:1]))
    # It cannot end by itself; the hub gives it a moment to say goodbye in.
    os.kill(session, signal.SIGSTOP)
    other = Key(t, "other")
    node.authorize(other.line)
    node.wait_event("logout")
    with socket.create_connection((node.address, 2222)) as s:
        s.settimeout(20)
        assert s.recv(100).startswith(b"SSH-"), node.log_tail()


@lane(budget=60)
def test_dead_client(t):
    """A client that stops reading holds up nobody."""
    node, alice = start(t)
    bob = alice.open()
    stuck = subprocess.Popen(
        alice.argv("-tt", f"stuck@{node.address}"),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL)
    bob.wait_text("stuck")
    stuck.send_signal(signal.SIGSTOP)
    for i in range(200):
        bob.type(f"line {i} " + "z" * 300)
        bob.send("Enter")
    bob.say("/who")
    bob.wait_text("stuck", 10)
    r = alice.command("who")
    assert r.returncode == 0
    stuck.kill()
    stuck.wait()
    assert node.running()
