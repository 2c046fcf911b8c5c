# SPDX-License-Identifier: MIT
"""The independent v1 peer (tests/peer), driven over its standard streams."""
import json
import subprocess
import threading
import time

from waiting import Timeout


class Peer:
    """One identity of the Go program; connections have names."""

    def __init__(self, t, seed=None):
        self.t = t
        self.events = []
        self.seq = 0
        self.changed = threading.Condition()
        self.process = subprocess.Popen(
            [t.peer_binary], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            text=True, bufsize=1)
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
        t.peers.append(self)
        me = self.do("id", seed=seed.hex() if seed else "")
        self.id, self.pub = me["node"], me["pub"]

    def _read(self):
        for line in self.process.stdout:
            event = json.loads(line)
            with self.changed:
                self.events.append(event)
                self.changed.notify_all()

    def do(self, cmd, timeout=15, check=True, **args):
        """Run a command; its answer."""
        self.seq += 1
        seq = self.seq
        self.process.stdin.write(json.dumps(dict(cmd=cmd, seq=seq, **args))
                                 + "\n")
        self.process.stdin.flush()
        answer = self.wait("done", timeout, seq=seq)
        if check and "error" in answer:
            raise AssertionError(f"peer: {cmd}: {answer['error']}")
        return answer

    def find(self, ev, **match):
        with self.changed:
            return [e for e in self.events if e["ev"] == ev and
                    all(e.get(k) == v for k, v in match.items())]

    def wait(self, ev, timeout=10.0, count=1, **match):
        """The count-th event ev whose members equal match."""
        deadline = time.monotonic() + timeout
        with self.changed:
            while True:
                found = [e for e in self.events if e["ev"] == ev and
                         all(e.get(k) == v for k, v in match.items())]
                if len(found) >= count:
                    return found[count - 1]
                left = deadline - time.monotonic()
                if left <= 0 or not self.changed.wait(left):
                    tail = "\n".join(str(e)[:300] for e in self.events[-12:])
                    raise Timeout(f"peer: no {ev} {match} within {timeout:g} "
                                  f"s; its last events:\n{tail}")

    # -- what tests do most --------------------------------------------

    def listen(self, addr="127.0.0.1:0", **options):
        return self.do("listen", addr=addr, options=options)["addr"]

    def dial(self, node, conn="c", up=True, timeout=12, **options):
        """Connect to a node (or an address); wait until it is up."""
        addr = getattr(node, "mesh_address", node)
        self.do("dial", addr=addr, conn=conn, options=options)
        if not up:
            return None
        return self.wait("up", timeout, conn=conn)

    def send(self, conn="c", **message):
        return self.do("send", conn=conn, message=message)

    def chat(self, text, conn="c", nick="gopher", **message):
        """A chat line; its message id."""
        r = self.send(conn, type=3, nick=nick, text=text, **message)
        return bytes.fromhex(r["id_hex"]).decode("utf-8", "replace")

    def wait_chat(self, text, timeout=10.0, **match):
        return self.wait("chat", timeout, text=text, **match)

    def wait_closed(self, conn="c", timeout=12.0):
        return self.wait("closed", timeout, conn=conn)

    def is_closed(self, conn="c"):
        return bool(self.find("closed", conn=conn))

    def close(self, conn="c", reset=False):
        self.do("close", conn=conn, reset=reset, check=False)

    def end(self):
        if self.process.poll() is None:
            self.process.stdin.close()
            try:
                self.process.wait(3)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
