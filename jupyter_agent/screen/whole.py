"""A token from end to end, where a rule beside a vendor's name knew the shape of a part only.

Vendors change their formats and put something in front of them (``lk_…``, ``t1.….…``). What is left
unmasked of a token is given away, so the finding takes in whatever goes on without a gap.
"""

from __future__ import annotations

import re
from typing import Final

_MOST_BEFORE: Final = 40
# What a token may stand behind. A path or an address goes on before it, and is none.
_OPENS: Final = frozenset("\"'`=:,;([{<>| \t\r\n")
_QUOTES: Final = frozenset("\"'`")
_IN_WORDS: Final = re.compile(r"[A-Za-z0-9_-]")
_QUOTED: Final = re.compile(r"[A-Za-z0-9_+/=.~-]{0,2000}")
# A full stop or slash in it is followed by more that was drawn, and by no word or name of a file.
_BARE: Final = re.compile(
    r"(?:[A-Za-z0-9_-]|[.+/](?=[A-Za-z_-]{0,12}[0-9])(?=[A-Za-z0-9_-]{0,24}[A-Z])[A-Za-z0-9_-]{10}){0,2000}"
    r"={0,2}"
)


def whole_token(text: str, least: int, start: int, end: int) -> tuple[int, int]:
    """Where the token begins and ends of which a part was found.

    Args:
        text: The text.
        least: Where the vendor's name begins; the token begins behind that.
        start: Where the part begins.
        end: Where it ends.
    """
    begin = start
    while begin > least and start - begin <= _MOST_BEFORE and _IN_WORDS.match(text[begin - 1]):
        begin -= 1
    if begin > least and text[begin - 1] in _OPENS:
        start = begin
    quote = text[start - 1 : start]
    if quote in _QUOTES and (rest := _QUOTED.match(text, end)) is not None:
        stop = rest.end()
        if text[stop : stop + 1] == quote:
            return start, stop
    rest = _BARE.match(text, end)
    return start, rest.end() if rest else end
