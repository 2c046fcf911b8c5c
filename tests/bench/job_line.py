# SPDX-License-Identifier: MIT
"""
One line of chat between two linked nodes, beside ngircd's two servers.

From the Enter key of an ssh client at one node to the screen of an ssh client
at the other, and the same from control socket to control socket.  Authors are
held to 8 lines a second towards v1 links, so every round has one line of
each author, and rounds are ROUND_S apart; each round has one line of ngircd,
whose clients speak plain TCP.
"""
import time

import irc
from control import Control
from figures import Row, Sample
from node import Node
from sshclient import Client, Key
from terminal import Terminal
from waiting import until

LINES = 1000
ROUND_S = 0.14
TYPING_S = 0.02     # from key to key: bytes closer together are a paste


class Rig:
    """Two nodes, an ssh client and a listening control socket at each."""

    def __init__(self, t):
        a = Node(t, "north").start()
        b = Node(t, "south", bootstrap=[a.mesh_address]).start()
        a.wait_peers(1)
        b.wait_peers(1)
        self.nodes = [a, b]
        key = Key(t)
        self.terminals, self.tails = [], []
        for node, user in zip(self.nodes, ("alice", "bob")):
            node.authorize(key.line)
            client = Client(t, node, key, user)
            client.wait_admitted()
            self.terminals.append(Terminal(client.argv(
                "-tt", f"{user}@{node.address}")))
            self.terminals[-1].wait(b"/help")
            self.tails.append(Control(node))
            self.tails[-1].run("tail")
        self.wait_tails()

    def wait_tails(self):
        """From when on they read along nobody says: try."""
        for sender in (0, 1):
            words = (f"try-{sender}-{n}" for n in range(100))

            def heard(sender=sender, words=words):
                word = next(words)
                self.say(sender, word)
                try:
                    self.tails[1 - sender].wait(word.encode(), 0.5)
                    self.terminals[1 - sender].wait(word.encode(), 0.5)
                except AssertionError:
                    return False
                return True
            until("lines arrive", heard, 20, pause=0.5)

    def say(self, sender, word):
        c = Control(self.nodes[sender])
        c.run("say", word)
        c.wait_end()

    def by_keyboard(self, sender, word):
        """Seconds from Enter to the other screen."""
        here, there = self.terminals[sender], self.terminals[1 - sender]
        here.drain()
        there.drain()
        here.type(word.encode())
        here.wait(word.encode())
        time.sleep(TYPING_S)
        began = time.monotonic()
        here.type(b"\r")
        took = there.wait(word.encode()) - began
        self.tails[1 - sender].wait(word.encode())
        return took

    def by_control(self, sender, word):
        """Seconds from control socket to control socket."""
        c = Control(self.nodes[sender])
        began = time.monotonic()
        c.run("say", word)
        took = self.tails[1 - sender].wait(word.encode()) - began
        c.wait_end()
        return took

    def close(self):
        for x in [*self.terminals, *self.tails]:
            x.close()


def run(t):
    rig, pair = Rig(t), irc.Pair(t)
    keyboard, control, chat = Sample(), Sample(), Sample()
    try:
        for i in range(LINES // 5 if t.quick else LINES):
            began = time.monotonic()
            sender = i % 2
            keyboard.add(1000 * rig.by_keyboard(sender, f"key-{i}-end"))
            chat.add(1000 * pair.line(sender, f"irc-{i}-end"))
            control.add(1000 * rig.by_control(1 - sender, f"ctl-{i}-end"))
            time.sleep(max(0, began + ROUND_S - time.monotonic()))
    finally:
        pair.close()
        rig.close()
    return [Row("one line, Enter to the other terminal", "ms", keyboard,
                {"ngircd, no ssh": chat}, (("p50", 1.0), ("p99", 2.0))),
            Row("one line, control socket to control socket", "ms", control,
                {"ngircd": chat}, (("ratio", 1.5),))]
