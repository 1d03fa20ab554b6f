"""The first look at output: one pass that says whether there may be a value in it at all.

Most output has no value in it. The views (``views``) would have to read all of it to say so, at
340 MB/s for the dropping alone. The sieve reads the bytes as they are, once, with a hyperscan
database of the pieces of all values as they are usually written (``pieces``).

A sieve may be wrong in one direction only: it may say "perhaps" where there is nothing. Its
database holds pieces of values; it lives in this process only and is never written anywhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from jupyter_agent.scrub.database import Database
from jupyter_agent.scrub.pieces import alphabets
from jupyter_agent.scrub.variants import Needle
from jupyter_agent.scrub.views import BASE64, RAW

_RAW_LENGTH: Final = 16
"""Enough of a value as it is; also a shorter one is looked for."""


class Sieve:
    """A compiled sieve.

    Args:
        needles: What is looked for.

    Raises:
        ImportError: hyperscan can't be imported here.
        ValueError: hyperscan refuses to compile it.
    """

    __slots__ = ("_database",)

    def __init__(self, needles: Sequence[Needle]) -> None:
        self._database = Database(dict(_texts(needles)))

    def lets_through(self, raw: bytes) -> bool:
        """Whether there may be a value in ``raw``; always, if there is a complete one."""
        return bool(self._database.hits(raw, first=True))


def _texts(needles: Iterable[Needle]) -> Iterator[tuple[bytes, bool]]:
    """Texts, and whether they are looked for in any case."""
    for needle in needles:
        if needle.view is RAW:
            yield needle.text[:_RAW_LENGTH], False
        for piece in needle.pieces() if needle.pieces else ():
            for spelling in piece.spellings():
                if needle.view is BASE64:
                    yield from ((text, False) for text in alphabets(spelling))
                else:
                    yield spelling, True
