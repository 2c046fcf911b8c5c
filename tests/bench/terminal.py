# SPDX-License-Identifier: MIT
"""A keyboard and a screen: a real ssh client on a pseudo-terminal."""
import fcntl
import os
import pty
import select
import struct
import subprocess
import termios
import time

from sshclient import ENV
from waiting import Timeout

PIECE = 65536


class Terminal:
    """argv runs on it until close(); with an environment and place of its
    own if they are given."""

    def __init__(self, argv, columns=100, rows=30, env=None, cwd=None):
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ,
                    struct.pack("HHHH", rows, columns, 0, 0))
        self.process = subprocess.Popen(
            argv, stdin=slave, stdout=slave, stderr=slave,
            env=env or dict(ENV, TERM="xterm-256color"), cwd=cwd,
            start_new_session=True)
        os.close(slave)
        self.seen = b""

    def type(self, keys):
        os.write(self.master, keys)

    def wait(self, text, timeout=20.0):
        """When the text came on the screen (monotonic s); it is consumed."""
        now = time.monotonic()
        deadline = now + timeout
        while text not in self.seen:
            ready, _, _ = select.select([self.master], [], [],
                                        max(0, deadline - time.monotonic()))
            now = time.monotonic()
            if not ready:
                raise Timeout(f"{text!r} did not come on the screen, but "
                              f"{self.seen[-2000:]!r}")
            self.seen += os.read(self.master, PIECE)
        self.seen = self.seen[self.seen.index(text) + len(text):]
        return now

    def end(self, timeout):
        """Until argv has ended by itself."""
        deadline = time.monotonic() + timeout
        while self.process.poll() is None:
            if time.monotonic() > deadline:
                raise Timeout(f"it does not end: {self.seen[-2000:]!r}")
            if select.select([self.master], [], [], 0.05)[0]:
                try:
                    self.seen += os.read(self.master, PIECE)
                except OSError:         # nobody has it open any more
                    self.process.wait(timeout)

    def drain(self):
        while select.select([self.master], [], [], 0)[0]:
            os.read(self.master, PIECE)
        self.seen = b""

    def close(self):
        """Hang up; a client that waits for more is ended."""
        os.close(self.master)
        self.process.terminate()
        self.process.wait(10)
