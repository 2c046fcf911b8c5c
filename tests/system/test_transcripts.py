# SPDX-License-Identifier: MIT
"""What people type and read, as tests/transcripts and the pages have it."""
import glob
import os

import transcript
from runner import lane

TOP = os.path.join(os.path.dirname(__file__), "../..")


@lane(budget=120)
def test_transcripts(t):
    lab = transcript.Lab(t)
    files = sorted(glob.glob(os.path.join(TOP, "tests/transcripts/*.mic")))
    pages = sorted(glob.glob(os.path.join(TOP, "man/*.[1-8]")))
    n = transcript.play_all(lab, files + pages)
    t.note(f"{n} transcripts")
    assert n > len(files) > 0, (n, files)
    # What is not so is said, with the line and what came.
    bad = transcript.steps_of_display("here", ["[alice]> one", "alice two"])
    try:
        transcript.play(lab, bad, 0.3)
    except transcript.Failed as e:
        assert "here: alice< alice two\n" in str(e) and "> one" in str(e), e
    else:
        raise AssertionError("a line that never came was taken as shown")
