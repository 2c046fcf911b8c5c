#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Broken invocations, and what must be said of each.

usage: run.py BUILD [--update] [CASE...]

What a command prints on standard error, and its exit status, must be those of
NAME.err here.  DIR, PID and UID in them are what differs from run to run.
As root all is run as the user nobody.
"""
import base64
import fcntl
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "lib"))
import leaks  # noqa: E402

TOP = HERE.parent.parent
NOBODY = 65534
DAEMONS = ("transportd", "gossipd", "stated", "sshd", "sshd-session")
FULL = "/dev/full"
CASES = {}


class World:
    """A home directory, the programs, and what was started for a case."""

    def __init__(self, build, tmp):
        self.dir, self.bin = str(tmp), os.path.join(tmp, "bin")
        self.home = os.path.join(tmp, "home")
        self.data = os.path.join(tmp, "data")
        self.uid = os.getuid() or NOBODY
        self.cleanup = []
        os.makedirs(self.bin)
        for path in [build / "micelio" / "micelio",
                     build / "micelioctl" / "micelioctl",
                     *(build / ("micelio-" + d.split("-")[0]) /
                       ("micelio-" + d) for d in DAEMONS)]:
            shutil.copy(path, self.bin)
        os.makedirs(os.path.join(tmp, "tools"))
        for name in ("run", "test", "fresh", "lib.sh"):
            shutil.copy(TOP / "tools" / name, os.path.join(tmp, "tools"))
        self.reset()

    def reset(self):
        for f in self.cleanup:
            f()
        self.cleanup = []
        for d in (self.home, self.data):
            subprocess.run(["chmod", "-fR", "u+rwX", d], check=False)
            shutil.rmtree(d, ignore_errors=True)
            self.mkdir(d)
        for f in os.listdir(self.dir):
            path = os.path.join(self.dir, f)
            if os.path.isfile(path) or os.path.islink(path) or \
                    f.endswith(".sock"):
                os.remove(path)

    def own(self, path):
        if os.getuid() == 0:
            os.chown(path, self.uid, self.uid, follow_symlinks=False)

    def mkdir(self, path, mode=0o700):
        os.mkdir(path, mode)
        self.own(path)

    def write(self, path, text, mode=0o600):
        path = os.path.join(self.dir, path)
        with open(path, "wb") as f:
            f.write(text if isinstance(text, bytes) else text.encode())
        os.chmod(path, mode)
        self.own(path)
        return path

    def conf(self, text, mode=0o600):
        return self.write("test.conf", text, mode)

    def identity(self, node=None, host=None, mode=0o600):
        """Key files in the data directory: these texts."""
        self.mkdir(os.path.join(self.data, "identity"))
        if node is not None:
            self.write("data/identity/node.key", node, mode)
        if host is not None:
            self.write("data/identity/ssh_host_ed25519_key", host, mode)

    def listener(self, kind, address):
        s = socket.socket(kind)
        s.bind(address)
        s.listen()
        if kind == socket.AF_UNIX:
            self.own(address)
        self.cleanup.append(s.close)
        return s

    def start(self, argv, **kw):
        """(status, standard error)"""
        as_user = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}",
                   "--clear-groups"] if os.getuid() == 0 else []
        env = {"HOME": self.home, "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
        env.update(leaks.unchecked())
        env.update(kw.pop("env", {}))
        env = {k: v for k, v in env.items() if v is not None}
        kw.setdefault("stdin", subprocess.DEVNULL)
        kw.setdefault("stdout", subprocess.DEVNULL)
        r = subprocess.run([*as_user, *argv], env=env, cwd=self.dir,
                           stderr=subprocess.PIPE, timeout=20, check=False,
                           **kw)
        return r.returncode, r.stderr.decode("utf-8")

    def micelio(self, *args, **kw):
        return self.start([os.path.join(self.bin, "micelio"), "--libexec",
                           self.bin, *args], **kw)

    def here(self, *args, **kw):
        """A start on the data directory, without people's door."""
        return self.micelio("--data-dir", self.data, "-c", self.conf(
            'ssh = { listen = ""; };\n'), *args, **kw)

    def ctl(self, *args, **kw):
        return self.start([os.path.join(self.bin, "micelioctl"), *args], **kw)

    def tool(self, name, *args, **kw):
        return self.start(["/bin/bash", os.path.join(self.dir, "tools", name),
                           *args], **kw)

    def node(self):
        """One that runs; its data directory is self.data."""
        argv = [os.path.join(self.bin, "micelio"), "--libexec", self.bin,
                "--data-dir", self.data, "-c",
                self.conf('ssh = { listen = ""; };\n')]
        if os.getuid() == 0:
            argv = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}",
                    "--clear-groups", *argv]
        p = subprocess.Popen(argv, stdin=subprocess.DEVNULL,
                             stdout=subprocess.DEVNULL, cwd=self.dir,
                             stderr=subprocess.PIPE, text=True,
                             env={"HOME": self.home,
                                  "PATH": "/usr/bin:/bin"})

        def end():
            p.send_signal(signal.SIGTERM)
            p.communicate(timeout=30)
        self.cleanup.append(end)
        for line in p.stderr:
            if " node_ready " in line:
                break
        else:
            raise AssertionError("the node does not start")
        return p


def case(f):
    CASES[f.__name__] = f
    return f


def simple(name, method, *args, **kw):
    CASES[name] = lambda w: getattr(w, method)(*args, **kw)


PEM = "-----BEGIN PRIVATE KEY-----\n%s\n-----END PRIVATE KEY-----\n"
GOOD_KEY = PEM % base64.b64encode(
    bytes.fromhex("302e020100300506032b657004220420") + bytes(range(32))
).decode()

# -- micelio: its arguments --------------------------------------------

simple("option_unknown_long", "micelio", "--nosuch")
simple("option_unknown_near", "micelio", "--datadir", "/tmp")
simple("option_unknown_short", "micelio", "-q")
simple("option_unknown_joined", "micelio", "-nq")
simple("option_stray_word", "micelio", "start")
simple("option_stray_after_dashes", "micelio", "--", "x")
simple("option_without_name", "micelio", "--name")
simple("option_without_file", "micelio", "-c")
simple("option_empty_name", "micelio", "-n", "--name=")
simple("option_empty_dir", "micelio", "-n", "--data-dir=")
simple("option_with_value", "micelio", "--version=2")
simple("option_level", "micelio", "-n", "--log-level", "loud")
simple("option_ssh_listen", "micelio", "-n", "--ssh-listen", "2222")
simple("option_ssh_listen_port", "micelio", "-n", "--ssh-listen",
       "127.0.0.1:99999")
simple("option_control_byte", "micelio", "--no\x1b[2Jsuch")
simple("home_unset", "micelio", env={"HOME": None})
simple("libexec_missing", "micelio", "--libexec", "/nonexistent")


@case
def level_from_the_environment(w):
    return w.micelio("-n", env={"MICELIO_LOG_LEVEL": "loud"})


@case
def libexec_incomplete(w):
    part = os.path.join(w.home, "part")
    w.mkdir(part)
    shutil.copy(os.path.join(w.bin, "micelio-transportd"), part)
    os.chmod(os.path.join(part, "micelio-transportd"), 0o755)
    return w.here("--libexec", part)


@case
def libexec_not_executable(w):
    part = os.path.join(w.home, "part")
    w.mkdir(part)
    for d in DAEMONS:
        w.write(f"home/part/micelio-{d}", "", 0o600)
    return w.here("--libexec", part)

# -- micelio: its configuration ----------------------------------------


simple("config_missing", "micelio", "-n", "-c", "/nonexistent/m.conf")
simple("config_is_a_directory", "micelio", "-n", "-c", "/usr")
simple("config_below_a_file", "micelio", "-n", "-c", "/etc/passwd/m.conf")


@case
def config_unreadable(w):
    return w.micelio("-n", "-c", w.conf("", 0))


@case
def config_too_large(w):
    return w.micelio("-n", "-c", w.conf("# a line\n" * 200000))


@case
def config_loop(w):
    path = os.path.join(w.dir, "test.conf")
    os.symlink(path, path)
    return w.micelio("-n", "-c", path)


@case
def show_id_before_the_first_start(w):
    return w.micelio("--show-id", "--data-dir", w.data)

# -- micelio: its data directory ---------------------------------------


@case
def data_unwritable(w):
    os.chmod(w.data, 0o500)
    return w.here()


@case
def data_in_unwritable(w):
    return w.micelio("--data-dir", "/usr/nosuch/micelio")


@case
def data_is_a_file(w):
    return w.micelio("--data-dir", w.write("file", "x"))


@case
def data_of_somebody_else(w):
    return w.micelio("--data-dir", "/usr")


@case
def data_open_to_all(w):
    os.chmod(w.data, 0o777)
    return w.here()


@case
def data_path_too_long(w):
    return w.micelio("--data-dir", "/" + "x/" * 2500)


@case
def data_name_too_long(w):
    return w.micelio("--data-dir", "/tmp/" + "x" * 300)


@case
def data_relative_to_nothing(w):
    return w.micelio("--data-dir", "data", "-c", w.conf("node = {\n data_dir "
                                                        '= "data"; };\n'))


@case
def data_socket_path_too_long(w):
    deep = os.path.join(w.data, "d" * 100)
    w.mkdir(deep)
    return w.micelio("--data-dir", deep)


@case
def data_version_newer(w):
    w.write("data/VERSION", "9\n")
    return w.here()


@case
def data_version_damaged(w):
    w.write("data/VERSION", "micelio\n")
    return w.here()


@case
def data_version_is_a_directory(w):
    w.mkdir(os.path.join(w.data, "VERSION"))
    return w.here()


@case
def data_lock_held(w):
    w.node()
    return w.here()


@case
def data_lock_held_by_a_leftover(w):
    path = w.write("data/lock", "4194303\n")
    f = open(path, "rb")    # pylint: disable=consider-using-with
    fcntl.flock(f, fcntl.LOCK_EX)
    w.cleanup.append(f.close)
    return w.here()


@case
def data_lock_is_a_link(w):
    os.symlink("elsewhere", os.path.join(w.data, "lock"))
    return w.here()


@case
def data_lock_is_a_directory(w):
    w.mkdir(os.path.join(w.data, "lock"))
    return w.here()


@case
def data_state_is_a_file(w):
    w.write("data/state", "")
    return w.here()


@case
def data_identity_is_a_file(w):
    w.write("data/identity", "")
    return w.here()


@case
def key_empty(w):
    w.identity("")
    return w.here()


@case
def key_of_openssh(w):
    w.identity("-----BEGIN OPENSSH PRIVATE KEY-----\n"
               "b3BlbnNzaC1rZXktdjEAAAAA\n"
               "-----END OPENSSH PRIVATE KEY-----\n")
    return w.here()


@case
def key_cut(w):
    w.identity(GOOD_KEY[:60])
    return w.here()


@case
def key_open_to_all(w):
    w.identity(GOOD_KEY, mode=0o644)
    return w.here()


@case
def key_unreadable(w):
    w.identity(GOOD_KEY, mode=0)
    return w.here()


@case
def key_is_a_directory(w):
    w.identity()
    w.mkdir(os.path.join(w.data, "identity", "node.key"))
    return w.here()


@case
def host_key_damaged(w):
    w.identity(GOOD_KEY, "nonsense\n")
    return w.here()

# -- micelio: its addresses --------------------------------------------


def listening(w, address, group="network", **kw):
    return w.micelio("--data-dir", w.data, "-c", w.conf(
        ('ssh = { listen = ""; };\n' if group != "ssh" else "") +
        f'{group} = {{ listen = "{address}"; }};\n'), **kw)


@case
def port_in_use(w):
    w.listener(socket.AF_INET, ("127.91.7.1", 4000))
    return listening(w, "127.91.7.1:4000")


@case
def ssh_port_in_use(w):
    w.listener(socket.AF_INET, ("127.91.7.2", 2222))
    return listening(w, "127.91.7.2:2222", "ssh")


@case
def port_privileged(w):
    return listening(w, "127.91.7.3:22", "ssh")


@case
def address_of_another_machine(w):
    return listening(w, "192.0.2.1:4000")


@case
def control_socket_in_the_way(w):
    w.write("data/control.sock", "")
    return w.here()

# -- the daemons -------------------------------------------------------


for _d in DAEMONS:
    CASES[f"by_hand_{_d.replace('-', '_')}"] = \
        lambda w, d=_d: w.start([os.path.join(w.bin, "micelio-" + d)])
CASES["by_hand_option"] = \
    lambda w: w.start([os.path.join(w.bin, "micelio-gossipd"), "-h"])

# -- micelioctl --------------------------------------------------------

simple("ctl_nothing", "ctl")
simple("ctl_option_unknown", "ctl", "--nosuch", "who")
simple("ctl_option_without_value", "ctl", "--data-dir")
simple("ctl_timeout", "ctl", "--timeout", "soon", "who")
simple("ctl_timeout_zero", "ctl", "--timeout", "0", "who")
simple("ctl_no_node", "ctl", "who")
simple("ctl_help_of_nothing", "ctl", "help", "nosuch")
simple("ctl_no_node_at_directory", "ctl", "--data-dir", "/nonexistent", "who")
simple("ctl_no_node_at_socket", "ctl", "-s", "/nonexistent/c.sock", "who")
simple("ctl_socket_too_long", "ctl", "-s", "/" + "x" * 200, "who")
simple("ctl_too_many_words", "ctl", "say", *["x"] * 1100)
simple("ctl_data_dir_is_a_file", "ctl", "--data-dir", "/etc/passwd", "who")


@case
def ctl_socket_of_something_else(w):
    path = os.path.join(w.dir, "other.sock")
    s = w.listener(socket.AF_UNIX, path)

    def answer():
        c = s.accept()[0]
        c.recv(10)
        c.sendall(b"HTTP/1.0 400 Bad Request\r\n\r\n")
        c.close()
    thread = threading.Thread(target=answer)
    thread.start()
    try:
        return w.ctl("-s", path, "who")
    finally:
        thread.join(10)


@case
def ctl_socket_is_a_file(w):
    return w.ctl("-s", w.write("file", ""), "who")


@case
def ctl_socket_not_ours(w):
    path = os.path.join(w.dir, "other.sock")
    w.listener(socket.AF_UNIX, path)
    os.chmod(path, 0)
    return w.ctl("-s", path, "who")


@case
def ctl_silent_socket(w):
    path = os.path.join(w.dir, "other.sock")
    w.listener(socket.AF_UNIX, path)
    return w.ctl("--timeout", "0.2", "-s", path, "who")


def asked(name, *args, **kw):
    CASES[name] = lambda w: (w.node(), w.ctl("--data-dir", w.data, *args,
                                             **kw))[1]


asked("ctl_command_unknown", "nosuch")
asked("ctl_command_empty", "")
asked("ctl_command_near", "stauts")
asked("ctl_words_too_many", "who", "x", "y")
asked("ctl_words_too_few", "say")
asked("ctl_option_of_a_command", "who", "--nosuch")


@case
def ctl_stdin_closed(w):
    w.node()
    return w.start(["/bin/sh", "-c", "exec " + os.path.join(
        w.bin, "micelioctl") + f" --data-dir {w.data} say - <&-"])


@case
def ctl_stdout_full(w):
    w.node()
    with open(FULL, "wb") as full:
        return w.ctl("--data-dir", w.data, "status", stdout=full)


@case
def reload_of_a_broken_configuration(w):
    w.node()
    w.conf('network = {\n lisen = "x";\n};\n')
    return w.ctl("--data-dir", w.data, "reload")

# -- tools -------------------------------------------------------------


simple("run_mesh_without_number", "tool", "run", "--mesh")
simple("run_mesh_many", "tool", "run", "--mesh", "many")
simple("run_mesh_zero", "tool", "run", "--mesh", "0")
simple("run_option_unknown", "tool", "run", "--nosuch")
simple("run_stray_word", "tool", "run", "start")
simple("run_data_dir_empty", "tool", "run", "--data-dir=")
simple("run_config_missing", "tool", "run", "-c", "/nonexistent/m.conf")
simple("test_option_unknown", "tool", "test", "--nosuch")
simple("test_suite_unknown", "tool", "test", "nosuch")
simple("run_option_without_value", "tool", "run", "--ssh-listen")
simple("fresh_without_words", "tool", "fresh")
simple("fresh_suite_unknown", "tool", "fresh", "user", "Nosuch")

# ----------------------------------------------------------------------


def plain(w, text):
    """The same on every machine, at every time."""
    text = text.replace(w.dir, "DIR")
    # Of the log what is not in order.
    text = re.sub(r"^\d{4}-\d\d-\d\dT[\d:.]+Z (info .*\n)?", "", text,
                  flags=re.M)
    text = re.sub(r"\bpid \d+", "pid PID", text)
    # Who holds a port is named where he can be seen: not to nobody.
    text = re.sub(r'by "python3" \(pid PID\); (set \S+ or stop it)',
                  r"by another program; \1 (ss -ltnp shows it to root)", text)
    text = re.sub(r"\buid %d\b" % w.uid, "uid UID", text)
    text = re.sub(r"configuration of \S+.*", "configuration of TIME", text)
    return leaks.without_noise(text)


def one(w, name, update):
    try:
        status, err = CASES[name](w)
        err = plain(w, err)
    finally:
        w.reset()
    said = f"status {status}\n{err}"
    golden = HERE / (name + ".err")
    if update:
        golden.write_text(said, encoding="utf-8")
    want = golden.read_text(encoding="utf-8") if golden.exists() else ""
    if said != want:
        return f"got {said}want {want}"
    if not err or status in (0, 70) or status < 0:
        return f"says {err!r}, status {status}"
    return None


def main():
    words = [x for x in sys.argv[2:] if x != "--update"]
    names = words or list(CASES)
    os.umask(0o022)
    failed = 0
    with tempfile.TemporaryDirectory(prefix="inv.") as tmp:
        os.chmod(tmp, 0o755)
        w = World(pathlib.Path(sys.argv[1]).resolve(), tmp)
        for name in names:
            wrong = one(w, name, "--update" in sys.argv[2:])
            if wrong:
                failed += 1
                print(f"{name}: {wrong}")
    stray = {p.stem for p in HERE.glob("*.err")} - set(CASES)
    for name in stray:
        failed += 1
        print(f"{name}.err: of no case")
    print(f"{len(names)} invocations, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
