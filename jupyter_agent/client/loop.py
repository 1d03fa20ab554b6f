"""The client for an event loop: the server."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from typing import Any

from jupyter_agent import wire
from jupyter_agent.client.connecting import connect, gone
from jupyter_agent.client.hello import BETWEEN_GREETINGS, GREETINGS, Hello
from jupyter_agent.errors import AgentError, RunLost
from jupyter_agent.folders import Folders


class AsyncClient:
    """One conversation with the broker, for an event loop. Made by ``AsyncClient.open``."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._ids = itertools.count(1)
        self._waiting: dict[int, asyncio.Queue[wire.Message | None]] = {0: asyncio.Queue()}
        self._pump = asyncio.create_task(self._read())
        self.welcome: wire.Message = {}

    @classmethod
    async def open(cls, folders: Folders, hello: Hello, *, start: bool = True) -> AsyncClient:
        """Connect, and start a broker where none answers.

        Raises:
            BrokerUnreachable, BrokerRefused, ProtocolMismatch: See ``Client``.
        """
        for left in reversed(range(GREETINGS)):
            try:
                return await cls._greet(folders, hello, start=start)
            except RunLost:
                if not left:
                    raise
                await asyncio.sleep(BETWEEN_GREETINGS)
        raise gone()

    @classmethod
    async def _greet(cls, folders: Folders, hello: Hello, *, start: bool) -> AsyncClient:
        # In a thread: the checks touch the disk, and starting a broker takes 0.1 s.
        raw = await asyncio.to_thread(connect, folders, start=start)
        raw.setblocking(False)
        reader, writer = await asyncio.open_connection(sock=raw, limit=wire.MAX_LINE)
        client = cls(reader, writer)
        try:
            writer.write(wire.encode(hello.to_json()))
            client.welcome = (await client._receive(0))["result"]
        except BaseException:
            await client.close()
            raise
        return client

    async def call(self, op: str, **fields: Any) -> wire.Message:
        """Ask and wait for the answer.

        Raises:
            AgentError: What the broker answered.
        """
        gathered = wire.Gathered()
        async for message in self.events(op, **fields):
            gathered.take(message)
        return gathered.result

    async def events(self, op: str, **fields: Any) -> AsyncIterator[wire.Message]:
        """Ask, and yield each line about it, the one with ``result`` last.

        Raises:
            AgentError: The request ended in an error.
            RunLost: The broker went away.
        """
        if self.closed:
            raise gone()
        request = next(self._ids)
        self._waiting[request] = asyncio.Queue()
        try:
            self._writer.write(wire.encode({"id": request, "op": op, **fields}))
            await self._writer.drain()
            while True:
                message = await self._receive(request)
                yield message
                if "result" in message:
                    return
        except OSError:
            raise gone() from None
        finally:
            self._waiting.pop(request, None)

    @property
    def closed(self) -> bool:
        """Whether the conversation has ended, from whichever side."""
        return self._pump.done()

    async def wait_closed(self) -> None:
        """Wait until the conversation ends."""
        await asyncio.wait({self._pump})

    async def close(self) -> None:
        """End the conversation."""
        self._pump.cancel()
        self._writer.close()
        # In a task of its own: what ends that wait is none of our business, but a cancellation of
        # the caller must get through, or a watch that is cancelled here would go on for ever.
        closing = asyncio.ensure_future(self._writer.wait_closed())
        await asyncio.wait({self._pump, closing})
        if not closing.cancelled():
            closing.exception()  # looked at, so that nobody complains that nobody did

    async def _receive(self, request: int) -> wire.Message:
        message = await self._waiting[request].get()
        if message is None:
            raise gone()
        if "error" in message:
            raise AgentError.from_json(message["error"])
        return message

    async def _read(self) -> None:
        try:
            while line := await self._reader.readline():
                message = wire.decode(line)
                number = message.get("id")
                if number is None:  # the broker could not read a line of ours and hangs up
                    break
                if queue := self._waiting.get(number):
                    queue.put_nowait(message)
        except (OSError, ValueError, AgentError):
            pass  # a line too long or not ours: the same as a broker that is gone
        finally:
            for queue in self._waiting.values():
                queue.put_nowait(None)
