# SPDX-License-Identifier: MIT
"""What was said is kept, and people are told what they missed."""
import contextlib
import json
import os
import re
import signal

import procs
from node import Node
from peer import Peer
from runner import lane
from sshclient import person
from waiting import until


def lines(node, *words):
    r = node.ctl("history", *words, "--json", check=False)
    return [x["text"] for x in json.loads(r.stdout)["lines"]] \
        if r.stdout else []


def kill(node):
    """All of it, at once."""
    pids = node.processes()
    for p in [node.pid] + [p for p in pids if p != node.pid]:
        with contextlib.suppress(ProcessLookupError):
            os.kill(p, signal.SIGKILL)
    until("nobody is left", lambda: not any(map(procs.alive, pids)), 10)
    node.wait_end(5, pids)


def test_survives(t):
    """History, over an orderly end and over a kill."""
    node = Node(t, "north").start()
    peer = Peer(t)
    peer.dial(node)
    for i in range(3):
        node.ctl("say", f"here {i}", check=False)
    peer.chat("from elsewhere", nick="bob")
    want = ["here 0", "here 1", "here 2", "from elsewhere"]
    until("all is kept", lambda: lines(node, "10") == want, 10)
    text = node.ctl("history").stdout.splitlines()
    assert len(text) == 4 and "<bob@" in text[3], text
    assert node.ctl("history", "2").stdout.splitlines() == text[2:]
    node.stop()
    node.start()
    assert lines(node) == want
    node.ctl("say", "the last", check=False)
    assert lines(node, "1") == ["the last"]
    kill(node)
    node.start()
    assert lines(node, "2h") == want + ["the last"]
    r = node.ctl("search", "ELSEWHERE")
    assert r.stdout.count("\n") == 1 and "from elsewhere" in r.stdout, r
    r = node.ctl("search", "no such words", check=False)
    assert r.returncode == 1 and not r.stdout, r
    r = node.ctl("history", "yesterday", check=False)
    assert r.returncode == 64 and "11:40" in r.stderr, r


@lane(budget=60)
def test_missed(t):
    """Who comes back is told how much was said, and can read it."""
    node = Node(t, "north").start()
    alice, bob = person(t, node, "alice"), person(t, node, "bob")
    pane = alice.open()
    pane.say("/missed")
    pane.wait_text("you were not here before")
    pane.say("before")
    pane.say("/quit")
    assert pane.wait_end() == 0
    here = bob.open()
    here.say("has anybody seen alice?")
    here.wait_text("<bob> has anybody")
    here.say("alicecannot be meant")
    here.wait_text("<bob> alicecannot")
    pane = alice.open()
    pane.wait_text(r"-- 2 lines since \d\d:\d\d, 1 mentions you: /missed")
    pane.say("/missed")
    pane.wait_text("<bob> has anybody seen alice")
    pane.say("/history 1")
    assert "<alice> before" not in pane.screen(), pane.screen()
    # an end without a word: what was shown then is not missed
    kill(node)
    node.start()
    node.ctl("say", "nobody is here", check=False)
    pane = alice.open()
    pane.wait_text("-- 1 line since")
    assert not pane.shows("mentions you: /missed.*1 line since")


@lane(budget=60)
def test_settings(t):
    """What one sets is for that key alone, and kept."""
    node = Node(t, "north").start()
    alice = person(t, node, "alice")
    bob = person(t, node, "bob").open()
    pane = alice.open()
    pane.say("/set time off")
    pane.wait_text("-- time is off")
    pane.say("/set tz +25:00")
    pane.wait_text('tz: got "\\+25:00", want local, utc')
    pane.say("/set bells on")
    pane.wait_text('no setting "bells"')
    pane.say("/away gone fishing")
    pane.wait_text("you are away")
    bob.say("hello")
    pane.wait_text("(?m)^<bob> hello")
    bob.wait_text(r"\[\d\d:\d\d\] <bob> hello")
    bob.say("/who")
    bob.wait_text("gone fishing")
    bob.say("/whois alice")
    bob.wait_text(re.escape(alice.key.fingerprint))
    pane.say("/me waves")
    bob.wait_text(r"\* alice waves")
    pane.say("/ignore bob")
    pane.wait_text("you see nothing of bob")
    bob.say("/nick robert")
    bob.wait_text("robert")
    bob.say("unheard of")
    bob.wait_text("<robert> unheard of")
    pane.say("/unignore bob")
    pane.wait_text("-- done")
    bob.say("heard again")
    pane.wait_text("<robert> heard again")
    assert not pane.shows("unheard of")
    pane.say("/quit")
    pane.wait_end()
    node.stop()
    node.start()
    pane = alice.open()
    pane.say("/set")
    pane.wait_text(r"time +off")
    pane.say("/back")
    pane.wait_text("welcome back")


@lane(budget=60)
def test_plain(t):
    """set plain on: nothing that was written is written over."""
    node = Node(t, "north").start()
    pane = person(t, node, "alice").open()
    pane.say("/set plain on")
    pane.wait_text("-- plain is on")
    pane.type("half a ")
    pane.wait_text("half a")
    node.ctl("say", "between", check=False)
    pane.wait_text("between")
    pane.say("line")
    text = pane.wait_text("<alice> half a line")
    # the draft stays above what came, and is there again below it
    assert text.index("> half a") < text.index("between") < \
        text.index("> half a line"), text


@lane(budget=60)
def test_said_while_down(t):
    """What others say while a node restarts is there when it is back."""
    a = Node(t, "north").start()
    b = Node(t, "south", ssh=False, bootstrap=[a.mesh_address]).start()
    c = Node(t, "east", ssh=False,
             bootstrap=[a.mesh_address, b.mesh_address]).start()
    for n in (a, b, c):
        n.wait_peers(2)
    a.ctl("say", "before")
    until("it is heard", lambda: lines(b) == ["before"], 10)
    a.stop()
    until("it is gone", lambda: len(b.peer_ids()) == 1, 10)
    b.ctl("say", "while it was down")
    a.start()
    until("it is told what was said",
          lambda: lines(a) == ["before", "while it was down"], 20)
    # and not a second time
    b.ctl("say", "after")
    until("the next one comes", lambda: lines(a)[2:] == ["after"], 10)
