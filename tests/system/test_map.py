# SPDX-License-Identifier: MIT
"""The replicated map as people use it, on one node."""
import json
import os
import random
import shutil
import signal
import subprocess
import tempfile
import threading
import time

from node import Node
from runner import lane
from smallfs import Small
from sshclient import Client, Key
from waiting import until


def given(t, text):
    """A file to be read as standard input."""
    f = tempfile.TemporaryFile(dir=t.dir)
    f.write(text.encode())
    f.seek(0)
    return f


def wait_map(node):
    """Until the map has been read from the disk."""
    node.wait_event("map_read")


def test_words_and_values(t):
    n = Node(t, "map")
    key = Key(t)
    n.authorize(key.line)
    n.start()
    wait_map(n)
    assert n.ctl("ls").stdout == "no keys; put KEY VALUE writes one\n"
    r = n.ctl("put", "o/motd", "good", "morning")
    assert "this mesh is open" in r.stderr and r.stdout == "", r
    assert n.ctl("get", "o/motd").stdout == "good morning"
    # Through ssh, from standard input to standard output, byte for byte.
    text = "several\n\tlines, and \u00e4 ones\n"
    alice = Client(t, n, key)
    alice.wait_admitted()
    r = alice.command("put", "note", stdin=given(t, text))
    assert r.returncode == 0, r
    assert alice.command("get", "note").stdout in (text, text.encode())
    own = "n/%s/note" % n.id
    assert n.ctl("get", own).stdout == text
    r = json.loads(n.ctl("get", "note", "--json").stdout)
    assert (r["key"], r["author"], r["value"]) == (own, n.id, text), r
    keys = [k["key"] for k in json.loads(n.ctl("ls", "--json").stdout)["keys"]]
    assert keys == sorted([own, "o/motd"]), keys
    assert "o/motd" in n.ctl("ls", "o/").stdout
    lines = [json.loads(x) for x in n.ctl("export").stdout.splitlines()]
    assert {x["key"]: x["value"] for x in lines} == {
        own: text, "o/motd": "good morning"}, lines
    # What a terminal might obey is not shown as it is.
    n.ctl("put", "bell", stdin=given(t, "a\x1b[2Jb"))
    r = n.ctl("get", "bell", check=False)
    assert r.returncode == 65 and "--raw" in r.stderr, r
    assert n.ctl("get", "bell", "--raw").stdout == "a\x1b[2Jb"
    assert n.ctl("del", "o/motd").returncode == 0
    for words in (["get", "o/motd"], ["del", "o/motd"], ["get", "nothing"]):
        r = n.ctl(*words, check=False)
        assert r.returncode == 1 and "no such key" in r.stderr, r
    v = json.loads(n.ctl("versions", "o/motd", "--json").stdout)["versions"]
    assert len(v) == 1 and v[0]["deleted"] and not v[0]["shown"], v
    for key, code in (("t/x", 77), ("n/%s/x" % ("0" * 64), 77), ("o//x", 65),
                      ("o/" + "x" * 255, 65), ("o/a\x01", 65)):
        r = n.ctl("put", key, "v", check=False)
        assert r.returncode == code, (key, r)
    r = n.ctl("put", "o/big", stdin=given(t, "x" * 4097), check=False)
    assert r.returncode == 65 and "longer" in r.stderr, r
    assert n.ctl("put", "o/big", stdin=given(t, "x" * 4096)).returncode == 0
    s = json.loads(n.ctl("state", "--json").stdout)
    assert (s["map_entries"], s["map_own"], s["map_quota"]) == (4, 4, 256), s
    assert len(s["digest"]) == 64 and s["authors"][0]["author"] == n.id, s
    # No number stands there twice, by two names.
    assert {k for k in s if "map_" + k in s} == {"authors"}, s
    n.stop()


def test_kept_and_counted(t):
    """A restart, a crash and a backup keep what was acknowledged."""
    n = Node(t, "map")
    n.start()
    wait_map(n)
    n.ctl("put", "o/a", "1")
    before = json.loads(n.ctl("state", "--json").stdout)["digest"]
    assert "1 entries" in n.ctl("backup", "--json").stdout
    n.ctl("put", "o/b", "2")
    assert "2 entries" in n.ctl("verify", "--json").stdout
    n.stop()
    n.start()
    n.wait_event("map_read", entries="2")
    assert n.ctl("get", "o/b").stdout == "2"
    # The largest time is kept beside the database: none is used twice.
    first = json.loads(n.ctl("get", "o/b", "--json").stdout)["written"]
    n.ctl("put", "o/b", "3")
    assert json.loads(n.ctl("get", "o/b", "--json").stdout)["written"] > first
    n.stop()
    # Put back by copying.
    state = os.path.join(n.dir, "state")
    shutil.rmtree(os.path.join(state, "db"))
    shutil.copytree(os.path.join(state, "backup"), os.path.join(state, "db"))
    n.start()
    n.wait_event("map_read", entries="1")
    after = json.loads(n.ctl("state", "--json").stdout)
    assert after["digest"] == before, after
    assert n.ctl("get", "o/a").stdout == "1"
    n.stop()


def test_watch(t):
    n = Node(t, "map")
    n.start()
    wait_map(n)
    w = subprocess.Popen([n.find("micelioctl"), "--data-dir", n.dir,
                          "watch", "o/"], stdout=subprocess.PIPE, text=True)
    try:
        lines = []
        deadline = time.monotonic() + 20
        # The watch may begin after the first of them.
        while not lines and time.monotonic() < deadline:
            n.ctl("put", "o/x", "%d" % time.monotonic_ns())
            os.set_blocking(w.stdout.fileno(), False)
            piece = w.stdout.readline()
            if piece:
                lines.append(piece)
        os.set_blocking(w.stdout.fileno(), True)
        assert lines and lines[0].startswith("o/x = "), lines
        n.ctl("del", "o/x")
        while not lines[-1].startswith("o/x deleted"):
            lines.append(w.stdout.readline())
            assert lines[-1], lines
    finally:
        w.terminate()
        w.wait()
    n.stop()


def test_watch_at_the_partyline(t):
    """Changes stand between the lines of talk, until they are not wanted."""
    n = Node(t, "map")
    key = Key(t)
    n.authorize(key.line)
    n.start()
    wait_map(n)
    pane = Client(t, n, key).open()
    pane.say("/watch o/")
    count = 0

    def seen():
        nonlocal count
        count += 1
        n.ctl("put", "o/motd", "number %d" % count)
        return pane.shows("o/motd = number")
    until("the change is shown", seen, 20, 0.2)
    pane.say("/unwatch o/")
    pane.say("/unwatch")
    pane.wait_text("nothing is watched")
    n.ctl("put", "o/later", "unseen")
    pane.say("/get o/later")
    pane.wait_text("unseen")
    assert not pane.shows("o/later = unseen"), pane.screen()
    n.stop()


def test_import(t):
    """What export wrote is written again, line by line."""
    n = Node(t, "map")
    n.start()
    wait_map(n)
    lines = [json.dumps({"key": "o/%d" % i, "value": "v%d \u00e4\n" % i})
             for i in range(200)]
    r = n.ctl("import", stdin=given(t, "\n".join(lines) + "\n"))
    assert "200 entries" in r.stderr, r
    assert n.ctl("get", "o/199").stdout == "v199 \u00e4\n"
    out = n.ctl("export").stdout
    assert n.ctl("import", "--json", stdin=given(t, out)).returncode == 0
    # Others stand although some are refused; the last needs no line end.
    mixed = ['{"key":"o/good","value":"1"}', '{"key":"o/bad"}',
             '{"key":"t/none","value":"1"}', '{"key":"o/last","value":"2"}']
    r = n.ctl("import", stdin=given(t, "\n".join(mixed)), check=False)
    assert r.returncode == 65 and "2 of 4 lines" in r.stderr and \
        "line 2" in r.stderr, r
    assert n.ctl("get", "o/good").stdout == "1"
    assert n.ctl("get", "o/last").stdout == "2"
    n.stop()


def test_quota_refuses_before_it_acknowledges(t):
    n = Node(t, "map")
    n.start()
    wait_map(n)
    for i in range(256):
        n.ctl("put", "o/%d" % i, "v")
    r = n.ctl("put", "o/one-more", "v", check=False)
    assert r.returncode == 77 and "as many keys" in r.stderr, r
    assert n.ctl("put", "o/0", "again").returncode == 0
    assert n.ctl("get", "o/255").stdout == "v"
    n.stop()


def killed(t, times):
    """stated killed among writes: nothing acknowledged is lost."""
    t.expected = ("child_lost", "start_failed")
    n = Node(t, "map")
    n.start()
    wait_map(n)
    acked, tried, ready, said = {}, {}, [], []
    chance = random.Random(times)

    def write(life, i):
        key, value = "o/%d" % (i % 40), "%d-%d" % (life, i)
        tried[key] = value
        if n.ctl("put", key, value, check=False).returncode == 0:
            acked[key] = value
            said.append(key)

    for life in range(times):
        stop = threading.Event()

        def writer(first):
            i = first
            while not stop.is_set():
                write(life, i)
                i += 4
        writers = [threading.Thread(target=writer, args=(k,))
                   for k in range(4)]
        for w in writers:
            w.start()
        pids = n.processes()
        stated, before = n.child("stated"), len(said)
        if life % 4:    # else perhaps before any
            until("a write is acknowledged", lambda before=before:
                  len(said) > before, 20, 0.002)
        time.sleep(chance.random() * 0.2)
        os.kill(stated, signal.SIGKILL)
        stop.set()
        for w in writers:
            w.join()
        n.wait_end(10, pids)
        began = time.monotonic()
        n.start()
        n.wait_event("map_read")
        ready.append(time.monotonic() - began)
        found = {}
        for line in n.ctl("export").stdout.splitlines():
            entry = json.loads(line)
            found[entry["key"]] = entry["value"]
        # What was on its way may have come about or not.
        for key, value in acked.items():
            assert found.get(key) in (value, tried[key]), (life, key)
        acked, tried = dict(found), dict(found)
    assert acked and not n.events("store_damaged")
    ready.sort()
    t.note("ready after a kill: p50 %.2f s, max %.2f s, %d kills, %d writes "
           "acknowledged and none lost" % (ready[len(ready) // 2], ready[-1],
                                           times, len(said)))
    n.stop()


def test_kept_over_kills(t):
    killed(t, 3)


@lane(long=True, budget=1800)
def test_kept_over_many_kills(t):
    killed(t, 200)


@lane(root=True)
def test_full_disk(t):
    """Writes are refused with the reason, reading goes on, all by itself."""
    t.expected = ("store_failed",)
    small = Small(t, "6m")
    n = Node(t, "map", data_dir=small.path)
    n.start()
    wait_map(n)
    acked = {}
    for i in range(20):
        n.ctl("put", "o/%d" % i, "before")
        acked["o/%d" % i] = "before"
    small.fill()
    refused = 0
    for i in range(200):
        r = n.ctl("put", "o/%d" % (i % 40), "x" * 1000 + "%d" % i,
                  check=False)
        if r.returncode == 0:
            acked["o/%d" % (i % 40)] = "x" * 1000 + "%d" % i
        else:
            assert r.returncode == 75 and "disk is full" in r.stderr, r
            refused += 1
            if refused == 5:
                break
    assert refused == 5
    for key, value in acked.items():
        assert n.ctl("get", key).stdout == value
    small.empty()
    until("it can be written again", lambda: n.ctl(
        "put", "o/after", "v", check=False).returncode == 0, 20)
    n.stop()
    n.start()
    wait_map(n)
    for key, value in acked.items():
        assert n.ctl("get", key).stdout == value
    assert n.ctl("get", "o/after").stdout == "v"
    n.stop()
