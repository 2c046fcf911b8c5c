# SPDX-License-Identifier: MIT
"""Rooms beside the one everybody is in, over two nodes."""
from node import linked_pair
from runner import lane
from sshclient import person


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
    there.say("/me waves")
    pane.wait_text(r"\* bob@\w+ #dev waves")
    there.say("/quit")
    pane.wait_text("-- #dev: bob@.* left")
