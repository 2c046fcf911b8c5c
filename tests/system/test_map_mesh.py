# SPDX-License-Identifier: MIT
"""The replicated map between nodes."""
import json
import os
import shlex
import signal
import subprocess
import tempfile
import threading
import time

from node import Node
from peer import Peer
from runner import lane
from sshclient import Client, Key
from waiting import until


def mesh(t, names):
    """Nodes that know the one before; not started."""
    nodes = []
    for name in names:
        nodes.append(Node(t, name, bootstrap=[
            m.mesh_address for m in nodes[-1:]]))
    return nodes


def start(nodes):
    for n in nodes:
        n.start(ready=False)
    for n in nodes:
        n.wait_ready(30)
        n.wait_event("map_read", 30)
    return nodes


def wait_linked(nodes, links=1):
    """Every node has so many links over which maps are shared."""
    def shared(n):
        rows = json.loads(n.ctl("links", "--json").stdout)["links"]
        return sum(r["map"] == "shared" for r in rows) >= links
    until("links with a map", lambda: all(shared(n) for n in nodes), 30, 0.1)


def state(n):
    return json.loads(n.ctl("state", "--json").stdout)


def wait_equal(nodes, entries=None, timeout=60):
    """All digests are equal; seconds it took."""
    began = time.monotonic()

    def equal():
        all_ = [state(n) for n in nodes]
        return len({(s["digest"], s["map_entries"]) for s in all_}) == 1 and \
            entries in (None, all_[0]["map_entries"])
    until("equal maps", equal, timeout, 0.1)
    return time.monotonic() - began


def wait_value(n, key, value, timeout=30):
    """The key has that value there; None: it has none."""
    def there():
        r = n.ctl("get", key, check=False)
        return (r.stdout if r.returncode == 0 else None) == value
    until(f"{key} is {value!r} at {n.name}", there, timeout, 0.05)


class Watch:
    """Lines of a watch on one node."""

    def __init__(self, node, prefix):
        self.lines = []
        self.p = subprocess.Popen(
            [node.find("micelioctl"), "--data-dir", node.dir, "watch",
             "--json", prefix], stdout=subprocess.PIPE, text=True)
        self.thread = threading.Thread(target=self.read, daemon=True)
        self.thread.start()

    def read(self):
        for line in self.p.stdout:
            self.lines.append(json.loads(line))

    def wait(self, key, **fields):
        until(f"watch shows {key} {fields}", lambda: any(
            x["key"] == key and all(x.get(k) == v for k, v in fields.items())
            for x in list(self.lines)), 30, 0.05)

    def end(self):
        self.p.terminate()
        self.p.wait(10)


class Record:
    """What was typed at which node, and what came of it, as text."""

    def __init__(self):
        self.text = ""

    def run(self, client, *words, stdin=None):
        """ssh NODE WORDS; standard output of it."""
        r = client.command(*words, text=True,
                           stdin=stdin or subprocess.DEVNULL)
        self.text += "$ ssh %s %s%s\n%s%s" % (
            client.node.name, shlex.join(words), " <FILE" if stdin else "",
            r.stdout, r.stderr)
        if not self.text.endswith("\n"):
            self.text += "\n"
        if r.returncode:
            self.text += "(status %d)\n" % r.returncode
        return r


def three_with_people(t):
    """Three linked nodes, and somebody at each who may come in by ssh."""
    nodes = mesh(t, ["a", "b", "c"])
    key = Key(t)
    for n in nodes:
        n.authorize(key.line)
    start(nodes)
    wait_linked(nodes)
    people = [Client(t, n, key) for n in nodes]
    for who in people:
        who.wait_admitted()
    return nodes, people


def test_three_nodes_on_record(t):
    """Set, got, watched and deleted through ssh, each at another node."""
    nodes, (at_a, at_b, at_c) = three_with_people(t)
    a, b, c = nodes
    pane = at_c.open()
    pane.say("/watch o/")
    said = Record()
    with tempfile.TemporaryFile(dir=t.dir) as f:
        f.write(b"maintenance at noon\nand again at six\n")
        f.seek(0)
        assert said.run(at_a, "put", "o/motd", stdin=f).returncode == 0
    pane.wait_text("o/motd = maintenance at noon")
    wait_value(b, "o/motd", "maintenance at noon\nand again at six\n")
    r = said.run(at_b, "get", "o/motd")
    assert r.stdout == "maintenance at noon\nand again at six\n", r
    assert said.run(at_b, "put", "o/motd", "all is well").returncode == 0
    pane.wait_text("o/motd = all is well")
    wait_value(c, "o/motd", "all is well")
    assert "o/motd" in said.run(at_c, "ls", "o/").stdout
    wait_value(a, "o/motd", "all is well")
    said.run(at_a, "versions", "o/motd")
    # What a terminal might obey is shown as what it is.
    with tempfile.TemporaryFile(dir=t.dir) as f:
        f.write("a\x1b[31mb\u202ec".encode())
        f.seek(0)
        said.run(at_a, "put", "o/odd", stdin=f)
    pane.wait_text(r"o/odd = a.*\[31mb")
    until("it came to b", lambda: b.ctl("get", "--json", "o/odd",
                                        check=False).returncode == 0)
    r = said.run(at_b, "get", "o/odd")
    assert r.returncode == 65 and "\x1b" not in r.stdout + r.stderr, r
    r = said.run(at_b, "get", "--json", "o/odd")
    assert "\x1b" not in r.stdout and "\u202e" not in r.stdout, r
    assert said.run(at_b, "del", "o/motd").returncode == 0
    pane.wait_text("o/motd deleted")
    wait_value(a, "o/motd", None)
    assert said.run(at_a, "get", "o/motd").returncode == 1
    wait_equal(nodes)
    said.run(at_c, "state")
    assert "\x1b" not in said.text, said.text
    t.keep("map-at-three-nodes.txt", said.text)
    pane.save("-watch")
    assert "\u202e" not in pane.screen(history=True), pane.screen()
    for n in nodes:
        n.stop()


def test_three_nodes(t):
    """What is said at one node is seen at the others, at once."""
    nodes, people = three_with_people(t)
    a, b, c = nodes
    w = Watch(c, "o/")
    try:
        until("the watch has begun", lambda: people[0].command(
            "put", "o/first", "x").returncode == 0 and w.lines, 30, 0.2)
        r = people[0].command("put", "o/motd", "from a")
        assert r.returncode == 0, r
        wait_value(b, "o/motd", "from a")
        wait_value(c, "o/motd", "from a")
        w.wait("o/motd", value="from a", author=a.id)
        assert people[1].command("put", "o/motd", "from b").returncode == 0
        wait_value(a, "o/motd", "from b")
        wait_value(c, "o/motd", "from b")
        r = people[2].command("get", "o/motd")
        assert r.stdout in ("from b", b"from b"), r
        assert people[2].command("del", "o/motd").returncode == 0
        wait_value(a, "o/motd", None)
        wait_value(b, "o/motd", None)
        w.wait("o/motd", deleted=True, author=c.id)
    finally:
        w.end()
    wait_equal(nodes)
    for n in nodes:
        n.stop()


def test_late_and_again(t):
    """Who comes later gets all of it, and keeps it over a restart."""
    a, b = nodes = mesh(t, ["a", "b"])
    a.start()
    a.wait_event("map_read")
    lines = "".join(json.dumps({"key": "o/%d" % i, "value": "v" * i}) + "\n"
                    for i in range(200))
    fill(t, a, lines)
    b.start()
    b.wait_event("map_read")
    took = wait_equal(nodes, 200)
    t.note("a first copy of 200 entries was there after %.1f s" % took)
    assert b.ctl("get", "o/199").stdout == "v" * 199
    b.stop()
    a.ctl("put", "o/0", "while b was away")
    a.ctl("del", "o/1")
    b.start()
    b.wait_event("map_read", entries="200")
    wait_value(b, "o/0", "while b was away")
    wait_value(b, "o/1", None)
    wait_equal(nodes, 200)
    for n in nodes:
        n.stop()


def fill(t, node, lines):
    """import of these lines."""
    with tempfile.TemporaryFile(dir=t.dir) as f:
        f.write(lines.encode())
        f.seek(0)
        node.ctl("import", stdin=f, timeout=120)


def test_two_writers(t):
    """Two write one key at once: all see the same winner."""
    nodes = a, b, c = mesh(t, ["a", "b", "c"])
    start(nodes)
    wait_linked(nodes)

    def write(n):
        for i in range(20):
            n.ctl("put", "o/both", "%s %d" % (n.name, i))
    writers = [threading.Thread(target=write, args=(n,)) for n in (a, b)]
    for w in writers:
        w.start()
    for w in writers:
        w.join()
    wait_equal(nodes, 2)
    values = {n.ctl("get", "o/both").stdout for n in nodes}
    assert len(values) == 1 and values.pop().endswith(" 19"), values
    for n in nodes:
        n.stop()


def moved(nodes):
    """Bytes that have come to all of them, over every link."""
    return sum(json.loads(n.ctl("stats", "--json").stdout)
               ["transportd"][0]["bytes_in"] for n in nodes)


@lane(budget=120)
def test_partition(t):
    """Both halves write and delete; healed, all are equal."""
    nodes = mesh(t, ["a", "b", "c", "d", "e", "f"])
    left, right = nodes[:3], nodes[3:]
    start(nodes)
    wait_linked(nodes, 5)
    fill(t, left[0], "".join('{"key":"o/l%d","value":"old"}\n' % i
                             for i in range(40)))
    fill(t, right[0], "".join('{"key":"o/r%d","value":"old"}\n' % i
                              for i in range(40)))
    wait_equal(nodes, 80)
    for x in left:
        for y in right:
            x.ctl("unlink", y.id[:16], check=False)
            y.ctl("unlink", x.id[:16], check=False)
    until("two halves", lambda: all(len(set(n.peer_ids())) == 2
                                    for n in nodes), 30, 0.2)
    # Each half deletes some of the other's keys, and writes some anew.
    for i in range(20):
        left[i % 3].ctl("del", "o/r%d" % i)
        right[i % 3].ctl("del", "o/l%d" % i)
    for i in range(20, 30):
        left[i % 3].ctl("put", "o/r%d" % i, "left")
        right[i % 3].ctl("put", "o/r%d" % i, "right")
    wait_equal(left)
    wait_equal(right)
    assert state(left[0])["digest"] != state(right[0])["digest"]
    before = moved(nodes)
    left[0].ctl("link", "%s@%s" % (right[0].id, right[0].mesh_address),
                check=False)
    took = wait_equal(nodes)
    t.note("equal %.1f s after the halves were linked again, 50 keys of "
           "each changed; %d bytes over all links of six nodes" %
           (took, moved(nodes) - before))
    for n in nodes:
        keys = {k["key"]: k for k in
                json.loads(n.ctl("ls", "o/", "--json").stdout)["keys"]}
        gone = ["o/%s%d" % (s, i) for s in "lr" for i in range(20)]
        assert not [k for k in gone if k in keys], keys.keys()
        assert len(keys) == 40, keys.keys()
    winners = {tuple(n.ctl("get", "o/r%d" % i).stdout
                     for i in range(20, 30)) for n in nodes}
    assert len(winners) == 1, winners
    for n in nodes:
        n.stop()


def test_killed_while_they_compare(t):
    """A suite killed in a first copy goes on where it was, or anew."""
    t.expected = ("child_lost", "start_failed")
    a, b = nodes = mesh(t, ["a", "b"])
    a.start()
    a.wait_event("map_read")
    fill(t, a, "".join(json.dumps({"key": "o/%d" % i, "value": "v" * 4000})
                       + "\n" for i in range(250)))
    for life in range(3):
        b.start()
        b.wait_event("map_read", count=1)
        until("some have come", lambda: state(b)["map_entries"] > 0, 30,
              0.01)
        some = state(b)["map_entries"]
        pids = b.processes()
        for p in pids:
            try:
                os.kill(p, signal.SIGKILL)
            except ProcessLookupError:
                pass
        b.wait_end(10, pids)
    b.start()
    wait_equal(nodes, 250)
    assert some > 0
    assert b.ctl("get", "o/249").stdout == "v" * 4000
    for n in nodes:
        n.stop()


def peaks(node):
    """{daemon: [peak MB, CPU s]}"""
    ticks, out = os.sysconf("SC_CLK_TCK"), {}
    for name in ("stated", "gossipd", "transportd"):
        pid = node.child(name)
        with open(f"/proc/{pid}/status") as f:
            kb = [int(x.split()[1]) for x in f if x.startswith("VmHWM")][0]
        with open(f"/proc/{pid}/stat") as f:
            cpu = f.read().rsplit(")", 1)[1].split()
        out[name] = [round(kb / 1024, 1),
                     round((int(cpu[11]) + int(cpu[12])) / ticks, 1)]
    return out


def map_filled(t, node, authors, entries):
    """A node that is not running gets a map of so many authors."""
    subprocess.run(["ninja", "-C", t.build, "tests/bench/mapfill"],
                   check=True, stdout=subprocess.DEVNULL)
    db = os.path.join(node.dir, "state", "db")
    os.makedirs(os.path.dirname(db), mode=0o700, exist_ok=True)
    subprocess.run([os.path.join(t.build, "tests/bench/mapfill"), db,
                    str(authors), str(entries), "200"], check=True)


def first_copy(t, authors, entries, limit):
    a, b = nodes = mesh(t, ["a", "b"])
    map_filled(t, a, authors, entries)
    all_ = authors * entries
    began = time.monotonic()
    a.start()
    a.wait_event("map_read", 300, entries=str(all_))
    t.note("%d entries read from the disk in %.1f s; (MB, CPU s): %s" %
           (all_, time.monotonic() - began, peaks(a)))
    began = time.monotonic()
    b.start()
    took = wait_equal(nodes, all_, limit)
    t.note("copied in %.1f s, %.1f s after the start; (MB, CPU s): first %s,"
           " new %s" % (took, time.monotonic() - began, peaks(a), peaks(b)))
    for n in nodes:
        t.note("%s: %s" % (n.name, [e.text for e in
                                    n.events("map_copied")]))
        n.stop()
    return took


@lane(budget=900, long=True, alone=True)
def test_first_copy(t):
    """100,000 entries of 400 authors, to a node that has none."""
    first_copy(t, 400, 250, 300)


def test_profiles(t):
    """Maps of other rules stay apart, until a reload makes them one."""
    a, b = nodes = mesh(t, ["a", "b"])
    a.plant_identity(b"a" * 32)
    b.plant_identity(b"b" * 32)
    ids = []
    for n in nodes:
        n.start()
        n.wait_event("map_read")
        ids.append(n.id)
    b.stop()
    allow = {"network": "allow = [ %s ];" % ", ".join(
        '"%s"' % i for i in ids)}
    b.settings = allow
    b.write_conf()
    b.start()
    b.wait_event("map_read")
    until("links say so", lambda: [r["map"] for r in json.loads(
        a.ctl("links", "--json").stdout)["links"]] == ["other-profile"],
        20, 0.1)
    a.wait_event("map_profile_other", what="profile", id=b.id[:12])
    assert "anyone who connects" in a.ctl("status").stdout
    assert a.ctl("put", "o/a", "of a").returncode == 0
    assert b.ctl("put", "o/b", "of b").returncode == 0
    assert b.ctl("get", "o/a", check=False).returncode == 1
    a.settings = allow
    a.write_conf()
    r = a.ctl("reload")
    assert r.returncode == 0, r
    wait_linked(nodes)
    wait_value(b, "o/a", "of a")
    wait_value(a, "o/b", "of b")
    wait_equal(nodes, 2)
    assert "anyone who connects" not in a.ctl("status").stdout
    for n in nodes:
        n.stop()


@lane(waits=True)
def test_v1_neighbours_alone(t):
    """Where nobody compares maps, a node says its own again and again."""
    n = Node(t, "map")
    n.start()
    n.wait_event("map_read")
    n.ctl("put", "o/before", "1")
    p = Peer(t)
    p.dial(n)
    # Written before it was there: the first announcement has it.
    p.wait("message", type=34, timeout=20)
    n.ctl("put", "o/after", "2")
    p.wait("message", type=34, count=2, timeout=20)
    p.wait("message", type=34, count=3, timeout=20)
    n.stop()
