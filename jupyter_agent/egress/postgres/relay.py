"""Both directions of one connection between a program and a database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Final

from jupyter_agent.egress.connection import READ
from jupyter_agent.egress.postgres.callers import Caller
from jupyter_agent.egress.postgres.replies import Replies
from jupyter_agent.egress.postgres.server import Session
from jupyter_agent.egress.warden import Seen, Warden
from jupyter_agent.errors import EgressRefused

LONG_AT_ONCE: Final = 4
"""Most long messages of one way that are in memory at a time."""

_LONG: Final = 1024 * 1024
"""Bytes from which on a message is long: it is looked through in a thread."""

_PIECE: Final = 64 * 1024
"""Bytes looked through at a time: the loop has others to serve."""


class Relay:
    """Joins the two sides, until one of them or the permission ends.

    Args:
        caller: The program.
        session: In which we are logged in.
        replies: Scrubs what the database says.
        seen: What the audit gets to know.
        long: Limits how many long messages are in memory.
    """

    def __init__(
        self,
        caller: Caller,
        session: Session,
        replies: Replies,
        seen: Seen,
        long: asyncio.Semaphore,
    ) -> None:
        self._caller = caller
        self._session = session
        self._replies = replies
        self._seen = seen
        self._long = long

    async def carry_out(self, warden: Warden) -> None:
        """Return when either side has hung up.

        Raises:
            EgressRefused: The permission is over.
            Malformed: The database does not keep to the protocol.
            TooLarge: It says more at a time than what is looked through.
            OSError: A connection is lost.
        """
        tasks = [
            asyncio.create_task(work) for work in (self._up(), self._down(), warden.until_over())
        ]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._seen.hits = self._replies.hits
        for task in done:
            task.result()
        if tasks[2] in done:
            raise EgressRefused(
                "The permission for this way out is over.",
                "Ask again: %agent_egress",
                data={"rule": "permission"},
            )

    async def _up(self) -> None:
        writer = self._session.writer
        while data := await self._caller.reader.read(READ):
            self._seen.sent += len(data)
            writer.write(data)
            await writer.drain()

    async def _down(self) -> None:
        said = self._said()
        async for data in said:
            if self._replies.waiting < _LONG:
                await self._pass_on(self._replies.feed(data))
                continue
            async with self._long:
                await self._pass_on(await asyncio.to_thread(self._replies.feed, data))
                while self._replies.waiting >= _LONG and (more := await anext(said, b"")):
                    await self._pass_on(await asyncio.to_thread(self._replies.feed, more))

    async def _said(self) -> AsyncIterator[bytes]:
        while data := await self._session.reader.read(READ):
            for at in range(0, len(data), _PIECE):
                yield data[at : at + _PIECE]
                await asyncio.sleep(0)

    async def _pass_on(self, clean: bytes) -> None:
        self._seen.received += len(clean)
        self._caller.writer.write(clean)
        await self._caller.writer.drain()
