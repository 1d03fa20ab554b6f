"""Keeps messages in order, and bursts together, while there is no verdict on them yet.

One lane for each channel, because kernels keep no order between channels either: what waits on the
shell must not hold up the control channel, on which a person interrupts.

A page sends a Run All as one burst, and a kernel aborts what has *arrived* when a cell fails. Cells
that came together are therefore asked about at the same time and handed on together: one by one, a
cell could arrive after the failure of the one before it, and run.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from logging import Logger
from typing import Any, Final

from jupyter_agent.screen.box import Stop

Then = Callable[[Stop | None], None]
ByRules = Callable[[], Stop | None]
_Waiting = tuple[asyncio.Task[Stop | None], Then, ByRules]

_LONGEST_BURST: Final = 3.0
"""Seconds for which the first message of a burst waits for those that keep coming behind it."""


class Lanes:
    """The lanes of one connection.

    Args:
        log: Told the class of an error, never a message.
    """

    def __init__(self, log: Logger) -> None:
        self._log = log
        self._waiting: dict[str, deque[_Waiting]] = {}
        self._workers: dict[str, asyncio.Task[None]] = {}

    def idle(self, lane: str) -> bool:
        """Whether nothing waits in a lane."""
        return lane not in self._waiting

    def put(
        self,
        lane: str,
        verdict: Coroutine[Any, Any, Stop | None],
        then: Then,
        by_rules: ByRules = Stop,
    ) -> None:
        """Add a message to a lane.

        Args:
            lane: The message's channel.
            verdict: Says what is to be done with it. If it raises, the message is stopped.
            then: Does it, once everything before it is done.
            by_rules: Gives the one where nobody can wait for it any more (``hurry``).
        """
        loop = asyncio.get_running_loop()
        waiting = self._waiting.setdefault(lane, deque())
        waiting.append((loop.create_task(verdict), then, by_rules))
        if lane not in self._workers:
            self._workers[lane] = loop.create_task(self._work(lane))

    def close(self) -> None:
        """Drop everything that waits: nobody is there any more to get an answer."""
        for waiting in self._waiting.values():
            for verdict, _, _ in waiting:
                verdict.cancel()
        for worker in self._workers.values():
            worker.cancel()
        self._waiting.clear()
        self._workers.clear()

    def hurry(self) -> list[str]:
        """Deal with all that waits now: by its verdict if there is one, else by the rules.

        Returns:
            The lanes in which something waited.
        """
        hurried = [lane for lane, waiting in self._waiting.items() if waiting]
        for waiting in list(self._waiting.values()):
            while waiting:
                verdict, then, by_rules = waiting.popleft()
                if verdict.done():
                    self._do(verdict, then)
                else:
                    verdict.cancel()
                    self._then(then, by_rules())
        return hurried

    async def _work(self, lane: str) -> None:
        waiting = self._waiting[lane]
        while waiting:
            await self._burst(waiting)
            while waiting and waiting[0][0].done():
                verdict, then, _ = waiting.popleft()
                self._do(verdict, then)
        # No await since the lane was seen empty, so that nothing was put into it meanwhile.
        del self._waiting[lane], self._workers[lane]

    async def _burst(self, waiting: deque[_Waiting]) -> None:
        """Wait until there is a verdict on all that waits, or the burst takes too long."""
        clock = asyncio.get_running_loop().time
        over = clock() + _LONGEST_BURST
        while open_ := [verdict for verdict, _, _ in waiting if not verdict.done()]:
            if (left := over - clock()) > 0:
                await asyncio.wait(open_, timeout=left)
            elif waiting[0][0].done():
                return
            else:
                await asyncio.wait([waiting[0][0]])

    def _do(self, verdict: asyncio.Task[Stop | None], then: Then) -> None:
        failed = verdict.cancelled() or verdict.exception() is not None
        self._then(then, Stop() if failed else verdict.result())  # fail closed, whatever went wrong

    def _then(self, then: Then, stop: Stop | None) -> None:
        try:
            then(stop)
        except Exception as problem:  # noqa: BLE001  (the messages behind it still count)
            self._log.warning("A message could not be dealt with: %s.", type(problem).__name__)
