# SPDX-License-Identifier: MIT
"""What micelioctl does itself: init, lab, diag, completion."""
import base64
import json
import os
import re
import shutil
import signal
import subprocess

import procs
from node import Node
from runner import lane
from sshclient import Key
from waiting import until


def ctl(t, *args, home=None, timeout=60, **env):
    """micelioctl of the build, with a home of its own."""
    return subprocess.run(
        [os.path.join(t.build, "micelioctl/micelioctl"), *args],
        capture_output=True, text=True, timeout=timeout, check=False,
        stdin=subprocess.DEVNULL,
        env={"PATH": "/usr/bin:/bin", "HOME": home or t.dir,
             "TMPDIR": "/tmp", **sanitizers(), **env})


def sanitizers():
    return {k: os.environ[k] for k in ("ASAN_OPTIONS", "UBSAN_OPTIONS",
                                       "LSAN_OPTIONS") if k in os.environ}


def files(top):
    return {os.path.relpath(os.path.join(d, f), top):
            os.stat(os.path.join(d, f)).st_mtime_ns
            for d, _, names in os.walk(top) for f in names}


def test_init(t):
    """From nothing to a node that starts and lets its owner in; once."""
    home = os.path.join(t.dir, "home")
    os.makedirs(os.path.join(home, ".ssh"), mode=0o700)
    r = ctl(t, "init", "--dry-run", home=home)
    assert r.returncode == 0 and r.stdout.count("would make") == 3, r
    assert os.listdir(home) == [".ssh"], "a dry run made something"
    key = Key(t)
    shutil.copy(key.path + ".pub", os.path.join(home, ".ssh/id_ed25519.pub"))
    r = ctl(t, "init", "--json", home=home)
    assert r.returncode == 0, r
    made = json.loads(r.stdout)
    assert made["v"] == 1 and len(made["node"]) == 64, made
    assert [s["outcome"] for s in made["steps"]] == ["made"] * 4, made
    data = os.path.join(home, ".micelio")
    assert os.stat(data).st_mode & 0o777 == 0o700
    for name in ("micelio.conf", "authorized_keys", "identity/node.key"):
        mode = os.stat(os.path.join(data, name)).st_mode & 0o777
        assert mode == 0o600, (name, oct(mode))
    with open(os.path.join(data, "authorized_keys")) as f:
        assert f.read() == key.line + "\n"
    # Again, and with a node that runs: nothing is touched.
    before = files(data)
    r = ctl(t, "init", "--json", home=home)
    assert json.loads(r.stdout)["node"] == made["node"], r
    assert [s["outcome"] for s in json.loads(r.stdout)["steps"]] == \
        ["kept"] * 4, r
    assert files(data) == before
    node = Node(t, "north", data_dir=data).start()
    assert node.id == made["node"]
    r = ctl(t, "init", "--quiet", home=home)
    assert r.returncode == 0 and r.stdout == "", r
    r = ctl(t, "init", "--nosuch", home=home)
    assert r.returncode == 64 and "--dry-run" in r.stderr, r
    r = ctl(t, "--data-dir", "/dev/null", "init", home=home)
    assert r.returncode not in (0, 70) and "/dev/null" in r.stderr, r


def test_init_without_key(t):
    r = ctl(t, "init")
    assert r.returncode == 0, r
    assert "ssh-keygen -t ed25519" in r.stdout, r
    assert "/.micelio/authorized_keys" in r.stdout, r
    assert not os.path.exists(os.path.join(t.dir, ".micelio/authorized_keys"))


@lane(sandbox=True)
def test_lab(t):
    """A line is shown on all three; nothing is left."""
    r = ctl(t, "lab", "3", "--run", "say hello there", TMPDIR=t.dir)
    assert r.returncode == 0 and r.stderr == "", r
    lines = sorted(r.stdout.splitlines())
    assert len(lines) == 3, r
    assert re.match(r"n1\| \[[^]]*\] <\S+> hello there$", lines[0]), r
    for i in (2, 3):
        assert re.match(rf"n{i}\| \[[^]]*\] <\S+@[0-9a-f]{{12}}> hello "
                        r"there$", lines[i - 1]), r
    # The status is the command's.
    r = ctl(t, "lab", "1", "--run", "peer nosuch", TMPDIR=t.dir)
    assert r.returncode == 1 and "no node is known" in r.stderr, r
    for bad in (("lab",), ("lab", "0"), ("lab", "33"), ("lab", "2", "3"),
                ("lab", "2", "--run", "say 'x")):
        r = ctl(t, *bad, TMPDIR=t.dir)
        assert r.returncode == 64 and "lab" in r.stderr, (bad, r)
    assert not [x for x in os.listdir(t.dir) if "lab" in x]


@lane(sandbox=True)
def test_lab_ended(t):
    """Whoever ends it ends its nodes."""
    p = subprocess.Popen(
        ["/usr/bin/script", "-qec", os.path.join(
            t.build, "micelioctl/micelioctl") + " lab 2", "/dev/null"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, start_new_session=True,
        env={"PATH": "/usr/bin:/bin", "HOME": t.dir, "TMPDIR": t.dir,
             "TERM": "dumb", "USER": "alice", **sanitizers()})
    os.set_blocking(p.stdout.fileno(), False)
    said = [b""]

    def shown():
        said[0] += p.stdout.read() or b""
        return b"You are alice" in said[0]
    until("the partyline of the first node opens", shown, 30)
    p.stdin.write(b"/peers\n")
    p.stdin.flush()

    def linked():
        shown()
        return b" m2 " in said[0]
    until("its link is shown", linked, 20)
    p.stdin.write(b"/quit\n")
    p.stdin.flush()
    assert p.wait(20) == 0, said[0]
    p.stdin.close()
    p.stdout.close()
    assert not [x for x in os.listdir(t.dir) if "lab" in x]
    # Killed before its time, it still leaves nothing behind.
    p = subprocess.Popen(
        [os.path.join(t.build, "micelioctl/micelioctl"), "lab", "2", "--run",
         "tail"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={"PATH": "/usr/bin:/bin", "HOME": t.dir, "TMPDIR": t.dir,
             **sanitizers()})
    # In the middle of a command that has no end of its own.
    until("its command runs", lambda: any(
        (procs.cmdline(c) or [""])[-1] == "tail"
        for c in procs.descendants(p.pid)), 20)
    p.send_signal(signal.SIGTERM)
    assert p.wait(20) == 128 + signal.SIGTERM
    assert not [x for x in os.listdir(t.dir) if "lab" in x]


def test_diag(t):
    """Tells what is in it first; no secret, no key, nothing said is in it."""
    node = Node(t, "north")
    key = Key(t)
    node.authorize(key.line)
    node.start()
    node.ctl("say", "zebra crossing", check=False)
    until("the map is there", lambda: node.ctl(
        "put", "o/secret", "walrus", check=False).returncode == 0, 10)
    r = node.ctl("diag")
    text = r.stdout
    t.keep("diag.txt", text)
    head = text[:text.index("\n== ")]
    for title in re.findall(r"^== (\S+)", text, re.M):
        assert title in head or title == "micelio", (title, head)
    for word in ("zebra", "walrus", key.line.split()[1]):
        assert word not in text, word
    with open(os.path.join(node.dir, "identity/node.key")) as f:
        pem = "".join(f.read().splitlines()[1:-1])
    for secret in (pem, node.seed.hex(), base64.b64encode(node.seed).decode()):
        assert secret not in text
    assert node.id in text and '"healthy":true' in text, text
    # Into a file; not over one that is there.
    path = os.path.join(t.dir, "report.txt")
    r = node.ctl("diag", path)
    assert r.stdout.startswith("In it:") and path in r.stdout, r
    with open(path) as f:
        assert node.id in f.read()
    r = node.ctl("diag", path, check=False)
    assert r.returncode == 73 and "not there yet" in r.stderr, r
    node.stop()
    r = node.ctl("diag", check=False)
    assert r.returncode == 69 and "== configuration" in r.stdout, r


def bash_completes(t, script, node, *words):
    """What bash would offer for the last of the words."""
    line = " ".join(f"'{w}'" for w in ("micelioctl", *words))
    r = subprocess.run(
        ["bash", "--norc", "-c", f". {script}; COMP_WORDS=({line}); "
         f"COMP_CWORD={len(words)}; _micelioctl; "
         "printf '%s\\n' \"${COMPREPLY[@]}\""],
        capture_output=True, text=True, check=True, timeout=20,
        env={"PATH": os.path.dirname(node.find("micelioctl")) +
             ":/usr/bin:/bin", "HOME": t.dir, **sanitizers()})
    return r.stdout.split()


def test_completion(t):
    """Every command there is is known to every shell's script."""
    node = Node(t, "north").start()
    rows = json.loads(node.ctl("help", "--json").stdout)["commands"]
    names = {r["name"] for r in rows} | {"init", "lab", "diag", "completion"}
    scripts = {}
    for shell in ("bash", "zsh", "fish"):
        text = ctl(t, "completion", shell).stdout
        scripts[shell] = os.path.join(t.dir, shell)
        with open(scripts[shell], "w") as f:
            f.write(text)
        missing = [n for n in names
                   if not re.search(rf"(?<![\w-]){n}(?![\w-])", text)]
        assert not missing, (shell, missing)
        if shutil.which(shell):
            r = subprocess.run([shell, "-n", scripts[shell]], check=False,
                               capture_output=True, text=True)
            assert r.returncode == 0 and not r.stderr, r
    offered = bash_completes(t, scripts["bash"], node, "")
    assert set(offered) == names, set(offered) ^ names
    assert sorted(bash_completes(t, scripts["bash"], node, "sta")) == \
        sorted(n for n in offered if n.startswith("sta"))
    assert "--data-dir" in bash_completes(t, scripts["bash"], node, "--d")
    assert bash_completes(t, scripts["bash"], node, "completion", "z") == \
        ["zsh"]
    assert "--json" in bash_completes(t, scripts["bash"], node, "who", "--j")
    # Nodes are asked of the node that is named before the command.
    south = Node(t, "south", bootstrap=[node.mesh_address]).start()
    node.wait_peers(1)
    assert south.id[:12] in bash_completes(
        t, scripts["bash"], node, "--data-dir", node.dir, "peer", "")
    r = ctl(t, "completion", "tcsh")
    assert r.returncode == 64 and "bash, zsh or fish" in r.stderr, r
