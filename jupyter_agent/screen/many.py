"""Many texts in one pass: which of them need a look of their own?

Of a notebook's texts half are shorter than 164 characters, and asking hyperscan costs more than its
answer takes. So they are laid end to end and asked about together. What stands in a text stands in
the row of texts, too, so a text in which nothing was reported is clean. One in which something was
is screened by itself: what two neighbours only seem to hold together costs that look and no more.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate, repeat
from operator import add
from typing import Final

from jupyter_agent.screen.disguise import SIGNS, ends
from jupyter_agent.screen.needs import Need

ROW: Final = 65_536
"""Characters that are looked at together; more, if one text is longer."""
_BETWEEN: Final = b"\n"
"""Stands behind each text, as the end of a text does for an expression that asks for it."""
_FEW: Final = 8
"""Keywords of a text beside which it pays to ask for more at once."""
_MOST: Final = 64
"""Reports about a text that are looked at here. A text with more is left to its own look, because
what takes long and finds something must not be done twice."""

_ROWS: Final = 32
"""Rows that are scanned before what was reported about them is looked at: in turns, hyperscan and
what is written in Python push each other out of the processor's caches."""

Report = tuple[int, int]
"""What hyperscan reports: the number of an expression, and where a match of it ends."""
_Row = tuple[int, Sequence[bytes], bytes, Sequence[Report]]
"""The first text's number, the texts, what they are end to end, and what is reported about it."""


class Together:
    """Looks at many texts at once.

    Args:
        alone: For each keyword without a gate its length, and whom it concerns.
        gates: How many gates there are. hyperscan numbers them behind the keywords, and the signs
            behind them.
        needs: What each rule needs beside its keyword, by its index.
        reported: What hyperscan reports about some bytes: an expression's number, and the end of a
            match of it.
    """

    def __init__(
        self,
        alone: Sequence[tuple[int, tuple[int, ...]]],
        gates: int,
        needs: Sequence[Need | None],
        reported: Callable[[bytes], Sequence[Report]],
    ) -> None:
        self._alone = alone
        self._first_sign = len(alone) + gates
        self._needs = needs
        self._reported = reported

    def among(self, texts: Sequence[str]) -> Iterator[tuple[int, Sequence[Report] | None]]:
        """See ``Anchors.among``."""
        lengths = list(accumulate(map(len, texts)))
        rows: list[_Row] = []
        begin = done = 0
        while begin < len(texts):
            stop = max(begin + 1, bisect_right(lengths, done + ROW, begin))
            if lengths[stop - 1] - done > ROW:
                yield from self._told(rows)
                rows = []
                yield begin, None  # it is looked at in pieces, by the clock
            else:
                rows.append(self._scanned(begin, texts[begin:stop]))
                if len(rows) == _ROWS:
                    yield from self._told(rows)
                    rows = []
            begin, done = stop, lengths[stop - 1]
        yield from self._told(rows)

    def _scanned(self, first: int, texts: Sequence[str]) -> _Row:
        """A row of texts, of which the first has this number, and what is reported about it."""
        try:
            encoded = list(map(str.encode, texts))  # a third of what it takes one by one
        except UnicodeEncodeError:  # half a surrogate pair
            encoded = [text.encode("utf-8", "surrogatepass") for text in texts]
        data = _BETWEEN.join([*encoded, b""])
        return first, encoded, data, self._reported(data)

    def _told(self, rows: Iterable[_Row]) -> Iterator[tuple[int, Sequence[Report] | None]]:
        """What was reported about some rows, told of each text."""
        for first, encoded, data, reports in rows:
            for number, its in self._by_text(reports, encoded, data):
                yield first + number, its

    def _by_text(
        self, reports: Sequence[Report], texts: Sequence[bytes], data: bytes
    ) -> Iterator[tuple[int, Sequence[Report] | None]]:
        """What was reported about a row of texts, told of each text."""
        # Where each text and what stands behind it end.
        stops = list(accumulate(map(add, map(len, texts), repeat(len(_BETWEEN)))))
        first_sign = self._first_sign
        by_text: dict[int, list[Report]] = {}
        its: list[Report] = []
        begin = stop = 0
        for part, end in reports:
            # Most reports are about the text that the one before was about.
            if not begin < end <= stop:
                number = bisect_left(stops, end)
                begin = stops[number - 1] if number else 0
                stop = stops[number]
                its = by_text.setdefault(number, [])
            # What ends behind a text matches its end. A gate that began in the text before is told
            # of, too: where gates fired their keywords are looked for in the text, and if there are
            # none nothing is tried.
            its.append((part, (end if end < stop else end - len(_BETWEEN)) - begin))
            if part >= first_sign:
                for other, its_end in _also(
                    part - first_sign, data, stops, bisect_left(stops, end)
                ):
                    by_text.setdefault(other, []).append((part, its_end))
        for number in sorted(by_text):
            its = by_text[number]
            if len(its) > _MOST:
                yield number, None
            elif (
                len(its) > _FEW
                or max(its)[0] >= len(self._alone)
                or self._counts(its, texts[number])
            ):
                yield number, its

    def _counts(self, reports: Sequence[Report], text: bytes) -> bool:
        """Whether something stands behind a keyword that makes it more than a vendor's name."""
        is_ascii = text.isascii()
        for part, end in reports:
            length, who = self._alone[part]
            for index in who:
                need = self._needs[index]
                if need is None or not need.in_runs or need.stands(text, end - length, is_ascii):
                    return True
        return False


def _also(index: int, data: bytes, stops: Sequence[int], number: int) -> Iterator[Report]:
    """The texts behind one that show a sign, too, of which hyperscan reports the first only.

    And where in each of them the first one ends.
    """
    sign = SIGNS[index]
    if not sign.longest:
        return
    while (end := ends(sign, data, stops[number])) is not None:
        number = bisect_left(stops, end)
        yield number, end - stops[number - 1]
