"""Where a long text may be cut before it is screened: never through a word. Pure.

A part of a value is recognised by nobody: not by the rules, and not by the broker. So a text that
is cut loses whatever may have been cut in two with it.
"""

from __future__ import annotations

import re
from typing import Final

_MOST_LOST: Final = 8_000
"""Characters that a cut may take along; longer than any value that stands in one word."""

_SEAMS: Final = ("\n", r"\s", "[\"'`]", r"[^\w+/=.~%-]")
"""Between words, the best first: a passphrase has blanks, and a password may have signs."""


def start_of(text: str, most: int) -> str:
    """The start of a text, at most so many characters; all of it where it is no longer."""
    return text if len(text) <= most else without_cut_end(text[:most])


def without_cut_end(text: str) -> str:
    """A text that goes on elsewhere, without the word that may go on there."""
    lost = min(_MOST_LOST, len(text) // 2)
    kept, last = text[: len(text) - lost], text[len(text) - lost :]
    for seam in _SEAMS:
        if found := list(re.finditer(seam, last)):
            return kept + last[: found[-1].end()]
    return kept


def without_cut_start(text: str) -> str:
    """A text that begins elsewhere, without the word that may have begun there."""
    lost = min(_MOST_LOST, len(text) // 2)
    first, kept = text[:lost], text[lost:]
    for seam in _SEAMS:
        if found := re.search(seam, first):
            return first[found.start() :] + kept
    return kept
