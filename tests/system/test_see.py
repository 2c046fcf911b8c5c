# SPDX-License-Identifier: MIT
"""To see the mesh: tree, graph, map; and metrics."""
import json
import os
import re
import shutil
import signal
import subprocess
import time

from node import Node
from sshclient import person
from waiting import until

SERIES = re.compile(
    r'([a-z][a-z0-9_]*)(?:\{((?:[a-z_]+="(?:[^"\\\n]|\\["\\n])*",?)*)\})? '
    r"(-?\d+(?:\.\d+)?)$")
KIT = os.path.join(os.path.dirname(__file__), "../../etc/metrics")
LABELS = {"daemon", "what", "use", "from", "result", "event", "level"}


def parsed(text):
    """The Prometheus text format: {(name, labels): value}, checked."""
    series, types, helps = {}, {}, set()
    for line in text.splitlines():
        if line.startswith("# HELP "):
            name = line.split(" ")[2]
            assert name not in helps and len(line.split(" ", 3)) == 4, line
            helps.add(name)
        elif line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            assert kind in ("counter", "gauge", "untyped"), line
            # Before its series, and all of those in one piece.
            assert name not in types and name in helps, line
            types[name] = kind
        else:
            m = SERIES.match(line)
            assert m, line
            assert list(types)[-1] == m[1], line
            assert (m[1].endswith("_total")) == \
                (types[m[1]] == "counter"), line
            assert not re.search(r"_(ms|us|milliseconds)(_|$)", m[1]), line
            labels = re.findall(r'([a-z_]+)="', m[2] or "")
            assert set(labels) <= LABELS, line
            assert (m[1], m[2]) not in series, line
            series[m[1], m[2]] = float(m[3])
    assert set(types) == helps == {name for name, _ in series}
    return series


def named(path):
    """The metrics of ours that a file of etc/metrics names."""
    with open(os.path.join(KIT, path), encoding="utf-8") as f:
        text = f.read()
    if path.endswith(".json"):
        text = "\n".join(x["expr"] for p in json.loads(text)["panels"]
                         for x in p["targets"])
    else:
        assert text.count("alert:") == text.count("summary:"), text
    return set(re.findall(r"\bmicelio_[a-z0-9_]+", text)), \
        set(re.findall(r'event="(\w+)"', text))


def promtool(*words, text=None):
    """Prometheus' own word, where it is installed: none."""
    if shutil.which("promtool") is None:
        return
    r = subprocess.run(["promtool", "check", *words], input=text, text=True,
                       stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                       check=False)
    assert r.returncode == 0, r
    assert words[0] == "rules" or not r.stdout, r


def test_metrics(t):
    """The same at both doors, counting what happens, of bounded size; what the
    dashboard and the alerts look at is there."""
    node = Node(t, "north")
    client = person(t, node, "alice")
    before = parsed(node.ctl("metrics").stdout)
    assert before["micelio_complete", None] == 1
    assert len(before) < 400, len(before)
    t.keep("metrics.txt", node.ctl("metrics").stdout)
    promtool("metrics", text=node.ctl("metrics").stdout)
    promtool("rules", os.path.join(KIT, "micelio-alerts.yml"))
    for _ in range(3):
        client.command("version")
    after = parsed(client.command("metrics").stdout.decode())
    name = "micelio_sshd_logins", None
    assert after[name] == before[name] + 4, (before[name], after[name])
    assert set(after) == set(before)
    assert json.loads(node.ctl("metrics", "--json").stdout)["complete"]
    names = {name for name, _ in after}
    events = {m[1] for _, labels in after
              for m in [re.search(r'event="(\w+)"', labels or "")] if m}
    for path in ("micelio-dashboard.json", "micelio-alerts.yml"):
        metrics, of = named(path)
        assert metrics and metrics <= names, (path, metrics - names)
        assert of <= events, (path, of - events)
    # Each warning and error has its alert.
    assert of == events, events - of


def test_graph(t):
    """A chain as its end sees it: in words, as data, as pictures."""
    middle = Node(t, "middle").start()
    south = Node(t, "south", bootstrap=[middle.mesh_address],
                 settings={"network": "max_peers = 1;"}).start()
    north = Node(t, "north", bootstrap=[middle.mesh_address],
                 settings={"network": "max_peers = 1;"}).start()
    north.wait_peers(1)
    south.wait_peers(1)
    ids = {n.id for n in (north, middle, south)}

    def graph():
        return json.loads(north.ctl("graph", "--json").stdout)

    def whole():
        return len(graph()["links"]) == 2
    # What the neighbour is linked with is its word.
    until("both links are known", whole, 20)
    g = graph()
    assert (g["type"], g["protocol"]) == ("NetworkGraph", "micelio"), g
    assert {n["id"][:32] for n in g["nodes"]} == {i[:32] for i in ids}, g
    assert g["nodes"][0]["label"] == "north", g
    for link in g["links"]:
        assert middle.id in (link["source"], link["target"]), link
    # Another word on it may come meanwhile, but not for ever.
    until("the same twice", lambda: graph() == graph(), 20)
    dot = north.ctl("graph", "--dot").stdout
    assert dot.startswith("graph micelio {") and dot.count(" -- ") == 2, dot
    words = north.ctl("map", "--list").stdout
    assert words == north.ctl("graph").stdout
    assert words.count(" is linked with ") == 2, words
    tree = north.ctl("tree").stdout
    assert tree.splitlines()[0] == f"north ({north.id[:12]}), this node"
    assert "\u2514\u2500 " + middle.id[:12] in tree, tree
    assert "   \u2514\u2500 " + south.id[:12] in tree, tree
    picture = north.ctl("map").stdout
    assert "<north>" in picture and f"[{middle.id[:4]}]" in picture, picture
    assert re.search("[\u2801-\u28ff]", picture), picture
    assert all(len(x) <= 80 for x in picture.splitlines()), picture
    t.keep("map.txt", picture + tree + words)
    ping(north, middle, south)
    for words in (("map", "--dot"), ("graph", "--list"), ("tree", "x")):
        r = north.ctl(*words, check=False)
        assert r.returncode == 64, (words, r)


def ping(north, middle, south):
    """Direct, relayed and unknown are told apart; nothing waits for long."""
    def answer(word, status):
        r = north.ctl("ping", word, "--json", check=False)
        assert r.returncode == status, r
        return json.loads(r.stdout) if r.stdout else r.stderr
    direct = answer(middle.id[:12], 0)
    assert direct["way"] == "direct" and direct["id"] == middle.id, direct
    assert direct["addr"] == middle.mesh_address, direct
    assert 0 <= direct["took_ms"] < 2000 and direct["rtt_us"] > 0, direct
    relayed = answer(south.id, 0)
    assert (relayed["way"], relayed["via"], relayed["links"]) == \
        ("relayed", middle.id, 2), relayed
    assert answer("north", 0)["way"] == "self"
    assert "no node is known that fits" in answer("ffff0000ffff", 1)
    # The one behind the link stands still: no answer, and soon.
    gossipd = middle.child("gossipd")
    os.kill(gossipd, signal.SIGSTOP)
    try:
        began = time.monotonic()
        said = answer(middle.id, 75)
        assert "no answer in 2 s" in said, said
        assert time.monotonic() - began < 5
    finally:
        os.kill(gossipd, signal.SIGCONT)


def test_alone(t):
    """Nobody to see is seen as well."""
    node = Node(t, "north").start()
    assert "<north>" in node.ctl("map").stdout
    assert "no links: peers tells why" in node.ctl("graph").stdout
    assert node.ctl("tree").stdout.count("\n") == 1
    assert json.loads(node.ctl("tree", "--json").stdout)["link_count"] == 0
