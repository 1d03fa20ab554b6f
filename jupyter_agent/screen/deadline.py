"""A text's time: a hostile one is given up on cleanly instead of hanging a cell.

This module stays Python where its callers are machine code (``hatch_build.py``). Python looks
whether another thread waits for its turn at the beginning of each of its own functions, and machine
code never does: so what asks about its time often enough lets others in as often.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from jupyter_agent.errors import ScreenTimeout

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

BUDGET: Final = 0.036
"""Seconds for each 100,000 characters, and at least this much for a text."""

STEPS: Final = 16
"""Of work between two looks at the clock: reading it costs more than most steps."""


class Deadline:
    """Runs out, in two halves.

    One long pause in the middle of a small text is the garbage collector of a kernel with a large
    heap, not the text. It can use up the first half only; a hostile text uses up both.

    Args:
        clock: Seconds, from any start.
        length: Of the text, in code points.
        patience: How many budgets the text gets; the plain engine needs more than the compiled.
    """

    __slots__ = ("_checks", "_clock", "_half", "_is_second_half", "_until")

    def __init__(self, clock: Callable[[], float], length: int, patience: float = 1.0) -> None:
        self._clock = clock
        half = patience * BUDGET / 2
        self._half = half if length <= 100_000 else half * (length / 100_000)
        # Set when the clock is first read: most texts are done before that.
        self._until: float | None = None
        self._is_second_half = False
        self._checks = 0

    def check(self) -> None:
        """Carry on, or say that there is no time left.

        Raises:
            ScreenTimeout: The budget is used up.
        """
        self._checks += 1
        if not self._checks % STEPS:
            self.check_now()

    def check_now(self) -> None:
        """``check``, for steps that are long in themselves.

        Raises:
            ScreenTimeout: The budget is used up.
        """
        now = self._clock()
        if self._until is None:
            self._until = now + self._half
        if now <= self._until:
            return
        if self._is_second_half:
            raise ScreenTimeout(
                "A text could not be screened in its time, so it counts as blocked.",
                "Split it into smaller pieces.",
            )
        self._is_second_half = True
        self._until = now + self._half

    @contextmanager
    def paused(self) -> Iterator[None]:
        """What happens inside is not this text's doing."""
        began = self._clock()
        yield
        if self._until is not None:
            self._until += self._clock() - began
