# SPDX-License-Identifier: MIT
"""What goes on and is shown anew at the same place: map --watch, top."""
import datetime
import json
import subprocess
import threading
import time

from node import Node
from sshclient import ENV, Client, Key
from waiting import never, until

ROWS_MAX = 22       # of 24: the prompt, or how to leave, has its own


class Lines:
    """The JSON lines of a command that goes on, each with when it came."""

    def __init__(self, node, *words):
        self.proc = subprocess.Popen(
            [node.find("micelioctl"), "--data-dir", node.dir, "--timeout",
             "1s", *words, "--json"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        self.seen = []
        self.thread = threading.Thread(target=self.read, daemon=True)
        self.thread.start()

    def read(self):
        for line in self.proc.stdout:
            self.seen.append((time.time(), json.loads(line)))

    def close(self):
        self.proc.terminate()
        self.proc.wait(10)
        self.thread.join(10)
        self.proc.stdout.close()


def argv(client, flag, words):
    host = client.node.ssh_address.rsplit(":", 1)[0]
    return client.argv(flag, f"{client.user}@{host}", *words)


def linked(doc):
    """Is there a link that is not only one end's word?"""
    return any(x["by"] == "both" for x in doc["links"])


def delay(node, lines, event, count):
    """Seconds from when the node knew to when it was shown."""
    logged = node.wait_event(event, count=count)
    logged = datetime.datetime.fromisoformat(logged.time).timestamp()
    found = []

    def shown():
        found[:] = [at for at, doc in lines.seen
                    if at >= logged and linked(doc) == (event == "peer_up")]
        return found
    until(f"{event} is on the map", shown, 10)
    return found[0] - logged


def test_map(t):
    """It is drawn anew when a node comes or goes, and only then; what is said
    meanwhile is there when one leaves it."""
    north = Node(t, "north")
    key = Key(t)
    north.authorize(key.line)
    north.start()
    south = Node(t, "south", bootstrap=[north.mesh_address])
    client = Client(t, north, key)
    client.wait_admitted()
    pane = client.open()
    pane.say("/map --watch")
    pane.wait_text("<north>")
    pane.wait_text("-- q ends")
    lines = Lines(north, "map", "--watch")
    until("a first map", lambda: lines.seen)
    came, went = [], []
    for i in range(3):
        south.start()
        came.append(delay(north, lines, "peer_up", i + 1))
        if i == 0:
            pane.wait_text(rf"\[{south.id[:4]}\]")
        south.stop()
        went.append(delay(north, lines, "peer_down", i + 1))
    t.note(f"shown after {min(came) * 1000:.0f} ms when a node came, "
           f"{min(went) * 1000:.0f} ms when it went")
    # The best of them: this machine has other things to do.
    assert min(came) < 0.3 and min(went) < 0.3, (came, went)
    n = len(lines.seen)
    north.ctl("say", "good morning")
    never("a map when nothing changed", lambda: len(lines.seen) > n, 1)
    for (_, a), (_, b) in zip(lines.seen, lines.seen[1:]):
        assert a != b, "the same map twice"
    lines.close()
    assert not pane.shows("good morning"), pane.screen()
    pane.save()
    pane.send("q")
    pane.wait_text("good morning")
    assert not pane.shows("-- q ends"), pane.screen()
    pane.say("/quit")
    assert pane.wait_end() == 0


def test_exec(t):
    """By ssh: with a terminal q leaves it, without one page follows page and
    no byte is for a terminal."""
    north = Node(t, "north")
    key = Key(t)
    north.authorize(key.line)
    north.start()
    client = Client(t, north, key)
    client.wait_admitted()
    for words, keys, status, out in (
            (("map", "--watch"), b"q", 0, b"\x1b[?1049h"),
            (("top", "--watch"), b"\x03", 130, b"\x1b[?1049h"),
            (("top", "--watch", "--plain"), b"", 0, b"gossipd\t")):
        r = subprocess.Popen(argv(client, "-tt", words),
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                             env=dict(ENV, TERM="xterm"))
        seen = b""
        while out not in seen:
            got = r.stdout.read1(65536)
            assert got, (words, seen)
            seen += got
        if keys:
            r.stdin.write(keys)
            r.stdin.flush()
        seen += r.stdout.read()
        assert r.wait(10) == status, (words, seen)
        assert (b"\x1b[?1049l" in seen) == bool(keys), (words, seen)
        r.stdin.close()
        r.stdout.close()
    r = subprocess.Popen(argv(client, "-T", ("map", "--watch")),
                         stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    assert b"<north>" in r.stdout.read1(65536)
    south = Node(t, "south", bootstrap=[north.mesh_address]).start()
    seen = b""
    while f"[{south.id[:4]}]".encode() not in seen:
        seen += r.stdout.read1(65536)
    assert b"\x1b" not in seen, seen
    r.terminate()
    r.wait(10)
    r.stdout.close()


def test_top(t):
    """Rates out of two looks, of each daemon and each link; one page."""
    north = Node(t, "north")
    south = Node(t, "south", bootstrap=[north.mesh_address])
    key = Key(t)
    north.authorize(key.line)
    north.start()
    south.start()
    north.wait_peers(1)
    client = Client(t, north, key)
    client.wait_admitted()
    lines = Lines(north, "top", "--watch")
    for i in range(20):
        south.ctl("say", f"line {i}")
    until("two looks", lambda: len(lines.seen) >= 2)
    lines.close()
    top = lines.seen[0][1]
    assert [d["name"] for d in top["daemons"]] == \
        ["micelio", "transportd", "gossipd", "stated", "sshd"], top
    pids = set(north.processes())
    for d in top["daemons"]:
        assert d["pid"] in pids and d["cpu_us"] > 0, d
        assert 0 <= d["cpu_us_per_s"] < 2e6, d
        assert 0 < d["memory_bytes"] <= d["memory_peak_bytes"], d
    peer, = top["peers"]
    assert peer["id"] == south.id and peer["in_bytes"] > 0, peer
    grew = [doc["peers"][0]["frames_in_per_s"] for _, doc in lines.seen]
    assert max(grew) > 0, lines.seen
    text = north.ctl("top").stdout
    assert len(text.splitlines()) <= ROWS_MAX, text
    assert "msg-in/s" in text and "%" in text, text
    t.keep("top.txt", text)
    pane = client.open(columns=80, rows=24)
    pane.say("/top --watch")
    pane.wait_text("-- q ends")
    assert "msg-in/s" in pane.screen() and "north" in pane.screen()
    pane.save()
    pane.send("C-c")
    pane.wait_text(r"\[alice\]>")
    pane.say("/set plain on")
    pane.say("/top --watch")
    pane.say("/version")
    pane.wait_text("micelio 0")
    pane.wait_text("msg-in/s")
    assert not pane.shows("-- q ends"), pane.screen()
    pane.say("/quit")
    assert pane.wait_end() == 0
