"""What else has to stand behind a rule's keyword, asked before the rule's expression is tried.

In ordinary text keywords stand often and what they need hardly ever, so this turns most places away
for the price of a short search.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cache
from sys import maxsize
from typing import TYPE_CHECKING, Final

from jupyter_agent.screen.expressions import inflated
from jupyter_agent.screen.shapes import IN_RUNS, RUN

if TYPE_CHECKING:
    from jupyter_agent.screen.deadline import Deadline

Search = Callable[[bytes, int, int], "re.Match[bytes] | None"]
_AHEAD: Final = 1_280
"""Bytes that keywords close to each other search together."""


@cache
def _table(characters: str) -> bytes:
    """Shows runs of these characters as runs of one."""
    return bytes(0x61 if chr(byte) in characters else 0x20 for byte in range(256))


_RUNS: Final = _table(IN_RUNS)
_RUN: Final = b"a" * RUN


class Need:
    """Something that must stand behind a keyword. It belongs to no text; rules share one.

    Args:
        expression: A bytes expression; of its matches only begin and end are looked at.
        within: Bytes from the keyword on within which it has to match, in ASCII and in any text.
        run: See ``Rule.run``; without it the expression is none of ``shapes.shape_of``.
        kept: The expression's code (``expressions``), or nothing.

    Attributes:
        early: Whether it is asked about before anything is set up for a text.
        expression: In bytes.
        in_runs: Whether there is a run.
    """

    __slots__ = (
        *("_code", "_long", "_search", "_table", "_within", "_within_any"),
        *("early", "expression", "in_runs"),
    )

    def __init__(
        self,
        expression: str,
        within: tuple[int, int],
        run: tuple[str, int],
        kept: bytes = b"",
    ) -> None:
        self.expression = expression.encode()
        self._code = kept
        self._within, self._within_any = within
        self._search: Search | None = None
        characters, length = run
        self.in_runs = length > 0
        self.early = self.in_runs
        self._table = _table(characters)
        self._long = b"a" * length

    def stands(self, data: bytes, at: int, is_ascii: bool) -> bool:  # noqa: FBT001  (a hot loop)
        """Whether it stands behind a keyword.

        Args:
            data: The text.
            at: Where the keyword begins.
            is_ascii: Whether the text is ASCII.
        """
        behind = self._behind(data, at, is_ascii)
        # (``in`` would first take the bytes for a number, which costs as much again.)
        if self.in_runs and behind.translate(self._table).find(self._long) < 0:
            return False
        return self._first(data, at, at + len(behind)) is not None

    def _behind(self, data: bytes, at: int, is_ascii: bool) -> bytes:  # noqa: FBT001
        """What has to be looked at, from a keyword on."""
        # In a text with wide characters most places have none near them.
        near = data[at : at + self._within]
        return near if is_ascii or near.isascii() else data[at : at + self._within_any]

    def _first(self, data: bytes, begin: int, end: int) -> re.Match[bytes] | None:
        """Where it stands first in a stretch of a text."""
        if not self.in_runs:
            return (self._search or self._compiled())(data, begin, end)
        # Trying an expression at each byte of a stretch takes ten times as long as this.
        stretch = data[begin:end]
        # Compiled on first use, like a rule's expression.
        search = self._search or self._compiled()
        runs = stretch.translate(_RUNS)
        run = runs.find(_RUN)
        while run >= 0:
            stop = runs.find(b" ", run)
            if stop < 0:
                stop = len(runs)
            # From the byte before on; no text begins with a value.
            found = search(data, begin + run - 1 if begin + run else 0, begin + stop)
            if found is not None:
                return found
            run = runs.find(_RUN, stop)
        return None

    def _compiled(self) -> Search:
        self._search = inflated(self.expression, 0, self._code).search
        return self._search

    def kept(
        self,
        data: bytes,
        places: Sequence[int],
        is_ascii: bool,  # noqa: FBT001  (a hot loop)
        deadline: Deadline,
    ) -> Sequence[int]:
        """The places behind which it stands.

        Args:
            data: The text.
            places: Where keywords begin, in order.
            is_ascii: Whether the text is ASCII.
            deadline: The text's time.
        """
        if len(places) == 1:
            return places if self.stands(data, places[0], is_ascii) else ()
        most = self._within if is_ascii else self._within_any
        kept: list[int] = []
        # It stands first at this place for all keywords up to ``begin``; if nowhere, ``end`` is
        # beyond any text.
        begin, end, searched = -1, 0, 0
        in_runs, table, long, within = self.in_runs, self._table, self._long, self._within
        for at in places:
            deadline.check()
            # ``_behind`` in place: a call for each of them would cost as much as what it does.
            behind = data[at : at + within]
            if not (is_ascii or behind.isascii()):
                behind = data[at : at + most]
            # Of most places this is all that has to be seen.
            if in_runs and behind.translate(table).find(long) < 0:
                continue
            reach = len(behind)
            if begin < at:
                # Keywords in a row share a search.
                stop = at + (reach + _AHEAD if at < searched else reach)
                found = self._first(data, at, stop)
                begin, end = found.span() if found else (stop - most, maxsize)
                searched = stop
            if end <= at + reach:
                kept.append(at)
        return kept
