"""One stretch of output as one view sees it."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from itertools import pairwise

from jupyter_agent.scrub.pieces import Piece
from jupyter_agent.scrub.variants import Needle
from jupyter_agent.scrub.views import MAX_GAP, Places, View


class Reading:
    """What ``view`` sees of ``raw[begin:end]``, and where it stands in ``raw``.

    Attributes:
        text: What the view sees.
    """

    __slots__ = ("_begin", "_end", "_gaps", "_places", "_raw", "_view", "text")

    def __init__(self, view: View, raw: bytes, begin: int, end: int) -> None:
        self.text = view.read(raw[begin:end])
        self._view = view
        self._raw = raw
        self._begin = begin
        self._end = end
        self._places: Places | None = None
        self._gaps: tuple[list[int], list[int]] | None = None

    def places(self) -> Places:
        """Where each character of ``text`` stands in ``raw``. Costly, so only found on demand."""
        if self._places is None:
            self._places = self._view.places(self._raw, self._begin, self._end)
        return self._places

    def _all_gaps(self) -> tuple[list[int], list[int]]:
        """The characters that have a gap behind them; of these, those no value may have."""
        if self._gaps is None:
            places = self.places()
            gaps = [
                index
                for index, (here, following) in enumerate(pairwise(places.starts))
                if following - here > 1 and following > places.end(index)
            ]
            too_long = [
                index for index in gaps if places.starts[index + 1] - places.end(index) > MAX_GAP
            ]
            self._gaps = gaps, too_long
        return self._gaps

    def find(self, needle: Needle, at: int) -> tuple[int, int] | None:
        """The first place from ``at`` on where a value stands with allowed gaps, or None.

        Args:
            needle: What to find in ``text``.
            at: A place in ``raw``.

        Returns:
            Where it begins and ends in ``raw``.
        """
        value = needle.text
        if self._places is None and value not in self.text:
            return None
        places = self.places()
        index = bisect_left(places.starts, at)
        while (index := self.text.find(value, index)) >= 0:
            after = index + len(value)
            again = self._look_again(index, after)
            if again is None and needle.pieces and not self._counts(index, needle.pieces()):
                again = index + 1
            if again is None:
                return places.starts[index], places.end(after - 1)
            index = again
        return None

    def _counts(self, index: int, pieces: Sequence[Piece]) -> bool:
        """Whether a piece of the value at ``index`` stands there as it is usually written."""
        places, fold = self.places(), self._view.fold
        unusual = []
        for piece in pieces:
            begin, last = index + piece.begin, index + piece.end - 1
            written = self._raw[places.starts[begin] : places.end(last)].translate(fold)
            if written == piece.written:
                return True
            unusual.append((written, piece))
        return any(written in piece.spellings() for written, piece in unusual)

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
        _, too_long = self._all_gaps()
        number = bisect_left(too_long, first)
        if number < len(too_long) and too_long[number] < after - 1:
            return too_long[number] + 1
        places = self.places()
        gap = self._raw[places.end(first) : places.starts[first + 1]]
        if self._view.may_lead(self._raw, places.starts[index], first + 1 - index, gap):
            return None
        return index + 1

    def _first_gap(self, index: int, after: int) -> int | None:
        """The first of these characters that has a gap before the next one, if there is one."""
        places = self.places()
        if places.end(after - 1) - places.starts[index] == after - index:
            return None
        gaps, _ = self._all_gaps()
        number = bisect_left(gaps, index)
        return gaps[number] if number < len(gaps) and gaps[number] < after - 1 else None
