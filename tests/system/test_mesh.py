# SPDX-License-Identifier: MIT
"""Nodes find each other: meshes form, and come back, by themselves."""
import json
import os
import shutil
import signal
import socket
import time

from ear import Ear
from node import Node
from runner import lane
from waiting import until

QUICK = {"network": 'exchange_interval = "1s"; discovery_interval = "1s";'}
INTERVALS = (("intervals of 1 s", QUICK), ("default intervals", {}))


def count(node):
    return len(set(node.peer_ids()))


def wait_full(nodes, timeout):
    """Every node is linked with all others; seconds it took."""
    began = time.monotonic()
    until("the mesh is full: " + " ".join(str(count(n)) for n in nodes),
          lambda: all(count(n) == len(nodes) - 1 for n in nodes), timeout,
          0.1)
    return time.monotonic() - began


def start_all(nodes):
    """All at once; since when (monotonic)."""
    began = time.monotonic()
    for node in nodes:
        node.start(ready=False)
    for node in nodes:
        node.wait_ready(30)
    return began


def stop_all(nodes):
    for n in nodes:
        n.stop()
        shutil.rmtree(n.dir)
        os.mkdir(n.dir, 0o700)


def all_hear(nodes):
    """What the first and the last say reaches everybody, once."""
    ends = nodes[0], nodes[-1]
    for n in ends:
        n.ctl("say", "hello to all")
    until("all have heard both", lambda: all(
        n.status()["gossipd"][0]["delivered"] == 2 - (n in ends)
        for n in nodes), 10, 0.1)


def times(t, what, nodes, timeout):
    """The same nodes from nothing, with each of the intervals."""
    for words, settings in INTERVALS:
        for n in nodes:
            n.settings = settings
            n.write_conf()
        began = start_all(nodes)
        ready = time.monotonic() - began
        wait_full(nodes, timeout)
        t.note(f"{what}, {words}: full {time.monotonic() - began:.2f} s after "
               f"the start of the first (all ready: {ready:.2f} s)")
        all_hear(nodes)
        for n in nodes:
            assert not [e for e in n.events() if e.level == "error"], \
                n.log_tail()
        stop_all(nodes)


def told_in_chain(t, n, address=None):
    """Each is told of the one before it, nobody of more."""
    nodes = []
    for i in range(n):
        nodes.append(Node(t, f"n{i}", ssh=False,
                          mesh_address=address and address(i),
                          bootstrap=[x.mesh_address for x in nodes[-1:]]))
    return nodes


def chain(t, n):
    nodes = told_in_chain(t, n)
    start_all(nodes)
    return nodes


@lane(budget=60)
def test_three(t):
    """Two that share a bootstrap find each other."""
    a = Node(t, "hub", ssh=False)
    times(t, "3 nodes that share a bootstrap",
          [a, *(Node(t, n, ssh=False, bootstrap=[a.mesh_address])
                for n in ("b", "c"))], 20)


@lane(budget=90)
def test_chain_of_five(t):
    times(t, "chain of 5", told_in_chain(t, 5), 30)


def port_of_ten():
    """A port that is free on 127.0.0.1 to 127.0.0.10."""
    with socket.socket() as s:
        s.bind(("0.0.0.0", 0))
        return s.getsockname()[1]


@lane(budget=120)
def test_ten_addresses(t):
    """Ten nodes on 127.0.0.1 to 127.0.0.10, in a chain."""
    port = port_of_ten()
    times(t, "chain of 10 on 127.0.0.1 to 127.0.0.10", told_in_chain(
        t, 10, lambda i: f"127.0.0.{i + 1}:{port}"), 45)


@lane(budget=60)
def test_name(t):
    """A node that says a name in its hello is dialled by it."""
    a = Node(t, "north", ssh=False).start()
    port = port_of_ten()
    b = Node(t, "south", ssh=False, bootstrap=[a.mesh_address],
             mesh_address=f"127.0.0.1:{port}",
             settings={"network": f'advertise_addr = "localhost:{port}";'})
    b.start()
    a.wait_peers(1)
    b.stop()
    # It knows nobody any more: only the other one can find it.
    shutil.rmtree(os.path.join(b.dir, "state"))
    b.bootstrap = []
    b.write_conf()
    b.start()
    a.wait_event("peer_up", 20, id=b.id[:12], dir="out")
    assert b.events("peer_up")[0].fields["dir"] == "in"


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
    nodes = chain(t, 5)
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
    nodes = chain(t, 4)
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
    a, b = (Node(t, n, ssh=False, settings=QUICK)
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


def ids_linked(nodes):
    """How many can be reached from the first over links."""
    by_id = {n.id[:12]: n for n in nodes}
    seen, todo = {nodes[0].id[:12]}, [nodes[0]]
    while todo:
        for peer in todo.pop().peer_ids():
            if peer[:12] not in seen:
                seen.add(peer[:12])
                todo.append(by_id[peer[:12]])
    return len(seen)


def usage(node):
    """Seconds of processor and KiB of memory (PSS) of all its processes."""
    cpu = pss = 0
    for pid in node.processes():
        with open(f"/proc/{pid}/stat") as f:
            fields = f.read().rsplit(")", 1)[1].split()
        cpu += int(fields[11]) + int(fields[12])
        with open(f"/proc/{pid}/smaps_rollup") as f:
            pss += sum(int(line.split()[1]) for line in f
                       if line.startswith("Pss:"))
    return cpu / os.sysconf("SC_CLK_TCK"), pss


def row(what, values, form):
    values = sorted(values)
    return (f"{what:<34}" + "".join(
        f"{x:>10{form}}" for x in (values[0], values[len(values) // 2],
                                   values[-1])))


# Sanitizers would need more memory than there is.
@lane(budget=300, long=True, alone=True, root=True, sandbox=True)
def test_sixty(t):
    """Sixty at once, told of one only: ten links each, and one mesh."""
    hub = Node(t, "n0", ssh=False)
    nodes = [hub] + [Node(t, f"n{i}", ssh=False, bootstrap=[hub.mesh_address])
                     for i in range(1, 60)]
    began = time.monotonic()
    for n in nodes:
        n.start(ready=False)
    started = time.monotonic() - began
    for n in nodes:
        n.wait_ready(90)
    ready = time.monotonic() - began
    try:
        until("ten links each", lambda: all(count(n) >= 10 for n in nodes),
              60, 0.2)
        ten = time.monotonic() - began
        until("one mesh", lambda: ids_linked(nodes) == len(nodes), 20, 0.2)
    except AssertionError:
        print("links:", [count(n) for n in nodes], ids_linked(nodes))
        raise
    whole = time.monotonic() - began
    first = {n: usage(n) for n in nodes}
    at = time.monotonic()
    # What a mesh costs that nobody talks in, over two rounds of exchange.
    until("a minute has passed", lambda: time.monotonic() - at >= 60, 61, 0.5)
    last = {n: usage(n) for n in nodes}
    took = time.monotonic() - at
    said = "heard by everybody"
    ears = [Ear(t, n).wait_open() for n in nodes[1::12]]
    hub.ctl("say", said)
    for ear in ears:
        until(f"{ear.node.name} hears", lambda e=ear: said in e.texts(), 20)
    for line in (
            f"60 nodes, {os.cpu_count()} processors: started in "
            f"{started:.2f} s, all ready after {ready:.2f} s, 10 links each "
            f"after {ten:.2f} s, all reachable after {whole:.2f} s",
            f"{'a node:':<34}{'least':>10}{'median':>10}{'most':>10}",
            row("links", [count(n) for n in nodes], ""),
            row("processor until then, s", [first[n][0] for n in nodes],
                ".2f"),
            row("processor in the minute after, %",
                [(last[n][0] - first[n][0]) / took * 100 for n in nodes],
                ".2f"),
            row("memory (PSS), MiB", [last[n][1] / 1024 for n in nodes],
                ".1f")):
        t.note(line)
