# SPDX-License-Identifier: MIT
"""
Transcripts: what people type at nodes, and what they are shown there.

    transcript.py --build DIR FILE...     plays them in a lab of their own

    # a comment
    n1> say hi            a command, typed into the partyline at n1
    n3< alice@n1 hi       then n3 shows this line, perhaps after others
    within 200ms          ... so soon after the last command
    n2! hi                n2 has not shown this line until now
    n1$ peer nosuch       ssh n1 peer nosuch
    n1| ... is known      a line that it printed, perhaps after others
    exit 1                its status; 0 if nothing is said
    n3 down, n3 up        the node ends, starts again
    n1 apart n3           the link between them is ended by n1 ...
    n1 joined n3          ... and made again

Of the lab's nodes n1, n2, n3 the people are alice, bob and carol, who are
there from the beginning; others, "dave@n2>", come when they are first named,
and go by "quit".  Nodes of other names stand for those of the lab in their
order.  Of a line shown the time and the angle brackets about a nick are left
out, and nodes are called by name; "..." stands for any text, and spans, ids
and addresses may differ (literal.py).

In a manual page a display behind the comment .\\" transcript is one as people
see it: "[alice]> /who" is alice's, and what follows is shown to her.
"""
import argparse
import os
import pathlib
import re
import subprocess
import sys
import threading
import time

import literal
import procs
import runner
from node import Node
from sshclient import ENV, person
from waiting import Timeout, until

NODES = {"n1": "alice", "n2": "bob", "n3": "carol"}
PATIENCE = 15.0         # seconds until a line is there
STEP = re.compile(r"(?P<who>[\w-]+(?:@[\w-]+)?)(?P<kind>[><!$|])"
                  r"(?: (?P<text>.*))?")
DEED = re.compile(r"(?P<who>[\w-]+) (?P<kind>down|up|apart|joined)"
                  r"(?: (?P<text>[\w-]+))?")
LIMIT = re.compile(r"within (?P<text>\d+(?:ms|s))")
STATUS = re.compile(r"exit (?P<text>\d+)")


class Failed(AssertionError):
    """A step of a transcript: where, what was wanted, what came."""


class Step:
    def __init__(self, where, line):
        self.where, self.line = where, line
        for form in (STEP, DEED, LIMIT, STATUS):
            m = form.fullmatch(line)
            if m:
                break
        else:
            raise Failed(f"{where}: {line!r}: no step of a transcript; want "
                         "for example: n1> say hi")
        got = m.groupdict()
        self.who, self.text = got.get("who"), got["text"] or ""
        self.kind = got.get("kind") or line.split()[0]

    def fail(self, why):
        raise Failed(f"{self.where}: {self.line}\n{why}")


def steps_of_file(path):
    with open(path, encoding="utf-8") as f:
        return [Step(f"{os.path.basename(path)}:{n}", line.strip())
                for n, line in enumerate(f, 1)
                if line.strip() and not line.startswith("#")]


def steps_of_display(where, lines):
    """As people see it: their prompt, and what is shown to them."""
    steps, who = [], None
    for line in lines:
        m = re.match(r"\[(\w+)(?: #\S+)?\]> (.*)", line)
        if m is None and who is None:
            raise Failed(f"{where}: {line}: nobody has typed anything yet")
        if m is None:
            steps.append(Step(where, f"{who}< {line}"))
            continue
        who, typed = m.groups()
        typed = typed[1:] if re.match("/[^/]", typed) else \
            "say " + re.sub("^//", "/", typed)
        steps.append(Step(where, f"{who}> {typed}"))
    return steps


def transcripts(paths):
    """(name, steps) of files, and of the displays of manual pages."""
    for path in map(pathlib.Path, paths):
        if path.suffix == ".mic":
            yield path.name, steps_of_file(path)
            continue
        for at, _, lines in literal.blocks(path, "transcript"):
            where = f"{path.name}:{at}"
            yield where, steps_of_display(where, lines)


class Session:
    """Somebody in a partyline, without a terminal; lines as they come."""

    def __init__(self, client):
        self.lines, self.at = [], 0     # (when, text); up to where matched
        self.process = subprocess.Popen(
            client.argv("-T", f"{client.user}@{client.node.address}"),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, env=ENV, text=True, errors="replace",
            bufsize=1)
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()
        until(f"{client.user} is in the partyline", lambda: any(
            "/help" in text for _, text in self.lines), PATIENCE)

    def read(self):
        for line in self.process.stdout:
            self.lines.append((time.monotonic(), line.rstrip("\r\n")))

    def type(self, line):
        self.process.stdin.write(line + "\n")

    def ended(self):
        return self.process.poll() is not None

    def wait_end(self):
        until("the session ends", self.ended, PATIENCE)

    def close(self):
        try:
            self.process.stdin.close()
        except BrokenPipeError:
            pass
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.reader.join(PATIENCE)
        self.process.stdout.close()


class Lab:
    """Three nodes that know of one another, and who may log in there."""

    def __init__(self, t):
        self.t, self.nodes, self.people = t, {}, {}
        first = []
        for name in NODES:
            node = Node(t, name, bootstrap=first)
            node.start(ready=False)
            self.nodes[name] = node
            first = first or [node.mesh_address]
        for node in self.nodes.values():
            node.wait_ready()
        for node in self.nodes.values():
            node.wait_peers(len(NODES) - 1, 30)
        for name, user in NODES.items():
            self.client(user, name)

    def client(self, user, name):
        if (user, name) not in self.people:
            self.people[user, name] = person(self.t, self.nodes[name], user)
        return self.people[user, name]

    def named(self, text):
        """With the nodes' names in place of their ids."""
        for name, node in self.nodes.items():
            text = text.replace(node.id, name).replace(node.id[:12], name)
        return text


def shown(text):
    """A line of the partyline, as a transcript has it."""
    text = re.sub(r"^\[\d\d:\d\d\] ", "", text)
    return re.sub(r"^<([^>]*)> ", r"\1 ", text)


class Play:
    """One transcript in a lab."""

    def __init__(self, lab, patience=PATIENCE):
        self.lab, self.patience = lab, patience
        self.sessions, self.stands_for = {}, {}
        self.began, self.came = 0.0, 0.0    # the last command, its effect
        self.ran = None         # (step, lines, status) of the last by ssh

    def node_name(self, name):
        if name in NODES:
            return name
        if name not in self.stands_for:
            free = [n for n in NODES if n not in self.stands_for.values()]
            self.stands_for[name] = free[0]
        return self.stands_for[name]

    def who(self, word):
        """(user, name of a node)"""
        user, _, name = word.partition("@")
        if name:
            return user, self.node_name(name)
        for node, theirs in NODES.items():
            if user == theirs:
                return theirs, node
        return NODES[self.node_name(user)], self.node_name(user)

    def session(self, word, again=False):
        """again: who has gone comes back; else one reads their last words."""
        who = self.who(word)
        if again and who in self.sessions and self.sessions[who].ended():
            self.sessions.pop(who).close()
        if who not in self.sessions:
            self.sessions[who] = Session(self.lab.client(*who))
        return self.sessions[who]

    def here(self, text):
        """With the lab's names in place of others."""
        for other, name in self.stands_for.items():
            text = re.sub(rf"\b{other}\b", name, text)
        return text

    def command(self, step):
        """A node is known to others by its id only."""
        text = self.here(step.text)
        for name, node in self.lab.nodes.items():
            text = re.sub(rf"\b{name}\b", node.id[:12], text)
        return text

    def pattern(self, text):
        return re.compile(literal.line_pattern(shown(self.here(text))))

    def find(self, step, lines, at):
        """Index of the first line from there on that is the step's."""
        want = self.pattern(step.text)
        for i in range(at, len(lines)):
            if any(want.fullmatch(literal.loose(shown(text)))
                   for text in (lines[i][1], self.lab.named(lines[i][1]))):
                return i
        return None

    def run(self, steps):
        for step in steps:
            if step.kind in "><!" and "@" not in step.who:
                self.session(step.who)
        for step in steps:
            if step.kind not in ("|", "exit"):
                self.ended_well()
            getattr(self, self.DO[step.kind])(step)
        self.ended_well()

    def type(self, step):
        session = self.session(step.who, again=True)
        self.began = time.monotonic()
        session.type("/" + self.command(step))
        if step.text == "quit":
            session.wait_end()

    def sees(self, step):
        session = self.session(step.who)
        try:
            found = until("the line is shown", lambda: [i for i in [
                self.find(step, session.lines, session.at)]
                if i is not None], self.patience)[0]
        except Timeout:
            step.fail(f"not shown in {self.patience:g} s; shown was\n" +
                      self.listing(session.lines, session.at))
        session.at = found + 1
        self.came = session.lines[found][0]

    def not_sees(self, step):
        session = self.session(step.who)
        if self.find(step, session.lines, 0) is not None:
            step.fail("was shown, but must not be\n" +
                      self.listing(session.lines, 0))

    def listing(self, lines, at):
        text = [self.lab.named(line) for _, line in lines]
        return "".join(f"  {'  ' if i < at else '> '}{line}\n"
                       for i, line in enumerate(text)) + \
            "  (\">\": after the last that was wanted)"

    def by_ssh(self, step):
        client = self.lab.client(*self.who(step.who))
        self.began = time.monotonic()
        r = client.command(self.command(step))
        self.came = time.monotonic()
        text = (r.stdout + r.stderr).decode("utf-8", "replace")
        self.ran = [step, [(self.came, x) for x in text.splitlines()],
                    r.returncode, 0, 0]

    def printed(self, step):
        if self.ran is None:
            step.fail("nothing was run by ssh right before")
        found = self.find(step, self.ran[1], self.ran[3])
        if found is None:
            step.fail("not printed; printed was\n" +
                      self.listing(self.ran[1], self.ran[3]))
        self.ran[3] = found + 1

    def status(self, step):
        if self.ran is None:
            step.fail("nothing was run by ssh right before")
        self.ran[4] = int(step.text)
        self.ended_well()

    def ended_well(self):
        if self.ran is not None and self.ran[2] != self.ran[4]:
            self.ran[0].fail(f"exit status {self.ran[2]}, want "
                             f"{self.ran[4]}; it printed\n" +
                             self.listing(self.ran[1], self.ran[3]))
        self.ran = None

    def within(self, step):
        value = float(re.match(r"\d+", step.text).group())
        limit = value / 1000 if step.text.endswith("ms") else value
        if self.came - self.began > limit:
            step.fail(f"it took {self.came - self.began:.3f} s")

    def down(self, step):
        name = self.node_name(step.who)
        self.lab.nodes[name].stop(20)
        for (_, there), session in self.sessions.items():
            if there == name:
                session.wait_end()

    def up(self, step):
        self.lab.nodes[self.node_name(step.who)].start()

    def deed(self, step):
        node, other = (self.lab.nodes[self.node_name(n)]
                       for n in (step.who, step.text))
        if step.kind == "apart":
            node.ctl("unlink", other.id)
        else:
            node.ctl("link", other.mesh_address)

    DO = {">": "type", "<": "sees", "!": "not_sees", "$": "by_ssh",
          "|": "printed", "exit": "status", "within": "within",
          "down": "down", "up": "up", "apart": "deed", "joined": "deed"}

    def close(self):
        for session in self.sessions.values():
            session.close()


def play(lab, steps, patience=PATIENCE):
    """Raises Failed."""
    one = Play(lab, patience)
    try:
        one.run(steps)
    finally:
        one.close()


def play_all(lab, paths):
    """How many there were; fails with all that is wrong."""
    wrong, n = [], 0
    for name, steps in transcripts(paths):
        n += 1
        try:
            play(lab, steps)
        except AssertionError as e:
            wrong.append(str(e))
    assert not wrong, "\n".join(wrong)
    return n


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--build", required=True)
    p.add_argument("files", nargs="+")
    args = p.parse_args()
    procs.adopt_orphans()
    t = runner.Test("transcript", os.path.abspath(args.build), "", "")
    try:
        print(f"{play_all(Lab(t), args.files)} transcripts are so")
    except AssertionError as e:
        t.failed = True
        print(e)
    finally:
        t.finish()
        t.remove()
    return 1 if t.failed else 0


if __name__ == "__main__":
    sys.exit(main())
