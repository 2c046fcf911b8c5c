# SPDX-License-Identifier: MIT
"""
Proportional set size (PSS) of each daemon and of the whole node.

A page that n processes share counts 1/n in each: other nodes on the machine
make the figure smaller, so those not of this measurement are counted.
"""
import os
import time

import procs
import sshds
from figures import Row, Sample
from node import Node
from sshclient import Client, Key
from terminal import Terminal
from usage import by_daemon, name_of, pss
from waiting import until

MB = 1 << 20
USERS, LINKS, CROWD, PAIRS = 5, 10, 30, 5
SETTLED_KB, SETTLE_S = 16, 10.0


def settled(node):
    """by_daemon(node) once it no longer changes."""
    deadline = time.monotonic() + SETTLE_S
    before = by_daemon(node)
    while True:
        time.sleep(0.5)
        now = by_daemon(node)
        change = abs(sum(now.values()) - sum(before.values()))
        if change <= SETTLED_KB * 1024 or time.monotonic() > deadline:
            return now
        before = now


def strangers():
    """Processes of micelio that were there before us."""
    own = procs.descendants(os.getpid())
    return sum(1 for p in procs.table() if p not in own and
               name_of(p).startswith("micelio"))


class Totals:
    """Samples by program, and of the sum."""

    def __init__(self):
        self.by = {}

    def add(self, sizes):
        for name, size in [*sizes.items(), ("whole node",
                                            sum(sizes.values()))]:
            self.by.setdefault(name, Sample()).add(size / MB)

    def rows(self, when, goals=(), peers=None):
        for name, sample in sorted(self.by.items()):
            whole = name == "whole node"
            yield Row(f"{when}: {name}", "MB", sample,
                      goals=goals if whole else (),
                      peers=peers if whole else None)


def idle(t):
    totals = Totals()
    for i in range(PAIRS):
        node = Node(t, f"idle{i}").start()
        totals.add(settled(node))
        node.stop()
    return list(totals.rows("idle, alone", (("p50", 8.0),)))


def linked(t):
    """LINKS nodes dial one; and CROWD of them on the machine, all linked."""
    hub = Node(t, "hub").start()
    nodes = [Node(t, f"link{i}", bootstrap=[hub.mesh_address])
             for i in range(LINKS)]
    for n in nodes:
        n.start()
    hub.wait_peers(LINKS, 30)
    totals = Totals()
    totals.add(settled(hub))
    for n in [*nodes, hub]:
        n.stop()
    return list(totals.rows(f"{LINKS} linked peers"))


def crowd(t, link):
    """Every one of CROWD nodes."""
    nodes = []
    for i in range(CROWD):
        seed = [nodes[0].mesh_address] if link and nodes else []
        nodes.append(Node(t, f"crowd{link:d}-{i}", bootstrap=seed).start())
    for n in nodes if link else []:
        until(f"{n.name} has {LINKS} peers",
              lambda n=n: len(n.peer_ids()) >= LINKS, 60)
    totals = Totals()
    for n in nodes:
        totals.add(settled(n))
    for n in nodes:
        n.stop(20)
    when = f"{CROWD} nodes here, " + ("linked" if link else "idle")
    return list(totals.rows(when, (("p50", 6.5),)))


def of_tree(pid):
    """PSS of the servers below: not of the shells they start."""
    return sum(pss(p) for p in [pid, *procs.descendants(pid)]
               if (procs.stat(p) or ("",))[0] in ("sshd", "dropbear"))


def log_in(client, prompt):
    host = client.node.ssh_address.rsplit(":", 1)[0]
    terminal = Terminal(client.argv("-tt", f"{client.user}@{host}"))
    terminal.wait(prompt)
    return terminal


def grown(measure, settle, client_of, prompt, how_many):
    """What each of so many logins adds to measure(), in MB."""
    before = measure()
    terminals = [log_in(client_of(i), prompt) for i in range(how_many)]
    settle()
    after = measure()
    for terminal in terminals:
        terminal.close()
    until("the sessions are over", lambda: measure() < (before + after) / 2, 10,
          pause=0.1)
    return (after - before) / how_many / MB


def sessions(t):
    node = Node(t, "door", settings={"ssh": "max_per_address = 20;"}).start()
    keys = [Key(t, f"user{i}") for i in range(USERS)]
    node.authorize(*(k.line for k in keys))
    clients = [Client(t, node, k, f"user{i}") for i, k in enumerate(keys)]
    for c in clients:
        c.wait_admitted()
    servers = sshds.available(t)
    others = {s.name: (s, Client(t, s, s.key, s.user)) for s in servers}
    mine, whole = Sample(), Totals()
    theirs = {name: Sample() for name in others}

    def settle():
        whole.add(settled(node))

    def without_sessions():
        while any(name_of(p) == "micelio-sshd-session"
                  for p in node.processes()):
            time.sleep(0.05)
        settled(node)

    try:
        for _ in range(PAIRS):
            without_sessions()
            mine.add(grown(lambda: sum(by_daemon(node).values()), settle,
                           lambda i: clients[i], b"/help", USERS))
            for name, (server, client) in others.items():
                pid = server.process.pid
                theirs[name].add(grown(
                    lambda pid=pid: of_tree(pid), lambda: time.sleep(1),
                    lambda i, client=client: client, b"# ", USERS))
    finally:
        for s in servers:
            s.stop()
    return [*whole.rows(f"{USERS} SSH users"),
            Row("each SSH session adds to the node", "MB", mine, theirs,
                goals=(("p50", 1.0),))]


def run(t):
    if os.geteuid() != 0:
        print("    left out: the daemons show their memory to root only")
        return []
    others = strangers()
    if others:
        print(f"    {others} processes of other nodes are on this machine: "
              "idle figures come out smaller")
    rows = [*idle(t), *linked(t), *sessions(t), *crowd(t, False)]
    return rows if t.quick else [*rows, *crowd(t, True)]
