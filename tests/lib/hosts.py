# SPDX-License-Identifier: MIT
"""
Hosts with a network of their own: network namespaces on a bridge in a
further one.  They have no names and live as long as a process in them, which
ends with ours at the latest; so nothing of them can stay behind.
"""
import subprocess

from skip import Skip
from waiting import until

NET = "10.213.7"


class Host:
    """One network namespace."""

    def __init__(self):
        # Ends when its standard input does: when we do, however that is.
        self.process = subprocess.Popen(
            ["unshare", "--net", "sh", "-c", "echo in; exec cat"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        if self.process.stdout.readline() != b"in\n":
            raise Skip("no network namespaces here: they need root")
        self.wrap = ["nsenter", f"--net=/proc/{self.process.pid}/ns/net",
                     "--"]
        self.run("ip", "link", "set", "lo", "up")

    def run(self, *command):
        r = subprocess.run([*self.wrap, *command], stdin=subprocess.DEVNULL,
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                           text=True, check=False)
        assert r.returncode == 0, f"{' '.join(command)}: {r.stdout}"
        return r.stdout

    def close(self):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait()


class Hosts:
    """n hosts, numbered from 1, on one switch; they see each other."""

    def __init__(self, t, n):
        self.switch = None
        self.hosts = []
        t.fixtures.append(self)
        self.switch = Host()
        self.switch.run("ip", "link", "add", "sw", "type", "bridge")
        self.switch.run("ip", "link", "set", "sw", "up")
        for i in range(1, n + 1):
            self.add(i)

    def add(self, i):
        host = Host()
        self.hosts.append(host)
        self.switch.run("ip", "link", "add", f"port{i}", "type", "veth",
                        "peer", "name", "eth0", "netns",
                        str(host.process.pid))
        self.switch.run("ip", "link", "set", f"port{i}", "master", "sw", "up")
        host.run("ip", "addr", "add", f"{self.address(i)}/24", "dev", "eth0")
        host.run("ip", "link", "set", "eth0", "up")
        until(f"host {i} has a carrier",
              lambda: "LOWER_UP" in host.run("ip", "link", "show", "eth0"))

    @staticmethod
    def address(i):
        return f"{NET}.{i}"

    def wrap(self, i):
        """To be put before a command that is to run on host i."""
        return self.hosts[i - 1].wrap

    def link(self, i, up):
        """The cable of host i."""
        self.switch.run("ip", "link", "set", f"port{i}",
                        "up" if up else "down")

    def drop(self, which, cut):
        """
        The switch loses all between these hosts and the others; nobody is
        told.
        """
        self.switch.run("nft", "add table bridge cut")
        if not cut:
            self.switch.run("nft", "delete table bridge cut")
            return
        self.switch.run("nft", "add chain bridge cut lost "
                        "{ type filter hook forward priority 0; }")
        ports = "{ " + ", ".join(f"port{i}" for i in which) + " }"
        for one, other in (("iifname", "oifname"), ("oifname", "iifname")):
            self.switch.run("nft", "add rule bridge cut lost "
                            f"{one} {ports} {other} != {ports} drop")

    def close(self):
        for host in (*self.hosts, self.switch):
            if host is not None:
                host.close()
