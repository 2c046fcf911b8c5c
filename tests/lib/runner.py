# SPDX-License-Identifier: MIT
"""
Runs the functions test_* of files in parallel, each in a process of its own
with a budget of time, and says what came of them.

    runner.py [options] FILE[:FUNCTION]...
"""
import argparse
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import time
import traceback

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import procs  # noqa: E402
from skip import Skip  # noqa: E402
from waiting import until  # noqa: E402

DEFAULT_BUDGET = 40
SKIPPED = 77            # status of a test that could not be run
WAITERS = 5             # beside the jobs


def lane(budget=DEFAULT_BUDGET, sandbox=False, root=False, long=False,
         alone=False, waits=False):
    """
    What a test needs: seconds; the sandbox in force (left out of sanitizer
    builds); root; a place among the long ones; the machine for itself; or
    hardly any of it: one that waits for the deadlines of a node takes no
    place among the jobs.
    """
    def mark(function):
        function.lane = dict(budget=budget, sandbox=sandbox, root=root,
                             long=long, alone=alone, waits=waits)
        return function
    return mark


def lane_of(function):
    return getattr(function, "lane", dict(
        budget=DEFAULT_BUDGET, sandbox=False, root=False, long=False,
        alone=False, waits=False))


def harmless(lines, i):
    """Is this line of a leak checker nothing against the node?"""
    line = lines[i]
    # It may not look for leaks in a process of another user.
    if "LeakSanitizer has enc" in line or "HINT: Leak" in line:
        return True
    # Berkeley DB keeps some memory of a recovery that failed.
    if "LeakSanitizer: detected" in line:
        report = lines[i:i + 60]
        callers = [x for x in report if x.lstrip().startswith("#1 ")]
        return bool(callers) and all("libdb-5.3" in x for x in callers)
    return "SUMMARY: AddressSanitizer" in line and "leaked" in line


class Test:
    """What a test function gets."""

    def __init__(self, name, build, peer_binary, captures):
        self.name, self.build, self.peer_binary = name, build, peer_binary
        self.captures = captures
        self.dir = tempfile.mkdtemp(prefix="mct-")
        os.chmod(self.dir, 0o755)
        self.nodes, self.peers, self.panes = [], [], []
        self.fixtures = []      # closed when the nodes have ended
        self.failed = False
        self.expected = ()      # events that would be a defect elsewhere

    def keep(self, name, text):
        """Store evidence on demand."""
        if self.captures:
            d = os.path.join(self.captures, self.name)
            os.makedirs(d, exist_ok=True)
            with open(os.path.join(d, name), "w", encoding="utf-8") as f:
                f.write(text)

    def note(self, text):
        """A figure worth reading beside the result."""
        print(f"    note: {text}", flush=True)

    def finish(self):
        """End everything; nothing may be left over."""
        for pane in self.panes:
            pane.close()
        for peer in self.peers:
            peer.end()
        for node in self.nodes:
            if node.running():
                try:
                    node.stop(8.0)
                except AssertionError as e:
                    self.failed = True
                    print(e)
        for fixture in self.fixtures:
            fixture.close()

        def gone():
            # Twice: one look can miss what is just being forked.
            left = procs.descendants(os.getpid())
            procs.reap_known(left)
            time.sleep(0.03)
            return not left and not procs.descendants(os.getpid())
        try:
            until("nothing is left over", gone, 5)
        except AssertionError:
            left = procs.descendants(os.getpid())
            if left:
                self.failed = True
                print("left over:", [procs.cmdline(p)[:1] for p in left])
                procs.end_all(left)
        self.judge_logs()

    def judge_logs(self):
        """What no node may ever have logged, whatever the test did."""
        for node in self.nodes:
            for n in range(1, node.starts + 1):
                node.starts = n
                lines = node.log().splitlines()
                for i, line in enumerate(lines):
                    if harmless(lines, i):
                        continue
                    # Every warning says why, and what to do about it.
                    if " warn " in line[:31] and ' hint="' not in line:
                        self.failed = True
                        print(f"{node.name}: without a hint: {line}")
                    if "Sanitizer" in line or "runtime error:" in line or \
                            " channel_violation " in line and \
                            "channel_violation" not in self.expected:
                        self.failed = True
                        print(f"{node.name}:", *lines[i:i + 25], sep="\n")
                        break

    def show_logs(self):
        for node in self.nodes:
            print(f"--- log of {node.name} ({node.log_file})")
            print(node.log_tail(30))

    def remove(self):
        shutil.rmtree(self.dir, ignore_errors=True)


def load(path):
    if os.path.dirname(path) not in sys.path:
        sys.path.append(os.path.dirname(path))
    name = os.path.basename(path)[:-3]
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return [(f"{name}:{k}", path, f) for k, f in vars(module).items()
            if k.startswith("test_") and callable(f)]


def run_one(path, function, args):
    """In the process of the test."""
    procs.adopt_orphans()
    for name, _, f in load(path):
        if name.endswith(":" + function):
            break
    else:
        raise SystemExit(f"no {function} in {path}")
    t = Test(name.replace(":", "."), args.build, args.peer, args.captures)
    skipped = False
    try:
        f(t)
    except Skip as e:
        skipped = True
        print(f"    skipped: {e}", flush=True)
    except BaseException:  # pylint: disable=broad-except
        t.failed = True
        traceback.print_exc(file=sys.stdout)
        t.show_logs()
    finally:
        t.finish()
    if t.failed and os.environ.get("MICELIO_KEEP"):
        print(f"kept: {t.dir}")
    else:
        t.remove()
    return 1 if t.failed else SKIPPED if skipped else 0


class Running:
    def __init__(self, name, path, function, args):
        self.name, self.function = name, function
        self.out = tempfile.TemporaryFile()
        self.began = time.monotonic()
        self.budget = lane_of(function)["budget"] * args.patience
        self.process = subprocess.Popen(
            [sys.executable, "-B", __file__, "--one", "--build", args.build,
             "--peer", args.peer,
             *(["--captures", args.captures] if args.captures else []),
             f"{path}:{function.__name__}"],
            stdin=subprocess.DEVNULL, stdout=self.out, stderr=self.out)

    def check(self):
        """None while it runs, else "ok", "FAIL" or "skip"."""
        status = self.process.poll()
        if status is None and time.monotonic() - self.began > self.budget:
            left = procs.descendants(self.process.pid)
            self.process.kill()
            self.process.wait()
            procs.end_all(left)
            self.out.write(b"\nover its budget of %d s\n" % self.budget)
            status = 1
        if status is None:
            return None
        return {0: "ok", SKIPPED: "skip"}.get(status, "FAIL")

    def text(self):
        self.out.seek(0)
        return self.out.read().decode("utf-8", "replace")


def chosen(args):
    todo = []
    for want in args.tests:
        path, _, function = want.partition(":")
        found = [x for x in load(path)
                 if function in ("", x[2].__name__)]
        if not found:
            raise SystemExit(f"no test {want}")
        todo += found

    def wanted(f):
        need = lane_of(f)
        return not (need["sandbox"] and args.no_sandbox or
                    need["long"] and not args.long or
                    need["root"] and args.root == "no" or
                    not need["root"] and args.root == "only")
    return [x for x in todo if wanted(x[2])]


def startable(todo, running, jobs):
    """Which may start beside those that run: its place in todo, or None."""
    lanes = [lane_of(r.function) for r in running]
    waiting = sum(need["waits"] for need in lanes)
    if any(need["alone"] for need in lanes):
        return None
    for i, (_, _, function) in enumerate(todo):
        need = lane_of(function)
        if need["alone"]:
            return None if running else i
        if waiting < WAITERS if need["waits"] else \
                len(running) - waiting < jobs:
            return i
    return None


def run_all(args):
    todo = chosen(args)
    todo.sort(key=lambda x: (lane_of(x[2])["alone"],
                             -lane_of(x[2])["budget"]))
    running, passed, failed, skipped = [], 0, [], 0
    while todo or running:
        while (i := startable(todo, running, args.jobs)) is not None:
            running.append(Running(*todo.pop(i), args))
        for r in running[:]:
            result = r.check()
            if result is None:
                continue
            running.remove(r)
            took = time.monotonic() - r.began
            print(f"{result:<4} {r.name} {took:.1f} s", flush=True)
            text = r.text()
            if result == "FAIL":
                failed.append(r.name)
            else:
                passed += result == "ok"
                skipped += result == "skip"
                text = "".join(line + "\n" for line in text.splitlines()
                               if line.startswith(("    note: ",
                                                   "    skipped: ")))
            if text:
                print(text.rstrip("\n"), flush=True)
        time.sleep(0.02)
    for name in failed:
        print(f"failed: {name}")
    if skipped:
        print(f"{skipped} skipped")
    print(f"{passed} passed, {len(failed)} failed")
    return 1 if failed or not passed else 0


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--build", required=True)
    p.add_argument("--peer", default="")
    p.add_argument("--captures", default="")
    p.add_argument("--jobs", type=int, default=2)
    p.add_argument("--patience", type=float, default=1.0,
                   help="multiplies every budget (slow builds)")
    p.add_argument("--no-sandbox", action="store_true",
                   help="leave out the tests that need the sandbox")
    p.add_argument("--long", action="store_true")
    p.add_argument("--root", choices=["yes", "no", "only"], default="yes")
    p.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    p.add_argument("tests", nargs="+")
    args = p.parse_args()
    args.build = os.path.abspath(args.build)
    args.peer = args.peer and os.path.abspath(args.peer)
    if args.one:
        path, _, function = args.tests[0].partition(":")
        return run_one(path, function, args)
    return run_all(args)


if __name__ == "__main__":
    sys.exit(main())
