"""What has to stand on either side of a keyword, where a value need not stand behind it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Final

from jupyter_agent.screen.need import Need

if TYPE_CHECKING:
    from jupyter_agent.screen.deadline import Deadline

_SHARED: Final = 64
"""Bytes; what stands around a keyword is no longer."""
_BYTES: Final = 4
"""The most that a character takes."""


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


def around(expression: str, before: int, within: tuple[int, int], kept: bytes) -> Around:
    """An ``Around``, or a ``RunAround`` where the expression is a class so many times.

    Args:
        expression: See ``Need``.
        before: See ``Around``.
        within: See ``Around``.
        kept: See ``Need``.
    """
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
    rb"some|its) )|"
    rb"(?i:(?:(?<= we)|(?<=can)|(?<=uld)|(?<=ust)|(?<=ill)|(?<=n't)) pass )"
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
