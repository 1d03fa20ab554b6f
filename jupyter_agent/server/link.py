"""The server's line to the broker, as the person who owns the server.

One conversation, opened when something needs it and opened again when it was lost. Whoever must
know that a broker is new (the kernels' capabilities live in its memory) is told after each opening.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

from jupyter_agent import person, wire
from jupyter_agent.client.loop import AsyncClient
from jupyter_agent.errors import AgentError, BrokerUnreachable
from jupyter_agent.folders import Folders

_FIRST_WAIT: Final = 0.1
_LONGEST_WAIT: Final = 5.0

Opened = Callable[[AsyncClient], Awaitable[None]]


class Link:
    """A conversation with the broker that is there when it is needed.

    Args:
        folders: Whose broker.

    Attributes:
        server: What this server calls itself, for what it does in several conversations.
    """

    def __init__(self, folders: Folders) -> None:
        self.server = secrets.token_hex(8)
        self._folders = folders
        self._client: AsyncClient | None = None
        self._opening = asyncio.Lock()
        self._opened: list[Opened] = []
        self._keeper: asyncio.Task[None] | None = None
        self._ended = False

    def on_open(self, opened: Opened) -> None:
        """Call this with each new conversation, before anybody else uses it."""
        self._opened.append(opened)

    async def call(self, op: str, **fields: Any) -> wire.Message:
        """Ask the broker; one is started where none answers.

        Raises:
            AgentError: What it answered, or why it can't be reached.
        """
        client = await self._connected()
        return await client.call(op, **fields)

    @asynccontextmanager
    async def own_conversation(self) -> AsyncIterator[AsyncClient]:
        """A conversation for one caller alone, which ends with it.

        Raises:
            AgentError: The broker can't be reached.
        """
        client = await self._open()
        try:
            yield client
        finally:
            await client.close()

    def keep(self) -> None:
        """From now on, open the conversation again whenever it is lost."""
        if self._keeper is None:
            self._keeper = asyncio.create_task(self._keep())

    async def close(self) -> None:
        """End the conversation for good."""
        self._ended = True
        if self._keeper is not None:
            self._keeper.cancel()
            with suppress(asyncio.CancelledError):
                await self._keeper
        if self._client is not None:
            await self._client.close()

    async def _connected(self) -> AsyncClient:
        async with self._opening:  # one starts the broker; the others wait for that one
            if self._client is not None and not self._client.closed:
                return self._client
            client = await self._open()
            try:
                for opened in self._opened:
                    await opened(client)
            except BaseException:
                await client.close()
                raise
            self._client = client
            return client

    async def _open(self) -> AsyncClient:
        if self._ended:
            raise BrokerUnreachable("This Jupyter server is ending.")
        try:
            return await person.open_async(self._folders)
        except OSError:
            raise BrokerUnreachable(
                "The broker's folders can't be used.", "Look at: jupyter agent doctor"
            ) from None

    async def _keep(self) -> None:
        async for _ in retries():
            try:
                client = await self._connected()
            except AgentError:
                continue  # it shows in the status that pages ask for
            await client.wait_closed()


async def retries() -> AsyncIterator[None]:
    """Go on for ever, at first at once and after quick failures more and more slowly."""
    wait = _FIRST_WAIT
    clock = asyncio.get_running_loop().time
    while True:
        started = clock()
        yield
        lasted = clock() - started
        wait = _FIRST_WAIT if lasted > _LONGEST_WAIT else min(wait * 2, _LONGEST_WAIT)
        await asyncio.sleep(wait)
