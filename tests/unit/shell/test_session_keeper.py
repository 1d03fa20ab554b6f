"""A keeper without the kernel's help, as beyond Linux. Run on Linux, with that help turned off."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from steps import sleeping, wait_until

KEEPER = """
import os, socket, sys
from jupyter_agent.processes import linux
linux.ADOPTS = False
linux.adopt_orphans = lambda: None
from jupyter_agent.shell import keeper
keeper.prepare()
control, written = (int(word) for word in sys.argv[1:])
nothing = os.open(os.devnull, os.O_RDONLY)
sys.exit(keeper.keep(socket.socket(fileno=control), nothing, written, os.dup(written)))
"""
ORPHAN = "sh -c 'sleep 7964 >/dev/null 2>&1 &'; echo up; "


class Kept:
    """A command below such a keeper."""

    def __init__(self, script: str) -> None:
        self.control, theirs = socket.socketpair()
        self.control.settimeout(30)
        reads, writes = os.pipe()
        with theirs:
            self.keeper = subprocess.Popen(
                [sys.executable, "-P", "-c", KEEPER, str(theirs.fileno()), str(writes)],
                pass_fds=[theirs.fileno(), writes],
            )
        os.close(writes)
        wanted = {"argv": ["sh", "-c", script], "env": dict(os.environ), "cwd": "/"}
        wanted |= {"folder": None, "files": {}, "terminal": False}
        packet = json.dumps(wanted).encode()
        self.control.sendall(len(packet).to_bytes(4, "big") + packet)
        self.said = self.control.makefile("rb")
        assert b"started" in self.said.readline()
        with os.fdopen(reads, "rb") as output:
            assert output.readline() == b"up\n"

    def ending(self) -> dict[str, Any]:
        said: dict[str, Any] = json.loads(self.said.readline())
        return said

    def end(self) -> None:
        self.said.close()
        self.control.close()
        self.keeper.wait(30)


@pytest.fixture
def keeps() -> Iterator[Callable[[str], Kept]]:
    every: list[Kept] = []

    def keep(script: str) -> Kept:
        every.append(Kept(ORPHAN + script))
        return every[-1]

    yield keep
    for kept in every:
        kept.end()


def test_what_lost_its_parent_ends_with_its_command_before_that_is_over(keeps) -> None:
    assert keeps("exit 3").ending() == {"exit": 3, "signal": None}
    assert sleeping("7964") == []


def test_a_stop_reaches_it(keeps) -> None:
    kept = keeps("sleep 7964 >/dev/null 2>&1")
    wait_until(lambda: len(sleeping("7964")) == 2, 30)
    kept.control.send(b"!")
    assert kept.ending()["signal"] in (None, 2)
    assert sleeping("7964") == []


def test_it_ends_with_its_broker(keeps) -> None:
    kept = keeps("sleep 7964 >/dev/null 2>&1")
    wait_until(lambda: len(sleeping("7964")) == 2, 30)
    kept.end()
    assert sleeping("7964") == []
