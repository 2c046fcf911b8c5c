# SPDX-License-Identifier: MIT
"""A trial of a whole mesh as a program: its arguments, end and verdict."""
import os

import procs


def run(parser, name, attempt):
    """attempt(test, args) gives lines of what does not hold; exit status."""
    from runner import Test  # pylint: disable=import-outside-toplevel
    parser.add_argument("--build", required=True)
    parser.add_argument("--keep", action="store_true",
                        help="leave the files of the nodes")
    args = parser.parse_args()
    procs.adopt_orphans()
    t = Test(name, os.path.abspath(args.build), "", "")
    bad = ["it did not come to its end"]
    try:
        bad = attempt(t, args)
    finally:
        t.finish()
        if args.keep:
            print(f"kept: {t.dir}")
        else:
            t.remove()
    for line in bad[:50]:
        print(line)
    print(f"{len(bad)} things do not hold" if bad else "all of it holds")
    return 1 if bad or t.failed else 0
