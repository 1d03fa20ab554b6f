"""Whoever cuts a desktop's viewers off misses none."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from jupyter_agent.desktop.relay import Channel, Mode
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
