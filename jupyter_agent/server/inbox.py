"""Answers of ours among the messages that a kernel client receives.

A client inside this process reads its channels by ``get_msg``. An inbox stands in front of one
channel: what is put into it comes out first, also for somebody who is already waiting.
"""

from __future__ import annotations

import asyncio
import inspect
from collections import deque
from collections.abc import Callable
from typing import Any

Message = dict[str, Any]


def deliver_to(channel: Any) -> Callable[[Message], None] | None:
    """Put an inbox in front of a channel.

    The instance is wrapped, not its class: other extensions bring classes of their own.

    Args:
        channel: A client's shell, control, iopub or stdin channel.

    Returns:
        What takes a message for whoever reads the channel, or None for a channel that is read in a
        way nobody here knows.
    """
    if hasattr(channel, "put_nowait"):  # a gateway's channel is a queue
        put: Callable[[Message], None] = channel.put_nowait
        return put
    get_msg = getattr(channel, "get_msg", None)
    if get_msg is None or getattr(channel, "socket", None) is None:
        return None
    inbox = _AsyncInbox(channel) if inspect.iscoroutinefunction(get_msg) else _Inbox(channel)
    return inbox.put


class _Inbox:
    """For a channel of a blocking client: one thread asks, then reads."""

    def __init__(self, channel: Any) -> None:
        self._channel = channel
        self._get = channel.get_msg
        self._ready = channel.msg_ready
        self._given: deque[Message] = deque()
        channel.get_msg = self.get_msg
        channel.msg_ready = self.msg_ready

    def put(self, message: Message) -> None:
        self._given.append(message)

    def get_msg(self, timeout: float | None = None) -> Any:
        return self._given.popleft() if self._given else self._get(timeout=timeout)

    def msg_ready(self) -> Any:
        return bool(self._given) or self._ready()


class _AsyncInbox(_Inbox):
    """For a channel of an async client."""

    def __init__(self, channel: Any) -> None:
        super().__init__(channel)
        self._bell = asyncio.Event()

    def put(self, message: Message) -> None:
        super().put(message)
        self._bell.set()

    async def get_msg(self, timeout: float | None = None) -> Any:  # noqa: ASYNC109  (its signature)
        if not self._given:
            await self._something(timeout)
        if self._given:
            self._bell.clear()
            return self._given.popleft()
        return await self._get(timeout=0)

    async def msg_ready(self) -> Any:
        return bool(self._given) or await self._ready()

    async def _something(self, timeout: float | None) -> None:  # noqa: ASYNC109
        socket = self._channel.socket
        if await socket.poll(0):
            return
        # Waiting for a message takes none from the socket, so giving it up loses none.
        waits = (
            asyncio.ensure_future(socket.poll(None if timeout is None else int(timeout * 1000))),
            asyncio.ensure_future(self._bell.wait()),
        )
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
