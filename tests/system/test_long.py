# SPDX-License-Identifier: MIT
"""What takes minutes: the lanes of tools/test --all."""
import concurrent.futures
import os
import random
import signal
import subprocess
import threading
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


FLOODERS, LINES_EACH, STOPPED_S = 5, 200, 60    # 1,000 lines a second


def lines_each_second(peer, end):
    """A line by each of so many authors, every second until the end."""
    while not end.is_set():
        began = time.monotonic()
        peer.do("flood", conn="c", count=LINES_EACH, mint=True, timeout=60,
                message={"type": 3, "nick": "n", "text": "one of many",
                         "hop": 1})
        end.wait(max(0.0, began + 1 - time.monotonic()))


def probes(node, path, mark, seconds):
    """A line a second: how long until who reads along has it, slowest last."""
    took = []
    with open(path, encoding="utf-8", errors="replace") as f:
        for i in range(seconds):
            began, text, seen = time.monotonic(), f"{mark} {i}.", ""
            node.ctl("say", text)
            while text not in seen:
                assert time.monotonic() < began + 10, f"{text} does not come"
                seen = seen[-100:] + f.read()
                time.sleep(0.002)
            took.append(time.monotonic() - began)
            time.sleep(max(0.0, began + 1 - time.monotonic()))
    return sorted(took)


@lane(budget=240, long=True)
def test_reader_stopped_for_a_minute(t):
    """Among 1,000 lines a second: nobody waits for it, and it is told."""
    node = Node(t, "north")
    key = Key(t)
    node.authorize(key.line)
    node.start()
    client = Client(t, node, key)
    client.wait_admitted()
    paths = [os.path.join(t.dir, x) for x in ("stopped", "reading")]
    sessions = []
    for path in paths:
        with open(path, "wb") as out:
            sessions.append(subprocess.Popen(
                client.argv("-tt", f"reader@{node.address}"),
                stdin=subprocess.PIPE, stdout=out,
                stderr=subprocess.DEVNULL))
    stopped = sessions[0]
    until("both are there", lambda: len(node.events("login", user="reader"))
          == 2, 10)
    peers, end = [Peer(t) for _ in range(FLOODERS)], threading.Event()
    for p in peers:
        p.dial(node)
    before = node.status()["gossipd"][0]["delivered"]
    began = time.monotonic()
    threads = [threading.Thread(target=lines_each_second, args=(p, end))
               for p in peers]
    for th in threads:
        th.start()
    try:
        free = probes(node, paths[1], "all read", STOPPED_S // 3)
        stopped.send_signal(signal.SIGSTOP)
        held = probes(node, paths[1], "one stands still", STOPPED_S)
        stopped.send_signal(signal.SIGCONT)
        rate = (node.status()["gossipd"][0]["delivered"] - before) / (
            time.monotonic() - began)

        def told():
            with open(paths[0], "rb") as f:
                return b"skipped: you were not reading" in f.read()
        until("the reader is told what it skipped", told, 30)
    finally:
        end.set()
        for th in threads:
            th.join()
        for p in sessions:
            p.send_signal(signal.SIGCONT)
            p.kill()
            p.wait()
    middle = [x[len(x) // 2] * 1000 for x in (free, held)]
    t.note(f"{rate:.0f} lines a second; a line to who reads: p50 "
           f"{middle[0]:.1f} ms, slowest {free[-1] * 1000:.1f} ms; beside one "
           f"that stands still for {STOPPED_S} s: p50 {middle[1]:.1f} ms, "
           f"slowest {held[-1] * 1000:.1f} ms")
    assert rate > 0.9 * FLOODERS * LINES_EACH, rate
    assert held[-1] < max(2 * free[-1], 1.0), (free[-1], held[-1])


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
