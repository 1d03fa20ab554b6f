"""Between a text and its UTF-8 bytes, which is what keywords are looked for in."""

from __future__ import annotations

from typing import Final

_SLICE: Final = 4_096
_LONG: Final = 65_536


def encoded(text: str) -> bytes:
    """The text in UTF-8; lone surrogates, which a page can send, pass through."""
    if len(text) < _LONG or text.isascii():
        return text.encode("utf-8", "surrogatepass")
    # Of a text with one wide character half the slices have none, and are copied as they are.
    return b"".join(
        text[begin : begin + _SLICE].encode("utf-8", "surrogatepass")
        for begin in range(0, len(text), _SLICE)
    )


def code_points(data: bytes, begin: int, end: int) -> int:
    """How many characters lie between two places of an encoded text.

    Args:
        data: The text.
        begin: First byte of a character.
        end: First byte of another one behind it, or the length.
    """
    stretch = data[begin:end]
    return len(stretch) if stretch.isascii() else len(stretch.decode("utf-8", "surrogatepass"))
