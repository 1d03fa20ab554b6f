"""One stretch of output as one view sees it."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

from jupyter_agent.scrub.views import MAX_GAP, View


class Reading:
    """What ``view`` sees of ``raw[begin:end]``, and where it stands in ``raw``.

    Attributes:
        text: What the view sees.
    """

    __slots__ = ("_begin", "_end", "_places", "_raw", "_view", "text")

    def __init__(self, view: View, raw: bytes, begin: int, end: int) -> None:
        self.text = view.read(raw[begin:end])
        self._view = view
        self._raw = raw
        self._begin = begin
        self._end = end
        self._places: tuple[Sequence[int], Sequence[int]] | None = None

    def places(self) -> tuple[Sequence[int], Sequence[int]]:
        """Where each character of ``text`` begins and ends. Costly, so only when it is asked for."""
        if self._places is None:
            self._places = self._view.places(self._raw, self._begin, self._end)
        return self._places

    def find(self, value: bytes, at: int) -> tuple[int, int] | None:
        """The first place from ``at`` on where ``value`` stands with allowed gaps, or None.

        Args:
            value: What to find in ``text``.
            at: A place in ``raw``.

        Returns:
            Where it begins and ends in ``raw``.
        """
        if value not in self.text:
            return None
        starts, ends = self.places()
        index = bisect_left(starts, at)
        while (index := self.text.find(value, index)) >= 0:
            after = index + len(value)
            again = self._look_again(index, after)
            if again is None:
                return starts[index], ends[after - 1]
            index = again
        return None

    def may_continue(self, index: int, at: int) -> bool:
        """Whether a value may begin at character ``index``, not before ``at``, and go on after the end."""
        starts, ends = self.places()
        if starts[index] < at:
            return False
        count = len(starts)
        if self._look_again(index, count) is not None:
            return False
        gap = self._raw[ends[-1] : self._end]
        if not gap:
            return True
        if len(gap) > MAX_GAP:
            return False
        stands_together = ends[-1] - starts[index] == count - index
        return not stands_together or self._view.may_lead(
            self._raw, starts[index], count - index, gap
        )

    def _look_again(self, index: int, after: int) -> int | None:
        """None if the gaps between these characters are allowed, else where to look on.

        Looking on behind a gap that is too long, and not at the next character, keeps the search
        linear.
        """
        starts, ends = self.places()
        if ends[after - 1] - starts[index] == after - index:
            return None  # no gap at all
        first = True
        for here in range(index, after - 1):
            width = starts[here + 1] - ends[here]
            if width <= 0:
                continue
            if width > MAX_GAP:
                return here + 1
            gap = self._raw[ends[here] : starts[here + 1]]
            if first and not self._view.may_lead(self._raw, starts[index], here + 1 - index, gap):
                return index + 1
            first = False
        return None
