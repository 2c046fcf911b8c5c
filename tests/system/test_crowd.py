# SPDX-License-Identifier: MIT
"""Ten thousand silent connections do not keep a real peer out."""
import resource
import socket
import time

from node import Node
from peer import Peer
from runner import lane
from waiting import until


def silent(node, source, stay):
    s = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    s.setblocking(False)
    s.bind((source, 0))
    try:
        s.connect((node.address, 4000))
    except BlockingIOError:
        pass
    stay.append(s)


@lane(budget=120, alone=True)
def test_ten_thousand(t):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    want = min(hard, 12000)
    resource.setrlimit(resource.RLIMIT_NOFILE, (want, hard))
    node = Node(t, "north").start()
    friend, late = Peer(t), Peer(t)
    friend.dial(node)
    stay, joined = [], []
    began = time.monotonic()
    for i in range(10000):
        silent(node, f"127.0.0.{i % 250 + 2}", stay)
        if len(stay) > want - 500:
            for s in stay[:1000]:
                s.close()
            del stay[:1000]
        if i in (3000, 9999):
            # From among them: a real peer, of the same addresses.
            p, at = Peer(t), time.monotonic()
            p.dial(node, source=f"127.0.0.{i % 250 + 2}", timeout=10)
            joined.append(time.monotonic() - at)
            p.chat(f"in at {i}")
            friend.wait_chat(f"in at {i}")
    t.note(f"10,000 connections in {time.monotonic() - began:.1f} s; "
           "a real peer joined in " +
           " and ".join(f"{j:.2f} s" for j in joined))
    late.dial(node)
    late.chat("and after them")
    friend.wait_chat("and after them")
    assert not friend.is_closed()
    # The log is not flooded.
    assert len(node.log().splitlines()) < 600, len(node.log().splitlines())
    for s in stay:
        s.close()
    until("the node has let them go",
          lambda: len(node.log()) and node.running(), 5)
    node.stop()
