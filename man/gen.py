#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes micelio-imsg.7 and micelio-events.7 from the tables of common/.

usage: gen.py            write both pages
       gen.py --check    say whether they are what would be written

The pages are committed, so that nobody needs this script to read them; a
test runs it with --check.
"""
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
COMMON = HERE.parent / "common"
DATE = "November 21, 2026"

ROLES = {"Pa": "parent", "Tr": "transportd", "Go": "gossipd", "St": "stated",
         "Ss": "sshd", "Se": "session", "Cf": "config",
         "KIDS": "daemons"}
LEVELS = {"DEBUG": "debug", "INFO": "info", "WARN": "warn", "ERROR": "error"}

GROUPS = {
    "SETUP_IDENTITY": "Setting up a child",
    "CONF_BEGIN": "Configuration",
    "PING": "Life",
    "KEY_SIGN": "Key service",
    "SSH_SPAWN": "SSH connections",
    "RELOAD": "Reload",
    "DIAL": "Network sessions",
    "PEER_PUT": "Remembered peers",
    "MAP_PROFILE": "The map between nodes",
    "MAP_ASK": "The map",
    "HISTORY_PUT": "What was said, and people",
    "CHAT_OUT": "Talk",
    "ROOM_OUT": "Talk beside the one room",
    "LINK": "Links by hand",
    "TABLE_GET": "Tables and events",
    "SES_AUTH": "One SSH connection",
}
SECTIONS = {
    "everywhere": ("Every process", None),
    "micelio": ("micelio", 8),
    "transportd": ("micelio-transportd", 8),
    "gossipd": ("micelio-gossipd", 8),
    "stated": ("micelio-stated", 8),
    "sshd": ("micelio-sshd", 8),
}


class Broken(Exception):
    pass


def roff(text):
    """Plain text made safe for a line of mdoc."""
    text = text.replace("\\", "\\e").replace('"', "\\(dq")
    text = re.sub(r"(?<![\w-])-(?=-?\w)", r"\\-", text)
    if text[:1] in ".'":
        text = "\\&" + text
    return text


def sentences(text):
    """One a line, as mdoc wants them, folded at 78 columns."""
    out = []
    for part in re.split(r"(?<=\.)\s+(?=[A-Z0-9(])", text):
        line = ""
        for word in roff(part).split():
            if line and len(line) + 1 + len(word) > 78:
                out.append(line)
                line = word
            else:
                line = word if not line else line + " " + word
            if line[0] in ".'":
                line = "\\&" + line
        if line:
            out.append(line)
    return out


def macro(line):
    """A word that mdoc would take for a macro, as an argument."""
    return line if len(line) > 3 else "\\&" + line


def table(text, name):
    """The body of the #define: without backslashes, comments kept."""
    m = re.search(r"#define %s\(X\)(.*?)\n\n" % name, text, re.S)
    if m is None:
        raise Broken(f"no table {name}")
    return re.sub(r"[ \t]*\\\n", "\n", m.group(1) + "\n")


def comment(text):
    lines = [re.sub(r"^\s*\*\s?", "", line).rstrip()
             for line in text.strip().splitlines()]
    return " ".join(" ".join(lines).split())


def split_args(text):
    """Arguments of a macro call: at commas outside of quotes and brackets."""
    args, cur, depth, quoted = [], "", 0, False
    for ch in text:
        if ch == '"':
            quoted = not quoted
        if not quoted:
            if ch == "(":
                depth += 1
            elif ch == ")":
                depth -= 1
            elif ch == "," and depth == 0:
                args.append(cur.strip())
                cur = ""
                continue
        cur += ch
    return args + [cur.strip()]


def calls(body):
    """("comment", text) and ("call", arguments), in order."""
    i = 0
    while i < len(body):
        if body.startswith("/*", i):
            end = body.index("*/", i)
            yield "comment", comment(body[i + 2:end])
            i = end + 2
        elif body.startswith("X(", i):
            depth, k, quoted = 0, i + 1, False
            while True:
                ch = body[k]
                if ch == '"':
                    quoted = not quoted
                elif not quoted and ch == "(":
                    depth += 1
                elif not quoted and ch == ")":
                    depth -= 1
                    if depth == 0:
                        break
                k += 1
            yield "call", split_args(body[i + 2:k])
            i = k + 1
        else:
            if not body[i].isspace():
                raise Broken(f"in a table: {body[i:i + 40]!r}")
            i += 1


def string(arg):
    parts = re.findall(r'"([^"]*)"', arg)
    if not parts and arg != '""':
        raise Broken(f"not a string: {arg!r}")
    return "".join(parts)


def roles(arg):
    names = [ROLES[r.strip()] for r in arg.split("|")]
    if names == ["parent", "transportd", "gossipd", "stated"]:
        return "others"
    return ", ".join(names)


def number(arg):
    """1048576 + 4098 for FRAME_MAX + 4098."""
    total = 0
    for term in arg.split("+"):
        term = term.strip()
        total += 1048576 if term == "FRAME_MAX" else int(term)
    return total


HEAD = """\
.\\" SPDX-License-Identifier: MIT
.\\" Made by gen.py from common/{source}; do not edit.
.Dd {date}
.Dt {title} 7
.Os
.Sh NAME
"""

IMSG_INTRO = """\
.Nm micelio-imsg
.Nd messages between the processes of a Micelio node
.Sh DESCRIPTION
The processes of a node share nothing.
They talk over pairs of stream sockets, and this page lists every message
that may cross one.
It is for people who read or change the programs; nothing outside of a node
ever sends or receives these.
.Pp
Who is at the other end is a property of the socket, never of a message.
There is a pair between
.Xr micelio 8
and each process it started, and these pairs between daemons:
.Bl -bullet -compact
.It
transportd and gossipd: sessions, frames, dials
.It
gossipd and stated: remembered peers
.It
gossipd and sshd: talk, tables, events
.It
stated and sshd: tables, events
.It
transportd and sshd: tables, events
.El
.Pp
A session process has three: to the parent, to sshd, and one on which nothing
but
.Li SIGN_HOSTKEY
and its answer travel.
.Ss Framing
A message is a header of 24 bytes and a body.
The header is in the byte order of the machine:
.Bl -column "u16" "flags" "meaning" -offset indent
.It Em type Ta Em name Ta Em meaning
.It u16 Ta type Ta number of the message, counted from 1 as listed here
.It u16 Ta flags Ta 1: a descriptor comes along
.It u32 Ta len Ta bytes of the body
.It u32 Ta id Ta the thing the message is about, see below
.It u32 Ta seq Ta counts up from 0 in each direction
.It u64 Ta cause Ta number of the event that led to it, or 0
.El
.Pp
In bodies, numbers are in the byte order of the machine and not aligned,
.Li str
is u16 length and bytes,
.Li blob
is u32 length and bytes,
.Li raw
is everything to the end of the body.
Bytes left over are an error.
.Pp
The
.Li id
is the number of a session (S below), of a request which its answer repeats
(R), of an SSH connection (C), and 0 elsewhere.
.Ss What breaks the contract
A message that the table does not allow from this sender, to this receiver,
in this phase or with this size, one out of sequence, or one whose body is
malformed, is logged as
.Li channel_violation ,
see
.Xr micelio-events 7 .
So is a descriptor on a channel none of whose messages has one, and a question
to the parent while 16 MiB of its answers wait to be read.
The channel is closed with it.
Between the standing daemons that ends the node; from a session process it
ends that session.
.Ss Reading the tables
.Em Phase
is
.Sq setup
before the process has entered its sandbox and said READY, and
.Sq run
after it.
.Em Size
is that of the body in bytes.
A
.Sq +
behind it means that a file descriptor comes along.
.Sq daemons
are transportd, gossipd, stated and sshd;
.Sq others
are the parent, transportd, gossipd and stated.
.Sh MESSAGES
"""

IMSG_TAIL = """\
.Sh FILES
.Bl -tag -width Ds
.It Pa common/imsg_types.h
The table in the source, from which this page is made.
.El
.Sh SEE ALSO
.Xr micelio-events 7 ,
.Xr micelio-protocol 7 ,
.Xr micelio 8 ,
.Xr micelio-gossipd 8 ,
.Xr micelio-sshd 8 ,
.Xr micelio-stated 8 ,
.Xr micelio-transportd 8
"""


def imsg_rows(rows):
    lines = []
    for name, sender, to, phase, low, high, fd in rows:
        a, b = number(low), number(high)
        size = str(a) if a == b else f"{a}..{b}"
        if int(fd):
            size += " +"
        when = {"SETUP": "setup", "RUN": "run", "ANY": "both"}[phase]
        lines.append((name, roles(sender), roles(to), when, size))
    widths = [max(len(line[i]) for line in lines) for i in range(4)]
    widths = " ".join('"%s"' % ("x" * max(n, 5)) for n in widths)
    return [f".Bl -column {widths}",
            ".It Em message Ta Em from Ta Em to Ta Em phase Ta Em size"] + \
        [".It " + " Ta ".join(line) for line in lines] + [".El"]


def imsg_bodies(text, names):
    """
    The comment above a group: "NAME (R): ...  NAME: ...".  Each name that
    begins a sentence begins an item; what is before the first is prose.
    """
    head = re.compile(
        r"(?:(?<=^)|(?<=[.:;] ))"
        r"((?:[A-Z]+_\*|%(n)s)(?:(?:,? (?:and )?|/)(?:%(n)s))*)"
        r"((?: \((?:R|S|C|id: [^)]*)\))?)(?:: |\. )"
        % {"n": "|".join(sorted(names, key=len, reverse=True))})
    found = list(head.finditer(text))
    prose = text[:found[0].start()] if found else text
    out = sentences(prose.strip())
    if not found:
        return out
    out.append(".Bl -tag -width Ds")
    for i, m in enumerate(found):
        end = found[i + 1].start() if i + 1 < len(found) else len(text)
        what = text[m.end():end].strip()
        out.append(f".It {macro(m.group(1))}{m.group(2)}")
        if what:
            out += sentences(what)
        else:
            out.append("No body.")
    return out + [".El"]


def imsg_page():
    text = (COMMON / "imsg_types.h").read_text(encoding="utf-8")
    body = table(text, "IMSG_TABLE")
    groups, names = [], []
    for kind, what in calls(body):
        if kind == "comment":
            groups.append((what, []))
        else:
            groups[-1][1].append(what)
            names.append(what[0])
    lines = [HEAD.format(source="imsg_types.h", date=DATE,
                         title="MICELIO-IMSG") + IMSG_INTRO.rstrip()]
    for what, rows in groups:
        title = GROUPS.get(rows[0][0])
        if title is None:
            raise Broken(f"no title for the group of {rows[0][0]}: "
                         "add it to GROUPS")
        lines.append(f".Ss {title}")
        what = re.sub(r"^%s\. " % re.escape(title), "", what)
        here = [r[0] for r in rows]
        lines += imsg_bodies(what, names + [n.removeprefix("SETUP_")
                                            for n in here])
        lines += imsg_rows(rows)
    lines += reasons(text)
    return "\n".join(lines) + "\n" + IMSG_TAIL


def reasons(text):
    body = table(text, "DOWN_TABLE")
    out = [".Ss Reasons",
           "Why a connection or an attempt to connect ended, as in",
           ".Li SESSION_CLOSE , SESSION_DOWN",
           "and",
           ".Li DIAL_FAILED ,",
           "and as",
           ".Li cause",
           "in the log and in",
           ".Ql micelioctl peers :",
           '.Bl -column "12" "other-node-answered" -offset indent',
           ".It Em number Ta Em text"]
    for n, (_, args) in enumerate(calls(body)):
        out.append(f".It {n} Ta {string(args[1])}")
    return out + [".El"]


EVENTS_INTRO = """\
.Nm micelio-events
.Nd what a Micelio node logs
.Sh DESCRIPTION
Every line in the log of a node is one of the events of this page.
The same events are seen by
.Ql micelioctl tail
and
.Ql ssh node tail
of people with the role op.
.Pp
As text, a line is the time in UTC, the level, the daemon, the event and its
fields:
.Bd -literal -offset indent
2026-11-21T07:20:31.100Z info gossipd peer_down id=8f3a1c02a1b2 \\e
    addr=192.0.2.2:4000 dir=out up=20.1s cause=idle-timeout \\e
    event_id=gossipd-12 cause_id=transportd-40
.Ed
.Pp
A value with other characters than letters, digits and plain punctuation is
in double quotes; control characters and everything that could deceive a
terminal are shown as escapes.
Node ids are shortened to 12 digits.
A field that does not apply is left out.
Where something can be done about it the line ends with
.Li hint ,
which is the remedy listed here or a more precise one.
.Pp
Before it comes
.Li event_id ,
the program and a count from its start, and, where it is known which event of
this program or of another one led to this,
.Li cause_id :
the id of that one.
.Ql micelioctl why
follows them from cause to effect.
With those events go, to people only, some of level
.Sq debug
that lead to others,
.Sy dial_failed
and
.Sy conn_lost ,
also when they are not logged.
.Pp
With
.Ic logging.format
set to
.Ql \\(dqjson\\(dq
each line is a JSON object with
.Li time , level , daemon , event
and the fields.
On the journal of systemd each event is a record of the daemon's own
identifier
.Pq Ql journalctl -t micelio-gossipd
whose fields are
.Li MICELIO_EVENT
and
.Li MICELIO_
with the name in upper case;
.Ql journalctl -x
shows with each what is said here.
.Pp
Events of level
.Sq debug
are logged only when
.Ic logging.level
says so.
An event that somebody outside can cause is logged at most once a minute for
each source; the next one says in
.Li more
how many were left out.
.Sh EVENTS
"""

EVENTS_TAIL = """\
.Sh FILES
.Bl -tag -width Ds
.It Pa common/events.h
The table in the source, from which this page is made.
.El
.Sh SEE ALSO
.Xr micelio.conf 5 ,
.Xr micelio 7 ,
.Xr micelio-imsg 7 ,
.Xr micelio 8 ,
.Xr micelio-gossipd 8 ,
.Xr micelio-sshd 8 ,
.Xr micelio-stated 8 ,
.Xr micelio-transportd 8 ,
.Xr micelioctl 8
"""


def sentence(text):
    text = text.strip()
    text = text[0].upper() + text[1:]
    return text if text.endswith((".", "!", "?")) else text + "."


def event_item(args):
    name, level, fields, meaning, remedy = args
    out = [f".It Sy {name.lower()} Pq {LEVELS[level]}"]
    out += sentences(sentence(string(meaning)))
    names = string(fields).split()
    if names:
        out += [".br", "Fields:", ".Li " + " , ".join(names) + " ."]
    if string(remedy):
        out += [".br", "Remedy:"] + sentences(string(remedy) + ".")
    return out


def events_page():
    text = (COMMON / "events.h").read_text(encoding="utf-8")
    lines = [HEAD.format(source="events.h", date=DATE,
                         title="MICELIO-EVENTS") + EVENTS_INTRO.rstrip()]
    is_open = False
    for kind, what in calls(table(text, "EVENT_TABLE")):
        if kind == "call":
            lines += event_item(what)
            continue
        if what not in SECTIONS:
            raise Broken(f"no title for the section {what!r}: add it to "
                         "SECTIONS")
        title, section = SECTIONS[what]
        if is_open:
            lines.append(".El")
        lines.append(f".Ss {title}")
        if section is not None:
            lines += ["Of", f".Xr {title} {section} :"]
        lines.append(".Bl -tag -width Ds")
        is_open = True
    lines.append(".El")
    return "\n".join(lines) + "\n" + EVENTS_TAIL


def main(argv):
    if argv not in ([], ["--check"]):
        sys.exit(__doc__.split("\n\n")[1])
    status = 0
    for name, page in ("micelio-imsg.7", imsg_page()), \
            ("micelio-events.7", events_page()):
        path = HERE / name
        if not argv:
            path.write_text(page, encoding="utf-8")
        elif not path.exists() or path.read_text(encoding="utf-8") != page:
            print(f"man/{name} is not what common/ says; run man/gen.py")
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
