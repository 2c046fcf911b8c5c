# SPDX-License-Identifier: MIT
"""
From an empty home to the first line on another node: commands and seconds.

What somebody types, in terminals of machines that have the programs and
nothing else (tests/man/examples.py makes them), each command as soon as the
one before it has done what it is for; beside Serf, whose user events are the
nearest to a line.
"""
import os
import shutil
import sys
import time

from figures import Row, Sample
from job_line import TYPING_S
from terminal import Terminal

sys.path.append(os.path.join(os.path.dirname(__file__), "..", "man"))
import examples  # noqa: E402

RUNS = 5
PROMPT = b"type> "
KEY = "ssh-keygen -t ed25519"
LISTEN = "echo 'network = { listen = \"192.0.2.10:4000\"; };' " \
    ">~/.micelio/micelio.conf"
BOOT = "echo 'network = { bootstrap = \"192.0.2.10:4000\"; };' " \
    ">~/.micelio/micelio.conf"
START = ("micelio &", "node_ready")
DOOR = "ssh -p 2222 localhost"
SERF = "serf agent -node={0} -bind=127.0.0.1:{1} -rpc-addr=127.0.0.1:{2} " \
    "-log-level=info &"

# (machine[.terminal], what is typed, what shows that it is done)
STORIES = {
    "a lab on one machine": [
        ("north", "micelioctl lab 2 --run 'say hello'", "n2| "),
    ],
    "two machines, as in micelio.7": [
        (m, *step) for m, conf in (("north", LISTEN), ("south", BOOT))
        for step in ((KEY, ""), ("mkdir -m 0700 ~/.micelio", ""),
                     ("cp ~/.ssh/id_ed25519.pub ~/.micelio/authorized_keys",
                      ""), (conf, ""), START)
    ] + [
        ("south", DOOR, "/help"),
        ("north", "ssh -p 2222 localhost say hello", ""),
        ("south", None, "hello"),
    ],
    "two machines, by init and link": [
        (m, *step) for m in ("north", "south")
        for step in ((KEY, ""), ("micelioctl init", ""),
                     *([(LISTEN, "")] if m == "north" else []), START)
    ] + [
        ("south", "micelioctl link 192.0.2.10:4000", "linked"),
        ("south", DOOR, "/help"),
        ("north", DOOR, "/help"),
        ("north", "hello", None),
        ("south", None, "hello"),
    ],
    "two machines, no key and no ssh": [
        ("north", "mkdir -m 0700 ~/.micelio", ""), ("north", LISTEN, ""),
        ("north", *START), ("south", *START),
        ("south", "micelioctl link 192.0.2.10:4000", "linked"),
        ("north", "micelioctl say hello", ""),
        ("south", "micelioctl history", "> hello"),
    ],
    "two nodes of one user": [
        ("north", "mkdir -m 0700 ~/.micelio", ""), ("north", LISTEN, ""),
        ("north", *START),
        ("north", "micelio --data-dir ~/second --name second "
         "--ssh-listen 127.0.0.1:2223 &", "node_ready"),
        ("north", "micelioctl --data-dir ~/second link 192.0.2.10:4000",
         "linked"),
        ("north", "micelioctl say hello", ""),
        ("north", "micelioctl --data-dir ~/second history", "> hello"),
    ],
}
SERF_STORY = [
    ("north", SERF.format("north", 4000, 2222), "agent: "),
    ("south", SERF.format("south", 2223, 2222), "agent: "),
    ("south", "serf join -rpc-addr=127.0.0.1:2222 127.0.0.1:4000",
     "Successfully joined"),
    ("south", "serf monitor -rpc-addr=127.0.0.1:2222 &", ""),
    ("north", "serf event -rpc-addr=127.0.0.1:2222 hello", "dispatched"),
    ("south", None, "hello"),
]


class Story:
    """One run on machines of its own."""

    def __init__(self, build):
        self.lab = examples.Lab(build)
        self.terminals = {}
        self.talking = set()    # those whose terminal is in the partyline

    def terminal(self, name):
        if name not in self.terminals:
            machine = self.lab.machine(name)
            self.terminals[name] = Terminal(
                ["bash", "--norc", "--noprofile", "-i"], cwd=machine.home,
                env=dict(machine.env, PS1=PROMPT.decode(), TERM="dumb"))
            self.terminals[name].wait(PROMPT)
        return self.terminals[name]

    def step(self, name, typed, wanted):
        """When it was done (monotonic s)."""
        terminal = self.terminal(name)
        done = 0.0
        if typed is not None:
            text = self.lab.machine(name).here(typed).encode()
            terminal.type(text)
            terminal.wait(text[-20:])       # its echo
            time.sleep(TYPING_S)
            terminal.type(b"\r")
            if typed == DOOR:
                self.talking.add(name)
        if wanted == "" and typed is not None:
            done = terminal.wait(PROMPT)
        elif wanted:
            done = terminal.wait(wanted.encode())
        return done

    def run(self, steps):
        """Seconds from the first key to the last thing shown."""
        for name in dict.fromkeys(s[0] for s in steps):
            self.terminal(name)
        began, last = time.monotonic(), 0.0
        for step in steps:
            last = self.step(*step)
        return last - began

    def close(self):
        for name, terminal in self.terminals.items():
            if name in self.talking:
                terminal.type(b"/quit\r")
                terminal.wait(PROMPT)
            terminal.type(b"kill $(jobs -p); wait; exit\r")
            terminal.end(20)
            terminal.close()
        self.lab.end(False)


def once(build, steps):
    story = Story(build)
    try:
        return story.run(steps)
    finally:
        story.close()


def typed(steps):
    return sum(1 for s in steps if s[1] is not None)


def run(t):
    runs = 1 if t.quick else RUNS
    rows = []
    serf = Sample()
    if shutil.which("serf"):
        for _ in range(runs):
            serf.add(once(t.build, SERF_STORY))
    for name, steps in STORIES.items():
        ours = Sample(once(t.build, steps) for _ in range(runs))
        peers = {f"serf, {typed(SERF_STORY)} typed": serf} \
            if serf.values else {}
        rows.append(Row(f"{name}: {typed(steps)} typed", "s", ours, peers))
    return rows
