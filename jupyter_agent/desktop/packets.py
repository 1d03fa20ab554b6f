"""What a desktop's server and its keeper say to each other: JSON objects, each behind its length.

A stream of bytes carries them, because macOS has no socket that keeps messages apart and tells of
the end, and Windows none that a process inherits. What comes with a message is ``lifeline``'s.

    server → keeper   {"id": n, "argv": [...], "env": {...}, "numbers": [3, …]}   a program, and the
                                                        numbers under which it has its descriptors
                      {"signal": number, "pid": pid}    to one program that it has started
                      {"close": true}
    keeper → server   {"id": n, "pid": pid} | {"id": n, "errno": number}
                      {"ended": pid, "exit": code}      minus the number of a signal, as in Python
                      {"closed": true, "left": [...]}   the last one
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator, Mapping
from typing import Any, Final

LARGEST: Final = 128 * 1024
"""Bytes of one message. An environment is the largest thing in one."""

LENGTH: Final = struct.Struct("!I")
"""What is ahead of each message."""

MOST_HANDLES: Final = 8
"""Descriptors with one program."""


def packed(message: Mapping[str, Any]) -> bytes:
    """A message as it goes over the line, without its descriptors.

    Raises:
        ValueError: It is too large.
    """
    packet = json.dumps(message).encode()
    if len(packet) > LARGEST:
        raise ValueError("too much for one program")
    return LENGTH.pack(len(packet)) + packet


class Packets:
    """Cuts what comes into messages."""

    def __init__(self) -> None:
        self._heard = bytearray()

    def of(self, piece: bytes) -> Iterator[dict[str, Any]]:
        """The messages that are whole with this piece."""
        self._heard += piece
        while (size := self._size_of_next()) and len(self._heard) >= size:
            message = json.loads(self._heard[LENGTH.size : size])
            del self._heard[:size]
            yield message

    def _size_of_next(self) -> int:
        if len(self._heard) < LENGTH.size:
            return 0
        (size,) = LENGTH.unpack_from(self._heard)
        return LENGTH.size + int(size)
