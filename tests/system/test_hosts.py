# SPDX-License-Identifier: MIT
"""Twelve nodes on four hosts; one host is cut off and comes back."""
import json
import os
import signal
import subprocess
import time

from ear import Ear
from hosts import Hosts
from node import Node
from runner import lane
from sshclient import Client, Key
from waiting import until

HOSTS, PER_HOST = 4, 3
REJOIN_MAX = 30.0       # seconds after the network is whole again


@lane(budget=150, long=True, root=True)
def test_client_vanishes(t):
    """The network between a client and its node is gone: so is the client."""
    hosts = Hosts(t, 2)
    node = Node(t, "north", wrap=hosts.wrap(1))
    node.ssh_address = f"{hosts.address(1)}:2222"
    node.write_conf()
    key = Key(t)
    node.authorize(key.line)
    node.start()
    client = subprocess.Popen(
        [*hosts.wrap(2), *Client(t, node, key).argv(
            "-tt", hosts.address(1))], stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        node.wait_event("login", 20)
        hosts.link(2, False)
        began = time.monotonic()
        gone = node.wait_event("logout", 95)
        t.note(f"gone after {time.monotonic() - began:.0f} s: {gone}")
        assert time.monotonic() - began < 90
        assert not json.loads(node.ctl("who", "--json").stdout)["people"]
    finally:
        client.kill()
        client.communicate()


class Mesh:
    """The last hosts are those that are cut off."""

    def __init__(self, t, cut_off=1, max_peers=15):
        self.t, self.hosts = t, Hosts(t, HOSTS)
        self.cut_off = list(range(HOSTS - cut_off + 1, HOSTS + 1))
        self.nodes, self.serial = [], 0
        self.links = min(max_peers, HOSTS * PER_HOST - 1)
        for i in range(HOSTS * PER_HOST):
            host = i // PER_HOST + 1
            self.nodes.append(Node(
                t, f"n{i}", ssh=False, wrap=self.hosts.wrap(host),
                settings={"network": f"max_peers = {max_peers};"},
                mesh_address=f"{Hosts.address(host)}:{4001 + i % PER_HOST}",
                bootstrap=[n.mesh_address for n in self.nodes[-1:]]))
        for n in self.nodes:
            n.start(ready=False)
        for n in self.nodes:
            n.wait_ready(30)
        self.wait_linked("12 nodes on 4 hosts, a chain", self.nodes, 60)
        self.forget_bootstrap()
        self.ears = {n: Ear(t, n) for n in self.nodes}
        for ear in self.ears.values():
            ear.wait_open()

    @property
    def rest(self):
        return self.nodes[:-PER_HOST * len(self.cut_off)]

    @property
    def away(self):
        return self.nodes[-PER_HOST * len(self.cut_off):]

    def forget_bootstrap(self):
        """From now on nobody is told of anybody."""
        for n in self.nodes[1:]:
            n.bootstrap = []
            n.write_conf()
            n.signal(signal.SIGHUP)
        for n in self.nodes[1:]:
            n.wait_event("config_reloaded")

    def wait_linked(self, what, nodes, timeout):
        """All have the links there can be (guests come and go, too)."""
        most = min(self.links, len(nodes) - 1)
        began = time.monotonic()
        until(what, lambda: all(len(set(n.peer_ids())) >= most
                                for n in nodes), timeout, 0.2)
        return time.monotonic() - began

    def cross(self):
        """Links between the halves, by the logs of one of them."""
        ids = {n.id[:12] for n in self.rest}
        return sum(len(ids & set(n.peer_ids())) for n in self.away)

    def say(self, node):
        """A line of its own; who is to see it is told by wait_heard()."""
        self.serial += 1
        text = f"line {self.serial} of {node.name}"
        assert node.ctl("say", text, check=False).returncode == 0, text
        return text

    def wait_heard(self, text, by, timeout):
        until(f"\"{text}\" is seen at " + " ".join(
            n.name for n in by if text not in self.ears[n].texts()),
            lambda: all(text in self.ears[n].texts() for n in by), timeout,
            0.1)

    def talk(self, half, rounds):
        """Everybody in a half says something, and all of it hear that."""
        for _ in range(rounds):
            for text in [self.say(n) for n in half]:
                self.wait_heard(text, half, 15)

    def restart_one(self):
        """The last node dies meanwhile, and starts among its own."""
        node = self.nodes[-1]
        pids = node.processes()
        for p in sorted(pids):
            os.kill(p, signal.SIGKILL)
        node.wait_end(5, pids)
        self.ears[node].end()
        node.start()
        self.ears[node] = Ear(self.t, node).wait_open()
        until("it is linked with the others of its host", lambda: len(
            set(node.peer_ids())) == PER_HOST - 1, 20)

    def rejoin(self):
        """Seconds until what either half says is seen by all others."""
        began = time.monotonic()

        def joined():
            a, b = self.say(self.rest[0]), self.say(self.away[0])
            heard = [set(self.ears[n].texts()) for n in self.nodes]
            asked.append((a, b))
            return any(all(x in h and y in h for h in heard)
                       for x, y in asked)
        asked = []
        until("both halves hear each other", joined, REJOIN_MAX + 60, 0.5)
        return time.monotonic() - began

    def none_twice(self):
        for n, ear in self.ears.items():
            texts = ear.texts()
            twice = {x for x in texts if texts.count(x) > 1 and
                     not x.startswith("mark ")}
            assert not twice, f"{n.name}: {twice}"


def cut(t, mesh, what, apart, heal, seconds, restart):
    """One cut and what comes after it; the figures are noted."""
    began = time.monotonic()
    apart()
    mesh.talk(mesh.rest, 1)
    mesh.talk(mesh.away, 2)
    if restart:
        mesh.restart_one()
    # The length of the cut is the variable here.
    until("the cut has lasted long enough",
          lambda: time.monotonic() - began >= seconds, seconds + 1, 0.2)
    mesh.talk(mesh.rest, 1)
    mesh.talk(mesh.away, 1)
    lasted = time.monotonic() - began
    cross = mesh.cross()
    heal()
    joined = mesh.rejoin()
    full = joined + mesh.wait_linked("all have their links again", mesh.nodes,
                                     120)
    mesh.talk(mesh.nodes, 1)
    mesh.none_twice()
    t.note(f"{what} for {lasted:.0f} s ({cross} links across outlived it): "
           f"both halves heard each other {joined:.1f} s after it, all had "
           f"{mesh.links} links after {full:.1f} s")
    assert joined <= REJOIN_MAX, joined


def both_cuts(t, seconds, restart):
    mesh = Mesh(t)
    hosts = mesh.hosts
    cut(t, mesh, "cable out", lambda: hosts.link(HOSTS, False),
        lambda: hosts.link(HOSTS, True), seconds, restart)
    dropped(t, mesh, seconds, restart)


def dropped(t, mesh, seconds, restart):
    cut(t, mesh, "packets dropped", lambda: mesh.hosts.drop(mesh.cut_off, True),
        lambda: mesh.hosts.drop(mesh.cut_off, False), seconds, restart)


@lane(budget=180, root=True, waits=True)
def test_cut_off(t):
    """Shorter than links live; one node has to make its links anew."""
    both_cuts(t, 12, True)


@lane(budget=700, root=True, long=True, sandbox=True)
def test_cut_off_two_minutes(t):
    """Longer than links live."""
    both_cuts(t, 120, False)


@lane(budget=400, root=True, long=True, sandbox=True)
def test_halves_that_are_full(t):
    """
    Two hosts each, and no node has a free place in its half: only probes can
    bring them together.
    """
    mesh = Mesh(t, cut_off=2, max_peers=4)
    dropped(t, mesh, 120, False)
