# SPDX-License-Identifier: MIT
"""10,000 lines of noise through all that strangers may choose."""
import os
import random
import socket
import subprocess
import threading
import time
import unicodedata

from node import linked_pair
from peer import Peer
from runner import lane
from sshclient import ENV, person
from waiting import until

LINES, CALLS = 2500, 100
MAY = "\n\r\a\t"


def letters(rng, most):
    """UTF-8 of controls, what turns text round, and anything else."""
    return "".join(chr(rng.choice((
        rng.randrange(1, 32), rng.randrange(0x7f, 0xa0), 0x1b, 0x2028, 0x202e,
        rng.randrange(0x2066, 0x206a), rng.randrange(32, 127),
        rng.randrange(0xa0, 0xd800), rng.randrange(0x1f300, 0x1fb00))))
        for _ in range(rng.randrange(1, most))).encode()


def noise(rng, most=80):
    """Any but NUL and the end of a line: bytes, or by turns UTF-8."""
    return (letters(rng, max(most // 3, 2)) if rng.random() < 0.5 else
            bytes(rng.choice((rng.randrange(1, 256), rng.randrange(1, 32),
                              0x1b, 0x9b, 0xc2, 0xe2)) for _ in
                  range(rng.randrange(1, most)))).replace(b"\n", b"\r")


def unsafe(text):
    """What must not reach a terminal: controls, and what turns text round."""
    return {hex(ord(c)) for c in text if c not in MAY and (
        unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") or
        c in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")}


def read(path):
    with open(path, "rb") as f:
        return f.read()


def session(client, out):
    """Without a terminal: bytes go in as they are."""
    with open(out, "wb") as f:
        return subprocess.Popen(
            client.argv("-T", f"{client.user}@{client.node.address}"),
            stdin=subprocess.PIPE, stdout=f, stderr=subprocess.STDOUT,
            env=ENV)


def feed(p, lines):
    """It takes them at the pace at which they may be said."""
    try:
        for line in lines.split(b"\n"):
            p.stdin.write(line + b"\n")
            p.stdin.flush()
            time.sleep(0.008)   # what comes closer is one message
    except BrokenPipeError:
        pass


def connect(node, version):
    """A client that says which program it is, and goes."""
    host, port = node.ssh_address.rsplit(":", 1)
    with socket.create_connection((host, int(port)), 10) as s:
        s.sendall(b"SSH-2.0-" + version + b"\r\n")
        s.settimeout(2)
        try:
            while s.recv(4096):
                pass
        except OSError:
            pass


@lane(budget=400, long=True)
def test_noise(t):
    """Whoever reads, sees no control byte but the end of a line."""
    rng = random.Random(7)
    north, south = linked_pair(t)
    alice = person(t, north, "alice")
    bobs = [person(t, south, f"bob{i}") for i in range(4)]
    paths = [os.path.join(t.dir, x) for x in ("room", "side", "tail")]
    room, side = (session(alice, p) for p in paths[:2])
    side.stdin.write(b"/join #side\n")
    side.stdin.flush()
    with open(paths[2], "wb") as f:
        tail = subprocess.Popen(
            [north.find("micelioctl"), "--data-dir", north.dir, "tail"],
            stdin=subprocess.DEVNULL, stdout=f, stderr=subprocess.STDOUT)
    speakers = []
    for i, (bob, before) in enumerate(zip(bobs, (
            b"x", b"/nick ", b"/topic ", b"/away "))):
        p = session(bob, os.path.join(t.dir, f"bob{i}"))
        lines = b"".join(before + noise(rng) + b"\n" +
                         (b"said as that\n" if i == 1 and k % 50 == 0 else
                          b"") for k in range(LINES))
        threading.Thread(target=feed, args=(p, (
            b"/join #side\n" if i == 2 else b"") + lines +
            b"/part\nthis was all\n"), daemon=True).start()
        speakers.append(p)
    for i in range(CALLS):
        subprocess.run(
            bobs[0].argv("-T", "-l", noise(rng, 30), south.address, "who"),
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, env=ENV, timeout=20, check=False)
        connect(south, noise(rng, 60).replace(b"\r", b"x"))
    for i in range(CALLS // 4):
        peer = Peer(t)
        peer.dial(north, hello={"tags": [
            "cap/name." + noise(rng, 40).decode("latin-1")]})
        peer.close()
    until("all of it was said", lambda: read(paths[2]).count(
        b"this was all") >= len(speakers), 300)
    shown = {}
    for node in (north, south):
        for words in (("who",), ("whom",), ("nodes",), ("peers",), ("rooms",),
                      ("history", "500"), ("log",), ("status",)):
            r = subprocess.run(
                [node.find("micelioctl"), "--data-dir", node.dir, *words],
                stdin=subprocess.DEVNULL, capture_output=True, check=False)
            shown[node.name, words[0]] = r.stdout + r.stderr
        shown[node.name, "log file"] = read(node.log_file)
    for p in (*speakers, room, side, tail):
        p.kill()
        p.wait()
    for path in paths:
        shown["reader", os.path.basename(path)] = read(path)
    for i in range(len(speakers)):
        shown["speaker", i] = read(os.path.join(t.dir, f"bob{i}"))
    for who, got in shown.items():
        bad = unsafe(got.decode("utf-8"))
        assert not bad, (who, bad)
    t.note(f"{sum(len(x) for x in shown.values())} bytes read by "
           f"{len(shown)} readers")
    assert shown["reader", "side"].count(b"set the topic") > 100
    assert len(shown["reader", "room"]) > 10 * LINES
