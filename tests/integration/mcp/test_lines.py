"""`jupyter agent mcp`, line by line: what no SDK of a host would send, and how it ends."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from persons import answering
from steps import sleeping, wait_until

from jupyter_agent.mcp import sdk


class Session:
    """A server that was started, and greeted."""

    def __init__(self) -> None:
        words = [sys.executable, "-P", "-m", "jupyter_agent.cli", "mcp", "--agent", "claude"]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(words, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL)
        about = {"capabilities": {}, "clientInfo": {"name": "x", "version": "1"}}
        self.send(0, "initialize", {"protocolVersion": "2025-11-25", **about})
        self.read()
        self.write(json.dumps({"jsonrpc": "2.0", "method": "notifications/initialized"}))

    def write(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()

    def send(self, number: int, method: str, params: dict[str, Any]) -> None:
        self.write(json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params}))

    def read(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        return dict(json.loads(self.process.stdout.readline()))

    def call(self, number: int, tool: str, **arguments: Any) -> None:
        self.send(number, "tools/call", {"name": tool, "arguments": arguments})


@pytest.fixture
def session(stored) -> Iterator[Session]:
    session = Session()
    yield session
    session.process.kill()
    session.process.wait(10)


def error(answer: dict[str, Any]) -> dict[str, str]:
    return dict(json.loads(answer["result"]["content"][0]["text"])["error"])


def test_a_call_with_half_a_character_is_answered(session):
    session.call(1, "run_command", command="echo half \ud83d, whole \U0001f600", why="to see")
    answer = session.read()
    assert answer["id"] == 1
    assert answer["result"]["structuredContent"]["stdout"] == "half \ufffd, whole \U0001f600\n"


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ('"\\ud83d\\ude00"', "\U0001f600"),
        ('"\\uD83D x"', "\ufffd x"),
        ('"\\uDE00\\uD83D"', "\ufffd\ufffd"),
        ('"\\\\ud83d"', "\\ud83d"),
        ('"\\\\\\ud83d"', "\\\ufffd"),
        ('"\\u00e9 \\n"', "\u00e9 \n"),
    ],
)
def test_of_a_message_only_halves_of_characters_are_replaced(written, read):
    assert json.loads(sdk.readable(written)) == read


def test_a_locked_vault_and_an_agent_that_was_forgotten_are_told_with_a_next_step(session, stored):
    stored.call("lock")
    session.call(1, "list_secret_labels")
    locked = error(session.read())
    assert locked["code"] == "vault_locked"
    assert "locked" in locked["message"]
    stored.call("agent.forget", name="claude")
    session.call(2, "list_secret_labels")
    forgotten = error(session.read())
    assert forgotten["code"] == "broker_refused"
    assert "not known" in forgotten["message"]
    assert "jupyter agent agents add" in forgotten["next_step"]


def test_an_interrupt_ends_it_with_what_it_runs(session, folders):
    with answering(folders, lambda _: "once"):
        session.call(1, "run_command", command="sleep 7391", why="to wait")
        wait_until(lambda: len(sleeping("7391")) == 1)
        session.process.send_signal(signal.SIGINT)
        assert session.process.wait(20) == 130
        wait_until(lambda: sleeping("7391") == [])
