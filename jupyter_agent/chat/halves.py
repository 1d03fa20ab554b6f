"""Texts that came in pieces, or from JSON: a character may be cut in two there. Pure.

JSON can say half of an emoji, and services that stream cut where a token ends. Nothing that writes
UTF-8 takes such a half: no page, no model's library, no broker.
"""

from __future__ import annotations

import codecs


class Halves:
    """Joins the halves of characters over the pieces of one text."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-16-le")(errors="replace")

    def feed(self, piece: str) -> str:
        """Take a piece, and return what is whole by now."""
        return self._decoder.decode(piece.encode("utf-16-le", "surrogatepass"))

    def finish(self) -> str:
        """What stands for a half whose other half never came."""
        return self._decoder.decode(b"", final=True)


def whole(text: str) -> str:
    """A text in which each half of a character is joined to its other one, or replaced."""
    if text.isascii():
        return text
    halves = Halves()
    return halves.feed(text) + halves.finish()
