# SPDX-License-Identifier: MIT
"""
Many people in one partyline: what each costs, and how soon all have a line.

IDLE sit there and read.  Then BUSY speak in turn while everybody's clock is
looked at, by turns with nobody and with one whose client has been stopped
(SIGSTOP) until the node no longer keeps lines for it.
"""
import json
import os
import selectors
import signal
import subprocess
import time

from control import Control
from figures import Row, Sample
from job_memory import MB, settled
from node import Node
from sshclient import ENV, Client, Key
from waiting import Timeout, until

IDLE, BUSY = 500, 64
LINES = 20              # to the idle
ROUNDS, SAID = 16, 72   # lines of the busy in each round of each kind
EVERY_S = 1 / 48        # a line of anybody's
AT_ONCE = 8             # logins
FILL = 8000             # bytes of a line that fills what a reader has


class Reader:
    """An ssh client without a terminal, which is told from others by nick."""

    def __init__(self, client):
        self.nick = client.user
        self.p = subprocess.Popen(
            client.argv("-T", f"{client.user}@{client.node.address}"),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, env=ENV)
        os.set_blocking(self.p.stdout.fileno(), False)
        self.seen = b""

    def read(self):
        self.seen += self.p.stdout.read() or b""
        assert self.p.poll() is None, f"{self.nick} ended: {self.seen!r}"

    def say(self, text):
        self.p.stdin.write(text + b"\n")
        self.p.stdin.flush()

    def close(self):
        self.p.kill()
        self.p.wait()
        self.p.stdin.close()
        self.p.stdout.close()


class Crowd:
    def __init__(self, t, node, n):
        self.readers = []
        self.selector = selectors.DefaultSelector()
        t.fixtures.append(self)
        key = Key(t)
        node.authorize(key.line)
        Client(t, node, key).wait_admitted()
        for first in range(0, n, AT_ONCE):
            new = [Reader(Client(t, node, key, f"u{i}"))
                   for i in range(first, min(n, first + AT_ONCE))]
            for r in new:
                self.selector.register(r.p.stdout, selectors.EVENT_READ, r)
            self.readers += new
            self.all_have(b"/help", new)

    def all_have(self, text, readers=None, timeout=60.0):
        """[when each of them had it, monotonic s]; it is consumed."""
        missing = set(self.readers if readers is None else readers)
        times, deadline = [], time.monotonic() + timeout
        for r in [r for r in missing if text in r.seen]:
            missing.discard(r)
        while missing:
            if time.monotonic() > deadline:
                raise Timeout(f"{len(missing)} of the crowd lack {text!r}")
            for key, _ in self.selector.select(1.0):
                r = key.data
                r.read()
                if r in missing and text in r.seen:
                    missing.discard(r)
                    times.append(time.monotonic())
        for r in self.readers if readers is None else readers:
            r.seen = r.seen[r.seen.rindex(text) + len(text):]
        return times

    def close(self):
        for r in self.readers:
            r.close()


def door(t, name, n):
    return Node(t, name, settings={
        "ssh": f"max_sessions = {n + 16}; max_per_address = {n + 16};"}
        ).start()


def idle(t, n):
    node = door(t, "door", n)
    before = settled(node)
    crowd = Crowd(t, node, n)
    after = settled(node)
    last, half = Sample(), Sample()
    for i in range(LINES):
        c = Control(node)
        began = time.monotonic()
        c.run("say", f"line-{i}-end")
        times = sorted(crowd.all_have(f"line-{i}-end".encode()))
        c.wait_end()
        half.add((times[len(times) // 2] - began) * 1000)
        last.add((times[-1] - began) * 1000)
        time.sleep(0.3)     # more than 8 a second is not taken
    crowd.close()
    crowd.readers = []
    node.stop(30)
    one = Sample([(sum(after.values()) - sum(before.values())) / n / MB])
    hub = Sample([(after["micelio-sshd"] - before["micelio-sshd"])
                  / n / MB])
    return [Row(f"each of {n} idle sessions adds to the node", "MB", one,
                goals=(("p50", 1.5),)),
            Row("of it to the hub", "MB", hub),
            Row(f"a line, to half of {n} sessions", "ms", half),
            Row(f"a line, to the last of {n} sessions", "ms", last)]


def said_and_read(crowd, readers, tag):
    """Milliseconds of each line to each of the readers."""
    out = []
    for i in range(SAID):
        text = f"{tag}-{i}-end".encode()
        began = time.monotonic()
        readers[i % len(readers)].say(text)
        out += [(at - began) * 1000 for at in
                crowd.all_have(text, readers)]
        time.sleep(max(0, began + EVERY_S - time.monotonic()))
    return out


def skipped(node):
    drops = json.loads(node.ctl("stats", "--json").stdout)["drops"]
    return any(d["count"] for d in drops
               if (d["daemon"], d["what"]) == ("sshd", "lines"))


def fill(crowd, node, readers):
    """Until the one that stands still is no longer sent anything."""
    for i in range(4000):
        text = f"fill-{i}-end".encode()
        readers[i % len(readers)].say(b"x" * FILL + text)
        crowd.all_have(text, readers)
        if i % 50 == 49 and skipped(node):
            return
    raise AssertionError("all is kept for a reader that stands still")


def busy(t, n, rounds):
    node = door(t, "busy", n + 1)
    crowd = Crowd(t, node, n + 1)
    *readers, lame = crowd.readers
    free, held = Sample(), Sample()
    said_and_read(crowd, readers, "warm")
    for k in range(rounds):
        for ms in said_and_read(crowd, readers, f"free{k}"):
            free.add(ms)
        lame.p.send_signal(signal.SIGSTOP)
        if k == 0:
            fill(crowd, node, readers)
        for ms in said_and_read(crowd, readers, f"held{k}"):
            held.add(ms)
        lame.p.send_signal(signal.SIGCONT)
        if k == 0:
            crowd.all_have(b"skipped: you were not reading", [lame])
    return [Row(f"a line among {n} who speak, one stands still", "ms", held,
                {"nobody does": free}, goals=(("p99 ratio", 1.1),))]


def run(t):
    if os.geteuid() != 0:
        print("    left out: the daemons show their memory to root only")
        return []
    n = IDLE // 5 if t.quick else IDLE
    return idle(t, n) + busy(t, BUSY, 4 if t.quick else ROUNDS)
