# SPDX-License-Identifier: MIT
"""
A systemd booted in a container, and one script of tests/systemd in it, as a
service of which the container ends.  Needs root and systemd-container.
"""
import os
import pathlib
import subprocess

HERE = pathlib.Path(__file__).resolve().parent
SYSCALLS = ("landlock_create_ruleset landlock_add_rule "
            "landlock_restrict_self memfd_secret")
# Of no use in there, and slow.
USELESS = """
systemd-networkd.service systemd-resolved.service systemd-timesyncd.service
systemd-logind.service getty.target console-getty.service cron.service
apt-daily.timer apt-daily-upgrade.timer systemd-hwdb-update.service
""".split()

TEST_SERVICE = """[Unit]
After=multi-user.target
SuccessAction=exit-force
FailureAction=exit-force
[Service]
Type=oneshot
ExecStart=/usr/bin/python3 -B /tests/systemd/{script}
StandardOutput=truncate:/out/test.log
StandardError=inherit
TimeoutStartSec={budget}
Environment=PATH=/usr/sbin:/usr/bin LANG=C.UTF-8
"""
TEST_TARGET = """[Unit]
Requires=multi-user.target test.service
After=multi-user.target
AllowIsolate=yes
"""


def prepare(tree, script, budget):
    """What boot() is to run: a script and its arguments, so many seconds."""
    (tree / "out").mkdir(exist_ok=True)
    (tree / "tests").mkdir(exist_ok=True)
    units = tree / "etc/systemd/system"
    (units / "test.service").write_text(TEST_SERVICE.format(
        script=script, budget=budget))
    (units / "test.target").write_text(TEST_TARGET)
    for unit in USELESS:
        (units / unit).symlink_to("/dev/null")


class OwnGroup:
    """
    A control group of our own: without one, containers of two tests would
    share theirs.  Where systemd runs this machine it sees to that.
    """

    def __init__(self, name):
        self.paths = [] if os.path.isdir("/run/systemd/system") else [
            f"/sys/fs/cgroup/{kind}/{name}"
            for kind in ("systemd", "unified")
            if os.path.exists(f"/sys/fs/cgroup/{kind}/cgroup.procs")]

    def __enter__(self):
        for path in self.paths:
            os.makedirs(path, exist_ok=True)
        return self

    def enter(self):
        for path in self.paths:
            with open(path + "/cgroup.procs", "w", encoding="ascii") as f:
                f.write(str(os.getpid()))

    def __exit__(self, *_):
        for path in self.paths:
            for d, _, _ in os.walk(path, topdown=False):
                try:
                    os.rmdir(d)
                except OSError:
                    pass


def root_is_mounted():
    """False in a chroot into a plain directory."""
    with open("/proc/self/mountinfo", encoding="utf-8") as f:
        return any(line.split()[4] == "/" for line in f)


def boot(tree, name, budget, *options):
    """Status, and what was said besides out/test.log of the tree."""
    argv = [] if root_is_mounted() else [
        # nspawn wants to change how / is mounted: make it a mount.
        "unshare", "--mount", "--propagation", "unchanged", "sh", "-c",
        'mkdir "$0" && mount --rbind / "$0" && exec chroot "$0" "$@"',
        str(tree.parent / "root")]
    argv += [
        "systemd-nspawn", "-q", "-D", str(tree), "-M", name, *options,
        f"--bind-ro={HERE.parent}:/tests", "--register=no", "--keep-unit",
        "--private-network", "--link-journal=no", "--console=pipe",
        f"--system-call-filter={SYSCALLS}", "-b",
        "systemd.unit=test.target", "systemd.show_status=0"]
    with OwnGroup(name) as group:
        # Version 1 would not tell systemd when a unit's last process ended.
        env = dict(os.environ, SYSTEMD_NSPAWN_UNIFIED_HIERARCHY="1")
        p = subprocess.Popen(argv, env=env, stdin=subprocess.DEVNULL,
                             stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, text=True,
                             preexec_fn=group.enter)
        try:
            said = p.communicate(timeout=budget + 20)[0]
        except subprocess.TimeoutExpired:
            p.kill()
            said = p.communicate()[0] + "\nnot done in time\n"
    # Harmless: /run is no tmpfs here.
    said = "".join(line for line in said.splitlines(True)
                   if "Attempted to remove disk file system" not in line)
    return p.returncode, said


def verdict(tree, status, said):
    """(passed, failed), after showing what the script wrote."""
    try:
        log = (tree / "out/test.log").read_text(errors="replace")
    except FileNotFoundError:
        log = ""
    print(log, end="")
    ok = sum(line.startswith("ok ") for line in log.splitlines())
    bad = sum(line.startswith("FAIL ") for line in log.splitlines())
    # A test that did not come to its end has not passed.
    if status != (1 if bad else 0) or "\ndone\n" not in log:
        print(f"FAIL the container ended with {status}:\n{said}")
        bad += 1
    return ok, bad
