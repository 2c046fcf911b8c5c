# SPDX-License-Identifier: MIT
"""The control socket against clients that are not micelioctl."""
import array
import os
import select
import signal
import socket
import struct
import subprocess
import time

from node import Node
from runner import lane
from waiting import until

OUTPUT, EXIT = 18, 19


def connect(node):
    s = socket.socket(socket.AF_UNIX)
    s.connect(os.path.join(node.dir, "control.sock"))
    s.settimeout(5)
    return s


def frame(kind, body=b""):
    return struct.pack(">IB", len(body) + 1, kind) + body


def text(b):
    return struct.pack(">H", len(b)) + b


HELLO = frame(1, struct.pack(">H", 1) + text(b"me"))


def run(*words):
    return frame(2, struct.pack(">H", len(words)) +
                 b"".join(text(w) for w in words))


def answer(s):
    """Exit status and output; (None, output) when cut off without one."""
    got, out = b"", b""
    while True:
        try:
            piece = s.recv(65536)
        except ConnectionResetError:
            piece = b""
        if not piece:
            return None, out
        got += piece
        while len(got) >= 5:
            n = struct.unpack(">I", got[:4])[0]
            if len(got) < 4 + n:
                break
            kind, body, got = got[4], got[5:4 + n], got[4 + n:]
            if kind == OUTPUT:
                out += body[1:]
            if kind == EXIT:
                return body[0], out


def ask(node, *frames):
    s = connect(node)
    s.sendall(b"".join(frames))
    try:
        return answer(s)
    finally:
        s.close()


def served(node):
    """Those who left may still have their places."""
    try:
        return ask(node, HELLO, run(b"who"))[0] == 0
    except BrokenPipeError:
        return False


def test_malformed(t):
    node = Node(t, "north").start()
    assert ask(node, HELLO, run(b"who"))[0] == 0
    cases = (
        (69, b"another release", frame(1, struct.pack(">H", 2) + text(b""))),
        (64, b"malformed", run(b"who")),                # no hello
        (64, b"malformed", frame(1, b"\0")),
        (64, b"malformed", frame(9, b"")),
        (65, b"too large", struct.pack(">IB", 1 << 20, 1)),
        (65, b"too large", struct.pack(">IB", 0, 1)),
        (64, b"malformed", HELLO, frame(2, struct.pack(">H", 3) + b"x")),
        (64, b"malformed", HELLO, run(b"a\0b")),
        (64, b"malformed", HELLO, HELLO),
        (64, b"too many words", HELLO, run(*[b"x"] * 1500)),
        (64, b"no command", HELLO, run()),
        (64, b"unknown command", HELLO, run(b"")),
    )
    for status, words, *frames in cases:
        got, out = ask(node, *frames)
        assert got == status and words in out, (frames, got, out)
    # Who is refused and goes gives his place back.
    for _ in range(40):
        assert ask(node, struct.pack(">IB", 1 << 20, 1))[0] == 65
    for n in range(200):
        s = connect(node)
        try:
            s.send(os.urandom(n + 1))
        except BrokenPipeError:
            pass    # it has had enough already
        s.close()
    until("there is a place again", lambda: served(node), 10)


@lane(root=True)        # to look at the descriptors of a daemon
def test_descriptors_are_not_taken(t):
    node = Node(t, "north").start()
    fds = f"/proc/{node.child('sshd')}/fd"
    before = len(os.listdir(fds))
    for _ in range(20):
        s = connect(node)
        s.sendmsg([HELLO + run(b"who")], [(
            socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [0, 1]))])
        assert answer(s)[0] is None
        s.close()
    assert ask(node, HELLO, run(b"who"))[0] == 0
    assert len(os.listdir(fds)) <= before + 1


def test_clients_are_bounded(t):
    node = Node(t, "north").start()
    held = [connect(node) for _ in range(40)]
    for s in held[:16]:
        s.setblocking(False)
    told = [answer(s) for s in held[16:]]
    assert any(status == 75 and b"the limit" in out for status, out in told)
    assert any(status is None for status, _ in told), told
    for s in held:
        s.close()
    deadline = time.monotonic() + 5
    while ask(node, HELLO, run(b"who"))[0] != 0:
        assert time.monotonic() < deadline


def test_input_is_bounded(t):
    node = Node(t, "north").start()
    big = os.path.join(t.dir, "big")
    with open(big, "w") as f:
        f.write("x" * 5_000_000)
    with open(big) as f:
        r = node.ctl("say", "-", check=False, stdin=f)
    assert r.returncode == 65 and "60000" in r.stderr, r
    r = node.ctl("say", "x" * 60001, check=False)
    assert r.returncode == 65 and "60001" in r.stderr, r
    assert node.ctl("who").returncode == 0


def test_tail_ends_with_the_node(t):
    node = Node(t, "north").start()
    tail = subprocess.Popen(
        [node.find("micelioctl"), "--data-dir", node.dir, "tail"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def hears():            # from when on it reads along nobody knows
        node.ctl("say", "one", check=False)
        return select.select([tail.stdout], [], [], 0.1)[0] and \
            "one" in tail.stdout.readline()     # events come as well
    until("tail reads along", hears, 10)
    node.stop()
    out, err = tail.communicate(timeout=5)
    assert tail.returncode == 0 and "stopping" in err, (out, err)


def test_silent_hub(t):
    """Nothing hangs, and what may have happened is said."""
    node = Node(t, "north").start()
    hub = node.child("sshd")
    os.kill(hub, signal.SIGSTOP)
    began = time.monotonic()
    r = node.ctl("--timeout", "0.5", "say", "hello", check=False)
    took = time.monotonic() - began
    os.kill(hub, signal.SIGCONT)
    assert r.returncode == 75 and "not known" in r.stderr, r
    assert took < 2, took
