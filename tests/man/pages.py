#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Whether the manual pages are complete and say what the programs say.

usage: pages.py BUILD_DIR MAN_DIR

Every reference leads to a page, every page is referred to, SEE ALSO is
sorted and holds what the text refers to, the sections are there and in their
order, the programs' options and words are all described, and mandoc has
nothing to say.
"""
import pathlib
import re
import shutil
import subprocess
import sys

ORDER = ["NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "ENVIRONMENT", "FILES",
         "EXIT STATUS", "EXAMPLES", "DIAGNOSTICS", "SEE ALSO", "STANDARDS",
         "CAVEATS", "SECURITY CONSIDERATIONS"]
PROGRAM = {"EXIT STATUS", "FILES", "EXAMPLES", "DIAGNOSTICS",
           "SECURITY CONSIDERATIONS"}
DAEMON = PROGRAM - {"EXAMPLES"}
WANTED = {
    "micelio.8": PROGRAM, "micelioctl.8": PROGRAM, "micelio-sshd.8": PROGRAM,
    "micelio-transportd.8": DAEMON, "micelio-gossipd.8": DAEMON,
    "micelio-stated.8": DAEMON, "micelio.7": {"FILES"},
    "micelio-protocol.7": {"EXAMPLES", "SECURITY CONSIDERATIONS"},
    "micelio.conf.5": PROGRAM, "micelio-imsg.7": set(),
    "micelio-events.7": set(), "micelio-json.7": {"EXAMPLES"},
    "micelio-partyline.7": {"EXIT STATUS", "EXAMPLES", "DIAGNOSTICS"},
}
# Pages of others that may be referred to.
FOREIGN = {"ssh.1", "ssh-keygen.1", "journalctl.1", "systemctl.1", "sshd.8",
           "systemd.exec.5", "landlock.7", "capabilities.7", "seccomp.2",
           "sd_notify.3", "memfd_secret.2", "sysexits.3head"}


def text_of(page):
    out = page.read_text(encoding="utf-8")
    return re.sub(r'^\.\\".*\n', "", out, flags=re.M)


def references(text):
    return {f"{n}.{s}" for n, s in re.findall(
        r"^\.(?:\w\w )*?Xr ([\w.-]+) (\w+)", text, re.M)}


def see_also(text):
    m = re.search(r"^\.Sh SEE ALSO\n(.*?)(?=^\.Sh |\Z)", text, re.M | re.S)
    found = re.findall(r"^\.(?:It )?Xr ([\w.-]+) (\w+)", m.group(1), re.M) if m else []
    return [(s, n) for n, s in found]


def of_page(name, text, names):
    """What is wrong with one page, of those named names."""
    heads = re.findall(r"^\.Sh (.*)", text, re.M)
    known = [h for h in heads if h in ORDER]
    if known != sorted(known, key=ORDER.index):
        yield "the sections are not in their order: " + ", ".join(known)
    for head in sorted(WANTED[name] - set(heads)):
        yield f"has no section {head}"
    for ref in sorted(references(text)):
        if ref not in names and ref not in FOREIGN:
            yield f"refers to {ref}, which is no page"
    also = see_also(text)
    if also != sorted(also):
        yield "SEE ALSO is not sorted by section and name"
    listed = {f"{n}.{s}" for s, n in also}
    for ref in sorted(references(text) - listed - {name}):
        yield f"refers to {ref}, which SEE ALSO does not list"
    if name in listed:
        yield "SEE ALSO lists the page itself"


def not_run(name, text):
    """Each example is run, or says why it is not.  Bytes are compared with
    the vectors (against_vectors)."""
    m = re.search(r"^\.Sh EXAMPLES\n(.*?)(?=^\.Sh |\Z)", text, re.M | re.S)
    lines = m.group(1).splitlines() if m else []
    for before, line, after in zip([""] + lines, lines, lines[1:] + [""]):
        shows = line.startswith(".Bd -literal") or \
            line.startswith(".Dl ") and not before.startswith(".Dl ")
        if re.match("(?:[0-9a-f]{2}){2}", after):
            continue
        if shows and not re.match(r'\.\\" (run|transcript|not run: )', before):
            yield f"{name}: an example that no mark has run: {line}"


def output(*argv):
    run = subprocess.run(argv, stdin=subprocess.DEVNULL, text=True,
                         capture_output=True, timeout=20)
    return run.stdout + run.stderr


def options_of(help_text):
    found = set()
    for word in re.findall(r"(?<![\w-])--?[a-z][a-z-]*", help_text):
        if word.startswith("--"):
            found.add("-" + word[2:])
        elif len(word) > 2:			# -dnv
            found.update(word[1:])
        else:
            found.add(word[1:])
    return found


def described(text):
    """Flags a page has as items of a list."""
    items = "\n".join(re.findall(r"^\.It (Fl .*)", text, re.M))
    return set(re.findall(r"Fl (-?[\w-]+)", items))


def against_programs(build, pages):
    top = build / "micelio/micelio"
    for option in sorted(options_of(output(top, "-h"))):
        if option not in described(pages["micelio.8"]):
            yield f"micelio.8: does not describe the option -{option}"
    for option in sorted(options_of(output(build / "micelioctl/micelioctl",
                                           "-h"))):
        if option not in described(pages["micelioctl.8"]):
            yield f"micelioctl.8: does not describe the option -{option}"
    source = pathlib.Path(__file__).resolve().parents[2]
    table = (source / "micelio-sshd/command.c").read_text(encoding="utf-8")
    table = table[:table.index(".name = NULL")]
    for word in re.findall(r'^\t\{ "(\w+)"', table, re.M):
        if not re.search(rf"^\.It Ic {word}\b", pages["micelioctl.8"], re.M):
            yield f"micelioctl.8: does not describe the command {word}"
        if not re.search(rf"^\.(?:It )?Ic {word}\b|Ic /{word}\b",
                         pages["micelio-sshd.8"], re.M):
            yield f"micelio-sshd.8: does not name the command {word}"
    for word in re.findall(r'^\t\{ "(\w+)"(?:(?!^\t\{ ").)*?DOOR_(?:ANY|SHELL)',
                           table, re.M | re.S):
        if f".It Ic /{word}" not in pages["micelio-partyline.7"]:
            yield f"micelio-partyline.7: does not name the command {word}"
    keys = (source / "micelio-sshd/authkeys.c").read_text(encoding="utf-8")
    for word in re.findall(r'^\t\{ "([\w-]+)", (?:true|false), opt_', keys,
                           re.M):
        if not re.search(rf"\b{re.escape(word)}\b", pages["micelio-sshd.8"]):
            yield f"micelio-sshd.8: does not name the option {word}"


# What fills the row of a daemon that "status" shows.
STATUS = {
    "micelio-gossipd.8": [("micelio-gossipd/table.c", "bcast_row"),
                          ("micelio-gossipd/table.c", "gossip_status_row"),
                          ("micelio-gossipd/gossipd.c", "table")],
    "micelio-transportd.8": [
        ("micelio-transportd/transport.c", "transport_status_row"),
        ("micelio-transportd/transportd.c", "transportd_table")],
    "micelio-stated.8": [("micelio-stated/stated.c", "table"),
                         ("micelio-stated/peers.c", "peers_row"),
                         ("micelio-stated/mapd.c", "mapd_row"),
                         ("micelio-stated/lines.c", "lines_row")],
}


def row_names(file, function):
    """Names of the fields that a function puts into a row."""
    code = file.read_text(encoding="utf-8")
    body = re.search(rf"^{function}\(.*?^}}", code, re.M | re.S)
    found = re.findall(r'row_(?!none)\w+\(&?\w+, "(\w+)"|\{ "(\w+)", ROW_',
                       body.group(0)) if body else []
    if not found:
        raise SystemExit(f"{file}: finds no row in {function}()")
    return [a or b for a, b in found]


def against_tables(source, pages):
    """What the code counts under a name, against the page of it."""
    drops = (source / "micelio-gossipd/drop.h").read_text(encoding="utf-8")
    body = drops[drops.index("#define DROP_TABLE"):
                 drops.index("enum drop {")]
    for word in re.findall(r'X\(\w+,\s+"(\w+)"', body):
        if not re.search(rf"^\.It Li {word}$", pages["micelio-gossipd.8"],
                         re.M):
            yield f"micelio-gossipd.8: does not describe the drop {word}"
    for page, where in STATUS.items():
        names = [n for file, function in where
                 for n in row_names(source / file, function)]
        for word in sorted({n for n in names if names.count(n) > 1}):
            yield f"{page}: its status row has {word} twice"
        items = " , ".join(re.findall(r"^\.It Li ([\w ,]+)$", pages[page],
                                      re.M)).split(" , ")
        for word in sorted(set(names) - set(items)):
            yield f"{page}: does not describe the counter {word}"


def against_events(source):
    """Fields of the events' table, which is the page, and those logged."""
    table = (source / "common/events.h").read_text(encoding="utf-8")
    logged, nearby = {}, {}
    for file in sorted(source.glob("*/*.c")):
        code = file.read_text(encoding="utf-8")
        for m in re.finditer(r"\bEV_(\w+)\b(?=(.*?);\n)", code, re.S):
            logged.setdefault(m.group(1), set()).update(
                re.findall(r'\bLF_\w+\(\s*"(\w+)"', m.group(2)))
            # One that is chosen first and logged later, by a variable.
            nearby.setdefault(m.group(1), set()).update(
                re.findall(r'\bLF_\w+\(\s*"(\w+)"', code))
    found = re.findall(r'X\(([A-Z_]+), [A-Z]+, "([^"]*)"', table)
    if len(found) < 40:
        yield f"{__file__}: finds only {len(found)} events"
    for name, fields in found:
        if name not in logged:
            yield f"micelio-events.7: nothing logs {name.lower()}"
            continue
        listed = set(fields.split())
        for word in sorted(logged[name] - listed):
            yield f"micelio-events.7: {name.lower()} lacks the field {word}"
        # Added where lines are held back.
        for word in sorted(listed - (logged[name] or nearby[name]) -
                           {"more"}):
            yield f"micelio-events.7: {name.lower()} has no field {word}"


def against_rates(source, text):
    """The table of the key service in micelio.8."""
    code = (source / "micelio/keyserv.c").read_text(encoding="utf-8")
    rules = re.findall(r'\{ "([\w ]+)", PROC_(\w+), \w+, \{[^}]*\}, (\d+), '
                       r"(\d+) \}", code)
    if not rules:
        yield f"{__file__}: finds no rules of the key service"
    for name, who, rate, burst in rules:
        line = (f".It {name} Ta micelio-{who.lower()} Ta {rate} a second, "
                f"{burst} at once")
        if line not in text.splitlines():
            yield f"micelio.8: want the line {line!r}"


def displays(text):
    for body in re.findall(r"^\.Bd -literal[^\n]*\n(.*?)^\.Ed", text,
                           re.M | re.S):
        yield body.splitlines()


def against_vectors(source, text):
    """Bytes shown in the protocol, against the known answers."""
    vectors = (source / "tests/vectors/vectors-v1.json").read_text(
        encoding="utf-8")
    shown = 0
    for lines in displays(text):
        found = [re.match(r"((?:[0-9a-f]{2})+(?: (?:[0-9a-f]{2})+)*)(?:  |$)",
                          line) for line in lines]
        if not all(found):
            continue
        shown += 1
        value = "".join(m.group(1).replace(" ", "") for m in found)
        if f'"{value}"' not in vectors:
            yield f"micelio-protocol.7: no known answer is {value}"
    if shown < 7:
        yield f"micelio-protocol.7: only {shown} displays of bytes"


def main(argv):
    build, man = map(pathlib.Path, argv)
    found = {p.name: text_of(p) for p in sorted(man.glob("*.[1-8]"))}
    wrong = [f"{n}: is missing" for n in sorted(set(WANTED) - set(found))]
    wrong += [f"{n}: is not in the list of {__file__}"
              for n in sorted(set(found) - set(WANTED))]
    pages = {n: t for n, t in found.items() if n in WANTED}
    for name, text in pages.items():
        wrong += [f"{name}: {what}" for what in
                  of_page(name, text, set(found))]
        wrong += not_run(name, (man / name).read_text(encoding="utf-8"))
        if name != "micelio.7" and name not in references(
                pages.get("micelio.7", "")):
            wrong.append(f"micelio.7: does not lead to {name}")
    if not wrong:
        wrong += against_programs(build, pages)
        source = man.resolve().parent
        wrong += against_tables(source, pages)
        wrong += against_events(source)
        wrong += against_rates(source, pages["micelio.8"])
        wrong += against_vectors(source, pages["micelio-protocol.7"])
    if shutil.which("mandoc"):
        for name in pages:
            wrong += output("mandoc", "-Tlint", "-W", "warning",
                            man / name).splitlines()
    print("\n".join(wrong) if wrong else f"{len(pages)} pages are complete")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
