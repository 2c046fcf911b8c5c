# SPDX-License-Identifier: MIT
"""Nodes find each other: meshes form, and come back, by themselves."""
import os
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
