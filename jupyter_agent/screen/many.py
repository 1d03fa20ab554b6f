"""Many texts in one pass: which of them need a look of their own?

Of a notebook's texts half are shorter than 164 characters, and asking hyperscan costs more than its
answer takes. So they are laid end to end and asked about together. What stands in a text stands in
the row of texts, too, so a text in which nothing was reported is clean. One in which something was
is screened by itself: what two neighbours only seem to hold together costs that look and no more.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate, repeat
from operator import add
from typing import Final

from jupyter_agent.screen.disguise import SIGNS, Sign, ends
from jupyter_agent.screen.need import Need

ROW: Final = 65_536
"""The most characters that are looked at together."""
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


class _Row:
    """Texts that are looked at together: all of them ASCII, or none.

    In ASCII a byte is a character, so such texts can be joined before they are encoded.

    Attributes:
        is_ascii: Which of the two.
        numbers: The texts' numbers.
        size: Characters.
        stops: Where each text and what stands behind it end, in bytes.
        data: The texts end to end, with ``_BETWEEN`` behind each; once ``join`` was called.
        reports: What is reported about that.
    """

    __slots__ = ("_texts", "data", "is_ascii", "numbers", "reports", "size", "stops")

    def __init__(self, *, is_ascii: bool) -> None:
        self.is_ascii = is_ascii
        self.numbers: list[int] = []
        self.size = 0
        self.stops: list[int] = []
        self.data = b""
        self.reports: Sequence[Report] = ()
        self._texts: list[str] = []

    def add(self, number: int, text: str) -> None:
        """Put a text behind the others."""
        self._texts.append(text)
        self.numbers.append(number)
        self.size += len(text) + len(_BETWEEN)
        self.stops.append(self.size)

    def join(self) -> bytes:
        """``data``, now that all texts are there."""
        if self.is_ascii:
            self.data = _BETWEEN.decode().join([*self._texts, ""]).encode()
        else:
            try:
                encoded = list(map(str.encode, self._texts))  # a third of what one by one takes
            except UnicodeEncodeError:  # half a surrogate pair
                encoded = [text.encode("utf-8", "surrogatepass") for text in self._texts]
            self.data = _BETWEEN.join([*encoded, b""])
            self.stops = list(accumulate(map(add, map(len, encoded), repeat(len(_BETWEEN)))))
        self._texts = []
        return self.data


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
        self._longest = max((length for length, _ in alone), default=0)
        self._first_sign = len(alone) + gates
        self._needs = needs
        self._reported = reported

    def among(self, texts: Sequence[str]) -> Iterator[tuple[int, Sequence[Report] | None]]:
        """See ``Anchors.among``."""
        scanned: list[_Row] = []
        narrow, wide = _Row(is_ascii=True), _Row(is_ascii=False)
        for number, text in enumerate(texts):
            if len(text) > ROW:
                yield number, None  # it is looked at in pieces, by the clock
                continue
            row = narrow if text.isascii() else wide
            if row.size + len(text) > ROW:
                scanned.append(self._scanned(row))
                row = _Row(is_ascii=row.is_ascii)
                if row.is_ascii:
                    narrow = row
                else:
                    wide = row
                if len(scanned) == _ROWS:
                    for full in scanned:
                        yield from self._told(full)
                    scanned.clear()
            row.add(number, text)
        for full in (*scanned, self._scanned(narrow), self._scanned(wide)):
            yield from self._told(full)

    def _scanned(self, row: _Row) -> _Row:
        if row.numbers:
            row.reports = self._reported(row.join())
        return row

    def _told(self, row: _Row) -> Iterator[tuple[int, Sequence[Report] | None]]:
        """What was reported about a row of texts, told of each text."""
        data, stops = row.data, row.stops
        for place, its in self._by_text(row).items():
            if len(its) > _MOST:
                yield row.numbers[place], None
                continue
            if len(its) <= _FEW and max(its)[0] < len(self._alone):
                begin = stops[place - 1] if place else 0
                if not self._counts(its, data[begin : stops[place] - len(_BETWEEN)]):
                    continue
            yield row.numbers[place], its

    def _by_text(self, row: _Row) -> dict[int, list[Report]]:
        """The reports about each text of a row that has any, by its place there."""
        data, stops = row.data, row.stops
        alone, longest = self._alone, self._longest
        first_sign = self._first_sign
        by_text: dict[int, list[Report]] = {}
        place = begin = stop = 0
        for part, end in row.reports:
            # Most reports are about the text that the one before was about.
            if not begin < end <= stop:
                place = bisect_left(stops, end)
                begin = stops[place - 1] if place else 0
                stop = stops[place]
            # With a line end in it a keyword may begin in the text before, and is none of this one.
            if end - begin < longest and part < len(alone) and end - begin < alone[part][0]:
                continue
            # What ends behind a text matches its end. A gate that began in the text before is told
            # of, too: where gates fired their keywords are looked for in the text, and if there are
            # none nothing is tried.
            report = part, (end if end < stop else end - len(_BETWEEN)) - begin
            by_text.setdefault(place, []).append(report)
            if part >= first_sign and SIGNS[part - first_sign].longest:
                for other, its_end in _also(SIGNS[part - first_sign], data, stops, place):
                    by_text.setdefault(other, []).append((part, its_end))
        return by_text

    def _counts(self, reports: Sequence[Report], text: bytes) -> bool:
        """Whether something stands behind a keyword that makes it more than a vendor's name."""
        is_ascii = text.isascii()
        for part, end in reports:
            length, who = self._alone[part]
            for index in who:
                need = self._needs[index]
                if need is None or not need.early or need.stands(text, end - length, is_ascii):
                    return True
        return False


def _also(sign: Sign, data: bytes, stops: Sequence[int], number: int) -> Iterator[Report]:
    """The texts behind one that show a sign, too, of which hyperscan reports the first only.

    And where in each of them the first one ends.
    """
    while (end := ends(sign, data, stops[number])) is not None:
        number = bisect_left(stops, end)
        yield number, end - stops[number - 1]
