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

from container import boot, prepare, verdict

TREE_DIRS = ("usr", "etc/systemd/system", "etc/ssh", "var", "run", "tmp",
             "root", "proc", "sys", "dev")
BUDGET = 170        # seconds for everything in there

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
    prepare(tree, "inside.py " + " ".join(checks), BUDGET)


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
    status, said = boot(tree, f"micelio-{os.getpid()}", BUDGET,
                        f"--overlay-ro=/usr:{dest}/usr:/usr")
    ok, bad = verdict(tree, status, said)
    return passed + ok, failed + bad


if __name__ == "__main__":
    sys.exit(main())
