"""What a viewer says to an X server's screen, read message by message: RFC 6143, section 7.5.

Messages beyond that document, with their numbers and lengths, are those of the RFB community's
extension list (rfbproto). What is not known here ends the connection: a length that is guessed
would let a viewer hide one message in another.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from jupyter_agent.desktop.listening import Listening
from jupyter_agent.errors import DesktopError

VERSION: Final = b"RFB 003.008\n"
_GREETING: Final = (len(VERSION), 1, 1)
"""Bytes of what comes first, each after an answer: version, kind of security, whether to share."""

_NO_SECURITY: Final = b"\x01"

_KEY, _POINTER, _CUT_TEXT = 4, 5, 6
_SET_ENCODINGS, _FENCE, _SET_SIZE, _QEMU = 2, 248, 251, 255

_FIXED: Final = {
    0: 20,  # SetPixelFormat
    3: 10,  # FramebufferUpdateRequest
    _KEY: 8,
    150: 10,  # EnableContinuousUpdates
}
_LOOKS_ONLY: Final = frozenset({0, _SET_ENCODINGS, 3, 150, _FENCE})
"""What whoever only looks may say."""

MOST_TEXT: Final = 4096 + 64
"""Bytes of a clipboard message: 4 KiB of text, and what its extended form puts around it."""

MOST_KEPT: Final = 64 * 1024
"""Bytes that are kept back while the browser does not take them: minutes of typing."""

_MOST_ENCODINGS: Final = 512
_MOST_SCREENS: Final = 16


class ViewerRefused(DesktopError):
    """A viewer said something that is not let through."""


class ClientMessages:
    """What comes from one viewer.

    Args:
        may_type: Asked for each message that does something: whether it may.
        listening: Whether what is typed arrives; what comes before is kept back (``release``).
    """

    def __init__(self, may_type: Callable[[], bool], listening: Listening) -> None:
        self._may_type = may_type
        self._listening = listening
        self._waiting = bytearray()
        self._kept = bytearray()
        self._greeted = 0
        self._down: set[bytes] = set()

    def feed(self, data: bytes) -> bytes:
        """Take what came, in pieces of any size; returns what goes on to the screen.

        Raises:
            ViewerRefused: It is no message of a viewer.
        """
        self._waiting += data
        out = bytearray()
        while (length := self._length()) and len(self._waiting) >= length:
            message = bytes(self._waiting[:length])
            del self._waiting[:length]
            if not self._passes(message):
                continue
            if self._is_kept(message):
                self._kept += message
                _at_most(len(self._kept), MOST_KEPT)
            else:
                out += message
        return bytes(out)

    def release(self) -> bytes:
        """What was kept back and goes on to the screen now: nothing, if it may no longer."""
        kept, self._kept = self._kept, bytearray()
        return bytes(kept) if self._may_type() else b""

    def _is_kept(self, message: bytes) -> bool:
        if self._greeted < len(_GREETING) or self._listening.is_open:
            return False
        if message[0] not in (_KEY, _QEMU, _POINTER, _CUT_TEXT):
            return False
        if message[0] == _POINTER and message[1] and self._listening.focused:
            # Somebody sees the window and clicks in it, perhaps because its page does not come.
            self._listening.open()
            return False
        return True

    def _length(self) -> int:
        """Of the message that begins here; 0 where more has to come to know it."""
        waiting = self._waiting
        if self._greeted < len(_GREETING):
            return _GREETING[self._greeted]
        if not waiting:
            return 0
        if waiting[0] in _FIXED:
            return _FIXED[waiting[0]]
        unknown: tuple[int, Callable[[], int]] = (1, _refuse)
        longer: dict[int, tuple[int, Callable[[], int]]] = {
            # The mark of the longer form, for mice with more buttons.
            _POINTER: (2, lambda: 7 if waiting[1] & 0x80 else 6),
            _SET_ENCODINGS: (4, lambda: 4 + 4 * _at_most(self._number(2, 2), _MOST_ENCODINGS)),
            _CUT_TEXT: (8, lambda: 8 + _at_most(self._text_length(), MOST_TEXT)),
            _FENCE: (9, lambda: 9 + _at_most(waiting[8], 64)),
            _SET_SIZE: (8, lambda: 8 + 16 * _at_most(waiting[6], _MOST_SCREENS)),
            _QEMU: (2, lambda: 12 if waiting[1] == 0 else _refuse()),
        }
        needed, length = longer.get(waiting[0], unknown)
        return length() if len(waiting) >= needed else 0

    def _number(self, start: int, size: int) -> int:
        return int.from_bytes(self._waiting[start : start + size], "big")

    def _text_length(self) -> int:
        # Negative: the extended form, whose length it is all the same.
        return abs(int.from_bytes(self._waiting[4:8], "big", signed=True))

    def _passes(self, message: bytes) -> bool:
        if self._greeted < len(_GREETING):
            if self._greeted < 2 and message != (VERSION, _NO_SECURITY)[self._greeted]:
                _refuse()
            self._greeted += 1
            return True
        kind = message[0]
        if kind in _LOOKS_ONLY:
            return True
        may = self._may_type()
        if kind == _KEY:
            return self._key(message[4:8], down=message[1] != 0, may=may)
        if kind == _QEMU:
            return self._key(message[4:12], down=message[2:4] != b"\0\0", may=may)
        return may

    def _key(self, key: bytes, *, down: bool, may: bool) -> bool:
        if down and may:
            self._down.add(key)
        elif not down and key in self._down:
            # Let go although it may not type any more: else the key would repeat for ever.
            self._down.discard(key)
            return True
        return may


def _at_most(number: int, most: int) -> int:
    return number if number <= most else _refuse()


def _refuse() -> int:
    raise ViewerRefused("The viewer said something that is not let through.")
