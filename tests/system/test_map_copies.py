# SPDX-License-Identifier: MIT
"""The map taken out of a node as a whole, and put into one."""
import json
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time

import procs
from node import Node
from sshclient import Client, Key
from waiting import until


def started(t, name="map", keys=()):
    n = Node(t, name)
    n.authorize(*keys, "")
    n.start()
    n.wait_event("map_read")
    return n


def given(t, text):
    f = tempfile.TemporaryFile(dir=t.dir)
    f.write(text.encode())
    f.seek(0)
    return f


def fill(t, n, keys, size):
    lines = [json.dumps({"key": "o/%d" % i, "value": "v" * size})
             for i in range(keys)]
    n.ctl("import", stdin=given(t, "\n".join(lines)), timeout=60)


def ctl(n, *words, **kw):
    return subprocess.Popen(
        [n.find("micelioctl"), "--data-dir", n.dir, *words],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, **kw)


def state_dir(n):
    return os.path.join(n.dir, "state")


def put_back(n, archive):
    """As the manual says."""
    shutil.rmtree(os.path.join(state_dir(n), "db"))
    subprocess.run(["tar", "-C", state_dir(n), "-xf", "-"], input=archive,
                   check=True)
    n.start()
    n.wait_event("map_read")


def exported(n):
    out = n.ctl("export", timeout=60).stdout
    return {e["key"]: e["value"] for e in map(json.loads, out.splitlines())}


def test_export_waits_for_its_reader(t):
    """Who reads slowly gets every line, over either door."""
    key = Key(t)
    n = started(t, keys=[key.line])
    fill(t, n, 250, 4096)
    alice = Client(t, n, key)
    alice.wait_admitted()
    host = n.ssh_address.rsplit(":", 1)[0]
    for p in (ctl(n, "export"), subprocess.Popen(
            alice.argv(f"alice@{host}", "export"), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE)):
        # Until the pipe is full, and what stands behind it too.
        time.sleep(0.7)
        out, _ = p.communicate(timeout=30)
        lines = [json.loads(x) for x in out.decode().splitlines()]
        assert p.returncode == 0 and len(lines) == 250, len(lines)
        assert all(x["value"] == "v" * 4096 for x in lines)
    n.stop()


def test_backup_to_standard_output(t):
    """A tar while it is written to: whole, and as good as the node."""
    ops, user = Key(t), Key(t)
    n = started(t, keys=[ops.line, 'role="user" ' + user.line])
    fill(t, n, 200, 1000)
    acked, over = {}, threading.Event()

    def write():
        i = 0
        while not over.is_set():
            n.ctl("put", "o/w%d" % (i % 20), str(i))
            acked["o/w%d" % (i % 20)] = i
            i += 1
    writer = threading.Thread(target=write)
    writer.start()
    until("all is written once", lambda: len(acked) == 20)
    before = dict(acked)
    out, err = ctl(n, "backup", "-", stderr=subprocess.PIPE).communicate()
    assert b"entries" in err, err
    alice, bob = Client(t, n, ops), Client(t, n, user)
    alice.wait_admitted()
    through_ssh = alice.command("backup", "-")
    assert through_ssh.returncode == 0, through_ssh
    over.set()
    writer.join()
    r = bob.command("backup", "-")
    assert r.returncode == 77 and r.stdout == b"", r
    # Nothing is left of one that nobody wants any more.
    p = ctl(n, "backup", "-")
    p.stdout.read(1)
    p.kill()
    p.wait()
    until("its copy is gone", lambda: "copy.new" not in
          os.listdir(state_dir(n)))
    assert "220 entries" in n.ctl("verify").stderr
    r = n.ctl("backup", "elsewhere", check=False)
    assert r.returncode == 64 and "standard output" in r.stderr, r
    n.stop()
    for archive in (out, through_ssh.stdout):
        put_back(n, archive)
        found = exported(n)
        assert len(found) == 220, len(found)
        for k, v in before.items():
            assert v <= int(found[k]) <= acked[k], (k, v, found[k])
        assert "220 entries" in n.ctl("verify").stderr
        n.ctl("put", "o/later", "can be written")
        n.ctl("del", "o/later")
        n.stop()
    # An archive cut short is none.
    cut = subprocess.run(["tar", "-tf", "-"], input=out[:len(out) // 2],
                         capture_output=True, check=False)
    assert cut.returncode != 0, cut


def test_import_tells_how_far_it_is(t):
    """Of a file: how much of how much; and which line was refused."""
    n = started(t)
    lines = [json.dumps({"key": "o/%d" % (i % 200), "value": "%d " % i + "v"
                         * 3000}) for i in range(6000)]
    lines[4321] = '{"key":"o//bad","value":"1"}'
    with given(t, "\n".join(lines)) as f:
        p = subprocess.Popen(
            [n.find("micelioctl"), "--data-dir", n.dir, "import"], stdin=f,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    until("some is there", lambda: json.loads(
        n.ctl("state", "--json").stdout)["map_entries"] > 0, pause=0.01)
    # A disk that takes its time: it tells every 2 seconds.
    os.kill(n.child("stated"), signal.SIGSTOP)
    time.sleep(2.1)
    os.kill(n.child("stated"), signal.SIGCONT)
    _, err = p.communicate(timeout=60)
    assert p.returncode == 65, err
    assert "1 of 6000 lines" in err and "line 4322" in err, err
    told = [x for x in err.splitlines() if " left" in x]
    assert told and all(" of 17" in x and "entries/s" in x
                        for x in told), err
    assert "5999 entries" in err, err
    t.note(told[0])
    n.stop()


def test_one_key_again_and_again(t):
    """Writes of one key overtake each other: none of them is refused, and
    the last one stands."""
    n = started(t)
    lines = "\n".join(json.dumps({"key": "o/one", "value": str(i)})
                      for i in range(3000))
    with given(t, lines) as f:
        r = subprocess.run(
            [n.find("micelioctl"), "--data-dir", n.dir, "import", "--json"],
            stdin=f, capture_output=True, text=True, timeout=60, check=False)
    assert r.returncode == 0, r
    told = json.loads(r.stdout)
    assert (told["written"], told["refused"]) == (3000, 0), told
    assert n.ctl("get", "o/one").stdout == "2999"
    pids = n.processes()
    procs.end_all(pids)
    n.wait_end(20, pids)
    n.start()
    n.wait_event("map_read")
    assert n.ctl("get", "o/one").stdout == "2999"
    n.stop()
