"""Between a text and its UTF-8 bytes, which is what keywords are looked for in."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from typing import Final

_SLICE: Final = 1_024
LONG: Final = 65_536
"""Characters of a text that is encoded slice by slice."""

Encoded = tuple[bytes, Sequence[int]]
"""A text in UTF-8, and at which byte each ``_SLICE`` characters of it begin; of most texts nothing.

A plain pair, because every text gets one and hardly any needs it.
"""


def encoded(text: str) -> Encoded:
    """The text in UTF-8; lone surrogates, which a page can send, pass through."""
    if len(text) < LONG or text.isascii():
        return text.encode("utf-8", "surrogatepass"), ()
    # Of a text with one wide character half the slices have none, and are copied as they are.
    slices = [
        text[begin : begin + _SLICE].encode("utf-8", "surrogatepass")
        for begin in range(0, len(text), _SLICE)
    ]
    return b"".join(slices), [0, *accumulate(map(len, slices[:-1]))]


def points(text: Encoded, places: Iterable[int]) -> Iterator[int]:
    """How many characters lie before each of some places.

    Args:
        text: The text.
        places: First bytes of characters, or the length; in order.
    """
    data, begins = text
    done = point = 0
    for place in places:
        if begins:
            number = bisect_right(begins, place) - 1
            if begins[number] > done:
                done, point = begins[number], number * _SLICE
        stretch = data[done:place]
        done = place
        point += len(stretch if stretch.isascii() else stretch.decode("utf-8", "surrogatepass"))
        yield point
