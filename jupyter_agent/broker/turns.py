"""Turns for runs that print much, so that small runs need not wait for them in each of their steps.

Scrubbing and sending keep the event loop busy. With fifty runs that print as fast as they can, one
round of the loop would take as long as fifty chunks, and a small run takes about fifteen rounds. So
only so many chunks have their turn in one round as fit into a few milliseconds, in the order in
which they came.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Final

_ROUND: Final = 0.002
"""Seconds that a round of the loop may take, as long as one chunk does not take longer."""

_MOST: Final = 64


class Turns:
    """Deals out turns on one event loop."""

    def __init__(self) -> None:
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._in_a_round = 1
        self._left = 1
        self._dealt = 0.0  # when this round began
        self._dealing = False

    async def take(self) -> None:
        """Wait for a turn."""
        loop = asyncio.get_running_loop()
        if not self._dealing:
            self._dealing, self._dealt = True, loop.time()
            loop.call_soon(self._deal)
        if self._left > 0 and not self._waiting:
            self._left -= 1
            return
        turn = loop.create_future()
        self._waiting.append(turn)
        await turn

    def _deal(self) -> None:
        """Begin a round: with fewer turns if the one before took too long, else with one more."""
        loop = asyncio.get_running_loop()
        now = loop.time()
        too_long = now - self._dealt > _ROUND
        fewer, more = max(1, self._in_a_round // 2), min(_MOST, self._in_a_round + 1)
        self._in_a_round = fewer if too_long else more
        self._left, self._dealt = self._in_a_round, now
        self._dealing = bool(self._waiting)
        if self._dealing:
            loop.call_soon(self._deal)
        while self._waiting and self._left > 0:
            turn = self._waiting.popleft()
            if not turn.done():  # else its run is over
                turn.set_result(None)
                self._left -= 1
