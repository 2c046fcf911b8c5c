# SPDX-License-Identifier: MIT
"""Twelve nodes on four hosts; one host is cut off and comes back."""
import os
import signal
import time

from ear import Ear
from hosts import Hosts
from node import Node
from runner import lane
from waiting import until

HOSTS, PER_HOST = 4, 3
REJOIN_MAX = 30.0       # seconds after the network is whole again


class Mesh:
    """The last host is the one that is cut off."""

    def __init__(self, t):
        self.t, self.hosts = t, Hosts(t, HOSTS)
        self.nodes, self.said, self.serial = [], {}, 0
        for i in range(HOSTS * PER_HOST):
            host = i // PER_HOST + 1
            self.nodes.append(Node(
                t, f"n{i}", ssh=False, wrap=self.hosts.wrap(host),
                mesh_address=f"{Hosts.address(host)}:{4001 + i % PER_HOST}",
                bootstrap=[n.mesh_address for n in self.nodes[-1:]]))
        for n in self.nodes:
            n.start(ready=False)
        for n in self.nodes:
            n.wait_ready(30)
        self.wait_full("12 nodes on 4 hosts, a chain", 60)
        self.forget_bootstrap()
        self.ears = {n: Ear(t, n) for n in self.nodes}
        for ear in self.ears.values():
            ear.wait_open()

    @property
    def rest(self):
        return self.nodes[:-PER_HOST]

    @property
    def away(self):
        return self.nodes[-PER_HOST:]

    def forget_bootstrap(self):
        """From now on nobody is told of anybody."""
        for n in self.nodes[1:]:
            n.bootstrap = []
            n.write_conf()
            n.signal(signal.SIGHUP)
        for n in self.nodes[1:]:
            n.wait_event("config_reloaded")

    def wait_full(self, what, timeout):
        """All are linked with all; seconds it took."""
        began = time.monotonic()
        until(what, lambda: all(len(set(n.peer_ids())) == len(self.nodes) - 1
                                for n in self.nodes), timeout, 0.2)
        return time.monotonic() - began

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
    cross = {n.id[:12] for n in mesh.rest} & set(mesh.away[0].peer_ids())
    heal()
    joined = mesh.rejoin()
    full = joined + mesh.wait_full("all are linked with all again", 120)
    mesh.talk(mesh.nodes, 1)
    mesh.none_twice()
    t.note(f"{what} for {lasted:.0f} s ({len(cross)} of 9 links of one node "
           f"outlived it): both halves heard each other {joined:.1f} s after "
           f"it, all linked with all after {full:.1f} s")
    assert joined <= REJOIN_MAX, joined


def both_cuts(t, seconds, restart):
    mesh = Mesh(t)
    hosts = mesh.hosts
    cut(t, mesh, "cable out", lambda: hosts.link(HOSTS, False),
        lambda: hosts.link(HOSTS, True), seconds, restart)
    cut(t, mesh, "packets dropped", lambda: hosts.drop(HOSTS, True),
        lambda: hosts.drop(HOSTS, False), seconds, restart)


@lane(budget=180, root=True)
def test_cut_off(t):
    """Shorter than links live; one node has to make its links anew."""
    both_cuts(t, 12, True)


@lane(budget=700, root=True, long=True)
def test_cut_off_two_minutes(t):
    """Longer than links live."""
    both_cuts(t, 120, False)
