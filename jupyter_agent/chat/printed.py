"""What a command prints, as far as it is kept: the beginning and the end. Pure."""

from __future__ import annotations

import codecs
from typing import Final

from jupyter_agent.chat.cutting import without_cut_end, without_cut_start

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
        if not self._left_out:
            return self._head + self._tail
        head, tail = without_cut_end(self._head), without_cut_start(self._tail)
        left_out = self._left_out + len(self._head) + len(self._tail) - len(head) - len(tail)
        return f"{head}\n[{left_out} characters left out]\n{tail}"


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
