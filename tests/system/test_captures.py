# SPDX-License-Identifier: MIT
"""Pictures of the terminal, for people to look at (tools/captures)."""
from node import Node
from runner import lane
from sshclient import person
from waiting import until

NODES = 9
NOBODY = "127.0.0.1:1"      # where nothing listens


def mesh(t):
    """Nine linked nodes."""
    first = Node(t, "n1").start()
    nodes = [first] + [Node(t, f"n{i}", bootstrap=[first.mesh_address])
                       for i in range(2, NODES + 1)]
    for node in nodes[1:]:
        node.start(ready=False)
    for node in nodes:
        node.wait_ready()
    for node in nodes:
        node.wait_peers(NODES - 1, 60)
    return nodes


def keep(t, name, pane, want):
    """The picture of a pane that shows what is wanted."""
    pane.wait_text(want)
    t.keep(name + ".txt", pane.screen().rstrip("\n") + "\n")


def talk(t, nodes):
    """The first login, three people, what is looked at, what goes wrong."""
    alice = person(t, nodes[0], "alice").open()
    keep(t, "first-login", alice, "/help for commands")
    bob, carol = (person(t, node, user).open() for node, user in
                  zip(nodes[1:3], ("bob", "carol")))
    alice.say("good morning")
    for pane in (bob, carol):
        pane.wait_text("alice@.*good morning")
    bob.say("good morning, alice: is the backup done?")
    carol.wait_text("is the backup done")
    carol.say("it is, since four")
    for pane in (alice, bob):
        pane.wait_text("since four")
    carol.say("/me goes for coffee")
    for pane in (alice, bob, carol):
        keep(t, f"chat-{pane.client.user}", pane,
             r"\* carol\S* goes for coffee")
    for name, line, want in (("help", "/help", "/quit|quit"),
                             ("mistyped", "/stauts", "did you mean"),
                             ("status", "/status", "healthy"),
                             ("peers", "/peers", nodes[8].id[:12]),
                             ("map", "/map", nodes[8].id[:12])):
        alice.send("C-l")
        alice.say(line)
        keep(t, name, alice, want)
    alice.send("C-l")
    alice.type("/st")
    alice.send("Tab", "Tab")
    keep(t, "completion", alice, r"/state\s+/stats\s+/status")
    alice.send("C-c")
    return alice


def split(t, alice, lost):
    """The node that carol is on is killed, and comes back."""
    alice.send("C-l")
    alice.say("/whom")
    keep(t, "whom", alice, "carol")
    alice.send("C-l")
    pids = lost.processes()
    lost.signal(9)
    lost.wait_end(10, pids)
    alice.wait_text("split: lost")
    alice.say("/peers")
    alice.wait_text("peers|state")
    lost.start()
    keep(t, "split-and-heal", alice, "-- (linked|heal)")


def terminals(t, node):
    """Small, and dumb."""
    small = person(t, node, "dave").open(columns=20, rows=5, wait=False)
    small.wait_text(r"\[dave\]>")
    small.say("hello from a very small screen")
    small.wait_text("<dave>")
    small.type("and half a line more")
    until("it is typed", lambda: "more" in small.screen(), 10)
    keep(t, "small-20x5", small, r"more")
    dumb = person(t, node, "erin").open(term="dumb")
    dumb.say("hello from a dumb one")
    dumb.wait_text("<erin> hello from a dumb one")
    dumb.say("/status")
    keep(t, "dumb", dumb, "healthy|peers")
    assert "\x1b" not in dumb.screen(escapes=True).replace("\x1b[39m", "")


@lane(budget=180, long=True)
def test_captures(t):
    nodes = mesh(t)
    alice = talk(t, nodes)
    split(t, alice, nodes[2])
    lost = Node(t, "attic", bootstrap=[NOBODY]).start()
    oscar = person(t, lost, "oscar").open()
    oscar.say("/status")
    keep(t, "status-degraded", oscar, "not healthy(.*\n)*peers:")
    terminals(t, nodes[3])
