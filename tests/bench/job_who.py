# SPDX-License-Identifier: MIT
"""
`ssh node who` beside sshd and dropbear running `true`.

The same client, the same key type and, since ours speaks no other, the same
key exchange and cipher, which are not OpenSSH's slower default.
"""
import subprocess
import time

import sshds
from figures import Row, Sample
from node import Node
from sshclient import Client, Key

RUNS = 30
SAME = ("KexAlgorithms=curve25519-sha256",
        "Ciphers=chacha20-poly1305@openssh.com")


def once(client, word):
    """Milliseconds."""
    began = time.monotonic()
    r = client.command(word, options=SAME)
    took = time.monotonic() - began
    assert r.returncode == 0, r
    return took * 1000


def bare():
    """Milliseconds that starting the client itself takes."""
    began = time.monotonic()
    subprocess.run(["ssh", "-V"], check=True, capture_output=True)
    return (time.monotonic() - began) * 1000


def run(t):
    node = Node(t, "north").start()
    key = Key(t)
    node.authorize(key.line)
    ours = Client(t, node, key)
    ours.wait_admitted()
    servers = sshds.available(t)
    others = {s.name: Client(t, s, s.key, s.user) for s in servers}
    try:
        mine, start = Sample(), Sample()
        theirs = {name: Sample() for name in others}
        for client in others.values():
            once(client, "true")    # learns the host key
        for _ in range(RUNS // 5 if t.quick else RUNS):
            mine.add(once(ours, "who"))
            for name, client in others.items():
                theirs[name].add(once(client, "true"))
            start.add(bare())
    finally:
        for s in servers:
            s.stop()
    return [Row("ssh node who, wall", "ms", mine, theirs,
                goals=(("p50", 40),)),
            Row("of it the client's own start (ssh -V)", "ms", start)]
