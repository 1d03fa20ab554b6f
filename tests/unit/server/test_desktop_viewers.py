"""Whoever cuts a desktop's viewers off misses none."""

from __future__ import annotations

import asyncio
import logging
from typing import Any
from urllib.parse import urlsplit

import pytest

from jupyter_agent.desktop.relay import PROTOCOL, TICKET_PREFIX, Channel, Mode
from jupyter_agent.server.desktop.stream import SocketChannel, Streams


class Picture:
    """Something that is looked at; notes who was served."""

    viewer = "vnc"

    def __init__(self) -> None:
        self.served: list[Mode] = []

    async def serve(self, _channel: Channel, mode: Mode) -> None:
        self.served.append(mode)
        await asyncio.Event().wait()


async def test_a_viewer_that_was_let_in_a_moment_before_is_cut_off_and_the_next_one_is_let_in():
    streams, picture = Streams("/", logging.getLogger(__name__)), Picture()
    nobody: Any = None

    def let_in() -> asyncio.Task[None]:
        opened = streams.relay.open(picture, "control", "http://127.0.0.1:8888", one_port=True)
        streams.relay.admit(*opened)
        return streams.begin(opened[0], SocketChannel(nobody))

    first = let_in()
    await streams.cut(picture)  # nobody had time to serve it

    assert first.cancelled()
    assert picture.served == []
    second = let_in()  # it controls: nobody else does any more
    await asyncio.sleep(0)
    assert picture.served == ["control"]
    await streams.cut(picture, mode="view")
    assert not second.done()
    await streams.cut(picture)
    assert second.done()


WHOLE = {
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}


async def asked(streams: Streams, picture: Picture, headers: dict[str, str]) -> int:
    """The status for whoever has a good ticket to control, and these headers."""
    grant = await streams.grant(picture, "control", "http://127.0.0.1:8888", one_port=False)
    address = urlsplit(grant.url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    protocols = f"{PROTOCOL}, {TICKET_PREFIX}{address.fragment}"
    lines = {
        "Host": address.netloc,
        "Origin": grant.origin,
        "Sec-WebSocket-Protocol": protocols,
        **headers,
    }
    head = "".join(f"{name}: {text}\r\n" for name, text in lines.items())
    writer.write(f"GET {address.path}/stream HTTP/1.1\r\n{head}\r\n".encode())
    status = int((await reader.readline()).split()[1])
    writer.close()
    return status


@pytest.mark.parametrize("missing", WHOLE)
async def test_who_is_let_in_and_speaks_no_websocket_keeps_nobody_from_controlling(missing):
    streams, picture = Streams("/", logging.getLogger(__name__)), Picture()
    broken = {name: text for name, text in WHOLE.items() if name != missing}
    assert await asked(streams, picture, broken) in (400, 426)
    assert await asked(streams, picture, WHOLE) == 101
    await streams.forget(picture)
