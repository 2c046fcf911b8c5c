# SPDX-License-Identifier: MIT
"""
From exec to READY=1, as systemd would see it.

The first start makes the keys and the store; later ones find them.
"""
import os
import socket
import time

from figures import Row, Sample
from node import Node

RUNS = 30


class Notify:
    """The receiving end of sd_notify."""

    def __init__(self, path):
        self.path = path
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.sock.bind(path)
        os.chmod(path, 0o666)
        self.sock.settimeout(20)

    def wait_ready(self):
        while b"READY=1" not in self.sock.recv(4096).split(b"\n"):
            pass
        return time.monotonic()

    def drain(self):
        self.sock.setblocking(False)
        try:
            while True:
                self.sock.recv(4096)
        except BlockingIOError:
            self.sock.settimeout(20)


def start(node, notify):
    """Milliseconds of one start."""
    os.environ["NOTIFY_SOCKET"] = notify.path
    notify.drain()
    began = time.monotonic()
    node.start(ready=False)
    took = notify.wait_ready() - began
    del os.environ["NOTIFY_SOCKET"]
    node.wait_ready()
    node.stop()
    return took * 1000


def run(t):
    notify = Notify(os.path.join(t.dir, "notify"))
    first, later = Sample(), Sample()
    for i in range(RUNS // 5 if t.quick else RUNS):
        node = Node(t, f"n{i}")
        first.add(start(node, notify))
        later.add(start(node, notify))
    goals = (("p50", 50),)
    return [Row("exec to ready, first start", "ms", first, goals=goals),
            Row("exec to ready, later start", "ms", later, goals=goals)]
