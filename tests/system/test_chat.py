# SPDX-License-Identifier: MIT
"""People talk: real ssh clients in terminals, over one, two and three nodes."""
import json
import os
import re
import subprocess
import time

from node import Node, linked_pair
from runner import lane
from sshclient import person
from waiting import never


def login(t, node, user, **kw):
    """A person with a key of their own at a node; their terminal."""
    return person(t, node, user).open(**kw)


def talk(t, *panes, timeout=5):
    """Everybody says a line; everybody else sees it, with the nick."""
    for i, pane in enumerate(panes):
        user = pane.client.user
        line = f"hello number {i} from {user}"
        pane.say(line)
        for other in panes:
            if other is not pane:
                other.wait_text(rf"{user}\S* *[\]>:]* *{line}", timeout)
    for pane in panes:
        pane.save()


def test_two_nodes(t):
    """Each is told where it is, and hears the other."""
    a, b = linked_pair(t)
    alice, bob = login(t, a, "alice"), login(t, b, "bob")
    alice.wait_text("Welcome to north partyline! You are alice")
    bob.wait_text("Welcome to south partyline! You are bob")
    talk(t, alice, bob)
    # A remote speaker is told from a local one.
    assert re.search(rf"bob@{b.id[:12]}", alice.screen()), alice.screen()
    assert re.search(rf"alice@{a.id[:12]}", bob.screen()), bob.screen()
    # People leave orderly, with status 0.
    alice.say("/quit")
    assert alice.wait_end() == 0
    bob.send("C-d")
    assert bob.wait_end() == 0


def test_local_and_remote(t):
    """Two on one node, one on another: each sees the others, none twice."""
    a = Node(t, "north").start()
    b = Node(t, "south", bootstrap=[a.mesh_address]).start()
    a.wait_peers(1)
    alice, carol = login(t, a, "alice"), login(t, a, "carol")
    bob = login(t, b, "bob")
    talk(t, alice, bob, carol)
    bob.say("once and only once")
    for p in (alice, carol):
        p.wait_text("once and only once")
    alice.say("after it")
    carol.wait_text("after it")
    for p in (alice, carol):
        assert len(re.findall("once and only once",
                              p.screen(history=True))) == 1


def test_say_json(t):
    """A program that says something gets one object, whatever comes of it."""
    a = Node(t, "north").start()
    r = a.ctl("--json", "say", "to nobody", check=False)
    got = json.loads(r.stdout)
    assert (r.returncode, got["v"], got["ok"], got["links"]) == \
        (1, 1, False, 0), r
    assert "nobody saw it" in got["text"], r
    b = Node(t, "south", bootstrap=[a.mesh_address]).start()
    a.wait_peers(1)
    b.wait_peers(1)
    r = a.ctl("--json", "say", "to somebody")
    got = json.loads(r.stdout)
    assert (got["v"], got["ok"], got["links"]) == (1, True, 1), r
    r = a.ctl("--json", "say", "x" * 60001, check=False)
    got = json.loads(r.stdout)
    assert (r.returncode, got["ok"], got["links"]) == (65, False, 0), r
    assert "60001" in got["text"], r


@lane(budget=120)
def test_flood(t):
    """More than a queue holds, at once: slow, in order, and none is lost."""
    a, b = linked_pair(t)
    bob = login(t, b, "bob")
    carol = login(t, a, "carol")
    alice = person(t, a, "alice")
    n = 300
    text = "".join(f"burst {i} of many\n" for i in range(n)) + "/quit\n"
    with open(os.path.join(t.dir, "flood.out"), "w+b") as out:
        p = subprocess.Popen(
            alice.argv("-T", "alice@" + a.address), stdin=subprocess.PIPE,
            stdout=out, stderr=subprocess.STDOUT)
        p.stdin.write(text.encode())
        p.stdin.close()
        bob.wait_text("burst 20 of many", 20)
        # Others are heard meanwhile, by the one who floods, too.
        carol.say("am I heard?")
        bob.wait_text("am I heard", 10)
        assert p.wait(90) == 0
        out.seek(0)
        seen = out.read().decode()
    assert seen.count("-- slowed: ") == 1, seen
    assert f"-- all {n} lines sent\n" in seen, seen
    assert seen.index("am I heard") < seen.index(f"burst {n - 1} of"), seen
    got = bob.wait_text(f"burst {n - 1} of many", 20)
    got = [int(x) for x in re.findall(r"burst (\d+) of many", got)]
    assert got == list(range(n)), got


@lane(budget=60)
def test_flood_and_gone(t):
    """Who goes away in the middle has said what the node has."""
    a, b = linked_pair(t)
    bob = login(t, b, "bob")
    alice = person(t, a, "alice")
    n = 60
    p = subprocess.Popen(
        alice.argv("-T", "alice@" + a.address), stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    p.stdin.write("".join(f"burst {i} of many\n" for i in range(n)).encode())
    p.stdin.flush()
    bob.wait_text("burst 20 of many", 20)
    p.kill()
    p.wait()
    p.stdin.close()
    got = bob.wait_text(f"burst {n - 1} of many", 20)
    got = [int(x) for x in re.findall(r"burst (\d+) of many", got)]
    assert got == list(range(n)), got
    a.wait_event("logout")


@lane(budget=60)
def test_flood_alone(t):
    """Nobody is linked: people of the node are held to a rate all the same."""
    node = Node(t, "north").start()
    bob = login(t, node, "bob")
    alice = person(t, node, "alice")
    n = 48
    began = time.monotonic()
    r = subprocess.run(
        alice.argv("-T", "alice@" + node.address), check=True, timeout=40,
        input="".join(f"burst {i} of many\n" for i in range(n)) + "/quit\n",
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    took = time.monotonic() - began
    # 16 at once and 8 a second.
    assert took > (n - 16) / 8 - 0.5, took
    assert r.stdout.count("-- slowed: ") == 1, r.stdout
    assert f"-- 0 of {n} lines sent" in r.stdout, r.stdout
    got = bob.wait_text(f"burst {n - 1} of many", 20)
    got = [int(x) for x in re.findall(r"burst (\d+) of many", got)]
    assert got == list(range(n)), got
    # Commands, by whoever they come: all together.
    said = []
    while not any(p.returncode for p in said):
        assert len(said) < 400
        batch = [subprocess.Popen(
            [node.find("micelioctl"), "--data-dir", node.dir, "say", "x"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, text=True) for _ in range(10)]
        for p in batch:
            p.said = p.stderr.read()
            refused = "too many lines" in p.said
            assert p.wait() == refused, p.said
        said += batch
    assert sum(p.returncode == 0 for p in said) >= 16


def test_dial_only(t):
    """A node without a listener takes part."""
    a = Node(t, "hub").start()
    b = Node(t, "roamer", listen=False, bootstrap=[a.mesh_address]).start()
    a.wait_peers(1)
    b.wait_peers(1)
    talk(t, login(t, a, "alice"), login(t, b, "bob"))


def test_chain(t):
    """A-B-C: the ends have no link with each other."""
    b = Node(t, "middle").start()
    a = Node(t, "left", listen=False, bootstrap=[b.mesh_address]).start()
    c = Node(t, "right", listen=False, bootstrap=[b.mesh_address]).start()
    b.wait_peers(2)
    a.wait_peers(1)
    c.wait_peers(1)
    alice, bob, carol = (login(t, a, "alice"), login(t, b, "bob"),
                         login(t, c, "carol"))
    talk(t, alice, bob, carol)
    assert len(a.peer_ids()) == 1 and len(c.peer_ids()) == 1


def test_restart(t):
    """The second start has the same keys: known_hosts still holds."""
    a = Node(t, "north").start()
    b = Node(t, "south", bootstrap=[a.mesh_address]).start()
    a.wait_peers(1)
    alice, bob = login(t, a, "alice"), login(t, b, "bob")
    talk(t, alice, bob)
    node_id = a.id
    took = a.stop()
    t.note(f"SIGTERM to the end, with a session: {took:.2f} s")
    assert alice.wait_end() == 0
    a.start()
    assert a.id == node_id
    with open(alice.client.known_hosts) as f:
        known = f.read()
    # The other node finds its way back by itself.
    a.wait_peers(1, 20)
    alice = alice.client.open(flags=("-o", "StrictHostKeyChecking=yes"))
    talk(t, alice, bob)
    with open(alice.client.known_hosts) as f:
        assert f.read() == known


@lane(budget=60)
def test_terminal(t):
    """Half-typed lines, wide characters, paste and resize survive."""
    a = Node(t, "north").start()
    alice, bob = login(t, a, "alice"), login(t, a, "bob", columns=60, rows=16)
    bob.type("half a li")
    alice.say("an interruption")
    bob.wait_text("an interruption")
    bob.wait_text(r"half a li\s*$")
    bob.resize(90, 20)
    bob.type("ne 日本 é done")
    bob.send("Enter")
    alice.wait_text("half a line 日本 é done")
    # Editing: home, end, kill, yank, history.
    bob.type("world")
    bob.send("Home")
    bob.type("hello ")
    bob.send("End")
    bob.type("!")
    bob.send("Enter")
    alice.wait_text("hello world!")
    bob.send("Up", "Enter")
    alice.wait_text("hello world!", count=2)
    bob.type("dropped")
    bob.send("C-c")
    bob.say("kept")
    alice.wait_text("kept")
    never("the dropped line appears", lambda: alice.shows("dropped"), 0.3)


def test_nicks(t):
    """Local nicks are unique and checked; others hear of changes."""
    a = Node(t, "north").start()
    alice, bob = login(t, a, "alice"), login(t, a, "bob")
    alice.wait_text("bob")                       # a join notice
    bob.say("/nick alice")
    bob.wait_text("nick not changed|taken|in use")
    bob.say("/nick robert")
    alice.wait_text("robert")
    bob.say("under a new name")
    alice.wait_text(r"robert\S* *[\]>:]* *under a new name")
    alice.say("/who")
    alice.wait_text("robert")
    bob.say("/quit")
    assert bob.wait_end() == 0
    alice.wait_text("robert.*(left|gone|quit)")
    alice.say("/nosuchcommand")
    alice.wait_text("(?i)unknown")
    alice.say("/help")
    alice.wait_text("quit")
    alice.say("/status")
    alice.wait_text("(?i)healthy|peers")
    alice.say("//slash is said")
    alice.wait_text("slash is said")
