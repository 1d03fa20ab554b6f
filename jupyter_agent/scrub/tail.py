"""Which end of the output must wait, because more input could make it a value."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from jupyter_agent.scrub.database import Database
from jupyter_agent.scrub.reading import Reading
from jupyter_agent.scrub.views import MAX_TOKEN, View

_HEAD: Final = 4
_PATIENCE: Final = 16
"""How many beginnings of a value are compared to their end. Output made to look like a value over
and over again would cost a comparison per byte; after so many the rest of it waits uncompared,
which is never wrong, only later."""


class Tail:
    """The end of the output as one view sees it.

    Args:
        view: How to look.
        values: What is looked for in this view.
    """

    __slots__ = ("_compiled", "_escapable", "_heads", "_longest", "_short", "_view")

    def __init__(self, view: View, values: Iterable[bytes]) -> None:
        self._view = view
        self._heads: dict[bytes, list[bytes]] = {}
        short: set[bytes] = set()
        for value in values:
            if len(value) >= _HEAD:
                self._heads.setdefault(value[:_HEAD], []).append(value)
            short.update(value[:length] for length in range(1, min(_HEAD, len(value))))
        self._short = frozenset(short)
        self._compiled: tuple[list[bytes], Database] | None = None
        self._longest = max((len(v) for group in self._heads.values() for v in group), default=0)
        # An escape can be the first character of a value, unless this is a letter or digit.
        self._escapable = any(not head[:1].isalnum() for head in self._heads)

    def compile(self) -> None:
        """Look for the beginnings of all values in one pass from now on.

        Raises:
            ImportError: hyperscan can't be imported here.
            ValueError: hyperscan refuses to compile it.
        """
        if len(self._heads) > 1:
            heads = list(self._heads)
            self._compiled = heads, Database(dict.fromkeys(heads, False), once=True)

    def unsettled(self, raw: bytes, at: int) -> int:
        """Where in ``raw``, not before ``at``, a value may have begun; its length if nowhere."""
        end = len(raw)
        settled = self._view.settled(raw)
        if settled == end:
            return self._begun(raw, at, end, complete=False)
        # The last bytes may be the first part of an escape, or stand for themselves.
        places = [
            self._begun(raw, at, end, complete=True),
            self._begun(raw, at, settled, complete=False) if settled > at else end,
        ]
        if places[1] == settled:
            places[1] = end
        if self._escapable:
            places.append(max(at, settled))
        return min(places)

    def _begun(self, raw: bytes, at: int, end: int, *, complete: bool) -> int:
        """Where a value begins that ``raw[at:end]`` breaks off.

        Args:
            raw: The output.
            at: The first place that counts.
            end: Where the output breaks off.
            complete: Whether a value that ends at ``end`` counts as broken off too.
        """
        reading = self._last_characters(raw, at, end)
        place = end
        for index in self._candidates(reading.text, complete=complete):
            if reading.may_continue(index, at):
                place = min(place, reading.places().starts[index])
        return place

    def _last_characters(self, raw: bytes, at: int, end: int) -> Reading:
        """Enough of the end for the longest value, and for a token that it cuts in two."""
        floor = max(0, at - MAX_TOKEN)
        width = self._longest * 3 // 2 + 2 * MAX_TOKEN
        while True:
            begin = max(floor, end - width)
            reading = Reading(self._view, raw, begin, end)
            if begin == floor or len(reading.text) >= self._longest + MAX_TOKEN:
                return reading
            width *= 2

    def _candidates(self, text: bytes, *, complete: bool) -> Iterator[int]:
        """The characters from which ``text``, up to its end, is the beginning of a value."""
        count = len(text)
        begun = self._beginnings(text, max(0, count - self._longest))
        for compared, (index, group) in enumerate(begun):
            rest = text[index:]
            if compared >= _PATIENCE or any(
                len(rest) < len(value) + complete and value.startswith(rest) for value in group
            ):
                yield index
        for length in range(1, min(_HEAD, count + 1)):
            if text[count - length :] in self._short:
                yield count - length

    def _beginnings(self, text: bytes, earliest: int) -> Iterator[tuple[int, list[bytes]]]:
        """Where the first characters of values stand, and which values these are."""
        heads: Iterable[bytes] = self._heads
        if self._compiled is not None:
            every, database = self._compiled
            heads = [every[number] for number, _ in database.hits(text, len(every))]
        elif len(self._heads) > len(text) - earliest:  # the shorter list is gone through
            heads = self._heads.keys() & {
                text[index : index + _HEAD] for index in range(earliest, len(text) - _HEAD + 1)
            }
        for head in heads:
            index = text.find(head, earliest)
            while index >= 0:
                yield index, self._heads[head]
                index = text.find(head, index + 1)
