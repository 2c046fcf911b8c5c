# SPDX-License-Identifier: MIT
"""The secret keys are in the parent and nowhere else."""
import hashlib
import os
import re

import procs
from node import Node
from peer import Peer
from runner import lane
from sshclient import Client, Key


def memory(pid):
    """All of a process's readable memory, region by region."""
    with open(f"/proc/{pid}/maps") as f:
        maps = f.read().splitlines()
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as mem:
        for line in maps:
            m = re.match(r"([0-9a-f]+)-([0-9a-f]+) (....)", line)
            start, end = int(m[1], 16), int(m[2], 16)
            if m[3][0] != "r" or "[v" in line:
                continue
            while start < end:
                n = min(end - start, 4 << 20)
                try:
                    mem.seek(start)
                    yield line, mem.read(n)
                except OSError:
                    yield line, b""     # secret, or gone meanwhile
                start += n


def secrets(seed, what):
    """What must not be found, by name: the seed and all made of it."""
    h = hashlib.sha512(seed).digest()
    clamped = bytes([h[0] & 248]) + h[1:31] + bytes([h[31] & 63 | 64])
    return {f"{what} seed": seed, f"{what} scalar": h[:32],
            f"{what} clamped scalar": clamped, f"{what} prefix": h[32:]}


def find(pid, wanted):
    found, size = set(), 0
    for line, data in memory(pid):
        size += len(data)
        for name, value in wanted.items():
            if value[:16] in data or value[16:] in data:
                found.add(f"{name} in {line}")
    return found, size


def host_seed(node):
    """The seed of the SSH host key, from its file."""
    path = os.path.join(node.dir, "identity", "ssh_host_ed25519_key")
    import base64   # pylint: disable=import-outside-toplevel
    with open(path) as f:
        raw = base64.b64decode("".join(
            x for x in f.read().splitlines() if not x.startswith("-")))
    if raw.startswith(b"openssh-key-v1"):
        return raw[raw.rindex(b"\0\0\0\x40") + 4:][:32]
    return raw[-32:]


@lane(root=True, sandbox=True, budget=90)
def test_memory(t):
    key = Key(t)
    node = Node(t, "north")
    node.authorize(key.line)
    node.start()
    # Load: handshakes both ways, signatures, logins, sessions that stay.
    a, b = Peer(t), Peer(t)
    a.dial(node)
    alice = Client(t, node, key).open()
    for i in range(10):
        b.dial(node, f"c{i}")
        b.close(f"c{i}")
        node.wait_event("peer_down", count=i + 1, id=b.id[:12])
        alice.say(f"signed line {i}")
        a.wait_chat(f"signed line {i}")
    for _ in range(3):
        assert Client(t, node, key).command("who").returncode == 0
    wanted = {**secrets(node.seed, "node"), **secrets(host_seed(node), "host")}
    # The search finds what is there: the peer's own process has its key.
    mine = b"\x5a" * 16 + os.urandom(16)
    assert find(os.getpid(), {"control": mine})[0]
    children = procs.descendants(node.pid)
    assert len(children) >= 5, children
    total = 0
    for pid in children:
        found, size = find(pid, wanted)
        total += size
        assert size > 100000, (procs.cmdline(pid), size)
        assert not found, (procs.cmdline(pid), found)
    # In the parent the pages are out of reach too, where the kernel has
    # secret memory; copies in ordinary memory would be found.
    found, size = find(node.pid, wanted)
    t.note(f"{len(children)} children, {total >> 20} MiB searched: nothing; "
           f"readable in the parent: {sorted(found) or 'nothing'}")
    in_heap = [f for f in found if "[heap]" in f or "[stack]" in f]
    assert not in_heap, in_heap
    # Nothing of it in the environment or arguments either, or in the log.
    assert node.seed.hex() not in node.log()


@lane(root=True, sandbox=True)
def test_not_traceable(t):
    """Another process of the same user cannot look into a node."""
    from test_modes import as_nobody, setpriv, NOBODY  # noqa
    import subprocess   # pylint: disable=import-outside-toplevel
    node = as_nobody(t, "mine").start()
    for pid in (node.pid, *procs.descendants(node.pid)):
        r = subprocess.run(
            [*setpriv(NOBODY, NOBODY), "head", "-c1", f"/proc/{pid}/mem"],
            capture_output=True, check=False)
        assert b"ermission" in r.stderr, (procs.cmdline(pid), r)
    node.stop()
