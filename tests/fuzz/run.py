#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The long run of the fuzz targets; tools/fuzz builds them and calls it."""
import argparse
import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import threading

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parents[1]
SLICE_S = 60
ENV = dict(os.environ,
           ASAN_OPTIONS="detect_leaks=1:allocator_may_return_null=0",
           UBSAN_OPTIONS="print_stacktrace=1:halt_on_error=1")


def say(text):
    print(text, file=sys.stderr, flush=True)


def cpu_run(argv, log):
    """Status and CPU seconds of a program whose words go to a file."""
    with open(log, "wb") as out:
        child = subprocess.Popen(argv, stdout=out, stderr=out, env=ENV)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    return child.returncode, usage.ru_utime + usage.ru_stime


def last(pattern, text, default=0):
    found = re.findall(pattern, text)
    return int(found[-1]) if found else default


class Target:
    """One target and what was seen of it."""

    def __init__(self, name, args):
        self.name = name
        self.program = args.build / "tests/fuzz" / f"fuzz_{name}"
        self.work = args.work / name
        self.found = args.work / "found" / name
        self.kept = [p for p in (HERE / "corpus" / name,
                                 HERE / "regressions" / name) if p.is_dir()]
        self.runs = self.edges = 0
        self.cpu = 0.0
        self.lines = "-"
        for folder in (self.work, self.found):
            folder.mkdir(parents=True, exist_ok=True)

    def options(self):
        words = HERE / "dict" / f"{self.name}.dict"
        return [f"-dict={words}"] if words.exists() else []

    def findings(self):
        return sorted(p for p in self.found.iterdir()
                      if re.match(r"(crash|oom|leak|timeout|slow)-", p.name))

    def fuzz(self, minutes, stop):
        """Until so many minutes of CPU are used, or something is found."""
        log = self.found / "log"
        before = len(self.findings())
        while self.cpu < minutes * 60 and not stop.is_set():
            left = max(1, min(SLICE_S, int(minutes * 60 - self.cpu + .5)))
            status, cpu = cpu_run(
                [str(self.program), *self.options(), "-timeout=20",
                 "-rss_limit_mb=2048", "-print_final_stats=1",
                 f"-max_total_time={left}", f"-artifact_prefix={self.found}/",
                 str(self.work), *map(str, self.kept)], log)
            text = log.read_text(errors="replace")
            self.cpu += cpu
            self.runs += last(r"number_of_executed_units: (\d+)", text)
            self.edges = last(r" cov: (\d+)", text, self.edges)
            if status != 0 or len(self.findings()) > before:
                for line in text.splitlines():
                    if re.search("does not hold|ERROR: |runtime error|"
                                 "SUMMARY", line):
                        say(f"{self.name}: {line}")
                say(f"{self.name}: see {log}")
                return False
        return True

    def merge(self):
        """The fewest inputs that reach every edge, small ones first."""
        kept = HERE / "corpus" / self.name
        with tempfile.TemporaryDirectory() as temp:
            out = pathlib.Path(temp)
            subprocess.run(
                [str(self.program), "-merge=1", "-use_counters=0", temp,
                 *map(str, self.kept), str(self.work)],
                check=True, env=ENV, stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL)
            shutil.rmtree(kept, ignore_errors=True)
            kept.mkdir(parents=True)
            for path in sorted(out.iterdir()):
                data = path.read_bytes()
                name = hashlib.sha256(data).hexdigest()[:12]
                (kept / name).write_bytes(data)

    def sources(self):
        text = (HERE / f"{self.name}.c").read_text()
        found = re.search(r" \* Reads with:((?:[ \n*]|[\w/-]+\.c)+?)\n \*/",
                          text)
        return found.group(1).replace("*", " ").split() if found else []

    def cover(self, replay):
        """Lines of the parser's files that all inputs known reach."""
        raw, merged = self.found / "raw", self.found / "merged"
        folders = [str(p) for p in [*self.kept, self.work]]
        done = subprocess.run([str(replay), "-t", self.name, *folders],
                              env=dict(ENV, LLVM_PROFILE_FILE=str(raw)),
                              check=False, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL)
        if done.returncode != 0:
            return
        subprocess.run(["llvm-profdata", "merge", "-o", str(merged),
                        str(raw)], check=True)
        out = subprocess.run(
            ["llvm-cov", "export", "-summary-only", str(replay),
             f"-instr-profile={merged}"], check=True,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
        wanted = self.sources()
        lines = {"count": 0, "covered": 0}
        for part in json.loads(out)["data"][0]["files"]:
            if any(part["filename"].endswith("/" + w) for w in wanted):
                for key in lines:
                    lines[key] += part["summary"]["lines"][key]
        if lines["count"]:
            self.lines = (f"{100 * lines['covered'] / lines['count']:.1f} % "
                          f"of {lines['count']}")

    def row(self):
        return (self.name, f"{self.runs:,}",
                f"{self.runs / self.cpu:,.0f}" if self.cpu else "-",
                f"{self.cpu / 60:.1f}", str(self.edges), self.lines,
                str(len(self.findings())))


def table(rows):
    head = ("target", "executions", "each CPU s", "CPU min", "edges",
            "lines of its files", "findings")
    rows = [head, *rows]
    wide = [max(len(r[i]) for r in rows) for i in range(len(head))]
    for row in rows:
        print("  ".join(cell.ljust(w) if i in (0, 5) else cell.rjust(w)
                        for i, (cell, w) in enumerate(zip(row, wide))))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--cover", type=pathlib.Path)
    parser.add_argument("--work", type=pathlib.Path, required=True)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--merge", action="store_true")
    parser.add_argument("targets", nargs="*")
    args = parser.parse_args()
    known = sorted(p.name[5:] for p in (args.build / "tests/fuzz").iterdir()
                   if re.fullmatch(r"fuzz_\w+", p.name))
    for name in args.targets:
        if name not in known:
            say(f"{name}: no target of that name, want some of: "
                f"{' '.join(known)}")
            return 64
    targets = [Target(name, args) for name in args.targets or known]
    subprocess.run([sys.executable, "-B", str(HERE / "seeds.py"),
                    str(args.work)], check=True)
    stop = threading.Event()
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        jobs = [pool.submit(t.fuzz, args.minutes, stop) for t in targets]
        try:
            good = all([job.result() for job in jobs])
        except KeyboardInterrupt:
            stop.set()
            good = False
    for target in targets:
        if args.merge:
            target.merge()
        if args.cover:
            alone = args.cover / "tests/fuzz" / f"replay_{target.name}"
            target.cover(alone if alone.exists() else
                         args.cover / "tests/fuzz/replay")
    table([t.row() for t in targets])
    return 0 if good and not any(t.findings() for t in targets) else 1


if __name__ == "__main__":
    sys.exit(main())
