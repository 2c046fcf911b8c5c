# SPDX-License-Identifier: MIT
"""Nodes of our kind say of each other who is gone."""
import json
import signal
import time

import procs
from node import Node
from runner import lane
from waiting import until

CLAIMS_S = 40       # of a loaded machine


def states(node):
    rows = json.loads(node.ctl("nodes", "--json").stdout)["nodes"]
    return {r["id"]: r["state"] for r in rows}


def mesh(t, count):
    first = Node(t, "n0", ssh=False)
    nodes = [first] + [Node(t, f"n{i}", ssh=False,
                            bootstrap=[first.mesh_address])
                       for i in range(1, count)]
    for n in nodes:
        n.start(ready=False)
    for n in nodes:
        n.wait_ready(60)
    for n in nodes:
        others = {o.id for o in nodes if o is not n}
        until("all links are claimed", lambda n=n, others=others:
              others <= {i for i, s in states(n).items() if s == "up"},
              CLAIMS_S)
    # All are observers of all, not only known.
    for n in nodes:
        until("each has heard the claims of all",
              lambda n=n: n.status()["gossipd"][0]["mesh_nodes"] == count,
              CLAIMS_S)
    return nodes


@lane(budget=120)
def test_killed(t):
    """One of five is killed: down at all others, up when it comes back; of
    the living nobody is accused, nor is it when one of them stands still."""
    nodes = mesh(t, 5)
    dead, living = nodes[4], nodes[:4]
    who = dead.id
    pids = dead.processes()
    procs.end_all(pids)
    began = time.monotonic()
    for n in living:
        until(f"{n.name} has it down",
              lambda n=n: states(n).get(who) == "down", CLAIMS_S)
    t.note(f"down at all after {time.monotonic() - began:.2f} s")
    dead.wait_end(20, pids)
    dead.start()
    for n in living:
        until(f"{n.name} has it up",
              lambda n=n: states(n).get(who) == "up", CLAIMS_S)
    for n in living:
        down = {e.fields["id"] for e in n.events("node_down")}
        assert down == {who[:12]}, (down, n.log_tail())
        assert n.events("node_back"), n.log_tail()


@lane(budget=120)
def test_stopped(t):
    """A node that did not run for a while accuses nobody when it does."""
    nodes = mesh(t, 5)
    stopped, others = nodes[4], nodes[:4]
    pids = stopped.processes()
    procs.signal_all(pids, signal.SIGSTOP)
    for n in others:
        until(f"{n.name} misses it",
              lambda n=n: states(n).get(stopped.id) == "down", CLAIMS_S)
    procs.signal_all(pids, signal.SIGCONT)
    for n in others:
        until(f"{n.name} has it up",
              lambda n=n: states(n).get(stopped.id) == "up", CLAIMS_S)
    until("it is linked again",
          lambda: len(set(stopped.peer_ids())) == 4, CLAIMS_S)
    gone = [e for n in nodes for e in n.events("node_down")
            if e.fields["id"] != stopped.id[:12]]
    assert not gone, gone
