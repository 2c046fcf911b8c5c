# SPDX-License-Identifier: MIT
"""Trees between nodes of our kind, seen by people."""
import json

from node import Node
from runner import lane
from waiting import until


@lane(budget=60)
def test_links_and_trace(t):
    """Who has which link, what it is eager for, and how a line came."""
    a = Node(t, "a")
    b, c = (Node(t, n, bootstrap=[a.mesh_address]) for n in ("b", "c"))
    nodes = [a, b, c]
    for n in nodes:
        n.start()

    def links(n):
        return json.loads(n.ctl("links", "--json").stdout)["links"]

    def traces(n, *words):
        return json.loads(n.ctl("trace", *words, "--json").stdout)["messages"]

    until("three links of our kind each end",
          lambda: all([r["kind"] for r in links(n)] == ["m2", "m2"]
                      for n in nodes), 20)
    for i in range(5):
        a.ctl("say", f"line {i}")

    def of_a(n):
        return [r for r in traces(n)
                if r["author"] == a.id and r["type"] == "chat"]
    until("everybody has them",
          lambda: all(len(of_a(n)) == 5 for n in nodes), 20)
    for n in (b, c):
        row = of_a(n)[0]
        assert row["by"] in ("tree", "graft"), row
        assert row["from"] in (a.id, b.id, c.id), row
        assert traces(n, row["message"][:13]) == [row]
        assert not traces(n, "nosuch")
        assert "eager" in n.ctl("links").stdout
    assert all(r["by"] == "own" for r in of_a(a))
    # Each line came to b and c once; few copies were too many.
    spent = sum(r["sent"] for n in nodes for r in links(n))
    said = {r["message"] for n in nodes for r in traces(n)}
    assert 8 <= spent <= 4 * len(said), (spent, said)


@lane(budget=60)
def test_records(t):
    """The address a node signs for itself comes to all others, those too
    that only know the one in the middle by their configuration."""
    a = Node(t, "a")
    b, c = (Node(t, n, bootstrap=[a.mesh_address]) for n in ("b", "c"))
    nodes = [a, b, c]
    for n in nodes:
        n.start()

    def signed(n):
        rows = json.loads(n.ctl("nodes", "--json").stdout)["nodes"]
        return {r["id"]: r["addr"] for r in rows if r["signed"] is not None}

    for n in nodes:
        others = {o.id: o.mesh_address for o in nodes if o is not n}
        until("records of all others", lambda n=n: signed(n).keys() ==
              others.keys(), 20)
        assert signed(n) == others


@lane(budget=60)
def test_records_kept(t):
    """They are there again after a restart, although nobody tells them."""
    a = Node(t, "a")
    b = Node(t, "b", bootstrap=[a.mesh_address])
    for n in (a, b):
        n.start()

    def signed(n):
        rows = json.loads(n.ctl("nodes", "--json").stdout)["nodes"]
        return {r["id"]: r["signed"] for r in rows
                if r.get("signed") is not None}

    until("a has the record of b", lambda: set(signed(a)) == {b.id}, 20)
    was = signed(a)[b.id]
    b.stop()
    a.stop()
    a.start()
    until("a has it again", lambda: signed(a) == {b.id: was}, 20)
    assert a.status()["gossipd"][0]["records_void"] == 0
