#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
The suite as a service, under a systemd that really booted: an almost empty
tree with this machine's /usr and, laid over it, what "meson install" puts
there.  Needs root and systemd-container.  tests/systemd/inside.py does the
rest, in there.

    run.py --build DIR [--keep] [CHECK...]

Closes with "N passed, N failed".
"""
import argparse
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
TREE_DIRS = ("usr", "etc/systemd/system", "etc/ssh", "var", "run", "tmp",
             "root", "proc", "sys", "dev", "out", "tests")
BUDGET = 170        # seconds for everything in there
SYSCALLS = ("landlock_create_ruleset landlock_add_rule "
            "landlock_restrict_self memfd_secret")

TEST_SERVICE = """[Unit]
After=multi-user.target
SuccessAction=exit-force
FailureAction=exit-force
[Service]
Type=oneshot
ExecStart=/usr/bin/python3 -B /tests/systemd/inside.py {checks}
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

# DESTDIR gets these, and nothing outside of these directories.
INSTALLED = """
usr/sbin/micelio
usr/bin/micelioctl
usr/libexec/micelio/micelio-transportd
usr/libexec/micelio/micelio-gossipd
usr/libexec/micelio/micelio-stated
usr/libexec/micelio/micelio-sshd
usr/libexec/micelio/micelio-sshd-session
usr/libexec/micelio/micelio-dirs
usr/lib/systemd/system/micelio.service
usr/lib/systemd/system/micelio@.service
usr/lib/systemd/system/micelio-metrics.service
usr/lib/systemd/system/micelio-metrics.timer
usr/lib/systemd/catalog/micelio.catalog
usr/lib/sysusers.d/micelio.conf
usr/lib/tmpfiles.d/micelio.conf
usr/share/doc/micelio/micelio.conf.example
usr/share/doc/micelio/identity-credential.conf
usr/share/doc/micelio/micelio-alerts.yml
usr/share/doc/micelio/micelio-dashboard.json
usr/share/doc/micelio/README.md
usr/share/doc/micelio/LICENSE
""".split()
ELSEWHERE = ("usr/share/",)


def install(build, dest):
    """What meson puts there, complaints about it."""
    subprocess.run(["meson", "install", "-C", build, "--no-rebuild",
                    "--quiet"], env=dict(os.environ, DESTDIR=str(dest)),
                   check=True, stdout=subprocess.DEVNULL)
    there = {str(p.relative_to(dest)) for p in dest.rglob("*")
             if not p.is_dir()}
    wrong = [f"not installed: {n}" for n in INSTALLED if n not in there]
    wrong += [f"installed, and unknown to this test: {n}" for n in there
              if n not in INSTALLED and not n.startswith(ELSEWHERE)]
    for n in there:
        mode = (dest / n).stat().st_mode & 0o7777
        want = 0o755 if "/sbin/" in n or "/bin/" in n or "/libexec/" in n \
            else 0o644
        if mode != want:
            wrong.append(f"{n}: mode {mode:o}, want {want:o}")
    return wrong


def make_tree(tree, checks):
    for d in TREE_DIRS:
        (tree / d).mkdir(parents=True)
    for name in ("bin", "sbin", "lib", "lib64"):
        (tree / name).symlink_to("usr/" + name)
    shutil.copy("/usr/lib/os-release", tree / "etc/os-release")
    # manpath.config: "systemd-analyze verify" looks for the man pages.
    for name in ("nsswitch.conf", "manpath.config"):
        if os.path.exists("/etc/" + name):
            shutil.copy("/etc/" + name, tree / "etc/")
    (tree / "etc/machine-id").touch()
    (tree / "etc/hosts").write_text("127.0.0.1 localhost\n")
    units = tree / "etc/systemd/system"
    (units / "test.service").write_text(TEST_SERVICE.format(
        checks=" ".join(checks), budget=BUDGET))
    (units / "test.target").write_text(TEST_TARGET)
    # Of no use in there, and slow.
    for unit in ("systemd-networkd.service", "systemd-resolved.service",
                 "systemd-timesyncd.service", "systemd-logind.service",
                 "getty.target", "console-getty.service", "cron.service",
                 "apt-daily.timer", "apt-daily-upgrade.timer",
                 "systemd-hwdb-update.service"):
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


def boot(tree, dest, name):
    argv = [] if root_is_mounted() else [
        # nspawn wants to change how / is mounted: make it a mount.
        "unshare", "--mount", "--propagation", "unchanged", "sh", "-c",
        'mkdir "$0" && mount --rbind / "$0" && exec chroot "$0" "$@"',
        str(tree.parent / "root")]
    argv += [
        "systemd-nspawn", "-q", "-D", str(tree), "-M", name,
        f"--overlay-ro=/usr:{dest}/usr:/usr",
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
            said = p.communicate(timeout=BUDGET + 20)[0]
        except subprocess.TimeoutExpired:
            p.kill()
            said = p.communicate()[0] + "\nnot done in time\n"
    # Harmless: /run is no tmpfs here.
    said = "".join(line for line in said.splitlines(True)
                   if "Attempted to remove disk file system" not in line)
    return p.returncode, said


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--build", required=True)
    ap.add_argument("--keep", action="store_true")
    ap.add_argument("checks", nargs="*")
    o = ap.parse_args()
    if os.getuid() != 0 or not shutil.which("systemd-nspawn"):
        sys.exit("run.py: needs root and systemd-container")
    top = pathlib.Path(tempfile.mkdtemp(prefix="mct-systemd-"))
    os.chmod(top, 0o755)
    try:
        passed, failed = run(o, top)
    finally:
        if not o.keep:
            shutil.rmtree(top)
        else:
            print("kept:", top)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


def run(o, top):
    dest, tree = top / "dest", top / "tree"
    old = os.umask(0o022)
    wrong = install(o.build, dest)
    os.umask(old)
    for line in wrong:
        print("FAIL install:", line)
    passed, failed = (0, 1) if wrong else (1, 0)
    make_tree(tree, o.checks)
    if o.keep:
        (tree / "var/log/journal").mkdir(parents=True)
    status, said = boot(tree, dest, f"micelio-{os.getpid()}")
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
    return passed + ok, failed + bad


if __name__ == "__main__":
    sys.exit(main())
