"""What a caller is told when something in the broker went wrong that nobody thought of."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
from typing import Any

import pytest

from jupyter_agent import wire
from jupyter_agent.broker.callers import Caller
from jupyter_agent.broker.conversation import Conversation

FULL = ("It could not be written: No space left on device.", "Make room on the disk, then retry.")
DISK = (
    "A file could not be read or written: Input/output error.",
    "Check the disk; see: jupyter agent doctor",
)
BUG = ("The broker failed with ValueError.", "Look at: jupyter agent doctor")


def on_disk(number: int) -> OSError:
    return OSError(number, os.strerror(number), "/home/me/value-in-a-name")


@pytest.mark.parametrize(
    ("problem", "told"),
    [
        (on_disk(errno.ENOSPC), FULL),
        (on_disk(errno.EIO), DISK),
        (ValueError("a value in a message"), BUG),
    ],
)
async def test_a_disk_that_fails_is_told_as_that_and_no_message_of_a_stranger_gets_out(
    problem: Exception, told: tuple[str, str]
) -> None:
    ours, theirs = socket.socketpair()

    async def greet(_hello: wire.Message) -> tuple[Caller, wire.Message]:
        return Caller("person", 1), {}

    async def fails(_ask: Any) -> wire.Message:
        raise problem

    reader, writer = await asyncio.open_connection(sock=ours)
    holding = asyncio.ensure_future(Conversation(reader, writer, greet, lambda _op: fails).hold())
    answers, asks = await asyncio.open_connection(sock=theirs)
    asks.write(wire.encode({"id": 1, "op": "hello"}))
    await answers.readline()
    asks.write(wire.encode({"id": 2, "op": "vault.verify"}))
    error = wire.decode(await answers.readline())["error"]
    assert (error["message"], error["hint"]) == told
    asks.close()
    await holding
