# SPDX-License-Identifier: MIT
"""A process of the node was taken over: what the others let it have."""
import os
import re
import shutil

from node import Node, copy_binaries
from peer import Peer
from runner import lane
from sshclient import Client, Key
from waiting import until

# The public half of the seed "BBB..." (tests/liars/liar.c).
LIAR_KEY = "ssh-ed25519 " \
    "AAAAC3NzaC1lZDI1NTE5AAAAICFS+NGbeR0kRTJC4V8uq2y3z/p7al7TAJeWDgaYgdsS"


def with_liar(t, daemon, lie, *keys):
    name = f"north{len(t.nodes) or ''}"
    libexec = copy_binaries(t.build, os.path.join(t.dir, name + "-bin"))
    kind = "session" if daemon == "micelio-sshd-session" else "daemon"
    shutil.copy(os.path.join(t.build, f"tests/liars/{kind}-lie-{lie}"),
                os.path.join(libexec, daemon))
    node = Node(t, name, libexec=libexec)
    node.authorize(LIAR_KEY, *keys)
    return node


def said(node):
    return re.findall(r"liar: (.*)", node.log())


def visit(t, node):
    """Somebody connects, so that a session process starts."""
    return Client(t, node, Key(t)).command("who", timeout=15)


def refused(t, lie, timeout=6):
    node = with_liar(t, "micelio-sshd-session", lie).start()
    assert visit(t, node).returncode == 255
    # The node itself serves on.
    peer = Peer(t)
    peer.dial(node)
    assert node.ctl("who").returncode == 0
    heard = said(node)
    assert f"begins {lie}" in heard, node.log_tail()
    assert not [x for x in heard if x.startswith("hub SES_OPENED")], heard
    assert not node.events("login"), node.events("login")
    t.note(f"{heard}")
    return node, heard


def test_control(t):
    """The same program with everything in order is let in."""
    node = with_liar(t, "micelio-sshd-session", 1).start()
    visit(t, node)
    heard = said(node)
    assert "hub SES_AUTH_DONE 1" in heard, (heard, node.log_tail())
    assert [x for x in heard if x.startswith("hub SES_OPENED")], heard
    assert node.events("login")


def test_bad_signature(t):
    node, heard = refused(t, 2)
    assert "hub SES_AUTH_DONE 1" not in heard
    node.wait_event("session_lied")


def test_recorded_login(t):
    node, heard = refused(t, 3)
    assert "hub SES_AUTH_DONE 1" not in heard
    node.wait_event("session_lied")


def test_no_login(t):
    node, _ = refused(t, 4)
    node.wait_event("session_lied")


def test_signs_what_is_no_hash(t):
    t.expected = ("channel_violation",)
    _, heard = refused(t, 5)
    assert "HOSTKEY_SIGNED 0" not in heard, heard


def test_signs_too_much(t):
    t.expected = ("channel_violation",)
    _, heard = refused(t, 6)
    assert 1 <= heard.count("HOSTKEY_SIGNED 0") <= 5, heard


def test_signs_with_the_identity(t):
    t.expected = ("channel_violation",)
    _, heard = refused(t, 7)
    assert not [x for x in heard if "SIGNED 0" in x], heard


def memory(node, daemon):
    """KiB in use by a daemon of the node, or by its parent."""
    pid = node.pid if daemon == "micelio" else node.child(daemon)
    with open(f"/proc/{pid}/status", encoding="ascii") as f:
        return int(re.search(r"VmRSS:\s+(\d+)", f.read()).group(1))


def never_reads(t, lie, daemon):
    """Answers that nobody reads do not pile up."""
    node = with_liar(t, "micelio-sshd-session", lie).start()
    before = memory(node, daemon)
    visit(t, node)
    grown = memory(node, daemon) - before
    assert f"begins {lie}" in said(node), node.log_tail()
    assert not [x for x in said(node) if x.startswith("asked")]
    assert grown < 40 * 1024, grown
    assert node.ctl("who").returncode == 0
    t.note(f"{daemon} has grown by {grown} KiB")
    return node


@lane(sandbox=True)     # sanitizers keep what is freed
def test_never_reads_signatures(t):
    t.expected = ("channel_violation",)
    never_reads(t, 8, "micelio").wait_event("channel_violation")


@lane(sandbox=True)     # sanitizers keep what is freed
def test_never_reads_answers(t):
    never_reads(t, 9, "sshd").wait_event("session_lied")


@lane(sandbox=True)     # sanitizers keep what is freed
def test_never_reads_completions(t):
    never_reads(t, 10, "sshd").wait_event("session_lied")


@lane(budget=60)
def test_gossipd(t):
    node = with_liar(t, "micelio-gossipd", 11).start(ready=False)
    node.wait_event("key_refused")
    until("the answers are in", lambda: not node.running() or
          len([x for x in said(node) if "KEY_SIGNED" in x]) >= 8, 5)
    answers = [x for x in said(node) if "KEY_SIGNED" in x]
    # One of eight was its own: the first.
    assert answers[0] == "KEY_SIGNED 0", answers
    assert answers.count("KEY_SIGNED 0") == 1, answers
    t.note(f"{answers}")


def _ended(t, daemon, lie):
    """The parent ends a child that breaks the table, at start the node."""
    t.expected = ("channel_violation",)
    node = with_liar(t, daemon, lie).start(ready=False)
    node.wait_event("channel_violation", 10)
    assert not [x for x in said(node) if "SIGNED" in x], said(node)
    return node


def _ends_the_node(t, daemon, lie, why):
    node = _ended(t, daemon, lie)
    assert why in node.log(), node.log_tail()
    assert node.process.wait(10) not in (0, -9)
    return node


@lane(budget=60)
def test_hub(t):
    node = _ended(t, "micelio-sshd", 12)
    # Before the node is ready that ends it, later another hub is started.
    until("the hub is ended", lambda: not node.running() or
          node.events("child_respawned", child="micelio-sshd"), 10)
    assert node.events("child_lost", child="micelio-sshd")


@lane(budget=60)
def test_no_signature_for_others(t):
    """The words of gossipd, from where only bytes or a disk are served."""
    for daemon in ("micelio-transportd", "micelio-stated"):
        _ends_the_node(t, daemon, 12, "not between these two")


@lane(budget=60)
def test_out_of_phase(t):
    _ends_the_node(t, "micelio-gossipd", 16, "not in this phase")


@lane(budget=60)
def test_descriptors(t):
    """Nobody keeps one that is sent with a message that has none."""
    _ends_the_node(t, "micelio-stated", 15, "sent micelio a descriptor")
    node, _ = refused(t, 17)
    lied = node.wait_event("session_lied")
    assert "a descriptor" in lied.fields["text"], lied


def test_events(t):
    """What a daemon says has happened does not reach a terminal raw."""
    node = with_liar(t, "micelio-transportd", 18).start()
    text = until("the event is told", lambda: node.ctl(
        "events", "clock_off").stdout, 5)
    shown = text + node.ctl("events", "clock_off", "--json").stdout
    assert shown.count("owned") == 2, shown
    for c in "\x1b\x07":
        assert c not in shown, repr(shown)
    assert not re.search("^forged", shown, re.M), shown


@lane(budget=60)
def test_never_reads_refusals(t):
    """What is asked without end, and never read, does not pile up."""
    node = _ends_the_node(t, "micelio-gossipd", 14, "asks, and does not read")
    assert not [x for x in said(node) if x.startswith("asked")]


@lane(budget=60)
def test_gossipd_handshake(t):
    _ends_the_node(t, "micelio-gossipd", 13, "not between these two")
