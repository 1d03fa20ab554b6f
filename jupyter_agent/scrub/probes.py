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

from jupyter_agent.scrub.variants import Needle
from jupyter_agent.scrub.views import BASE64, HEX, RAW, TEXT

_FOLD: Final = bytes(range(256)).lower()
# What the views drop; the bytes of HEX's tokens ``0x`` and ``\u00``; and what base64 folds.
_DROP: Final = bytes(set(TEXT.dropped + BASE64.dropped + HEX.dropped + b"0xXuU+-/_"))
# The bytes a token of the text view begins with.
_INTRODUCERS: Final = (b"\\", b"%", b"&", b"\x1b")


class Probes:
    """The quick look for a fixed set of needles."""

    __slots__ = ("_escaped", "_plain", "_raw")

    def __init__(self, needles: Iterable[Needle]) -> None:
        self._raw: dict[bytes, list[Needle]] = {}
        self._plain: dict[bytes, list[Needle]] = {}
        self._escaped: dict[bytes, list[Needle]] = {}
        for needle in needles:
            if needle.view is RAW:
                self._raw.setdefault(needle.text, []).append(needle)
            elif needle.view is TEXT:
                probe = _longest_run(needle.core).translate(_FOLD, _DROP)
                self._escaped.setdefault(probe, []).append(needle)
            else:
                probe = needle.core.translate(_FOLD, _DROP)
                self._plain.setdefault(probe, []).append(needle)

    def possible(self, raw: bytes) -> list[Needle]:
        """The needles that may be in ``raw``; every needle that is in it, and seldom another."""
        found: list[Needle] = []
        for value, group in self._raw.items():
            if value in raw:
                found += group
        if not self._plain and not self._escaped:
            return found
        folded = raw.translate(_FOLD, _DROP)
        for probe, group in self._plain.items():
            if probe in folded:
                found += group
        if self._escaped and any(byte in raw for byte in _INTRODUCERS):
            # No escape stands for a letter or digit, and a probe here is made of these: taking
            # the escapes out, whatever they stand for, leaves a probe that is there in one piece.
            folded = TEXT.without_tokens(raw).translate(_FOLD, _DROP)
        for probe, group in self._escaped.items():
            if probe in folded:
                found += group
        return found


def _longest_run(text: bytes) -> bytes:
    """The longest run of letters and digits; empty, which is in every block, if there is none."""
    return max(re.split(rb"[^A-Za-z0-9]+", text), key=len)
