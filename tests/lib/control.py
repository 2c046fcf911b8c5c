# SPDX-License-Identifier: MIT
"""The control socket spoken directly (micelioctl/control_proto.h)."""
import os
import select
import socket
import struct
import time

from waiting import Timeout

HELLO, RUN, WELCOME, EXIT = 1, 2, 16, 19


def text(b):
    return struct.pack(">H", len(b)) + b


def frame(kind, body):
    return struct.pack(">IB", len(body) + 1, kind) + body


def hello():
    return frame(HELLO, struct.pack(">H", 1) + text(b"bench"))


def words_frame(words):
    return frame(RUN, struct.pack(">H", len(words)) + b"".join(
        text(w.encode()) for w in words))


def ask(node, *words):
    """A socket over which the command goes; the answer is not read."""
    sock = socket.socket(socket.AF_UNIX)
    sock.connect(os.path.join(node.dir, "control.sock"))
    sock.sendall(hello() + words_frame(words))
    return sock


class Control:
    """A connection that has said hello; one command goes over it."""

    def __init__(self, node):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(os.path.join(node.dir, "control.sock"))
        self.sock.sendall(hello())
        self.seen = b""
        self.wait(bytes([WELCOME]))

    def run(self, *words):
        self.sock.sendall(words_frame(words))

    def wait(self, wanted, timeout=20.0):
        """When it came (monotonic s); it is consumed."""
        now = time.monotonic()
        deadline = now + timeout
        while wanted not in self.seen:
            if not select.select([self.sock], [], [],
                                 max(0, deadline - time.monotonic()))[0]:
                raise Timeout(f"control socket: no {wanted!r}")
            now = time.monotonic()
            piece = self.sock.recv(65536)
            assert piece, f"control socket: closed: {self.seen!r}"
            self.seen += piece
        self.seen = self.seen[self.seen.index(wanted) + len(wanted):]
        return now

    def wait_end(self):
        """Until the command has ended, whatever it answered."""
        self.wait(struct.pack(">IB", 2, EXIT))
        self.sock.close()

    def close(self):
        self.sock.close()
