"""Keeps messages in order while the broker is asked about one of them.

One lane for each channel, because kernels keep no order between channels either: what waits on the
shell must not hold up the control channel, on which a person interrupts.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from logging import Logger

from jupyter_agent.screen.box import Stop

Then = Callable[[Stop | None], None]


class Lanes:
    """The lanes of one connection.

    Args:
        log: Told the class of an error, never a message.
    """

    def __init__(self, log: Logger) -> None:
        self._log = log
        self._waiting: dict[str, deque[tuple[Callable[[], Awaitable[Stop | None]], Then]]] = {}
        self._workers: dict[str, asyncio.Task[None]] = {}

    def idle(self, lane: str) -> bool:
        """Whether nothing waits in a lane."""
        return lane not in self._waiting

    def put(self, lane: str, ask: Callable[[], Awaitable[Stop | None]], then: Then) -> None:
        """Add a message to a lane.

        Args:
            lane: The message's channel.
            ask: Asked once everything before it is dealt with. If it raises, the message is
                stopped.
            then: Deals with the message.
        """
        waiting = self._waiting.setdefault(lane, deque())
        waiting.append((ask, then))
        if lane not in self._workers:
            self._workers[lane] = asyncio.get_running_loop().create_task(self._work(lane))

    def close(self) -> None:
        """Drop everything that waits: nobody is there any more to get an answer."""
        self._waiting.clear()
        for worker in self._workers.values():
            worker.cancel()
        self._workers.clear()

    async def _work(self, lane: str) -> None:
        waiting = self._waiting[lane]
        while waiting:
            ask, then = waiting[0]
            try:
                verdict = await ask()
            except Exception:  # noqa: BLE001  (fail closed, whatever went wrong)
                verdict = Stop()
            try:
                then(verdict)
            except Exception as problem:  # noqa: BLE001  (the messages behind it still count)
                self._log.warning("A message could not be dealt with: %s.", type(problem).__name__)
            waiting.popleft()
        # No await since the lane was seen empty, so that nothing was put into it meanwhile.
        del self._waiting[lane], self._workers[lane]
