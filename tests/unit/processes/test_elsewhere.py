"""What other systems tell about processes, held against what /proc says. Run on Linux."""

from __future__ import annotations

import os
import select
import signal
import socket
import struct
import subprocess
import sys
import time

import pytest

from jupyter_agent.processes import elsewhere, loopback, peer, tree
from jupyter_agent.processes.exits import exit_of


def test_parents_starts_and_arguments_are_those_of_proc():
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdin.write(b"up\n")
        child.stdin.flush()
        child.stdout.readline()
        found = elsewhere.parent_and_start(child.pid)
        assert found is not None
        assert found[0] == os.getpid()
        assert abs(found[1] / 1e6 - time.time()) < 60
        assert elsewhere.arguments(child.pid) == ["cat"]
        assert {child.pid, os.getpid()} <= {*elsewhere.pids()} & {*elsewhere.ours()}
    assert elsewhere.parent_and_start(child.pid) is None
    assert elsewhere.arguments(child.pid) == []


def test_a_tree_is_found_and_ended_without_proc(monkeypatch: pytest.MonkeyPatch):
    inside = "setsid --wait sh -c 'echo up; read line'; exit 0"
    with subprocess.Popen(
        ["sh", "-c", inside], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        child.stdout.readline()
        by_proc = [pid for pid, _ in tree.descendants(child.pid)]
        line = [pid for pid, _ in tree.ancestry(by_proc[-1])]
        monkeypatch.setattr(tree.sys, "platform", "darwin")
        assert [pid for pid, _ in tree.descendants(child.pid)] == by_proc
        assert [pid for pid, _ in tree.ancestry(by_proc[-1])] == line
        assert tree.title(child.pid) == "sh"
        assert tree.title(os.getppid()) != ""
        tree.send(child.pid, signal.SIGKILL)
        monkeypatch.undo()
        child.stdin = None  # the outer shell ends because the inner one has
        assert child.wait(30) == 0


@pytest.mark.parametrize("platform", ["linux", "darwin"])
def test_the_process_behind_a_connection_is_found(platform: str, monkeypatch: pytest.MonkeyPatch):
    script = (
        "import socket,sys; s = socket.create_connection(('127.0.0.1', int(sys.argv[1])));s.recv(1)"
    )
    with socket.create_server(("127.0.0.1", 0)) as listener:
        here = listener.getsockname()
        with subprocess.Popen([sys.executable, "-I", "-c", script, str(here[1])]) as child:
            connection, there = listener.accept()
            with connection:
                monkeypatch.setattr(loopback.sys, "platform", platform)
                assert loopback.pid_of(there, here) == child.pid
                assert loopback.is_ours(there, here)
                assert loopback.pid_of((there[0], 1), here) is None
                assert not loopback.is_ours((there[0], 1), here)


@pytest.mark.skipif(not socket.has_ipv6, reason="a machine without IPv6")
def test_a_program_that_comes_by_a_socket_of_ipv6_is_found():
    script = (
        "import socket,sys; s = socket.socket(socket.AF_INET6);"
        "s.connect(('::ffff:127.0.0.1', int(sys.argv[1])));s.recv(1)"
    )
    with socket.create_server(("127.0.0.1", 0)) as listener:
        here = listener.getsockname()
        with subprocess.Popen([sys.executable, "-I", "-c", script, str(here[1])]) as child:
            connection, there = listener.accept()
            with connection:
                assert loopback.pid_of(there, here) == child.pid
                assert loopback.pid_of((there[0], 1), here) is None


def test_the_user_at_the_other_end_is_read_from_a_macs_credentials():
    whole = struct.pack("=IIhxx16I", 0, 501, 3, *range(16))
    assert len(whole) == 76
    assert peer.uid_of(whole) == 501
    newer = struct.pack("=I", 1) + whole[4:]
    for bad in (b"", whole[:75], whole + b"\0", newer):
        with pytest.raises(OSError, match="Protocol"):
            peer.uid_of(bad)


def test_a_process_is_called_by_the_module_it_runs(monkeypatch: pytest.MonkeyPatch):
    words = ["/usr/bin/python3", "-I", "-m", "jupyter_agent.broker", "DATA", "-m"]
    monkeypatch.setattr(elsewhere, "arguments", lambda _: words)
    assert elsewhere.title(1) == "jupyter_agent.broker"
    for words, name in (["sh", "-c", "x"], "sh"), (["cat", "-m"], "cat"), ([], ""):  # noqa: B007
        assert elsewhere.title(1) == name


def test_the_end_of_somebody_elses_child_is_told():
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE) as child, exit_of(child.pid) as watched:
        assert not select.select([watched], (), (), 0)[0]
        child.communicate()
        assert select.select([watched], (), (), 30)[0]
    with pytest.raises(ProcessLookupError), exit_of(child.pid):
        pass
