"""A port on this machine that leads to one host, for one program and its children.

Every user of the machine can connect to it. Strangers must not take the places of the program, nor
the broker's descriptors, without which it could open no vault: so few wait at a time for being
looked at (the system keeps the others), and who is not let in is soon hung up on.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from typing import Final

from jupyter_agent.egress.connection import READ
from jupyter_agent.egress.kind import Speaker
from jupyter_agent.egress.warden import Admit

_MOST_AT_ONCE: Final = 512
"""Most connections that are let in; each may hold a few hundred kilobytes. Further ones wait."""

_MOST_LOOKED_AT: Final = 16
_MOST_REFUSED: Final = 16
"""Most connections that are told why they are refused; others are hung up on without a word."""

_REFUSAL: Final = 5.0
"""Seconds in which a connection that is refused has to ask, so that it can be told."""

_BACKLOG: Final = 4096  # the system may keep fewer
_PAUSE: Final = 0.1
"""Seconds until the next try where the system has no descriptor left."""

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
        self._listener: socket.socket | None = None
        self._looking = asyncio.Semaphore(_MOST_LOOKED_AT)
        self._places = asyncio.Semaphore(_MOST_AT_ONCE)
        self._refused = 0
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(self) -> int:
        """Listen on 127.0.0.1 and return the port."""
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=_BACKLOG)
        self._listener.setblocking(False)
        self._begin(asyncio.create_task(self._accept(self._listener)))
        return int(self._listener.getsockname()[1])

    async def close(self) -> None:
        """End every connection and stop listening."""
        for task in self._tasks.copy():
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._listener is not None:
            self._listener.close()
        self._speaker.close()

    def _begin(self, task: asyncio.Task[None]) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _accept(self, listener: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await self._looking.acquire()
            try:
                connection, _ = await loop.sock_accept(listener)
            except OSError:
                self._looking.release()
                await asyncio.sleep(_PAUSE)
            else:
                self._begin(asyncio.create_task(self._welcome(connection)))

    async def _welcome(self, connection: socket.socket) -> None:
        try:
            try:
                there, here = connection.getpeername(), connection.getsockname()
                admitted = await self._admit(there, here)
                if admitted:
                    await self._places.acquire()
            finally:
                self._looking.release()
            await (self._serve(connection) if admitted else self._refuse(connection))
        except OSError:
            pass  # it hung up
        except Exception as error:  # noqa: BLE001  (one connection must not end the broker)
            # The class only: a message or a local may hold the value.
            log.error("%s in egress", type(error).__name__)  # noqa: TRY400
        finally:
            connection.close()  # does nothing once a transport has taken it over

    async def _serve(self, connection: socket.socket) -> None:
        try:
            await self._speak(connection, admitted=True)
        finally:
            self._places.release()

    async def _refuse(self, connection: socket.socket) -> None:
        if self._refused >= _MOST_REFUSED:
            return
        self._refused += 1
        try:
            async with asyncio.timeout(_REFUSAL):
                await self._speak(connection, admitted=False)
        finally:
            self._refused -= 1

    async def _speak(self, connection: socket.socket, *, admitted: bool) -> None:
        handed_over = socket.socket(fileno=connection.detach())
        reader, writer = await asyncio.open_connection(sock=handed_over, limit=READ)
        try:
            await self._speaker.serve(reader, writer, admitted=admitted)
        except Exception:
            writer.transport.abort()
            raise
        finally:
            writer.close()
