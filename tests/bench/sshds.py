# SPDX-License-Identifier: MIT
"""OpenSSH's sshd and dropbear, each for one key, on addresses of their own."""
import getpass
import os
import shutil
import socket
import subprocess

from node import fresh_address
from sshclient import ENV, Key
from waiting import until

PORT = 2200


class Server:
    """
    ssh_address and name make it stand in for a node in sshclient.Client.
    """

    def __init__(self, t, name):
        self.t, self.name = t, name
        self.address = fresh_address()
        self.ssh_address = f"{self.address}:{PORT}"
        self.user = getpass.getuser()
        self.key = Key(t, name)
        self.process = None

    def launch(self, argv):
        self.process = subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, text=True, env=ENV)

        def answers():
            if self.process.poll() is not None:
                raise AssertionError(f"{self.name} ended at start: "
                                     + self.process.stderr.read())
            with socket.socket() as s:
                return s.connect_ex((self.address, PORT)) == 0
        until(f"{self.name} listens", answers)

    def stop(self):
        self.process.terminate()
        self.process.wait(10)
        self.process.stderr.close()


class OpenSSH(Server):
    """Without PAM, motd and name service: nothing but SSH."""

    RUN = "/run/sshd"       # where it wants its empty directory

    def __init__(self, t):
        super().__init__(t, "openssh")
        host = Key(t, "openssh-host")
        keys = os.path.join(t.dir, "openssh.keys")
        conf = os.path.join(t.dir, "openssh.conf")
        with open(keys, "w") as f:
            f.write(self.key.line + "\n")
        with open(conf, "w") as f:
            f.write(f"ListenAddress {self.ssh_address}\n"
                    f"HostKey {host.path}\nAuthorizedKeysFile {keys}\n"
                    "PidFile none\nStrictModes no\nUsePAM no\n"
                    "PrintMotd no\nPrintLastLog no\nUseDNS no\n"
                    "PermitRootLogin yes\nLogLevel ERROR\n")
        self.made_dir = os.geteuid() == 0 and not os.path.isdir(self.RUN)
        if self.made_dir:
            os.mkdir(self.RUN, 0o755)
        self.launch([shutil.which("sshd", path=ENV["PATH"]), "-D", "-e",
                     "-f", conf])

    def stop(self):
        super().stop()
        if self.made_dir:
            os.rmdir(self.RUN)


class Dropbear(Server):
    """
    It reads ~/.ssh only, so it gets a home of its own, in a mount namespace:
    for root.
    """

    def __init__(self, t):
        super().__init__(t, "dropbear")
        home = os.path.join(t.dir, "dropbear.home")
        os.makedirs(os.path.join(home, ".ssh"), mode=0o700)
        os.chmod(home, 0o700)
        with open(os.path.join(home, ".ssh", "authorized_keys"), "w") as f:
            f.write(self.key.line + "\n")
        host = os.path.join(t.dir, "dropbear.host")
        subprocess.run(["dropbearkey", "-t", "ed25519", "-f", host],
                       check=True, capture_output=True, env=ENV)
        self.launch([
            "unshare", "-m", "sh", "-c",
            'mount --bind "$0" "$1" && exec dropbear -F -E -m -r "$2" '
            '-p "$3" -P "$4"', home, os.path.expanduser("~"), host,
            self.ssh_address, os.path.join(t.dir, "dropbear.pid")])


def available(t):
    """Those that can be had here, running."""
    servers = [OpenSSH(t)]
    if os.geteuid() == 0:
        servers.append(Dropbear(t))
    else:
        print("    dropbear is left out: its own home needs root")
    return servers
