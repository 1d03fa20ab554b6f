"""What a kernel says to one page: in order, scrubbed, and never in the way of the event loop.

Nearly every message is short and is passed on at once. A long one is looked at in a thread; what
comes behind it waits for it. So does everything that comes before it is known what to look for.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from logging import Logger
from typing import Any, Final

from jupyter_agent.scrub.fingerprints import Fingerprints
from jupyter_agent.server.fingerprinted import Fingerprinted

Message = tuple[Any, ...]
Scrub = Callable[[Message, Fingerprints], Message]

AT_ONCE: Final = 256 * 1024
"""Bytes of a message that is looked at on the event loop: 3 ms at most, and mostly 0.1 ms."""

MOST: Final = 64 * 1024 * 1024
"""Bytes that may wait. Beyond that the kernel waits, which is what the loop being busy means."""

_THREADS: Final = ThreadPoolExecutor(1, thread_name_prefix="jupyter_agent output")


@dataclass(slots=True, eq=False)
class _Waiting:
    message: Message
    size: int
    looked_at: Future[Message] | None = None


class Outbox:
    """The messages of one connection, on their way out.

    Args:
        fingerprinted: What is recognised.
        scrub: Gives a message without what is recognised.
        send: Passes a message on.
        log: Told the class of an error, never a message.
    """

    def __init__(
        self,
        fingerprinted: Fingerprinted,
        scrub: Scrub,
        send: Callable[[Message], None],
        log: Logger,
    ) -> None:
        self._fingerprinted = fingerprinted
        self._scrub = scrub
        self._send = send
        self._log = log
        self._waiting: deque[_Waiting] = deque()
        self._size = 0
        self._worker: asyncio.Task[None] | None = None

    def put(self, message: Message) -> None:
        """Pass a message on, now or when those before it are."""
        size = _size(message)
        if self._fingerprinted.settled and not self._waiting and size <= AT_ONCE:
            self._send(self._scrubbed(message))
            return
        self._waiting.append(_Waiting(message, size))
        self._size += size
        while self._size > MOST:
            self._pass_on_first()
        if self._waiting and self._worker is None:
            self._worker = asyncio.get_running_loop().create_task(self._work())

    def close(self) -> None:
        """Drop what waits: nobody is there any more to read it."""
        self._waiting.clear()
        self._size = 0
        if self._worker is not None:
            self._worker.cancel()

    async def _work(self) -> None:
        try:
            await self._fingerprinted.until_settled()
            while self._waiting:
                first = self._waiting[0]
                if first.size > AT_ONCE:
                    first.looked_at = _THREADS.submit(self._scrubbed, first.message)
                    await asyncio.wait({asyncio.wrap_future(first.looked_at)})
                if self._waiting and self._waiting[0] is first:
                    self._pass_on_first()
        finally:
            self._worker = None

    def _pass_on_first(self) -> None:
        first = self._waiting.popleft()
        self._size -= first.size
        looked_at = first.looked_at
        message = self._scrubbed(first.message) if looked_at is None else looked_at.result()
        self._send(message)

    def _scrubbed(self, message: Message) -> Message:
        known = self._fingerprinted.known
        if not known:
            return message
        try:
            return self._scrub(message, known)
        except Exception as problem:  # noqa: BLE001  (a message of no known shape goes on as it is)
            self._log.warning("Output was not looked at: %s.", type(problem).__name__)
            return message


def _size(message: Message) -> int:
    last = message[-1]
    parts: Sequence[Any] = last if isinstance(last, list) else [last]
    return sum(map(len, parts))
