# SPDX-License-Identifier: MIT
"""What people type and read, as tests/transcripts and the pages have it."""
import glob
import os
import subprocess

import transcript
from runner import lane
from sshclient import ENV
from waiting import until

TOP = os.path.join(os.path.dirname(__file__), "../..")


def recorded(t, lab):
    """What erin types and is shown at n1, written down by the node."""
    client = lab.client("erin", "n1")
    path = os.path.join(t.dir, "recorded.mic")
    with open(path, "wb") as out:
        p = subprocess.Popen(client.argv("erin@" + client.node.address,
                                         "record"), env=ENV, stdout=out,
                             stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
    assert b"recording" in p.stderr.readline()
    session = transcript.Session(client)
    for line in ("hello", "//x", "/hlep", "/me waves", "/quit"):
        session.type(line)
    session.close()
    other = transcript.Session(lab.client("dave", "n1"))
    other.type("not mine")
    other.close()

    def text():
        with open(path, encoding="utf-8") as f:
            return f.read()
    until("all is written down", lambda: "erin@n1> quit" in text(), 10)
    p.terminate()
    p.wait(10)
    p.stderr.close()
    assert "erin@n1> say /x\n" in text(), text()
    assert "dave@n1>" not in text() and "not mine" not in text(), text()
    r = lab.nodes["n1"].ctl("record", check=False)
    assert r.returncode == 64 and "by ssh" in r.stderr, r
    t.keep("recorded.mic", text())
    return path


@lane(budget=120)
def test_transcripts(t):
    lab = transcript.Lab(t)
    files = sorted(glob.glob(os.path.join(TOP, "tests/transcripts/*.mic")))
    pages = sorted(glob.glob(os.path.join(TOP, "man/*.[1-8]")))
    n = transcript.play_all(lab, files + pages)
    t.note(f"{n} transcripts")
    transcript.play_all(lab, [recorded(t, lab)])
    assert n > len(files) > 0, (n, files)
    # What is not so is said, with the line and what came.
    bad = transcript.steps_of_display("here", ["[alice]> one", "alice two"])
    try:
        transcript.play(lab, bad, 0.3)
    except transcript.Failed as e:
        assert "here: alice< alice two\n" in str(e) and "> one" in str(e), e
    else:
        raise AssertionError("a line that never came was taken as shown")
