"""One side of an exchange does not keep the loop to itself."""

from __future__ import annotations

import asyncio
from typing import Any

import h11
import pytest

from jupyter_agent.egress import connection as rooms
from jupyter_agent.egress.connection import Connection

MANY = 1000
HEAD = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
EARLY = b"HTTP/1.1 103 Early Hints\r\n\r\n"


@pytest.mark.parametrize(
    "answer",
    [HEAD + b"1\r\na\r\n" * MANY + b"0\r\n\r\n", EARLY * MANY + HEAD + b"0\r\n\r\n"],
    ids=["chunks of one byte", "early hints"],
)
async def test_others_have_their_turn_while_what_has_come_at_once_is_read(monkeypatch, answer):
    monkeypatch.setattr(rooms, "_SLICE", 0.0)
    reader = asyncio.StreamReader()
    nowhere: Any = None
    reader.feed_data(answer)
    service = Connection(h11.CLIENT, reader, nowhere)
    service.state.send(h11.Request(method="GET", target="/", headers=[("Host", "x")]))
    service.state.send(h11.EndOfMessage())
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    waiting = asyncio.create_task(others())
    while not isinstance(await service.next(), h11.EndOfMessage):
        pass
    waiting.cancel()
    assert turns >= MANY
