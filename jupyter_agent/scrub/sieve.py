"""The first look at output: one pass that says whether there may be a value in it at all.

Most output has no value in it. The views (``views``) would have to read all of it to say so, at
340 MB/s for the dropping alone. The sieve reads the bytes as they are, once, with a hyperscan
database of the pieces of all values as they are usually written (``pieces``).

A sieve may be wrong in one direction only: it may say "perhaps" where there is nothing. Its
database holds pieces of values; it lives in this process only and is never written anywhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from jupyter_agent.scrub.database import Database
from jupyter_agent.scrub.pieces import alphabets
from jupyter_agent.scrub.variants import Needle
from jupyter_agent.scrub.views import BASE64, MAX_GAP, MAX_TOKEN

_MOST: Final = 64
"""Hits after which the whole block is worth a close look."""

_RAW_LENGTH: Final = 16
"""Enough of a value as it is; also a shorter one is looked for."""


Window = tuple[int, int]
"""Begin and end of a part of the output."""


class Sieve:
    """A compiled sieve.

    Args:
        needles: What is looked for.

    Raises:
        ImportError: hyperscan can't be imported here.
        ValueError: hyperscan refuses to compile it.
    """

    __slots__ = ("_database", "_reach")

    def __init__(self, needles: Iterable[Needle]) -> None:
        texts: dict[bytes, bool] = {}
        reach: dict[bytes, int] = {}
        for needle in needles:
            # No value is longer, with an escape for each character and a gap behind it.
            longest = len(needle.text) * (MAX_TOKEN + MAX_GAP)
            for text, caseless in _texts(needle):
                texts[text] = caseless or texts.get(text, False)
                reach[text] = max(longest, reach.get(text, 0))
        self._reach = [reach[text] for text in texts]
        self._database = Database(texts)

    def windows(self, raw: bytes) -> list[Window]:
        """The parts of ``raw`` outside of which there is no value, in order, none overlapping."""
        hits = self._database.hits(raw, _MOST)
        if len(hits) == _MOST:
            return [(0, len(raw))]
        windows: list[Window] = []
        for begin, end in sorted(
            (max(0, end - self._reach[number]), min(len(raw), end + self._reach[number]))
            for number, end in hits
        ):
            if windows and begin <= windows[-1][1]:
                windows[-1] = windows[-1][0], max(end, windows[-1][1])
            else:
                windows.append((begin, end))
        return windows


def _texts(needle: Needle) -> Iterator[tuple[bytes, bool]]:
    """Texts, and whether they are looked for in any case."""
    if needle.pieces is None:
        yield needle.text[:_RAW_LENGTH], False
        return
    for piece in needle.pieces():
        for spelling in piece.spellings():
            if needle.view is BASE64:
                yield from ((text, False) for text in alphabets(spelling))
            else:
                yield spelling, True
