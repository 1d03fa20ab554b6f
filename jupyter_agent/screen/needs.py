"""What else has to stand near a rule's keyword, asked before the rule's expression is tried.

In ordinary text keywords stand often and what they need hardly ever, so this turns most places away
for the price of a short search.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cache
from sys import maxsize
from typing import TYPE_CHECKING, Any, Final

from jupyter_agent.screen.expressions import inflated
from jupyter_agent.screen.rule import NEEDED_WITHIN
from jupyter_agent.screen.shapes import IN_RUNS, RUN

if TYPE_CHECKING:
    from jupyter_agent.screen.deadline import Deadline
    from jupyter_agent.screen.rule import Rule

_Search = Callable[[bytes, int, int], "re.Match[bytes] | None"]
_AHEAD: Final = 1_280
"""Bytes that keywords close to each other search together."""
_SHARED: Final = 64
"""Bytes; what stands around a keyword is no longer."""


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
        self._search: _Search | None = None
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

    def _compiled(self) -> _Search:
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


class Around(Need):
    """Something that must stand on either side of a keyword, for ``Rule.apart``.

    Args:
        expression: See ``Need``; it matches ``_SHARED`` bytes at most.
        before: Characters before the keyword in which it may begin.
        within: Bytes from the keyword on in which it may end, in ASCII and in any text.
        kept: See ``Need``.
    """

    __slots__ = ("_before",)

    def __init__(
        self, expression: str, before: int, within: tuple[int, int], kept: bytes = b""
    ) -> None:
        super().__init__(expression, within, ("", 0), kept)
        self._before = before
        self.early = True

    def stands(self, data: bytes, at: int, is_ascii: bool) -> bool:  # noqa: FBT001
        """See ``Need.stands``."""
        begin, end = self._reach(data, at, is_ascii)
        return (self._search or self._compiled())(data, begin, end) is not None

    def kept(
        self,
        data: bytes,
        places: Sequence[int],
        is_ascii: bool,  # noqa: FBT001
        deadline: Deadline,
    ) -> Sequence[int]:
        """See ``Need.kept``."""
        search = self._search or self._compiled()
        kept: list[int] = []
        # Where it stands first at or behind the last place that was asked about, and up to where
        # it is known to stand nowhere.
        first = clear = -1
        for at in places:
            deadline.check()
            begin, end = self._reach(data, at, is_ascii)
            if first < begin:
                # Places in a row share what was looked at, but for what may reach over its end.
                found = search(data, max(begin, clear - _SHARED), end)
                first, clear = (found.start(), -1) if found else (-1, end)
            if begin <= first < end:
                kept.append(at)
        return kept

    def _reach(self, data: bytes, at: int, is_ascii: bool) -> tuple[int, int]:  # noqa: FBT001
        """What has to be looked at around a keyword."""
        begin = at - self._before if at > self._before else 0
        end = at + self._within
        # In a text with wide characters most places have none near them.
        if is_ascii or data[begin:end].isascii():
            return begin, end
        far = self._before * _BYTES
        return at - far if at > far else 0, at + self._within_any


class RunAround(Around):
    """``Around`` for so many characters of a class in a row, which is seen without an expression.

    Args:
        characters: The inside of a class of ``re``.
        length: How many.
        before: See ``Around``.
        within: See ``Around``.
    """

    __slots__ = ()

    def __init__(self, characters: str, length: int, before: int, within: tuple[int, int]) -> None:
        super().__init__("", before, within)
        self._table = _table_of(characters)
        self._long = b"a" * length

    def stands(self, data: bytes, at: int, is_ascii: bool) -> bool:  # noqa: FBT001
        """See ``Need.stands``."""
        begin, end = self._reach(data, at, is_ascii)
        return data[begin:end].translate(self._table).find(self._long) >= 0

    def kept(
        self,
        data: bytes,
        places: Sequence[int],
        is_ascii: bool,  # noqa: FBT001
        deadline: Deadline,
    ) -> Sequence[int]:
        """See ``Need.kept``."""
        kept: list[int] = []
        for at in places:
            deadline.check()
            if self.stands(data, at, is_ascii):
                kept.append(at)
        return kept


_IN_A_ROW: Final = re.compile(r"\[([^\]\\]+)\]\{([0-9]+)\}")


@cache
def _table_of(characters: str) -> bytes:
    inside = re.compile(f"[{characters}]")
    return bytes(0x61 if inside.match(chr(byte)) else 0x20 for byte in range(256))


def _around(expression: str, before: int, within: tuple[int, int], kept: bytes) -> Around:
    row = _IN_A_ROW.fullmatch(expression)
    if row is None:
        return Around(expression, before, within, kept)
    return RunAround(row[1], int(row[2]), before, within)


class Nearby(Need):
    """A word that is more than letters or digits, on either side of a keyword, in its line.

    Args:
        before: Characters before the keyword.
        within: Bytes from the keyword on, in ASCII and in any text.
    """

    __slots__ = ("_before", "_before_any")

    def __init__(self, before: int, within: tuple[int, int]) -> None:
        super().__init__("", within, ("", 0))
        self._before, self._before_any = before, before * _BYTES
        self.early = True

    def stands(self, data: bytes, at: int, is_ascii: bool) -> bool:  # noqa: FBT001
        """See ``Need.stands``."""
        if _VERB.match(data, at):
            return False
        begin = max(0, at - (self._before if is_ascii else self._before_any))
        end = at + (self._within if is_ascii else self._within_any)
        # (Slices cost as much as finding a line's end in all of the text, and no more.)
        line = data[data.rfind(b"\n", begin, at) + 1 or begin : at]
        rest = data[at:end]
        stop = rest.find(b"\n")
        sorts = (line + (rest if stop < 0 else rest[:stop])).translate(_SORTS)
        return _is_mixed(sorts)

    def kept(
        self,
        data: bytes,
        places: Sequence[int],
        is_ascii: bool,  # noqa: FBT001
        deadline: Deadline,
    ) -> Sequence[int]:
        """See ``Need.kept``."""
        before = self._before if is_ascii else self._before_any
        within = self._within if is_ascii else self._within_any
        kept: list[int] = []
        # Between these there is none.
        clear, until = 0, -1
        last = -_CLOSE
        for at in places:
            deadline.check()
            if _VERB.match(data, at):
                continue
            begin, end = max(0, at - before), at + within
            # Keywords in a row share what was looked at.
            if clear <= begin <= until and not _is_mixed(
                data[max(begin, until - _LONGEST) : end].translate(_SORTS)
            ):
                until = end
                continue
            if self.stands(data, at, is_ascii):
                kept.append(at)
            elif at - last < _CLOSE and not _is_mixed(data[begin:end].translate(_SORTS)):
                clear, until = begin, end
            last = at
        return kept


# "pass" mostly is a verb, and this is the cheapest way to see it (nouns.py knows the others).
_VERB: Final = re.compile(
    rb"(?i:(?<!my)(?<!the)(?<!our)(?<!your)(?<!his)(?<!her)(?<!wifi)(?<!root)(?<!admin) pass "
    rb"(?:the|an?|it|in|your|this|that|these|those|through|over|all|them|along|into|by|each|any|"
    rb"some|its) )"
)


def _is_mixed(sorts: bytes) -> bool:
    """Whether letters stand beside digits or signs, three hyphens between words, or many digits."""
    # (Looking for one byte costs a tenth of looking for two.)
    find = sorts.find
    if find(b"0") >= 0:
        for mixed in _WITH_DIGITS:
            if find(mixed) >= 0:
                return True
    if find(b"!") >= 0 and find(b"a!a") >= 0:
        return True
    return find(b"-") >= 0 and sorts.count(b"a-a") >= _JOINTS


def _sort_of(byte: int) -> int:
    char = chr(byte)
    if char.isdecimal():
        return 0x30
    if (char.isalpha() and char.isascii()) or byte >= 0x80:
        return 0x61
    return 0x21 if char in "!#$%&*+@^" else 0x2D if char in "-._" else 0x20


_SORTS: Final = bytes(map(_sort_of, range(256)))
_WITH_DIGITS: Final = (b"0a", b"a0", b"a-0", b"0-a", b"!0", b"0!", b"0" * 12)
_JOINTS: Final = 3
_LONGEST: Final = 80
"""Bytes of a word with hyphens."""
_CLOSE: Final = 40
"""Bytes between two keywords that are close to each other."""
_Sort = tuple[str, tuple[int, int], tuple[str, int], int]
_NEARBY: Final = "nearby"
"""Stands for ``Nearby`` where there is an expression otherwise."""
_BYTES: Final = 4
"""The most that a character takes."""


class Needs:
    """What each rule of a catalogue needs: a few hundred things for a thousand rules.

    Args:
        sorts: What there is to need: the arguments of ``Need``.
        numbers: For each rule which of them it needs, or -1.
        kept: Of each sort the expression's code, or nothing.

    Attributes:
        sorts: What there is to need.
        by_rule: What each rule needs, by its index.
    """

    def __init__(
        self, sorts: Sequence[_Sort], numbers: Sequence[int], kept: Sequence[bytes] = ()
    ) -> None:
        self._packed = (sorts, numbers)
        codes = kept or [b""] * len(sorts)
        self.sorts = [
            Nearby(back, within)
            if expression == _NEARBY
            else _around(expression, back, within, code)
            if back
            else Need(expression, within, run, code)
            for (expression, within, run, back), code in zip(sorts, codes, strict=True)
        ]
        needs: list[Need | None] = [*self.sorts, None]
        self.by_rule = [needs[number] for number in numbers]

    @staticmethod
    def of(rules: Sequence[Rule]) -> Needs:
        """What these rules need, by their index."""
        sorts: dict[_Sort, int] = {}
        numbers: list[int] = []
        for rule in rules:
            sort: _Sort
            if rule.told and rule.window:
                before, after = rule.window
                sort = (_NEARBY, (after, after * _BYTES), ("", 0), before)
            elif rule.shape:
                sort = (rule.shape, rule.within, rule.run, 0)
            elif rule.apart and rule.window:
                before, after = rule.window
                sort = (rule.needs, (after, 4 * after), ("", 0), before)
            else:
                sort = (rule.needs, (NEEDED_WITHIN, NEEDED_WITHIN), ("", 0), 0)
            numbers.append(sorts.setdefault(sort, len(sorts)) if sort[0] else -1)
        return Needs(list(sorts), numbers)

    def packed(self) -> tuple[Any, Any]:
        """As JSON."""
        return self._packed

    @staticmethod
    def unpacked(content: list[Any], kept: Sequence[bytes]) -> Needs:
        """From what ``packed`` gave.

        Args:
            content: That.
            kept: Of each sort the expression's code, or nothing.
        """
        sorts, numbers = content
        # JSON has lists where a sort has pairs.
        pairs = [(expression, (*within,), (*run,), back) for expression, within, run, back in sorts]
        return Needs(pairs, numbers, kept)
