# SPDX-License-Identifier: MIT
"""What anybody expects of a chat and of a tool, seen from outside."""
import json
import os
import re
import select
import signal
import subprocess
import time

from node import Node
from sshclient import ENV, person
from waiting import until

# Those that go on, or wait for what is not there.
NOT_ALONE = {"tail", "watch", "missed", "import", "export", "backup", "say", "me",
             "msg", "put"}
# What they are asked, of those that need words and show something.
ASKED = {"get": "o/motd", "versions": "o/motd", "search": "zebra"}
# Those that need words and change something, or want another node or person.
OF_OTHERS = {"del", "link", "unlink", "kick", "ban", "unban", "mute", "unmute",
             "peer", "ping", "retry", "whois", "why"}
# Of the door, of who asks, of the program; and what moves all the time.
OWN = {"help", "key", "version"}
MOVING = {"status", "stats", "metrics", "log", "events", "verify", "top"}


def one(t):
    node = Node(t, "north")
    return node, person(t, node, "alice")


class Raw:
    """ssh -tt whose output is kept byte for byte."""

    def __init__(self, client, term="xterm"):
        host = client.node.ssh_address.rsplit(":", 1)[0]
        self.p = subprocess.Popen(
            client.argv("-tt", f"{client.user}@{host}"),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, env=dict(ENV, TERM=term))
        os.set_blocking(self.p.stdout.fileno(), False)
        self.seen = b""
        client.t.fixtures.append(self)

    def read(self):
        try:
            self.seen += self.p.stdout.read() or b""
        except ValueError:
            pass
        return self.seen

    def type(self, text):
        self.p.stdin.write(text)
        self.p.stdin.flush()

    def wait(self, what, timeout=10):
        until(f"{what!r} comes", lambda: what in self.read(), timeout)

    def end(self, timeout=15):
        status = self.p.wait(timeout)
        self.read()
        return status

    def close(self):
        if self.p.poll() is None:
            self.p.kill()
            self.p.wait()
        self.p.stdin.close()
        self.p.stdout.close()


def test_quick(t):
    """ssh node who; a line over a chain of three.  The best of ten: what a
    busy machine adds is not ours."""
    node, client = one(t)
    took = []
    for _ in range(10):
        began = time.monotonic()
        assert client.command("who").returncode == 0
        took.append(time.monotonic() - began)
    t.note(f"ssh node who: best {min(took) * 1000:.0f} ms")
    assert min(took) < 0.25, took
    middle = Node(t, "middle", bootstrap=[node.mesh_address]).start()
    south = Node(t, "south", bootstrap=[middle.mesh_address],
                 settings={"network": "max_peers = 1;"}).start()
    south.wait_peers(1)
    middle.wait_peers(2)
    tail = subprocess.Popen(
        [south.find("micelioctl"), "--data-dir", south.dir, "tail", "--json"],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)

    def reads_along():
        south.ctl("say", "mark")
        return select.select([tail.stdout], [], [], 0.1)[0]
    until("tail shows lines", reads_along, 10)
    took = []
    for i in range(10):
        began = time.monotonic()
        node.ctl("say", f"line {i}")
        while f"line {i}".encode() not in tail.stdout.readline():
            pass
        took.append(time.monotonic() - began)
    tail.terminate()
    tail.wait(10)
    tail.stdout.close()
    t.note(f"a line over a chain of three, with the program that says it: "
           f"best {min(took) * 1000:.0f} ms")
    assert min(took) < 0.2, took


def test_restored(t):
    """Whatever ends the node, the terminal is left as it was found."""
    node, client = one(t)
    raw = Raw(client)
    raw.wait(b"/help")
    raw.type(b"half a line")
    raw.wait(b"half a line")
    assert b"\x1b[?2004h" in raw.seen, raw.seen
    pids = node.processes()
    os.kill(node.pid, signal.SIGKILL)
    node.process.wait()
    assert raw.end() != 0
    after = raw.seen[raw.seen.rindex(b"half a line"):]
    assert b"\x1b[?2004l" in after, after
    assert raw.seen.count(b"\x1b[?25l") <= raw.seen.count(b"\x1b[?25h")
    node.start()
    raw = Raw(client)
    raw.wait(b"/help")
    # Stopped in order it says why, and ends well.
    node.signal(signal.SIGTERM)
    assert raw.end() == 0, raw.seen
    assert b"this node is stopping" in raw.seen, raw.seen
    assert raw.seen.rindex(b"\x1b[?2004l") > raw.seen.rindex(b"\x1b[?2004h")
    node.wait_end(10, pids)


def test_bell(t):
    """Off, for one's name, for everything."""
    node, client = one(t)
    raw = Raw(client)
    raw.wait(b"/help")

    def said(text):
        node.ctl("say", text, check=False)
        raw.wait(text.encode())
        node.ctl("say", "mark " + text[::-1], check=False)
        raw.wait(b"mark " + text[::-1].encode())
        return raw.seen.count(b"\a")
    assert said("one alice") == 0, raw.seen
    raw.type(b"/set bell mention\r")
    raw.wait(b"bell is mention")
    assert said("two of you") == 0, raw.seen
    raw.type(b"/set bell mention\r")
    assert said("three alice: look") == 1, raw.seen
    raw.type(b"/set bell all\r")
    raw.wait(b"bell is all")
    assert said("four") == 3, raw.seen
    raw.type(b"/quit\r")
    assert raw.end() == 0


def test_plain_terminals(t):
    """TERM=dumb and no terminal: no colour, no sequence at all."""
    node, client = one(t)
    raw = Raw(client, "dumb")
    raw.wait(b"/help")
    node.ctl("say", "hello alice", check=False)
    raw.wait(b"hello alice")
    raw.type(b"/status\r")
    raw.wait(b"healthy")
    raw.type(b"/quit\r")
    assert raw.end() == 0
    assert b"\x1b" not in raw.seen, raw.seen
    r = client.command("status")
    assert b"\x1b" not in r.stdout and r.returncode == 0
    t.keep("dumb.txt", raw.seen.decode(errors="replace"))


def test_small_terminal(t):
    """Twenty columns, five rows: one can read, type and leave."""
    node, client = one(t)
    pane = client.open(columns=20, rows=5, wait=False)
    pane.wait_text(r"\[alice\]>")
    pane.type("a line that is longer than the screen is wide")
    until("it is typed", lambda: "wide" in pane.screen().replace("\n", ""),
          10)
    pane.save()
    pane.send("Enter")
    pane.wait_text("<alice>")
    pane.say("/version")
    pane.wait_text("micelio")
    pane.say("/quit")
    assert pane.wait_end() == 0
    assert node.running()


def shape(o):
    """Names and types in their order, without what the values are."""
    if isinstance(o, dict):
        return [(k, shape(v)) for k, v in o.items()]
    if isinstance(o, list):
        return [shape(o[0])] if o else []
    return "number" if isinstance(o, (int, float)) and \
        not isinstance(o, bool) else type(o).__name__


def still(o):
    """Without what moves by itself."""
    if isinstance(o, dict):
        return {k: still(v) for k, v in o.items()
                if not re.search(r"_(ms|us|bytes)$|^(time|at|since|state_at|"
                                 r"hour|digest)$", k)}
    return [still(x) for x in o] if isinstance(o, list) else o


def documented():
    """{command: the names micelio-json.7 has for it}"""
    path = os.path.join(os.path.dirname(__file__), "../../man/micelio-json.7")
    with open(path, encoding="utf-8") as f:
        text = f.read()
    items = re.findall(r"^\.It Cm (\w+)\n(.*?)(?=^\.It|^\.El)", text,
                       re.M | re.S)
    found = {name: set(re.findall(r"\w+", body)) for name, body in items}
    found["metrics"] = found["stats"]
    return found


def parsed(name, r):
    try:
        return json.loads(r.stdout)
    except ValueError:
        raise AssertionError(f"{name}: no JSON: {r}") from None


def shown_commands(node):
    """[words] of every command that shows something: a new one is among them,
    or has to be told to this test."""
    rows = json.loads(node.ctl("help", "--json").stdout)["commands"]
    rest = {r["name"]: re.sub(r"\[(?:[^][]|\[[^]]*\])*\]", "", r["args"]).strip()
            for r in rows if r["name"] not in NOT_ALONE}
    unknown = {n for n, args in rest.items() if args} - set(ASKED) - OF_OTHERS
    assert not unknown, f"how are they asked for JSON? {unknown}"
    return [[n, ASKED[n]] if n in ASKED else [n] for n, args in rest.items()
            if n in ASKED or not args]


def test_json(t):
    """Every command that shows something: one object, whose form is the same
    twice and at both doors, and so is what it says."""
    node, client = one(t)
    node.ctl("say", "zebra", check=False)
    until("the map is there", lambda: node.ctl(
        "put", "o/motd", "good morning", check=False).returncode == 0, 10)
    commands = shown_commands(node)
    assert len(commands) >= 20, commands
    page = documented()
    for words in commands:
        name = words[0]
        words.insert(1, "--json")   # before what may be text
        first, again = [parsed(name, node.ctl(*words, check=False))
                        for _ in range(2)]
        assert first["v"] == 1, (name, first)
        assert not set(first) - page[name] - {"v", "cut"}, (name, first)
        assert shape(first) == shape(again), (name, first, again)
        other = parsed(name, client.command(*words))
        if name in OWN:
            continue
        assert shape(other) == shape(first), (name, other, first)
        if name not in MOVING:
            assert still(other) == still(first), (name, other, first)
