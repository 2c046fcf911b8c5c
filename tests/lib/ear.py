# SPDX-License-Identifier: MIT
"""Reads along at a node: what is said there, as a program gets it."""
import json
import os
import subprocess

from waiting import until


class Ear:
    """micelioctl tail, from now on and until the node or the test ends."""

    def __init__(self, t, node):
        self.node = node
        self.path = os.path.join(t.dir, f"{node.name}.{node.starts}.heard")
        with open(self.path, "wb") as out:
            self.process = subprocess.Popen(
                [node.find("micelioctl"), "--data-dir", node.dir, "--json",
                 "tail"], stdin=subprocess.DEVNULL, stdout=out,
                stderr=subprocess.DEVNULL)
        t.peers.append(self)

    def wait_open(self, timeout=10.0):
        """It reads along when it has heard what was said beside it."""
        mark = f"mark {self.process.pid}"

        def hears():
            self.node.ctl("say", mark, check=False)
            return mark in self.texts()
        until(f"somebody reads along at {self.node.name}", hears, timeout,
              0.1)
        return self

    def chats(self):
        """What was said: objects with nick, node, text."""
        found = []
        with open(self.path, encoding="utf-8") as f:
            for line in f:
                # The last one may be half written.
                if line.endswith("\n") and '"kind":"chat"' in line:
                    found.append(json.loads(line))
        return found

    def texts(self):
        return [c["text"] for c in self.chats()]

    def end(self):
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait()
