r"""Short pieces of a value, one of which is written in a usual way wherever a form is printed.

Escapes, colour codes and line ends may stand between the characters of a value. So that output in
which there is nothing can be told fast (``sieve``), a form counts as the value only if one of a few
pieces of it is written in one of the *spellings* below: together, escaped as encoders do, or with
the same between every two characters. A text that is wrapped at 9 columns or more, or has a colour
code or two inside, always has such a piece.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cache, partial
from itertools import product
from typing import Final

from jupyter_agent.scrub.escapes import escaped
from jupyter_agent.scrub.views import TEXT

_LENGTH: Final = 6  # of letters and digits: seldom in ordinary output by chance
_STEP: Final = 4
_PIECES: Final = 6
_ENOUGH: Final = 3  # so that a colour code or a line end in one or two of them does not matter
_SPECIAL_LENGTH: Final = 4
_SPECIAL_PIECES: Final = 10
_HEX_DIGITS: Final = 8

_SINGLE: Final = (
    *(b"\n", b"\r\n", b"\n\n", b"\t", b" ", b"\\n", b",", b", ", b",\n"),
    *(b"','", b"', '", b'","', b'", "', b'",\n', b"'+'", b'"+"'),
)
"""What stands between the characters of a text that is printed one by one."""

_PAIRED: Final = (
    *(b":", b" ", b"-", b"_", b",", b", ", b"\n", b"\r\n", b"\\x", b"%", b"\\u00", b"0x"),
    *(b" 0x", b",0x", b", 0x", b":0x", b"\n0x", b"', '", b'", "'),
)
"""What stands between the bytes of a hex text."""

_RUN: Final = re.compile(rb"[A-Za-z0-9]{6,}")
_ARMOUR: Final = re.compile(rb"-----(?:BEGIN|END) [A-Z0-9 ]+-----")


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of what a view sees of a value.

    Attributes:
        begin: Its first character, counted from the value's first.
        end: Behind its last.
        written: How it stands in the output most of the time, as the view folds it. Never shown.
        spellings: Gives this and the other ways in which it counts, as the view folds them.
    """

    begin: int
    end: int
    written: bytes = field(repr=False)
    spellings: Callable[[], frozenset[bytes]] = field(repr=False)

    def without(self, count: int) -> Piece:
        """The same piece, counted from a later character."""
        return replace(self, begin=self.begin - count, end=self.end - count)


def _piece(
    begin: int, end: int, written: bytes, others: Callable[[bytes], Iterable[bytes]] | None = None
) -> Piece:
    """A piece; ``others`` makes its other spellings, once and only if they are asked for."""

    def spellings() -> frozenset[bytes]:
        return frozenset((written, *(others(written) if others else ())))

    return Piece(begin, end, written, cache(spellings))


def text_pieces(part: bytes, seen: bytes, *, one_by_one: bool = True) -> tuple[Piece, ...]:
    """The pieces of a value, or of a line of it, in the text view.

    Args:
        part: The value.
        seen: What the text view makes of it.
        one_by_one: Whether it counts one character a line, too.
    """
    if part.translate(TEXT.fold, TEXT.dropped) != seen:
        part = seen  # of a value that looks escaped itself
    kept = [place for place, byte in enumerate(part) if byte not in TEXT.dropped]
    armour = [found.span() for found in _ARMOUR.finditer(part)]
    # The words of "-----BEGIN … KEY-----" are in many a log.
    outside = [
        number
        for number, place in enumerate(kept)
        if not any(begin <= place < end for begin, end in armour)
    ]
    places = {kept[number] for number in outside}
    runs = [run for run in _RUN.finditer(part) if run.start() in places]
    runs.sort(key=lambda run: run.start() - run.end())  # random text is longer than words are
    pieces = []
    for run in runs:
        for at in range(run.start(), run.end() - _LENGTH + 1, _STEP):
            begin = bisect_left(kept, at)
            text = part[at : at + _LENGTH].lower()
            pieces.append(_piece(begin, begin + _LENGTH, text))
    del pieces[_PIECES:]
    # Together with the bytes that the view drops, which may be a part of the value.
    windows = [
        (number, part[kept[number] : kept[number + _SPECIAL_LENGTH - 1] + 1])
        for number in outside[: 1 - _SPECIAL_LENGTH]
    ]
    if len(pieces) < _ENOUGH:
        for number, window in windows[:_SPECIAL_PIECES]:
            ways = partial(_escaped, window)
            pieces.append(_piece(number, number + _SPECIAL_LENGTH, window.lower(), ways))
    # A row of dashes is no beginning to look for.
    telling = [(number, window) for number, window in windows if window.isalnum()] or windows
    for number, window in telling[:one_by_one]:
        first, *others = _one_by_one(window.lower())
        pieces.append(_piece(number, number + _SPECIAL_LENGTH, first, partial(_given, others)))
    return tuple(pieces)


def _one_by_one(window: bytes) -> Iterator[bytes]:
    """Each character on a line, or as an item of a list."""
    for between in _SINGLE:
        yield between.join(window[at : at + 1] for at in range(len(window)))


def _given(others: list[bytes], _written: bytes) -> Iterable[bytes]:
    return others


def _escaped(window: bytes, _written: bytes) -> Iterator[bytes]:
    return (text.lower() for text in escaped(window))


def base64_pieces(core: bytes) -> tuple[Piece, ...]:
    """The pieces of base64 characters: wherever one line ends, one of them stands together."""
    length, step = (4, 2) if len(core) < 16 else (6, 3) if len(core) < 24 else (6, 8)
    return tuple(
        _piece(at, at + length, core[at : at + length])
        for at in range(0, min(len(core), 24) - length + 1, step)
    )


def alphabets(text: bytes) -> list[bytes]:
    """A base64 text with each character in either alphabet of RFC 4648."""
    choices = {ord("+"): (ord("+"), ord("-")), ord("/"): (ord("/"), ord("_"))}
    return [bytes(chosen) for chosen in product(*(choices.get(c, (c,)) for c in text))]


def hex_pieces(digits: bytes) -> tuple[Piece, ...]:
    """The pieces of hex digits."""
    first, second = digits[:_HEX_DIGITS], digits[_HEX_DIGITS : 2 * _HEX_DIGITS]
    return (
        _piece(0, _HEX_DIGITS, first, _separated),
        _piece(_HEX_DIGITS, 2 * _HEX_DIGITS, second, _separated),
    )


def _separated(digits: bytes) -> Iterator[bytes]:
    """One byte at a time, or two, as ``xxd`` and ``od`` print them."""
    pairs = [digits[at : at + 2] for at in range(0, _HEX_DIGITS, 2)]
    yield from (between.join(pairs) for between in _PAIRED)
    yield digits[:4] + b" " + digits[4:]
    yield pairs[0] + b" " + digits[2:6] + b" " + pairs[3]
