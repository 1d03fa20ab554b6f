"""Process trees, on real processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

from jupyter_agent.processes import tree


def test_an_ancestry_begins_with_the_process_and_goes_up():
    line = [pid for pid, _ in tree.ancestry(os.getpid())]
    assert line[:2] == [os.getpid(), os.getppid()]


def test_descendants_are_found_however_deep_and_in_whatever_session():
    # Two shells below us, the inner one in a session of its own; what says "up" is the inner one.
    inside = "setsid --wait sh -c 'echo up; read line'; exit 0"
    with subprocess.Popen(
        ["sh", "-c", inside], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        child.stdout.readline()
        # The inner tree first: it may still grow, and what grew must be in the outer one.
        inner = {pid for pid, _ in tree.descendants(child.pid)}
        below = {pid for pid, _ in tree.descendants(os.getpid())}
        assert inner
        assert inner | {child.pid} <= below
        tree.send(child.pid, signal.SIGKILL)
        child.kill()


def test_a_process_that_is_gone_has_no_parent():
    with subprocess.Popen([sys.executable, "-c", ""]) as child:
        child.wait()
    assert tree.parent_and_start(child.pid) is None


def test_a_process_that_is_gone_has_no_ancestry():
    with subprocess.Popen(["true"]) as gone:
        gone.wait()
    assert tree.ancestry(gone.pid) == []
