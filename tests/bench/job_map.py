# SPDX-License-Identifier: MIT
"""
The first copy of a map of 1,000,000 entries between two nodes, once more with
a kill in the middle, and what making such maps equal costs.

The entries are of 1,000 authors: a node reads them from its disk, the other,
which has none, gets them over one link.  Then two maps in one process, on a
link of 25 ms each way, that differ by 10, 1,000 and 100,000 entries.
"""
import json
import os
import re
import signal
import subprocess
import time

from figures import Row, Sample
from node import Node
from waiting import until

AUTHORS, VALUE = 1000, 116              # 250 bytes an entry
ENTRIES, ENTRIES_QUICK = 1000, 100      # of each author
READ_S, COPY_S = 1800, 1800
DAEMONS = ("stated", "gossipd", "transportd")
ROW = re.compile(r"(difference|full copy) +(\d+) +(\d+) +(\d+) +([\d.]+) +"
                 r"([\d.]+) +(\d+) +(\d+) +(\d+) +([\d.]+) (\w+)$", re.M)


def tool(t, name):
    subprocess.run(["ninja", "-C", t.build, "tests/bench/" + name],
                   check=True, stdout=subprocess.DEVNULL)
    return os.path.join(t.build, "tests/bench", name)


def used(node):
    """{daemon: (peak MB, CPU seconds)}"""
    ticks, out = os.sysconf("SC_CLK_TCK"), {}
    for name in DAEMONS:
        pid = node.child(name)
        with open(f"/proc/{pid}/status") as f:
            kb = int(re.search(r"^VmHWM:\s+(\d+)", f.read(), re.M).group(1))
        with open(f"/proc/{pid}/stat") as f:
            cpu = f.read().rsplit(")", 1)[1].split()
        out[name] = kb / 1024, (int(cpu[11]) + int(cpu[12])) / ticks
    return out


def state(node):
    return json.loads(node.ctl("state", "--json", timeout=60).stdout)


def entries_of(node):
    return state(node)["map_entries"]


def make(t, count):
    """Two nodes; the first has the map on its disk."""
    fill = tool(t, "mapfill")
    ids = subprocess.run([fill, "ids", str(AUTHORS + 2)], check=True,
                         capture_output=True, text=True).stdout.split()
    allow = {"network": "allow = [ %s ];" % ", ".join(f'"{i}"' for i in ids)}
    nodes = []
    for i, name in enumerate(("full", "new")):
        seed = (AUTHORS + i).to_bytes(8, "little") + bytes(24)
        nodes.append(Node(t, name, seed=seed, settings=allow, bootstrap=[
            n.mesh_address for n in nodes]))
    db = os.path.join(nodes[0].dir, "state", "db")
    os.makedirs(os.path.dirname(db), mode=0o700)
    subprocess.run([fill, db, str(AUTHORS), str(count), str(VALUE)],
                   check=True)
    return nodes


def wait_equal(full, new, all_):
    until("the new node has all", lambda: entries_of(new) == all_, COPY_S,
          0.2)
    until("the digests are equal", lambda: state(full)["digest"] ==
          state(new)["digest"], 30, 0.1)


def kill(node):
    pids = node.processes()
    for p in pids:
        try:
            os.kill(p, signal.SIGKILL)
        except ProcessLookupError:
            pass
    node.wait_end(20, pids)


def bare(t):
    """Processor seconds that the check of one signature takes just now."""
    return float(subprocess.run(
        [tool(t, "mapfill"), "bare", "5000"], check=True,
        capture_output=True, text=True).stdout) / 1e6


def rows_of(what, before, after):
    for name in DAEMONS:
        goals = (("p50", 500),) if name == "stated" else ()
        yield Row(f"{what}: peak of {name}", "MB", Sample([after[name][0]]),
                  goals=goals)
        yield Row(f"{what}: CPU of {name}", "s", Sample(
            [after[name][1] - before.get(name, (0, 0))[1]]))


def copies(t):
    count = ENTRIES_QUICK if t.quick else ENTRIES
    all_ = AUTHORS * count
    full, new = make(t, count)
    began = time.monotonic()
    full.start()
    full.wait_event("map_read", READ_S, entries=str(all_))
    rows = [Row(f"{all_:,} entries read and checked at the start", "s",
                Sample([time.monotonic() - began]))]
    before = used(full)
    began = time.monotonic()
    new.start()
    wait_equal(full, new, all_)
    rows.append(Row(f"first copy of {all_:,} entries", "s",
                    Sample([time.monotonic() - began]),
                    goals=(("p50", 60),)))
    # A busy machine has slower seconds: this one is the same on it.
    check, cpu = Sample([bare(t), bare(t), bare(t)]), used(new)["stated"][1]
    rows.append(Row("who gets it: CPU of stated over that of bare checks",
                    "x", Sample([cpu / all_ / check.quantile(0.5)]),
                    note=f"{1e6 * check.quantile(0.5):.0f} us a check"))
    rows += rows_of("who has it", before, used(full))
    rows += rows_of("who gets it", {}, used(new))
    new.stop(60)
    return rows + resumed(t, full, all_)


def resumed(t, full, all_):
    """Killed with a third of it, and again with two thirds."""
    seed = (AUTHORS + 1).to_bytes(8, "little") + bytes(24)
    new = Node(t, "again", seed=seed, settings=full.settings,
               bootstrap=[full.mesh_address])
    t.expected = ("child_lost", "start_failed")
    for share in (1, 2):
        new.start()
        until(f"{share} of 3 parts have come",
              lambda share=share: entries_of(new) >= all_ * share // 3,
              COPY_S, 0.1)
        kill(new)
    new.start()
    kept = int(new.wait_event("map_read", READ_S).fields["entries"])
    began = time.monotonic()
    wait_equal(full, new, all_)
    took = time.monotonic() - began
    came = state(new)["map_session_in_bytes"]
    for n in (new, full):
        n.stop(60)
    return [Row("killed twice: share found on the disk", "%",
                Sample([100 * kept / all_])),
            Row("killed twice: the rest", "s", Sample([took])),
            Row("killed twice: came for each of the rest", "bytes",
                Sample([came / max(all_ - kept, 1)]))]


def differences(t):
    """The table of bench_recon, and its rows."""
    args = ["100000", "10", "100x5", "1000x5"] if t.quick else \
        ["1000000", "10", "1000x20", "100000"]
    done = subprocess.run([tool(t, "bench_recon"), *args], text=True,
                          capture_output=True, check=False)
    print("    " + (done.stdout + done.stderr).replace("\n", "\n    "))
    sizes = {}
    for what, n, _, bytes_, beside, ratio, turns, sessions, ms, cpu, _ in \
            ROW.findall(done.stdout):
        r = sizes.setdefault((what, int(n)), [Sample() for _ in range(5)])
        for sample, value in zip(r, (beside, ratio,
                                     float(turns) / float(sessions), ms,
                                     cpu)):
            sample.add(float(value))
    for (what, n), (beside, ratio, turns, ms, cpu) in sizes.items():
        judged = what == "difference" and n == 1000
        of = f"{n:,} differences" if what == "difference" else \
            f"a copy of {n:,}"
        yield Row(f"{of}: beside the entries, for each", "bytes", beside,
                  goals=(("p50", 65),) if judged else ())
        yield Row(f"{of}: all bytes over those missing", "x", ratio,
                  goals=(("p50", 1.3),) if judged else ())
        yield Row(f"{of}: round trips", "", turns,
                  goals=(("p99", 3),) if judged else ())
        yield Row(f"{of}: time on a link of 25 ms", "ms", ms)
        yield Row(f"{of}: CPU of both sides", "s", cpu)


def run(t):
    return [*differences(t), *copies(t)]
