"""What strangers, who can connect to a way's port too, do to it: nothing."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from typing import Final

import pytest

from jupyter_agent.egress import endpoint as rooms
from jupyter_agent.egress.endpoint import Endpoint
from jupyter_agent.egress.warden import Admit

MANY: Final = 40  # more than may be looked at and told together


class Echo:
    """Speaks as a way does: whoever says something gets it back, with whether it was let in."""

    async def serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, admitted: bool
    ) -> None:
        said = await reader.readline()
        writer.write(b"%s %s" % (b"in" if admitted else b"out", said))
        await writer.drain()

    def close(self) -> None:
        pass


@contextlib.asynccontextmanager
async def way(admit: Admit) -> AsyncIterator[int]:
    endpoint = Endpoint(Echo(), admit)
    try:
        yield await endpoint.open()
    finally:
        await endpoint.close()


async def silent(port: int, number: int) -> list[asyncio.StreamReader]:
    """Connections that say nothing."""
    pairs = [await asyncio.open_connection("127.0.0.1", port) for _ in range(number)]
    _KEPT.extend(writer for _, writer in pairs)  # else they would be closed
    return [reader for reader, _ in pairs]


_KEPT: list[asyncio.StreamWriter] = []


@pytest.fixture(autouse=True)
def hung_up() -> None:
    _KEPT.clear()


async def test_strangers_who_connect_and_say_nothing_take_no_place_of_the_program(monkeypatch):
    monkeypatch.setattr(rooms, "_MOST_AT_ONCE", 8)
    with socket.socket() as program:
        program.bind(("127.0.0.1", 0))
        own = program.getsockname()

        async def admit(there: tuple[str, int], _here: tuple[str, int]) -> bool:
            return there == own

        async with way(admit) as port:
            await silent(port, MANY)
            program.connect(("127.0.0.1", port))
            reader, writer = await asyncio.open_connection(sock=program)
            writer.write(b"hello\n")
            assert await reader.readline() == b"in hello\n"
            writer.close()


async def test_most_strangers_are_hung_up_on_and_few_are_told(monkeypatch):
    monkeypatch.setattr(rooms, "_MOST_REFUSED", 4)

    async def nobody(_there: tuple[str, int], _here: tuple[str, int]) -> bool:
        return False

    async with way(nobody) as port:
        readers = await silent(port, MANY)
        heard = [asyncio.ensure_future(reader.read()) for reader in readers]
        gone: set[asyncio.Future[bytes]] = set()
        while len(gone) < MANY - 4:
            done, _ = await asyncio.wait(set(heard) - gone, return_when=asyncio.FIRST_COMPLETED)
            gone |= done
        for told in _KEPT:
            told.write(b"why\n")
        assert sorted(await asyncio.gather(*heard)) == [b""] * (MANY - 4) + [b"out why\n"] * 4


async def test_a_stranger_who_goes_on_saying_nothing_is_hung_up_on(monkeypatch):
    monkeypatch.setattr(rooms, "_REFUSAL", 0.01)

    async def nobody(_there: tuple[str, int], _here: tuple[str, int]) -> bool:
        return False

    async with way(nobody) as port:
        (reader,) = await silent(port, 1)
        with contextlib.suppress(ConnectionResetError):
            assert await reader.read() == b""


async def test_few_connections_are_looked_at_at_once_and_all_in_the_end():
    looked_at, most, all_came = 0, 0, asyncio.Event()
    full, go_on = asyncio.Event(), asyncio.Event()
    came = 0

    async def admit(_there: tuple[str, int], _here: tuple[str, int]) -> bool:
        nonlocal looked_at, most, came
        came, looked_at = came + 1, looked_at + 1
        most = max(most, looked_at)
        if looked_at == rooms._MOST_LOOKED_AT:
            full.set()
        if came == MANY:
            all_came.set()
        await go_on.wait()
        looked_at -= 1
        return True

    async with way(admit) as port:
        await silent(port, MANY)
        await full.wait()
        go_on.set()
        await all_came.wait()
        assert most == rooms._MOST_LOOKED_AT


async def test_more_connections_of_the_program_than_there_are_places_wait_for_one(monkeypatch):
    monkeypatch.setattr(rooms, "_MOST_AT_ONCE", 2)

    async def everybody(_there: tuple[str, int], _here: tuple[str, int]) -> bool:
        return True

    async with way(everybody) as port:
        readers = await silent(port, MANY)
        for reader, writer in zip(readers, _KEPT, strict=True):
            writer.write(b"hello\n")
            assert await reader.readline() == b"in hello\n"
