"""An X server's screen as a stream: bytes between a viewer and its Unix socket.

Nothing that passes is kept, logged or counted by content.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

from jupyter_agent.desktop.listening import Listening
from jupyter_agent.desktop.relay import Channel, Mode
from jupyter_agent.desktop.rfb import ClientMessages, ViewerRefused

_PIECE: Final = 256 * 1024  # bytes that are read at once; fewer pieces, less work


class Screen:
    """One X server's screen.

    Args:
        rfb: Its Unix socket.
        may_type: Whether a controlling viewer may type at this moment.
        listening: Whether what is typed arrives; kept back until then.
    """

    viewer = "vnc"

    def __init__(self, rfb: Path, may_type: Callable[[], bool], listening: Listening) -> None:
        self._rfb = rfb
        self._may_type = may_type
        self._listening = listening

    async def serve(self, channel: Channel, mode: Mode) -> None:
        """Serve one viewer until it, or the X server, is gone."""
        if sys.platform == "win32":  # there is no Xvnc
            raise NotImplementedError
        reader, writer = await asyncio.open_unix_connection(str(self._rfb), limit=_PIECE)
        may_type = self._may_type if mode == "control" else lambda: False
        messages = ClientMessages(may_type, self._listening)
        stop = self._listening.tell(lambda: writer.write(messages.release()))
        try:
            async with asyncio.TaskGroup() as both:
                outwards = both.create_task(_outwards(reader, channel))
                inwards = both.create_task(_inwards(channel, messages, writer))
                await asyncio.wait((outwards, inwards), return_when=asyncio.FIRST_COMPLETED)
                outwards.cancel()
                inwards.cancel()
        except* (OSError, ViewerRefused):
            pass  # the viewer or the X server is gone, or was sent away: it is over
        finally:
            stop()
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()


async def _outwards(reader: asyncio.StreamReader, channel: Channel) -> None:
    while data := await reader.read(_PIECE):
        await channel.send(data)


async def _inwards(
    channel: Channel, messages: ClientMessages, writer: asyncio.StreamWriter
) -> None:
    while (data := await channel.receive()) is not None:
        if isinstance(data, str):
            raise ViewerRefused("A viewer speaks in bytes.")
        writer.write(messages.feed(data))
        await writer.drain()
