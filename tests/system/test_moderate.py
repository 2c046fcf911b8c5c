# SPDX-License-Identifier: MIT
"""kick, ban, mute, key: who may come in and speak."""
import json
import os
import re
import struct
import subprocess

import test_control_socket as control
from node import Node
from sshclient import ENV, Client, Key
from waiting import until


def people(t, *more):
    """A node with an op and a user in its partyline."""
    node = Node(t, "north")
    op, user = Key(t, "op"), Key(t, "user")
    node.authorize(f'name="alice" {op.line}',
                   f'name="bob",role="user" {user.line}', *more)
    node.start()
    alice, bob = Client(t, node, op), Client(t, node, user, "bob")
    alice.wait_admitted()
    return node, alice, bob


def test_kick_and_ban(t):
    third = Key(t, "third")
    node, alice, bob = people(t, f'name="carol",role="user" {third.line}')
    a, b, c = (x.open(columns=200)
               for x in (alice, bob, Client(t, node, third, "carol")))
    a.wait_text("bob joined")
    # A user may not; nobody may to somebody above, or to themselves.
    b.say("/kick alice")
    b.wait_text("needs the role op")
    a.say("/kick alice")
    a.wait_text("kick: that is you")
    a.say("/kick bob too loud")
    b.wait_text("alice has ended your session: too loud")
    b.wait_end()
    c.wait_text("bob was kicked by alice: too loud")
    # Ops see who did it, by the fingerprint of the key; and each one line.
    op = rf"-- alice \({re.escape(alice.key.fingerprint)}\): "
    text = a.wait_text(op + rf"kick bob \(.*\): too loud")
    a.say("done with it")
    for text in (a.wait_text("<alice> done with it"),
                 c.wait_text("<alice> done with it")):
        assert not re.search(r"bob left|done +kick", text), text
    assert "was kicked" not in a.screen() and "-- alice" not in c.screen()
    # Kicked is not banned.
    assert bob.command("version").returncode == 0
    a.say("/ban bob 2h")
    a.wait_text(op + r"ban bob \(.*\): for 2h")
    r = bob.command("version", options=["LogLevel=INFO"])
    assert r.returncode == 255 and b"see the log" in r.stderr, r
    node.wait_event("login_refused", cause="banned")
    node.wait_event("moderated", act="ban", target="bob",
                    key=alice.key.fingerprint)
    row = json.loads(node.ctl("bans", "--json").stdout)["bans"][0]
    assert (row["what"], row["name"], row["by"], row["of"]) == \
        ("ban", "bob", "alice", bob.key.fingerprint), row
    assert 7100e3 < row["left_ms"] <= 7200e3, row
    t.keep("bans.txt", node.ctl("bans").stdout)
    for x in (a, c):
        x.say("/quit")
        x.wait_end()
    # It holds over the node's end; unban ends it.
    node.stop()
    node.start()
    until("the ban is read", lambda: bob.command("version").returncode ==
          255, 5)
    assert alice.command("unban", bob.key.fingerprint[:14]).returncode == 0
    assert bob.command("version").returncode == 0
    assert json.loads(node.ctl("bans", "--json").stdout)["bans"] == []
    r = node.ctl("unban", "bob", check=False)
    assert r.returncode == 1 and "bans lists them" in r.stderr, r


class Sitting:
    """Somebody in the partyline who has no terminal."""

    def __init__(self, client):
        host = client.node.ssh_address.rsplit(":", 1)[0]
        self.p = subprocess.Popen(
            client.argv("-T", f"{client.user}@{host}"), env=ENV,
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
        client.t.fixtures.append(self)

    def say(self, line):
        self.p.stdin.write(line.encode() + b"\n")
        self.p.stdin.flush()

    def close(self):
        if not self.p.stdin.closed:
            self.p.stdin.close()
        if self.p.poll() is None:
            self.p.kill()
        self.p.wait()


def test_crowd(t):
    """In a full room who comes and goes is shown only of those who spoke
    lately, and a kick always."""
    node = Node(t, "north", settings={"ssh": "max_per_address = 20;"})
    names = ["alice", "bob"] + [f"q{i}" for i in range(9)]
    keys = {name: Key(t, name) for name in names}
    node.authorize(*(f'name="{n}" {k.line}' for n, k in keys.items()))
    node.start()
    clients = {n: Client(t, node, k) for n, k in keys.items()}
    clients["alice"].wait_admitted()
    a = clients["alice"].open(columns=200)
    quiet = {n: Sitting(clients[n]) for n in names[2:]}

    def count(n):
        until(f"{n} are there", lambda: json.loads(
            node.ctl("who", "--json").stdout)["count"] == n, 15)
    count(10)
    bob = Sitting(clients["bob"])
    count(11)
    quiet["q0"].say("/quit")
    count(10)
    bob.say("hello crowd")
    a.wait_text("<bob> hello crowd")
    bob.say("/quit")
    a.wait_text(r"\* bob left \(")
    back = Sitting(clients["bob"])
    a.wait_text(r"\* bob joined")
    a.say("/kick q1 just so")
    text = a.wait_text(r"-- alice \(.*\): kick q1 \(.*\): just so")
    for word in ("q0 left", "q1 left"):
        assert word not in text, text
    assert len(re.findall(r"bob joined", text)) == 1, text
    a.save()
    for one in (bob, back, *quiet.values()):
        one.close()


def test_ban_net(t):
    """By address; whoever orders it cannot shut themselves out."""
    node, alice, bob = people(t)
    r = alice.command("ban", "127.0.0.0/8")
    assert r.returncode == 1 and b"that is you" in r.stderr, r
    node.ctl("ban", "127.0.0.0/8", "1h")
    assert alice.command("version").returncode == 255
    assert bob.command("version").returncode == 255
    node.ctl("unban", "127.0.0.0/8")
    assert alice.command("version").returncode == 0
    for bad in (("ban", "nobody-here"), ("kick", "127.0.0.1"),
                ("mute", "127.0.0.1")):
        r = node.ctl(*bad, check=False)
        assert r.returncode == 1 and "SHA256:" in r.stderr, r
    r = node.ctl("ban", "127.0.0.1", "soon", check=False)
    assert r.returncode == 64 and "for example 2h" in r.stderr, r


def test_mute(t):
    node, alice, bob = people(t)
    a, b = alice.open(), bob.open()
    a.wait_text("bob joined")
    b.say("one")
    a.wait_text("<bob> one")
    a.say("/mute bob 1h")
    a.wait_text(r"-- alice \(.*\): mute bob")
    b.say("two")
    b.wait_text("not said: alice has muted you for another ")
    b.say("/me three")
    b.say("/msg alice four")
    b.wait_text("not said: alice has muted you", count=3)
    r = bob.command("say", "five")
    assert r.returncode == 77 and b"muted you" in r.stderr, r
    # What a client of the control socket is called is for it to choose.
    tricky = control.frame(1, struct.pack(">H", 1) + control.text(
        b"x\x1b]0;owned\x07"))
    status, out = control.ask(node, tricky, control.run(
        b"mute", b"bob", b"1h"))
    assert status == 0, out
    a.wait_text(r"-- the operator \(control socket\): mute bob")
    b.say("six")
    b.wait_text("not said: the operator has muted you")
    # Reading goes on.
    a.say("seven")
    b.wait_text("<alice> seven")
    a.say("/unmute bob")
    a.wait_text(r"-- alice \(.*\): unmute bob")
    b.say("eight")
    text = a.wait_text("<bob> eight")
    assert not re.search(r"bob>? (two|three|four|five)", text), text
    for p in (a, b):
        p.say("/quit")
        assert p.wait_end() == 0


def test_key(t):
    node, alice, bob = people(t)
    rows = json.loads(node.ctl("key", "--json").stdout)
    assert rows["count"] == 2 and rows["refused_lines"] == 0, rows
    assert [(k["line"], k["name"], k["role"], k["key"])
            for k in rows["keys"]] == [
                (1, "alice", "op", alice.key.fingerprint),
                (2, "bob", "user", bob.key.fingerprint)], rows
    r = bob.command("key", "ls")
    assert r.returncode == 77, r
    r = alice.command("key", "ls", "--json")
    assert json.loads(r.stdout)["keys"][0]["sessions"] == 1, r
    r = alice.command("key", "rm", "bob")
    assert r.returncode == 77 and b"needs the role admin" in r.stderr, r


def test_key_edit(t):
    """An admin adds and removes keys; every op sees it, and by which key."""
    node = Node(t, "north")
    boss, new = Key(t, "boss"), Key(t, "new")
    node.authorize("# kept", f'name="boss",role="admin" {boss.line}')
    node.start()
    admin, carol = Client(t, node, boss), Client(t, node, new, "carol")
    admin.wait_admitted()
    a = admin.open(columns=200)
    assert carol.command("version").returncode == 255
    a.say(f"/key add name=carol role=user {new.line}")
    seen = rf"-- boss \({re.escape(boss.fingerprint)}\): key add carol "
    a.wait_text(seen)
    node.wait_event("moderated", act="key add", target="carol",
                    of=new.fingerprint, key=boss.fingerprint)
    carol.wait_admitted()
    assert carol.command("reload").returncode == 77
    path = os.path.join(node.dir, "authorized_keys")
    with open(path, encoding="ascii") as f:
        lines = f.read().splitlines()
    assert lines == ["# kept", f'name="boss",role="admin" {boss.line}',
                     f'name="carol",role="user" {new.line}'], lines
    assert os.stat(path).st_mode & 0o777 == 0o600
    assert not os.path.exists(path + ".tmp")
    for words, status, want in (
            (("add", new.line), 1, "is there already, in line 3"),
            (("add", "ssh-ed25519", "AAAA"), 65, "key add: "),
            (("add", "role=king", new.line), 65, "want user, op or admin"),
            (("add",), 64, "usage: key add"),
            (("add", "role=king"), 65, "key add: "),
            (("rm", "boss"), 1, "the last key with the role admin"),
            (("rm", "nobody"), 1, "no such key"),
            (("rm",), 64, "usage: key rm"), (("rm", "a", "b"), 64, "too many"),
            (("mv",), 64, "ls, add or rm")):
        r = admin.command("key", *words)
        assert r.returncode == status and want.encode() in r.stderr, r
    # What words double when they are quoted.
    r = node.ctl("key", "add", "name=" + '"' * 62000, new.line, check=False)
    assert r.returncode == 65 and "the limit is 16384" in r.stderr, r
    there = carol.open()
    r = admin.command("key", "rm", new.fingerprint[:20])
    assert r.returncode == 0, r
    there.wait_end()
    a.wait_text(rf"key rm carol \({re.escape(new.fingerprint)}\)")
    assert carol.command("version").returncode == 255
    # Whoever owns the node may take out the last one.
    node.ctl("key", "rm", "boss")
    a.wait_end()
    assert json.loads(node.ctl("key", "--json").stdout)["count"] == 0
    with open(path, encoding="ascii") as f:
        assert f.read() == "# kept\n"
    os.rename(path, path + ".real")
    os.symlink(path + ".real", path)
    r = node.ctl("key", "add", new.line, check=False)
    assert r.returncode == 75 and "is a link" in r.stderr, r
