# SPDX-License-Identifier: MIT
"""Who is where on the mesh; rooms beside the one everybody is in."""
import json
import re
import signal

from node import Node, linked_pair
from runner import lane
from sshclient import person
from waiting import until


@lane(budget=60)
def test_rooms(t):
    """Who is in a room reads what is said there, here and elsewhere."""
    a, b = linked_pair(t)
    alice, bob = person(t, a, "alice"), person(t, b, "bob")
    assert "/join #ROOM begins one" in a.ctl("rooms").stdout
    pane, there = alice.open(), bob.open()
    pane.say("/join dev")
    pane.wait_text("join: want # and 1 to 31")
    pane.say("/join #dev")
    pane.wait_text(r"\[alice #dev\]>")
    pane.say("/topic releases only")
    pane.wait_text("-- #dev: alice set the topic: releases only")
    pane.say("not for bob")
    pane.wait_text("<alice #dev> not for bob")
    pane.say("/part")
    pane.wait_text("you speak to everybody again")
    pane.say("for all")
    there.wait_text("<alice@.*> for all")
    assert not there.shows("not for bob"), there.screen()
    there.say("/rooms")
    there.wait_text("#dev .*releases only")
    there.say("/join #dev")
    there.wait_text("-- #dev: releases only")
    pane.say("/join #dev")
    there.wait_text("-- #dev: alice@.* joined")
    there.say("hello room")
    pane.wait_text(r"<bob@\w+ #dev> hello room")
    row = json.loads(b.ctl("who", "--json").stdout)["people"][0]
    assert row["idle_ms"] < row["here_ms"], row
    there.say("/me waves")
    pane.wait_text(r"\* bob@\w+ #dev waves")
    there.say("/quit")
    pane.wait_text("-- #dev: bob@.* left")


def three(t):
    """Three nodes with alice, bob and another alice."""
    a = Node(t, "north").start()
    b = Node(t, "mid", bootstrap=[a.mesh_address]).start()
    c = Node(t, "south", bootstrap=[b.mesh_address]).start()
    people = [person(t, a, "alice"), person(t, b, "bob")]
    people.append(person(t, c, "alice"))
    return (a, b, c), people


def whom(node):
    """[(nick, node)] as that node knows them, in its order."""
    rows = json.loads(node.ctl("whom", "--json").stdout)
    assert rows["count"] == len(rows["people"]), rows
    return [(p["nick"], p["node"]) for p in rows["people"]]


@lane(budget=90)
def test_whom(t):
    """Who is on the whole mesh, told apart; who is lost with a node, and its
    return, each in one line."""
    (a, b, c), (alice, bob, other) = three(t)
    tag = "~" + other.key.hash[:4]
    panes = [alice.open(), bob.open()]
    until("north and mid know each other's people", lambda: whom(a) ==
          whom(b) == [("alice", "north"), ("bob", "mid")], 20)
    panes.append(other.open())
    # Of who said nothing yet it is known where they are.
    row = json.loads(a.ctl("whois", "bob", "--json").stdout)
    assert row["node"] == b.id and not row["here"], row
    panes[0].say("/msg bob hello from north")
    panes[1].wait_text("to you> hello from north")
    # The same nick under another key, seen from north.
    until("north tells the two apart", lambda: whom(a) == [
        ("alice", "north"), ("alice" + tag, "south"), ("bob", "mid")], 20)
    panes[2].say("which alice?")
    panes[0].wait_text(rf"<alice{tag}@{c.id[:12]}> which alice\?")
    panes[0].say(f"/msg alice{tag} the other one")
    panes[2].wait_text("to you> the other one")
    panes[0].say("/nick system")
    panes[0].wait_text('nick not changed: "system" is reserved')
    panes[0].say("/whom")
    panes[0].wait_text("3 people on 3 nodes")
    t.keep("whom.txt", panes[0].screen())
    # A node dies: one line tells that, and who was there.
    b.signal(signal.SIGKILL)
    b.process.wait()
    panes[0].wait_text(r"-- split: lost mid \(bob\) cause=", 30)
    until("nobody is said to be there", lambda: whom(a) == [
        ("alice", "north"), ("alice" + tag, "south")], 60)
    panes[0].save("-split")
    b.start()
    panes[0].wait_text("-- heal: mid is back after", 30)
    seen = panes[0].screen(history=True)
    assert len(re.findall("split: lost mid", seen)) == 1, seen
    assert len(re.findall("heal: mid", seen)) == 1, seen
    assert "linked: node" not in seen.split("heal: mid")[1], seen
    panes[0].save("-heal")
