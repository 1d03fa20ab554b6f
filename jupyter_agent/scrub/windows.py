"""A quick look for whole values that tells nobody about parts of them.

Searching a text for a value compares characters until one differs, so the time it takes tells how
far a guess was right; made to happen a million times in one text, that can be measured. Here no
text is ever compared to a value. Of each value some *windows*, short stretches of it, are in a set,
and stretches of the text are looked up there; where one is met, the whole value is looked up in the
same way. Python hashes bytes with SipHash under a random key of the process (PEP 456; ``python -I``
ignores PYTHONHASHSEED), so what a lookup costs has nothing to do with what a wrong guess has in
common with a value.

The exact search (``matcher``) begins only where a whole value stands, as far as folding has left it
over: at least ``_SEEN_BITS`` of it, all of them right at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from itertools import chain
from struct import Struct
from typing import Final

from jupyter_agent.scrub.variants import Needle
from jupyter_agent.scrub.views import BASE64, HEX, RAW, TEXT

# As in ``probes``: everything that any view drops or folds, so that one pass serves all of them.
_FOLD: Final = bytes(range(256)).lower()
_DROP: Final = bytes(set(TEXT.dropped + BASE64.dropped + HEX.dropped + b"0xXuU+-/_"))

WHOLE: Final = 256
"""Characters of a longer value, counted from its end, that are as good as all of it."""

# Width and distance of the windows of a value, by how many of its characters are seen. Few
# different ones, because each costs a pass over the text.
_GRIDS: Final = (
    (19, (12, 8)),
    (15, (12, 4)),
    (11, (8, 4)),
    (23, (16, 8)),
    (31, (24, 8)),
    (55, (48, 8)),
)
_ENOUGH_BITS: Final = 24.0
"""What a window should hold, so that texts seldom meet it by chance; meeting it is no match."""

_SEEN_BITS: Final = 48.0
"""What folding has to leave over of a value. Of less, the value as it is is looked for."""

_AT_ONCE: Final = 16
"""Stretches of a text that are cut out together, which takes half as long as one by one."""

_Grid = tuple[int, int]


class Windows:
    """The windows of a fixed set of needles.

    Args:
        needles: What to look for.
        bits: For each label, an estimate of the bits in its value.
    """

    __slots__ = ("_folded", "_plain")

    def __init__(self, needles: Iterable[Needle], bits: dict[str, float]) -> None:
        self._plain = _Table()
        self._folded = _Table()
        for needle in needles:
            text, certainty = needle.text, bits[needle.label] / len(needle.text)
            folded = fold(text)
            enough = len(folded) * certainty >= _SEEN_BITS
            if enough:
                self._folded.add(folded, certainty, needle)
            elif needle.view is RAW:
                self._plain.add(text, certainty, needle)

    def __bool__(self) -> bool:
        return bool(self._plain or self._folded)

    def possible(self, raw: bytes, folded: Iterable[bytes]) -> list[Needle]:
        """The needles that stand in a stretch of text, as far as folding can tell; each once.

        Args:
            raw: The stretch as it is.
            folded: The stretch in one or several spellings, folded.
        """
        found = list(self._plain.hits(raw)) if self._plain else []
        for text in folded:
            found += self._folded.hits(text)
        return list(dict.fromkeys(found))


def fold(text: bytes) -> bytes:
    """The text without what any view drops, and everything that a view may fold folded."""
    return text.translate(_FOLD, _DROP)


class _Table:
    """Windows of one spelling, in sets by how wide they are: each costs a pass over the text."""

    __slots__ = ("_keys", "_needles", "_steps", "_tails")

    def __init__(self) -> None:
        self._tails: dict[int, dict[bytes, set[tuple[int, int]]]] = {}
        self._keys: dict[int, frozenset[bytes]] = {}
        # How far apart one has to look; who looks closer than a value asks for sees it too.
        self._steps: dict[int, int] = {}
        self._needles: dict[bytes, list[Needle]] = {}

    def __bool__(self) -> bool:
        return bool(self._needles)

    def add(self, seen: bytes, certainty: float, needle: Needle) -> None:
        tail = seen[-WHOLE:]
        width, step = _grid(len(tail), certainty)
        self._needles.setdefault(tail, []).append(needle)
        windows = self._tails.setdefault(width, {})
        self._steps[width] = min(step, self._steps.get(width, step))
        # From the end: what a value begins with is often its vendor's prefix, which is public.
        for after in range(step):
            end = len(tail) - after
            # Where the whole begins and ends, seen from this window.
            windows.setdefault(tail[end - width : end], set()).add((width - end, width + after))
        self._keys[width] = frozenset(windows)

    def hits(self, text: bytes) -> Iterator[Needle]:
        """The needles whose whole is in the text."""
        for width, keys in self._keys.items():
            step = self._steps[width]
            # Each value has as many windows as a step has characters, so one of them is met.
            if not keys.isdisjoint(_stretches(text, width, step)):
                for at in range(0, len(text) - width + 1, step):
                    for before, after in self._tails[width].get(text[at : at + width], ()):
                        whole = text[max(0, at + before) : at + after]
                        yield from self._needles.get(whole, ())


def _stretches(text: bytes, width: int, step: int) -> Iterator[bytes]:
    """The stretches of a text that begin every so many characters, in any order.

    A few more, which reach behind its end, hold NUL characters there: if one of those were met, no
    whole value would be.
    """
    shape, every = _shape(width, step)
    # Those that overlap can't be cut out of the same bytes, so they come in rows of their own.
    padded = memoryview(text + bytes(shape.size))
    rows = (
        padded[begin : begin + -(-(len(text) - begin) // shape.size) * shape.size]
        for begin in range(0, min(every, len(text) - width + 1), step)
    )
    cut = chain.from_iterable(map(shape.iter_unpack, rows))
    return chain.from_iterable(cut)


@cache
def _shape(width: int, step: int) -> tuple[Struct, int]:
    """What cuts some stretches out of a row, and how far apart they begin in one."""
    every = -(-width // step) * step
    return Struct(f"{width}s{every - width}x" * _AT_ONCE), every


def _grid(length: int, certainty: float) -> _Grid:
    for least, grid in _GRIDS:
        if length >= least and grid[0] * certainty >= _ENOUGH_BITS:
            return grid
    return length, 1
