"""One line typed or pasted into a terminal that neither echoes nor edits. Pure: bytes in, line out.

Understands what people do in a hidden prompt: Enter, Backspace, Ctrl-U, Ctrl-D, cursor keys (which
do nothing) and bracketed paste, whose line breaks belong to the value.
"""

from __future__ import annotations

import re
from typing import Final

from jupyter_agent.errors import RequestInvalid
from jupyter_agent.secret import MAX_VALUE

_PASTE_BEGINS: Final = b"\x1b[200~"
_PASTE_ENDS: Final = b"\x1b[201~"
# A cursor or function key: CSI or SS3, then parameters, then a final byte (ECMA-48, 5.4).
_KEY: Final = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|O[@-~])")
_KEY_BEGINS: Final = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*|O)?")
_ERASE: Final = b"\x7f\x08"
_KILL: Final = b"\x15"
_END: Final = b"\x04"


class HiddenLine:
    """Collects the line.

    Attributes:
        done: Enter, or Ctrl-D, came in.
        left_over: Something that is not a line break came in behind Enter.
    """

    def __init__(self) -> None:
        self._value = bytearray()
        self._unread = b""
        self._pasting = False
        self.done = False
        self.left_over = False

    @property
    def value(self) -> bytes:
        """What was entered; of a paste that ends in a line break, without that one."""
        value = bytes(self._value)
        return value[:-1] if value.endswith(b"\n") else value

    def entered(self) -> bytes:
        """The value, now that nothing more comes.

        Raises:
            RequestInvalid: Nothing came in, it was too long, or several lines came in.
        """
        if self.left_over:
            raise RequestInvalid(
                "Several lines came in, and only one was expected; nothing was saved.",
                "Give a value of several lines with --file PATH or --stdin.",
            )
        if len(self.value) > MAX_VALUE:
            raise RequestInvalid("The value is too long; nothing was saved.")
        if not self.value:
            raise RequestInvalid("No value was entered; nothing was saved.")
        return self.value

    def feed(self, typed: bytes) -> None:
        """Take in bytes as they come, in pieces of any size."""
        self._unread += typed
        while self._unread and not self.done:
            taken = self._paste() if self._pasting else self._keys()
            if not taken:
                return  # half of an escape sequence: the rest is on its way
        if self.done:
            self.left_over |= bool(self._unread.strip())
            self._unread = b""

    def _paste(self) -> bool:
        text, mark, rest = self._unread.partition(_PASTE_ENDS)
        if not mark:
            held = _overlap(text, _PASTE_ENDS)
            rest = text[len(text) - held :]
            text = text[: len(text) - held]
        # Terminals send pasted line breaks as carriage returns.
        self._value += text.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        self._pasting = not mark
        self._unread = rest
        return bool(text or mark)

    def _keys(self) -> bool:
        first = self._unread[:1]
        if first == b"\x1b":
            return self._escape()
        self._unread = self._unread[1:]
        if first in (b"\r", b"\n") or (first == _END):
            self.done = True
        elif first in (_ERASE[:1], _ERASE[1:]):
            _erase_character(self._value)
        elif first == _KILL:
            self._value.clear()
        elif first >= b" " or first == b"\t":
            self._value += first
        return True

    def _escape(self) -> bool:
        if key := _KEY.match(self._unread):
            self._pasting = key[0] == _PASTE_BEGINS
            self._unread = self._unread[key.end() :]
            return True
        if _KEY_BEGINS.fullmatch(self._unread):
            return False
        self._unread = self._unread[1:]  # Escape, or Alt and a key: the key alone counts
        return True


def _overlap(text: bytes, mark: bytes) -> int:
    """How many bytes at the end of the text may be the beginning of the mark."""
    return next((n for n in range(len(mark) - 1, 0, -1) if text.endswith(mark[:n])), 0)


def _erase_character(value: bytearray) -> None:
    """Take off the last character; in UTF-8 it may have several bytes."""
    while value and value[-1] & 0xC0 == 0x80:
        value.pop()
    if value:
        value.pop()
