"""A quick look that says which values are not in a block of output; most blocks pass by it.

All views drop bytes and fold bytes. A *probe* is a part of a value after everything that any view
drops has been dropped and everything has been folded, and so is the block: one pass prepares the
block for all values and all forms. Dropping and folding more than a view does never hides a match,
it only lets more through to the exact search. So a probe may be wrong in one direction only: it may
say "perhaps" where there is nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from jupyter_agent.scrub.database import Database
from jupyter_agent.scrub.variants import Needle
from jupyter_agent.scrub.views import BASE64, HEX, RAW, TEXT

_SHORTEST: Final = 4
"""Shorter probes of values as they are would say "perhaps" to everything."""

_FOLD: Final = bytes(range(256)).lower()
# What the views drop; the bytes of HEX's tokens ``0x`` and ``\u00``; and what base64 folds.
_DROP: Final = bytes(set(TEXT.dropped + BASE64.dropped + HEX.dropped + b"0xXuU+-/_"))


class Probes:
    """The quick look for a fixed set of needles."""

    __slots__ = ("_compiled", "_escaped", "_folded", "_raw")

    def __init__(self, needles: Iterable[Needle]) -> None:
        self._raw: dict[bytes, list[Needle]] = {}
        self._folded: dict[bytes, list[Needle]] = {}
        self._escaped = False
        self._compiled: tuple[list[bytes], Database] | None = None
        for needle in needles:
            text = needle.core
            if needle.view is TEXT:
                # No escape stands for a letter or digit, and a probe here is made of these: taking
                # the escapes out, whatever they stand for, leaves it there in one piece.
                text = _longest_run(text)
            if needle.view.token is not None and needle.view is not HEX:
                self._escaped = True
            probe = text.translate(_FOLD, _DROP)
            if needle.view is RAW and len(probe) < _SHORTEST:
                self._raw.setdefault(needle.text, []).append(needle)
            else:
                self._folded.setdefault(probe, []).append(needle)

    def compile(self) -> None:
        """Look for all probes in one pass from now on.

        Raises:
            ImportError: hyperscan can't be imported here.
            ValueError: hyperscan refuses to compile it.
        """
        texts = [probe for probe in self._folded if probe]
        if texts:
            self._compiled = texts, Database(dict.fromkeys(texts, False), once=True)

    def possible(self, raw: bytes) -> list[Needle]:
        """The needles that may be in ``raw``; every needle that is in it, and seldom another."""
        found = [needle for value in self._raw if value in raw for needle in self._raw[value]]
        if not self._folded:
            return found
        hits = self._hits(raw.translate(_FOLD, _DROP))
        if self._escaped and TEXT.has_tokens(raw):
            hits |= self._hits(TEXT.without_tokens(raw).translate(_FOLD, _DROP))
        found += (needle for probe in hits for needle in self._folded[probe])
        return found

    def _hits(self, folded: bytes) -> set[bytes]:
        if self._compiled is None:
            return {probe for probe in self._folded if probe in folded}
        texts, database = self._compiled
        hits = {texts[number] for number, _ in database.hits(folded, len(texts))}
        # A value without a letter or digit has an empty probe, which is everywhere.
        return hits | {b""} if b"" in self._folded else hits


def _longest_run(text: bytes) -> bytes:
    """The longest run of letters and digits; empty, which is in every block, if there is none."""
    return max(re.split(rb"[^A-Za-z0-9]+", text), key=len)
