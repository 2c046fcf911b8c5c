#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes etc/metrics/micelio-alerts.yml from the events of common/events.h.

usage: alerts.py            write the rules
       alerts.py --check    say whether they are what would be written

One rule of Prometheus for each warning and error, in the words that
micelio-events.7 has for it, and one for a node that says nothing.
"""
import json
import pathlib
import sys

sys.dont_write_bytecode = True

import gen  # noqa: E402

RULES = gen.HERE.parent / "etc/metrics/micelio-alerts.yml"
SEVERITY = {"WARN": "warning", "ERROR": "critical"}
HEAD = """\
# SPDX-License-Identifier: MIT
# Made by man/alerts.py from common/events.h; do not edit.
# Each alert stays for what was logged in the last ten minutes.
groups:
  - name: micelio
    rules:
"""
# Its numbers are written every minute; whose file is old is not running.
SILENT = ("MicelioSilent",
          'time() - node_textfile_mtime_seconds{file=~".*micelio.prom"} > 300',
          "critical", "The node has written no numbers for five minutes.",
          "See systemctl status micelio micelio-metrics.")


def rule(name, expr, severity, summary, description):
    lines = [f"      - alert: {name}",
             f"        expr: {expr}",
             "        labels:",
             f"          severity: {severity}",
             "        annotations:",
             f"          summary: {json.dumps(summary)}"]
    if description:
        lines.append(f"          description: {json.dumps(description)}")
    return "\n".join(lines) + "\n"


def rules():
    text = (gen.COMMON / "events.h").read_text(encoding="utf-8")
    out = HEAD + rule(*SILENT)
    for kind, what in gen.calls(gen.table(text, "EVENT_TABLE")):
        if kind != "call" or what[1] not in SEVERITY:
            continue
        name, level, _, meaning, remedy = what
        camel = "".join(w.capitalize() for w in name.split("_"))
        remedy = gen.string(remedy)
        out += rule("Micelio" + camel, "increase(micelio_events_total"
                    f'{{event="{name.lower()}"}}[10m]) > 0', SEVERITY[level],
                    gen.sentence(gen.string(meaning)),
                    remedy and remedy + ".")
    return out


def main(argv):
    if argv not in ([], ["--check"]):
        sys.exit(__doc__.split("\n\n")[1])
    if not argv:
        RULES.parent.mkdir(exist_ok=True)
        RULES.write_text(rules(), encoding="utf-8")
    elif RULES.read_text(encoding="utf-8") != rules():
        print(f"{RULES.name} is not what common/ says; run man/alerts.py")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
