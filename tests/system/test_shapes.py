# SPDX-License-Identifier: MIT
"""
Meshes of a shape: a star, a bridge between two, a chain, a triangle.  v1 peers
stand at the edges, and network.allow keeps the nodes from making more links
than the shape has.
"""
from node import Node
from peer import Peer
from runner import lane
from waiting import never, until


def known(t, *names, **kw):
    """Nodes that have an identity already; they run, and know nobody."""
    return [Node(t, n, ssh=False, **kw).start() for n in names]


def allow(node, *others, bootstrap=()):
    """Only these, from now on: nodes or peers."""
    ids = ", ".join(f'"{o.id}"' for o in others)
    node.settings = {"network": f"allow = [ {ids} ];"}
    node.bootstrap = [b.mesh_address for b in bootstrap]
    node.write_conf()
    assert node.ctl("reload").returncode == 0


def heard(peers, text, timeout=15.0):
    """Each of them hears it; once."""
    for p in peers:
        p.wait_chat(text, timeout)


def once(peers, *texts):
    for p in peers:
        for text in texts:
            n = len(p.find("chat", text=text))
            assert n == 1, (text, n)


def delivered(node):
    return node.status()["gossipd"][0]["delivered"]


def no_errors(*nodes):
    for n in nodes:
        assert not [e for e in n.events() if e.level == "error"], n.log()


def test_star(t):
    """One in the middle, nine around it: all hear all."""
    center, = known(t, "center")
    assert [x["what"] for x in center.status()["listen"]] == ["network"]
    spokes = [Peer(t) for _ in range(9)]
    for p in spokes:
        p.dial(center)
    center.wait_peers(9)
    center.ctl("say", "from the center")
    heard(spokes, "from the center")
    spokes[4].chat("from a spoke")
    others = [p for p in spokes if p is not spokes[4]]
    heard(others, "from a spoke")
    until("the center has it", lambda: delivered(center) == 1, 5)
    once(spokes, "from the center")
    once(others, "from a spoke")
    assert not spokes[4].find("chat", text="from a spoke")
    no_errors(center)


def test_bridge(t):
    """A node without a listener joins two nets that have no other link."""
    a, b = known(t, "a", "b")
    bridge, = known(t, "bridge", listen=False)
    net_a, net_b = [Peer(t), Peer(t)], [Peer(t), Peer(t)]
    allow(a, bridge, *net_a)
    allow(b, bridge, *net_b)
    allow(bridge, a, b, bootstrap=(a, b))
    for node, peers in ((a, net_a), (b, net_b)):
        for p in peers:
            p.dial(node)
        node.wait_peers(3)
    bridge.wait_peers(2)
    bridge.ctl("say", "from the bridge")
    heard(net_a + net_b, "from the bridge")
    for center, own in ((a, net_a), (b, net_b)):
        center.ctl("say", f"from center {center.name}")
        heard(net_a + net_b, f"from center {center.name}")
        own[0].chat(f"from a spoke of {center.name}")
        heard([p for p in net_a + net_b if p is not own[0]],
              f"from a spoke of {center.name}")
    # Over three edges; the two centers are no peers.
    got = net_b[1].find("chat", text="from a spoke of a")[0]
    assert got["hop"] == 9, got
    assert len(a.peer_ids()) == len(b.peer_ids()) == 3
    until("each has the others' lines", lambda: delivered(bridge) == 4 and
          delivered(a) == delivered(b) == 4, 5)
    once(net_a + net_b, "from the bridge", "from center a", "from center b")
    no_errors(a, b, bridge)


@lane(budget=60)
def test_chain_hops(t):
    """Five in a row that stay in a row: end to end, with the hops of v1."""
    nodes = known(t, *(f"n{i}" for i in range(5)))
    left, right = Peer(t), Peer(t)
    for i, n in enumerate(nodes):
        near = nodes[max(0, i - 1):i] + nodes[i + 1:i + 2]
        allow(n, *near, *([left] if i == 0 else [right] if i == 4 else []),
              bootstrap=nodes[max(0, i - 1):i])
    left.dial(nodes[0])
    right.dial(nodes[4])
    for n in nodes:
        n.wait_peers(2)
    left.chat("from the left")
    # Ten, and one for the way out: our own kind needs none among itself.
    assert right.wait_chat("from the left")["hop"] == 9
    right.chat("from the right")
    assert left.wait_chat("from the right")["hop"] == 9
    until("every node between has both", lambda: all(
        delivered(n) == 2 for n in nodes), 5)
    nodes[0].ctl("say", "from the first")
    heard([left, right], "from the first")
    never("a sixth link", lambda: any(len(n.peer_ids()) != 2
                                      for n in nodes), 1)
    no_errors(*nodes)


def test_triangle(t):
    """Two that share a bootstrap: full mesh, and every line once."""
    a = Node(t, "a", ssh=False).start()
    nodes = [a] + [Node(t, n, ssh=False, bootstrap=[a.mesh_address]).start()
                   for n in ("b", "c")]
    for n in nodes:
        n.wait_peers(2)
    peers = [Peer(t) for _ in nodes]
    for p, n in zip(peers, nodes):
        p.dial(n)
        n.wait_peers(3)
    texts = []
    for i, p in enumerate(peers):
        texts.append(f"around {i}")
        p.chat(texts[-1])
        heard([x for x in peers if x is not p], texts[-1])
    until("each node has all three", lambda: all(
        delivered(n) == 3 for n in nodes), 5)
    for i, p in enumerate(peers):
        once([p], *(x for k, x in enumerate(texts) if k != i))
        assert not p.find("chat", text=texts[i])
    no_errors(*nodes)
