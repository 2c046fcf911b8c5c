# SPDX-License-Identifier: MIT
"""A mesh of nodes of our kind and of independent v1 nodes."""
import random
import threading
import time

from ear import Ear
from node import Node
from peer import Peer
from runner import lane
from waiting import until

OURS, THEIRS, V1_LINKS, LINES = 8, 4, 4, 60
PACE_S = 0.1
RELAYS = 3              # of a v1 node, by chance
RATE, BURST = 10, 20    # that it lets an author have, a second and at once
RACE_MS = 5             # a second copy so soon is charged as well


class V1:
    """What a v1 node does: relays what is new to three others."""

    def __init__(self, t, name, nodes):
        self.name, self.peer = name, Peer(t)
        self.random = random.Random(name)
        self.conns = []
        for n in nodes:
            self.peer.dial(n, n.name)
            self.conns.append(n.name)
        self.seen, self.ended = set(), threading.Event()
        self.thread = threading.Thread(target=self.relay, daemon=True)
        self.thread.start()

    def relay(self):
        done = 0
        while not self.ended.wait(0.01):
            events = self.peer.find("chat")
            for e in events[done:]:
                if e["id"] not in self.seen:
                    self.seen.add(e["id"])
                    self.pass_on(e)
            done = len(events)

    def pass_on(self, e):
        if e["hop"] <= 1:
            return
        raw = bytes.fromhex(e["raw"]).replace(
            bytes([0x20, e["hop"], 0x28, 3]),
            bytes([0x20, e["hop"] - 1, 0x28, 3]), 1)
        to = [c for c in self.conns if c != e["conn"]]
        for conn in self.random.sample(to, min(RELAYS, len(to))):
            self.put(conn, b"MI\0\1" + len(raw).to_bytes(4, "big") + raw)

    def put(self, conn, frame):
        self.peer.do("plain", conn=conn, hex=[frame.hex()])

    def say(self, text):
        frame = bytes.fromhex(self.peer.do("encode", message={
            "type": 3, "nick": self.name, "text": text})["frame"])
        for conn in self.conns:
            self.put(conn, frame)

    def texts(self):
        return {e["text"] for e in self.peer.find("chat")}

    def muted(self):
        """Authors that a v1 node would have dropped something of."""
        first, full, bad = {}, {}, set()
        for e in sorted(self.peer.find("chat"), key=lambda e: e["ms"]):
            at, who = e["ms"], e["sender"]
            if at - first.setdefault(e["id"], at) > RACE_MS:
                continue
            left, since = full.get(who, (BURST, at))
            left = min(BURST, left + (at - since) * RATE / 1000) - 1
            full[who] = left, at
            if left < 0:
                bad.add(who)
        return bad

    def end(self):
        self.ended.set()
        self.thread.join()


def all_there(nodes, ears, others, said):
    """(who lacks something, who has something twice)"""
    lacks, twice = [], []
    for n in nodes:
        texts = [x for x in ears[n].texts() if x in said]
        lacks += [f"{n.name}: {x}" for x in said if x not in texts]
        twice += [f"{n.name}: {x}" for x in set(texts) if texts.count(x) > 1]
    for v in others:
        lacks += [f"{v.name}: {x}" for x, by in said.items()
                  if by is not v and x not in v.texts()]
    return lacks, twice


@lane(budget=120)
def test_mixed(t):
    """Every line reaches all, once; nobody is muted at v1 nodes."""
    first = Node(t, "n0", ssh=False)
    nodes = [first] + [Node(t, f"n{i}", ssh=False,
                            bootstrap=[first.mesh_address])
                       for i in range(1, OURS)]
    for n in nodes:
        n.start(ready=False)
    for n in nodes:
        n.wait_ready(40)
    ears = {n: Ear(t, n).wait_open(20) for n in nodes}
    chance = random.Random(5)
    others = [V1(t, f"v{i}", chance.sample(nodes, V1_LINKS))
              for i in range(THEIRS)]
    try:
        for n in nodes:
            up = OURS - 1 + sum(n.name in v.conns for v in others)
            until(f"{n.name} has its {up} peers", lambda n=n, up=up:
                  len(set(n.peer_ids())) == up, 40, 0.2)
        talk(nodes, others, chance, ears)
        # None of ours was held up, or kept, for what is v1's.
        for n in nodes:
            g = n.status()["gossipd"][0]
            assert g["drop_rate"] == 0 and g["chat_lost"] == 0, g
    finally:
        for v in others:
            v.end()


def talk(nodes, others, chance, ears):
    said = {}
    for i in range(LINES):
        began = time.monotonic()
        by = chance.choice(nodes + others)
        text = f"mixed {i}"
        if isinstance(by, V1):
            by.say(text)
        else:
            by.ctl("say", text)
        said[text] = by
        time.sleep(max(0, began + PACE_S - time.monotonic()))
    until("every line is everywhere",
          lambda: not all_there(nodes, ears, others, said)[0], 20, 0.3)
    lacks, twice = all_there(nodes, ears, others, said)
    assert not lacks and not twice, (lacks[:9], twice[:9])
    for v in others:
        assert not v.muted(), f"{v.name} would mute {v.muted()}"
