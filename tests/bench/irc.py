# SPDX-License-Identifier: MIT
"""Two linked ngircd, and plain TCP clients of them."""
import os
import select
import shutil
import socket
import subprocess
import time

from node import fresh_address
from sshclient import ENV
from waiting import Timeout, until

PORT = 6667


class Server:
    """other: (name, address) of the linked one; dials: is it us who dials?"""

    def __init__(self, t, name, address, other, dials):
        self.name, self.address = name, address
        conf = os.path.join(t.dir, name + ".conf")
        with open(conf, "w") as f:
            f.write(f"[Global]\nName = {name}\nInfo = bench\n"
                    f"Listen = {address}\nPorts = {PORT}\nMotdPhrase = x\n"
                    "[Limits]\nMaxPenaltyTime = 0\nConnectRetry = 1\n"
                    "MaxConnectionsIP = 0\n"
                    "[Options]\nDNS = no\nIdent = no\nPAM = no\n"
                    f"[Server]\nName = {other[0]}\nHost = {other[1]}\n"
                    "MyPassword = x\nPeerPassword = x\n"
                    + (f"Port = {PORT}\n" if dials else "Passive = yes\n"))
        os.chmod(conf, 0o644)
        self.process = subprocess.Popen(
            [shutil.which("ngircd", path=ENV["PATH"]), "-n", "-f", conf],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)

        def listens():
            assert self.process.poll() is None, f"{name} ended at start"
            with socket.socket() as s:
                return s.connect_ex((address, PORT)) == 0
        until(f"{name} listens", listens)

    def stop(self):
        self.process.terminate()
        self.process.wait(10)


class Client:
    def __init__(self, server, nick):
        self.nick = nick
        self.sock = socket.create_connection((server.address, PORT))
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.seen = b""
        self.send(f"NICK {nick}\r\nUSER {nick} 0 * :{nick}\r\n")
        self.wait(b" 001 ")
        self.send("JOIN #bench\r\n")
        self.wait(b"JOIN")

    def send(self, text):
        self.sock.sendall(text.encode())

    def wait(self, text, timeout=20.0):
        """When it came (monotonic s); it is consumed."""
        now = time.monotonic()
        deadline = now + timeout
        while text not in self.seen:
            if not select.select([self.sock], [], [],
                                 max(0, deadline - time.monotonic()))[0]:
                raise Timeout(f"irc: no {text!r}")
            now = time.monotonic()
            piece = self.sock.recv(65536)
            assert piece, f"irc: closed: {self.seen[-500:]!r}"
            if b"PING" in piece:
                self.send("PONG :x\r\n")
            self.seen += piece
        self.seen = self.seen[self.seen.index(text) + len(text):]
        return now

    def close(self):
        self.sock.close()


class Pair:
    """Two servers, linked, with a client at each in one channel."""

    def __init__(self, t):
        a, b = fresh_address(), fresh_address()
        self.servers = [Server(t, "a.bench", a, ("b.bench", b), False)]
        self.servers.append(Server(t, "b.bench", b, ("a.bench", a), True))
        self.clients = [Client(s, nick)
                        for s, nick in zip(self.servers, ("ann", "ben"))]

        def linked():
            self.clients[0].send("NAMES #bench\r\n")
            self.clients[0].wait(b" 366 ")
            self.clients[0].send("WHOIS ben\r\n")
            got = self.clients[0].sock.recv(65536)
            self.clients[0].seen = b""
            return b" 311 " in got
        until("the two ngircd are linked", linked, pause=0.2)

    def line(self, sender, text):
        """Seconds from one client to the other."""
        began = time.monotonic()
        self.clients[sender].send(f"PRIVMSG #bench :{text}\r\n")
        return self.clients[1 - sender].wait(text.encode()) - began

    def close(self):
        for c in self.clients:
            c.close()
        for s in self.servers:
            s.stop()
