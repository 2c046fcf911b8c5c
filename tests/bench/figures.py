# SPDX-License-Identifier: MIT
"""What was measured, beside whom, against which goal."""
import json
import math
import os
import platform
import subprocess
import time


class Sample:
    """Values of one thing, as they came."""

    def __init__(self, values=()):
        self.values = list(values)

    def add(self, value):
        self.values.append(value)

    def quantile(self, q):
        """The smallest value that this share of all does not exceed."""
        ordered = sorted(self.values)
        return ordered[max(0, math.ceil(q * len(ordered)) - 1)]

    def summary(self):
        return {"n": len(self.values), "p50": self.quantile(0.5),
                "p99": self.quantile(0.99), "min": min(self.values),
                "max": max(self.values)}


class Row:
    """
    One line of the table.  peers: {name: Sample}, measured alternately with
    ours.  goals: ((statistic, limit), ...), statistic of summary(), or
    "ratio", of the medians, or "p99 ratio", against the first peer; at most
    so much, or with more=True at least.
    """

    def __init__(self, what, unit, ours, peers=None, goals=(), note="",
                 more=False):
        self.what, self.unit, self.note = what, unit, note
        self.more = more
        self.ours = ours.summary()
        self.peers = {k: v.summary() for k, v in (peers or {}).items()}
        self.ratios = {k: self.ours["p50"] / v["p50"]
                       for k, v in self.peers.items() if v["p50"] > 0}
        self.goals = [self.judge(*g) for g in goals]

    def judge(self, statistic, limit):
        if statistic == "ratio":
            value = next(iter(self.ratios.values()), None)
        elif statistic == "p99 ratio":
            first = next(iter(self.peers.values()), None)
            value = first and self.ours["p99"] / first["p99"]
        else:
            value = self.ours[statistic]
        met = None if value is None else \
            value >= limit if self.more else value <= limit
        return {"statistic": statistic, "limit": limit, "value": value,
                "at_least": self.more, "met": met}

    def text(self):
        def figures(s):
            return f"{s['p50']:9.3f} {s['p99']:9.3f} " \
                f"{s['min']:9.3f} - {s['max']:.3f} (n={s['n']})"
        yield f"{self.what} [{self.unit}]" + \
            (f"  ({self.note})" if self.note else "")
        yield f"    {'ours':22} {figures(self.ours)}"
        for name, s in self.peers.items():
            ratio = self.ratios.get(name)
            yield f"    {name:22} {figures(s)}" + \
                (f"  ours/peer {ratio:.2f}" if ratio else "")
        for g in self.goals:
            value = g["value"]
            verdict = {None: "not judged: no peer", True: "met",
                       False: "MISSED"}[g["met"]]
            sign = ">=" if self.more else "<="
            yield f"    goal {g['statistic']} {sign} {g['limit']:g}: " + \
                verdict + ("" if value is None else f" ({value:.3f})")

    def json(self):
        return {k: getattr(self, k) for k in
                ("what", "unit", "note", "ours", "peers", "ratios", "goals")}


HEADER = f"    {'':22} {'p50':>9} {'p99':>9} {'min':>9} - max"


def machine():
    """What the figures belong to; no name and no path of it."""
    model = "unknown"
    with open("/proc/cpuinfo") as f:
        for line in f:
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
    with open("/proc/meminfo") as f:
        memory = int(f.readline().split()[1]) // 1024
    return {"cpu": model, "cores": os.cpu_count(), "memory_mb": memory,
            "kernel": platform.release(), "arch": platform.machine()}


def source(top):
    """The commit measured; "+" when the tree holds more than it."""
    def git(*args):
        return subprocess.run(["git", "-C", top, *args], text=True,
                              capture_output=True, check=False).stdout.strip()
    return git("rev-parse", "--short", "HEAD") + \
        ("+" if git("status", "--porcelain") else "")


def write(path, top, build, began, load, rows):
    """rows: {job: [Row]}"""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as f:
        json.dump({
            "date": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(began)),
            "source": source(top), "build": build, "machine": machine(),
            "load_before": load,
            "jobs": {job: [r.json() for r in rs] for job, rs in rows.items()},
        }, f, indent=1)
        f.write("\n")
