"""A port on this machine that leads to one host, for one program and its children."""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from jupyter_agent.egress.connection import READ
from jupyter_agent.egress.kind import Speaker
from jupyter_agent.egress.warden import Admit

_MOST_AT_ONCE: Final = 512
"""Most connections; each may hold a few hundred kilobytes."""

log = logging.getLogger(__name__)


class Endpoint:
    """One such port, open until ``close``.

    Args:
        speaker: Serves each connection.
        admit: Decides about each connection.
    """

    def __init__(self, speaker: Speaker, admit: Admit) -> None:
        self._speaker = speaker
        self._admit = admit
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(self) -> int:
        """Listen on 127.0.0.1 and return the port."""
        self._server = await asyncio.start_server(self._welcome, "127.0.0.1", 0, limit=READ)
        return int(self._server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        """End every connection and stop listening."""
        if self._server is not None:
            self._server.close()
        for task in self._tasks.copy():
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._speaker.close()

    async def _welcome(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101  (asyncio calls this in one)
        self._tasks.add(task)
        try:
            there, here = writer.get_extra_info("peername"), writer.get_extra_info("sockname")
            admitted = len(self._tasks) <= _MOST_AT_ONCE and await self._admit(there, here)
            await self._speaker.serve(reader, writer, admitted=admitted)
        except OSError:
            writer.transport.abort()  # it hung up
        except Exception as error:  # noqa: BLE001  (one connection must not end the broker)
            # The class only: a message or a local may hold the value.
            log.error("%s in egress", type(error).__name__)  # noqa: TRY400
            writer.transport.abort()
        finally:
            self._tasks.discard(task)
            writer.close()
