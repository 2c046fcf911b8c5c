# SPDX-License-Identifier: MIT
"""
The two ways to run: personal, as root and as an ordinary user; as a service,
started as the user micelio with two capabilities, or as root on its directory.
"""
import os
import pwd

from node import Node, copy_binaries
from runner import lane
from sshclient import Client, Key

NOBODY = 65534
USERS = ("micelio", "_mtransport", "_mgossip", "_mstate", "_mssh", "_msession")


def binaries(t):
    """Where every user may run them."""
    return copy_binaries(t.build, os.path.join(t.dir, "bin"))


def owned(t, name, uid, gid):
    path = os.path.join(t.dir, name)
    os.makedirs(path, mode=0o700)
    os.chown(path, uid, gid)
    return path


def setpriv(uid, gid, *more):
    return ["setpriv", f"--reuid={uid}", f"--regid={gid}", "--clear-groups",
            *more]


def as_nobody(t, name, **kw):
    """A node of an ordinary user without any right."""
    return Node(t, name, wrap=setpriv(NOBODY, NOBODY), libexec=binaries(t),
                data_dir=owned(t, name, NOBODY, NOBODY), **kw)


def as_service(t, name, root=False, **kw):
    """A node as systemd would start it."""
    user = pwd.getpwnam("micelio")
    caps = "+setuid,+setgid"
    wrap = [] if root else setpriv(
        user.pw_uid, user.pw_gid, f"--inh-caps=-all,{caps}",
        f"--ambient-caps=-all,{caps}", "--bounding-set=-all," + caps)
    return Node(t, name, wrap=wrap, libexec=binaries(t),
                data_dir=owned(t, name, user.pw_uid, user.pw_gid), **kw)


def proves_itself(t, node, other):
    """Chat with another node, exec, status, restart, stop."""
    key = Key(t, "alice")
    for n in (node, other):
        n.authorize(key.line)
        if not n.running():
            n.start()
    node.wait_peers(1)
    alice = Client(t, node, key, "alice").open()
    bob = Client(t, other, key, "bob").open()
    alice.say("from here to there")
    bob.wait_text("from here to there")
    bob.say("and back")
    alice.wait_text("and back")
    assert Client(t, node, key).command("who").returncode == 0
    node_id = node.id
    assert os.stat(node.dir).st_mode & 0o777 == 0o700
    assert os.stat(os.path.join(node.dir, "identity", "node.key")) \
        .st_mode & 0o777 == 0o600
    node.stop()
    node.start()
    assert node.id == node_id
    node.wait_peers(1, 20)
    node.stop()


def both(t, node):
    proves_itself(t, node, Node(t, "other", bootstrap=[node.mesh_address]))


@lane(root=True, budget=60)
def test_personal_root(t):
    both(t, Node(t, "mine"))


@lane(root=True, budget=60)
def test_personal_ordinary(t):
    both(t, as_nobody(t, "mine"))


@lane(root=True, sandbox=True, budget=60)
def test_service_micelio(t):
    node = as_service(t, "svc")
    both(t, node)
    # Not being root it cannot give the directory away, but share it.
    state = os.stat(os.path.join(node.dir, "state"))
    assert state.st_gid == pwd.getpwnam("_mstate").pw_gid, state
    assert state.st_mode & 0o007 == 0, state


@lane(root=True, sandbox=True, budget=60)
def test_service_root(t):
    both(t, as_service(t, "svc", root=True))


@lane(root=True, sandbox=True, budget=60)
def test_service_one_state(t):
    """Started either way, the same directory goes on to work."""
    first = as_service(t, "svc", root=True).start()
    node_id = first.id
    first.stop()
    user = pwd.getpwnam("micelio")
    again = Node(t, "svc2", data_dir=first.dir, libexec=first.libexec,
                 wrap=as_service(t, "unused").wrap)
    assert os.stat(first.dir).st_uid == user.pw_uid
    again.start()
    assert again.id == node_id
    again.stop()
