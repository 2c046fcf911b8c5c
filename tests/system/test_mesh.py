# SPDX-License-Identifier: MIT
"""Nodes find each other: meshes form, and come back, by themselves."""
import json
import os
import signal
import time

from node import Node
from runner import lane
from waiting import until

QUICK = 'exchange_interval = "1s"; discovery_interval = "1s";'


def count(node):
    return len(set(node.peer_ids()))


def wait_full(nodes, timeout):
    """Every node is linked with all others; seconds it took."""
    began = time.monotonic()
    until("the mesh is full: " + " ".join(str(count(n)) for n in nodes),
          lambda: all(count(n) == len(nodes) - 1 for n in nodes), timeout,
          0.1)
    return time.monotonic() - began


def chain(t, n, settings, **kw):
    nodes = []
    for i in range(n):
        nodes.append(Node(t, f"n{i}", ssh=False, settings=settings,
                          bootstrap=[nodes[-1].mesh_address] if nodes else [],
                          **kw))
    for node in nodes:
        node.start(ready=False)
    for node in nodes:
        node.wait_ready()
    return nodes


@lane(budget=60)
def test_three(t):
    """Two that share a bootstrap find each other."""
    a = Node(t, "hub", ssh=False, settings={"network": QUICK})
    others = [Node(t, n, ssh=False, bootstrap=[a.mesh_address],
                   settings={"network": QUICK}) for n in ("b", "c")]
    nodes = [a, *others]
    for n in nodes:
        n.start()
    t.note(f"3 nodes: {wait_full(nodes, 20):.2f} s after the last was ready")
    assert not any(n.events(None) and
                   [e for e in n.events() if e.level == "error"]
                   for n in nodes)


@lane(budget=60)
def test_chain_of_five(t):
    nodes = chain(t, 5, {"network": QUICK})
    t.note(f"chain of 5: {wait_full(nodes, 30):.2f} s")


@lane(budget=60)
def test_chain_of_five_defaults(t):
    nodes = chain(t, 5, {})
    t.note(f"chain of 5, default intervals: {wait_full(nodes, 45):.2f} s")


@lane(budget=90)
def test_ten_addresses(t):
    """Ten nodes on addresses of their own, in a chain."""
    nodes = chain(t, 10, {"network": QUICK})
    t.note(f"chain of 10: {wait_full(nodes, 45):.2f} s")


def again_without_bootstrap(nodes):
    for n in nodes:
        n.stop()
        n.bootstrap = []
        n.write_conf()
    for n in nodes:
        n.start(ready=False)
    for n in nodes:
        n.wait_ready()


@lane(budget=60)
def test_restart(t):
    """A node that comes back finds its old peers, told of nobody."""
    nodes = chain(t, 5, {})
    wait_full(nodes, 20)
    again_without_bootstrap(nodes[4:])
    took = wait_full(nodes, 20)
    t.note(f"back with 4 old peers {took:.2f} s after it was ready")
    assert took < 2, took
    # And all of them at once, from memory alone.
    again_without_bootstrap(nodes)
    t.note(f"all 5 from memory: {wait_full(nodes, 20):.2f} s")


@lane(budget=60)
def test_killed(t):
    """Killed, not stopped: the others notice, and take it back."""
    nodes = chain(t, 4, {})
    wait_full(nodes, 20)
    nodes[3].bootstrap = []
    nodes[3].write_conf()
    pids = nodes[3].processes()
    for p in sorted(pids):
        os.kill(p, signal.SIGKILL)
    nodes[3].wait_end(5, pids)
    nodes[3].start()
    t.note(f"back {wait_full(nodes, 20):.2f} s after it was ready")


@lane(budget=60)
def test_each_other(t):
    """Two that dial each other at the same time end with one link."""
    a, b = (Node(t, n, ssh=False, settings={"network": QUICK})
            for n in ("a", "b"))
    a.bootstrap, b.bootstrap = [b.mesh_address], [a.mesh_address]
    for n in (a, b):
        n.write_conf()
        n.start(ready=False)
    for n in (a, b):
        n.wait_ready()
        n.wait_peers(1)

    def one(n):
        rows = json.loads(n.ctl("peers", "--json", check=False).stdout)
        rows = rows if isinstance(rows, list) else rows.get("peers", rows)
        return [r["state"] for r in rows].count("up") == 1
    until("one link each", lambda: one(a) and one(b), 10)
    assert not a.events("peer_down") and not b.events("peer_down")


@lane(budget=60, long=True, alone=True)
def test_thirty(t):
    """Thirty at once, told of one only: every one gets ten links."""
    hub = Node(t, "n0", ssh=False)
    nodes = [hub] + [Node(t, f"n{i}", ssh=False, bootstrap=[hub.mesh_address])
                     for i in range(1, 30)]
    for n in nodes:
        n.start(ready=False)
    began = time.monotonic()
    for n in nodes:
        n.wait_ready(30)
    ready = time.monotonic() - began
    try:
        until("ten links each", lambda: all(count(n) >= 10 for n in nodes),
              20, 0.1)
    except AssertionError:
        print("links:", [count(n) for n in nodes])
        raise
    took = time.monotonic() - began
    links = [count(n) for n in nodes]
    t.note(f"30 nodes: all ready {ready:.2f} s, 10 links each {took:.2f} s "
           f"after the last was started; {min(links)} to {max(links)} links, "
           f"{sum(links) / len(links):.1f} on average")
