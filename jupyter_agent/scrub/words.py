r"""Words: by which a value that nobody may guess piece by piece is looked up in a text.

A word is a run of letters, digits, ``_`` and ``-``, whatever the values are. An escape in front
of a value ends in such a character, too: the ``m`` of a terminal's colour, the ``n`` of ``\n``
where a ``repr`` writes it out, the ``3D`` of ``%3D``. It is no part of what stands behind it, so
there the run without it is a word as well.

Escapes of terminals: ECMA-48, CSI and the choice of a character set. Those in texts: Python's and
the shell's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import AnyStr, Final

SHORTEST: Final = 16
"""Fewest characters of a word that is looked up; a shorter one could be guessed."""

_RUN: Final = r"[A-Za-z0-9_-]{16,}"
_HEX: Final = "[0-9A-Fa-f]"
_CODE: Final = r"(?:\[[0-9:;?]*[A-Za-z]|\([0-9AB])"  # what follows the escape character itself
_LETTERS: Final = (
    rf"(?:[abefnrtv]|x{_HEX}{{2}}|u{_HEX}{{4}}|U{_HEX}{{8}}|[0-7]{{3}}|0)"  # behind a backslash
)
_ESCAPE: Final = (
    # The longer ones first: "\033" is also the beginning of "\033[31m".
    rf"\x1b{_CODE}|\\(?:x1[bB]|u001[bB]|033|e){_CODE}|\\{_LETTERS}|%{_HEX}{{2}}"
)

ESCAPE: Final = _ESCAPE.encode()
"""An expression for what ends in a character that is none of the word behind it."""

IN_JSON: Final = rf"[bBe3]{_CODE}|\\{_LETTERS}|%{_HEX}{{2}}".encode()
"""The same, and perhaps more, where the text stands as JSON, in bytes."""

REACH: Final = 64
"""Characters of an escape, at most: colours have five numbers."""

_TEXT: Final = re.compile(_RUN), re.compile(f"(?:{_ESCAPE})({_RUN})")
_BYTES: Final = re.compile(_RUN.encode()), re.compile(f"(?:{_ESCAPE})({_RUN})".encode())


def words(text: AnyStr, begin: int = 0, end: int | None = None) -> Iterator[tuple[int, int]]:
    """Begin and end of each word; where there is an escape in front, of both that may be meant.

    Args:
        text: A text, or its bytes.
        begin: Where to begin; an escape may stand before that.
        end: Where to end; no word goes on behind it.
    """
    end = len(text) if end is None else end
    run, _ = _expressions(text)
    for found in run.finditer(text, begin, end):
        yield found.span()
    yield from behind_escapes(text, max(0, begin - REACH), end)


def behind_escapes(text: AnyStr, begin: int, end: int) -> Iterator[tuple[int, int]]:
    """Begin and end of those that begin in the middle of a run, where an escape ends."""
    _, behind = _expressions(text)
    for found in behind.finditer(text, begin, end):
        yield found.span(1)


def longest(text: AnyStr) -> tuple[int, int]:
    """Begin and end of the longest word, the first of several; ``(0, 0)`` if there is none."""
    return max(words(text), key=lambda word: word[1] - word[0], default=(0, 0))


def _expressions(text: AnyStr) -> tuple[re.Pattern[AnyStr], re.Pattern[AnyStr]]:
    return _TEXT if isinstance(text, str) else _BYTES
