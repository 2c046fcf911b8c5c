# SPDX-License-Identifier: MIT
"""What takes minutes: the lanes of tools/test --all."""
import concurrent.futures
import random
import signal
import time

from node import Node
from peer import Peer
from runner import lane
from sshclient import Client, Key
from test_ssh import VARIANTS, run_variant
from waiting import until


CALLS = (       # what is asked, and the status it ends with
    (("who",), 0), (("version",), 0), (("help", "say"), 0),
    (("peers", "--json"), 0), (("status",), 0), (("peer", "nosuch"), 1),
    (("get", "o/nosuch"), 1), (("nosuch",), 64), (("peer",), 64),
    (("reload",), 77))


@lane(budget=400, long=True)
def test_exec_a_thousand_times(t):
    """Ten commands in every way, each way 200 times: never a wrong status."""
    node = Node(t, "north")
    key = Key(t)
    node.authorize('role="user" ' + key.line)
    node.start()
    client = Client(t, node, key)
    client.wait_admitted()

    def once(job):
        name, i = job
        words, want = CALLS[i % len(CALLS)]
        got = run_variant(client, name, words).returncode
        return None if got == want else f"{name}: {words}: {got}, not {want}"
    jobs = [(name, i) for i in range(200) for name in VARIANTS]
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        wrong = [x for x in pool.map(once, jobs) if x]
    t.note(f"{len(jobs)} calls, {len(wrong)} wrong")
    assert not wrong, wrong[:10]


@lane(budget=300, long=True)
def test_killed_fifty_times(t):
    """The database survives whatever moment the node dies in."""
    node, peer = Node(t, "north"), Peer(t)
    rng = random.Random(1)
    for i in range(50):
        node.start()
        peer.dial(node, f"c{i}", hello={
            "reachable": True, "listen_addr": f"192.0.2.{i + 1}:4000"})
        time.sleep(rng.random() / 2)    # the moment is the variable here
        pids = node.processes()
        node.signal(signal.SIGKILL)
        node.wait_end(5, pids)
        peer.wait_closed(f"c{i}")
        assert not node.events("store_damaged"), node.log_tail()
        assert not node.events("store_failed"), node.log_tail()
    node.start()
    node.stop()


@lane(budget=400, long=True)
def test_chain_under_fire(t):
    """The middle of a chain comes and goes; what is said arrives once."""
    middle = Node(t, "middle").start()
    left = Node(t, "left", listen=False, bootstrap=[middle.mesh_address])
    right = Node(t, "right", listen=False, bootstrap=[middle.mesh_address])
    key = Key(t)
    for n in (left, right):
        n.authorize(key.line)
        n.start()
    alice = Client(t, left, key, "alice").open()
    bob = Client(t, right, key, "bob").open()
    for round_ in range(10):
        until("both ends are linked", lambda: middle.running() and
              len(middle.peer_ids()) == 2, 60)
        for i in range(20):
            alice.say(f"r{round_}.{i}.")
            bob.wait_text(rf"r{round_}\.{i}\.")
        pids = middle.processes()
        middle.signal(random.Random(round_).choice(
            [signal.SIGKILL, signal.SIGTERM]))
        middle.wait_end(10, pids)
        middle.start()
    text = bob.screen(history=True)
    for round_ in range(10):
        for i in range(20):
            assert text.count(f"r{round_}.{i}.") == 1, (round_, i)
