# SPDX-License-Identifier: MIT
"""Real OpenSSH clients: commands, and interactive ones in tmux panes."""
import base64
import itertools
import os
import re
import shlex
import subprocess

from waiting import Timeout, until

_count = itertools.count(1)
ENV = {"PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "LANG": "C.UTF-8",
       "LC_ALL": "C.UTF-8", "HOME": "/nonexistent"}


class Key:
    """A key pair made by ssh-keygen."""

    def __init__(self, t, name="key", kind="ed25519", bits=None):
        self.path = os.path.join(t.dir, f"{name}.{next(_count)}")
        subprocess.run(
            ["ssh-keygen", "-q", "-t", kind, "-N", "", "-C", name,
             "-f", self.path, *(["-b", str(bits)] if bits else [])],
            check=True, stdin=subprocess.DEVNULL)
        with open(self.path + ".pub") as f:
            self.line = f.read().strip()

    @property
    def fingerprint(self):
        r = subprocess.run(["ssh-keygen", "-lf", self.path + ".pub"],
                           check=True, capture_output=True, text=True)
        return r.stdout.split()[1]

    @property
    def hash(self):
        """SHA-256 of the public key, in hexadecimal digits."""
        b64 = self.fingerprint.split(":")[1]
        return base64.b64decode(b64 + "=" * (-len(b64) % 4)).hex()


class Client:
    """How one person connects to one node."""

    def __init__(self, t, node, key, user="alice"):
        self.t, self.node, self.key, self.user = t, node, key, user
        self.known_hosts = os.path.join(t.dir, f"{node.name}.known_hosts")

    def argv(self, *args, options=()):
        host, port = self.node.ssh_address.rsplit(":", 1)
        fixed = ["BatchMode=yes", "IdentitiesOnly=yes",
                 f"UserKnownHostsFile={self.known_hosts}",
                 "GlobalKnownHostsFile=/dev/null",
                 f"HostKeyAlias=micelio-{self.node.name}",
                 "StrictHostKeyChecking=accept-new", "LogLevel=ERROR",
                 "IdentityAgent=none", "ConnectTimeout=10"]
        return ["ssh", "-F", "/dev/null", "-i", self.key.path, "-p", port,
                *(x for o in (*options, *fixed) for x in ("-o", o)),
                *args]

    def command(self, *words, flags=(), options=(), timeout=20, **kw):
        """ssh node WORDS; the finished process."""
        host = self.node.ssh_address.rsplit(":", 1)[0]
        kw.setdefault("stdin", subprocess.DEVNULL)
        kw.setdefault("stdout", subprocess.PIPE)
        kw.setdefault("stderr", subprocess.PIPE)
        return subprocess.run(
            self.argv(*flags, f"{self.user}@{host}", *words, options=options),
            timeout=timeout, env=ENV, check=False, **kw)

    def wait_admitted(self, timeout=5.0):
        """Until the key, written a moment ago, opens the door."""
        until(f"{self.user} may log in at {self.node.name}",
              lambda: self.command("version").returncode == 0, timeout)

    def open(self, **kw):
        """An interactive session in tmux."""
        return Pane(self, **kw)


def person(t, node, user):
    """One more who may log in at a node, with a key of their own."""
    key = Key(t, user)
    node.people.append(key.line)
    node.authorize(*node.people)
    if not node.running():
        node.start()
    client = Client(t, node, key, user)
    client.wait_admitted()
    return client


class Pane:
    """A terminal with an ssh client in it."""

    def __init__(self, client, columns=100, rows=30, wait=True, flags=(),
                 term="tmux-256color"):
        self.t, self.client = client.t, client
        n = next(_count)
        self.socket = f"micelio-test-{os.getpid()}-{n}"
        self.name = f"{client.node.name}-{client.user}-{n}"
        self.status_file = os.path.join(self.t.dir, self.name + ".status")
        host = client.node.ssh_address.rsplit(":", 1)[0]
        ssh = shlex.join(client.argv(*flags, "-tt", f"{client.user}@{host}"))
        shell = f"{ssh}; echo $? > {shlex.quote(self.status_file)}; " \
            "echo SESSION-ENDED; exec sleep 600"
        conf = os.path.join(self.t.dir, "tmux.conf")
        with open(conf, "w") as f:
            f.write(f'set -g default-terminal "{term}"\n'
                    "set -g history-limit 20000\nset -g status off\n"
                    "set -s escape-time 0\n")
        self.tmux("-f", conf, "new-session", "-d", "-x", str(columns),
                  "-y", str(rows), shell)
        self.t.panes.append(self)
        if wait:
            self.wait_text("/help")

    def tmux(self, *args, check=True):
        return subprocess.run(
            ["tmux", "-L", self.socket, *args], check=check, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, env=dict(ENV, HOME=self.t.dir)).stdout

    def screen(self, history=False, escapes=False):
        """What a person sees (with history: everything since the start)."""
        return self.tmux("capture-pane", "-p", *(["-e"] if escapes else []),
                         *(["-S", "-"] if history else []))

    def send(self, *keys):
        """tmux key names."""
        self.tmux("send-keys", *keys)

    def type(self, text):
        self.tmux("send-keys", "-l", text)

    def say(self, text):
        """Type a line and press enter."""
        self.type(text)
        self.send("Enter")

    def wait_text(self, text, timeout=10.0, count=1):
        """Until the regular expression has shown up, scrolled-off too."""
        def look():
            return len(re.findall(text, self.screen(history=True))) >= count
        try:
            until(f"{self.name} shows {text!r}", look, timeout)
        except Timeout as e:
            raise Timeout(f"{e}; it shows:\n{self.screen()}") from None
        return self.screen(history=True)

    def shows(self, text):
        return re.search(text, self.screen(history=True)) is not None

    def resize(self, columns, rows):
        self.tmux("resize-window", "-x", str(columns), "-y", str(rows))

    def wait_end(self, timeout=10.0):
        """Exit status of ssh."""
        def ended():
            try:
                with open(self.status_file) as f:
                    return f.read().strip() or None
            except FileNotFoundError:
                return None
        try:
            return int(until(f"{self.name} ends", ended, timeout))
        except Timeout as e:
            raise Timeout(f"{e}; it shows:\n{self.screen()}") from None

    def save(self, title=""):
        """Keep the picture, if captures are wanted."""
        self.t.keep(f"{self.name}{title}.txt", self.screen())

    def close(self):
        self.tmux("kill-server", check=False)
