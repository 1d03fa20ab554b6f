"""One stretch of output as one view sees it."""

from __future__ import annotations

from bisect import bisect_left
from itertools import pairwise

from jupyter_agent.scrub.views import MAX_GAP, Places, View


class Reading:
    """What ``view`` sees of ``raw[begin:end]``, and where it stands in ``raw``.

    Attributes:
        text: What the view sees.
    """

    __slots__ = ("_begin", "_end", "_gaps", "_long_gaps", "_places", "_raw", "_view", "text")

    def __init__(self, view: View, raw: bytes, begin: int, end: int) -> None:
        self.text = view.read(raw[begin:end])
        self._view = view
        self._raw = raw
        self._begin = begin
        self._end = end
        self._places: Places | None = None
        self._gaps: list[int] = []  # the characters that have a gap behind them
        self._long_gaps: list[int] = []  # of these, the ones that no value may have

    def places(self) -> Places:
        """Where each character of ``text`` stands in ``raw``. Costly, so only found on demand."""
        if self._places is None:
            places = self._view.places(self._raw, self._begin, self._end)
            together = not self._view.dropped  # then there are no gaps to look for
            for index, (here, following) in enumerate(() if together else pairwise(places.starts)):
                if following - here > 1 and following > places.end(index):
                    self._gaps.append(index)
                    if following - places.end(index) > MAX_GAP:
                        self._long_gaps.append(index)
            self._places = places
        return self._places

    def find(self, value: bytes, at: int) -> tuple[int, int] | None:
        """The first place from ``at`` on where ``value`` stands with allowed gaps, or None.

        Args:
            value: What to find in ``text``.
            at: A place in ``raw``.

        Returns:
            Where it begins and ends in ``raw``.
        """
        if self._places is None and value not in self.text:
            return None
        places = self.places()
        index = bisect_left(places.starts, at)
        while (index := self.text.find(value, index)) >= 0:
            after = index + len(value)
            again = self._look_again(index, after)
            if again is None:
                return places.starts[index], places.end(after - 1)
            index = again
        return None

    def may_continue(self, index: int, at: int) -> bool:
        """Whether a value may begin at character ``index``, not before ``at``, and go on."""
        places = self.places()
        begin, count = places.starts[index], len(places.starts)
        if begin < at or self._look_again(index, count) is not None:
            return False
        end = places.end(count - 1)
        gap = self._raw[end : self._end]
        if not gap or self._first_gap(index, count) is not None:
            return len(gap) <= MAX_GAP
        return len(gap) <= MAX_GAP and self._view.may_lead(self._raw, begin, count - index, gap)

    def _look_again(self, index: int, after: int) -> int | None:
        """None if the gaps between these characters are allowed, else where to look on.

        Looking on behind a gap that is too long, and not at the next character, keeps the search
        linear.
        """
        first = self._first_gap(index, after)
        if first is None:
            return None
        number = bisect_left(self._long_gaps, first)
        if number < len(self._long_gaps) and self._long_gaps[number] < after - 1:
            return self._long_gaps[number] + 1
        places = self.places()
        gap = self._raw[places.end(first) : places.starts[first + 1]]
        if self._view.may_lead(self._raw, places.starts[index], first + 1 - index, gap):
            return None
        return index + 1

    def _first_gap(self, index: int, after: int) -> int | None:
        number = bisect_left(self._gaps, index)
        if number < len(self._gaps) and self._gaps[number] < after - 1:
            return self._gaps[number]
        return None
