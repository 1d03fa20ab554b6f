"""A model's one request to a way out on this machine, and what becomes of it."""

from __future__ import annotations

import asyncio

import pytest

from jupyter_agent.chat import loopback
from jupyter_agent.errors import EgressFailed


async def failure(answer: bytes, *, hangs_up: bool) -> EgressFailed:
    """What is said where a way answers so."""
    over = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        if not hangs_up:
            await over.wait()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(EgressFailed) as caught:
            await loopback.send(port, "POST", "/orders", [], b"one")
        over.set()
    return caught.value


async def test_a_service_that_does_not_answer_is_not_told_as_one_that_broke_off(monkeypatch):
    monkeypatch.setattr(loopback, "_SECONDS", 0.05)
    error = await failure(b"", hangs_up=False)
    assert error.message == "No answer within 0.05 seconds."
    assert "whether the service has done it" in error.hint


async def test_an_answer_that_breaks_off_is_told_as_that():
    error = await failure(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", hangs_up=True)
    assert error.message == "The service's answer broke off."
