"""What a command prints, as far as it is kept: the beginning and the end. Pure."""

from __future__ import annotations

import codecs
from typing import Final

HEAD: Final = 64 * 1024
TAIL: Final = 32 * 1024
"""Characters."""


class Printed:
    """One stream, or several in the order in which they came."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._head, self._tail, self._left_out = "", "", 0

    def feed(self, data: bytes) -> str:
        """Take what came, and return it as text."""
        text = self._decoder.decode(data)
        self.add(text)
        return text

    def add(self, text: str) -> None:
        """Take a text."""
        room = HEAD - len(self._head)
        self._head += text[:room]
        tail = self._tail + text[room:]
        self._left_out += max(0, len(tail) - TAIL)
        self._tail = tail[-TAIL:]

    @property
    def text(self) -> str:
        """All that is kept, with a line that says how much is not."""
        between = f"\n[{self._left_out} characters left out]\n" if self._left_out else ""
        return self._head + between + self._tail


def cut_to(text: str, most: int | None) -> tuple[str, bool]:
    """The end of a text, within a number of bytes, and whether it was cut.

    Args:
        text: Whole.
        most: Bytes of UTF-8; None for no limit.
    """
    raw = text.encode()
    if most is None or len(raw) <= most:
        return text, False
    return raw[len(raw) - most :].decode("utf-8", "ignore"), True
