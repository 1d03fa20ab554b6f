"""What a database says, scrubbed of a value message by message. Pure.

A message says how long it is before it says what, so it is looked through as a whole, and written
anew where something was replaced. Each field of a row is a text of its own: a value that begins in
one and ends in another is not one that anybody can read.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final

from jupyter_agent.egress.postgres.messages import WITHOUT_TEXT, Malformed, Part, message, parts
from jupyter_agent.scrub import Scrubber

LARGEST: Final = 64 * 1024 * 1024
"""Longest message, in bytes; it has to be in memory to be looked through."""

_INT: Final = struct.Struct("!i")
_ROW, _COPY_DATA, _COPY_BEGINS, _KEY = b"DdHK"


class TooLarge(Exception):
    """A message is longer than what is looked through."""


class Replies:
    """The messages of one connection, from the end of its authentication on.

    Args:
        scrubber: Knows the value.

    Attributes:
        hits: How often it was replaced.
        key: The process and secret key that the database has told, which a wish to cancel needs.
    """

    def __init__(self, scrubber: Scrubber) -> None:
        self._scrubber = scrubber
        self._waiting = bytearray()
        self._binary_copy = False
        self.hits = 0
        self.key: bytes | None = None

    @property
    def waiting(self) -> int:
        """Bytes of a message that is not complete yet."""
        return len(self._waiting)

    def feed(self, data: bytes) -> bytes:
        """Take what comes and return the messages that are complete, scrubbed.

        Raises:
            Malformed: It is not this protocol.
            TooLarge: A message is too long.
        """
        self._waiting += data
        end = self._end_of_complete()
        if not end:
            return b""
        raw = bytes(memoryview(self._waiting)[:end])
        del self._waiting[:end]
        # All in one look first: nearly always there is nothing. A line break is part of no escape
        # and of no value's inside that a field would be, so what is in a field is seen here, too.
        before = self._binary_copy
        if self._is_clean(b"\n".join(self._texts(raw))):
            return raw
        self._binary_copy = before
        return b"".join(self._scrubbed(kind, body) for kind, body in _messages(raw))

    def scrub(self, kind: int, body: bytes) -> bytes:
        """One message by itself, such as the error with which a database refuses a login.

        Raises:
            Malformed: It is not this protocol.
        """
        return self._scrubbed(kind, body)

    def _end_of_complete(self) -> int:
        waiting, at, size = self._waiting, 0, len(self._waiting)
        while at + 5 <= size:
            (length,) = _INT.unpack_from(waiting, at + 1)
            if length < 4:
                raise Malformed("A message has no length.")
            if length > LARGEST:
                raise TooLarge
            if at + 1 + length > size:
                break
            at += 1 + length
        return at

    def _texts(self, raw: bytes) -> list[bytes]:
        found: list[bytes] = []
        at, size, unpack = 0, len(raw), _INT.unpack_from
        while at < size:
            kind, begin = raw[at], at + 5
            at += 1 + unpack(raw, at + 1)[0]
            if kind == _ROW:
                _add_columns(found, raw, begin, at)
            elif kind == _COPY_DATA:
                found.append(raw[begin:at])
            elif kind in WITHOUT_TEXT:
                self._note(kind, raw[begin:at])
            else:
                taken = parts(kind, raw[begin:at])
                found += [part.data for part in taken if part.frame != "raw"]
        return found

    def _is_clean(self, text: bytes) -> bool:
        one = self._scrubber.sibling()
        return one.feed(text) + one.finish() == text

    def _note(self, kind: int, body: bytes) -> None:
        if kind == _COPY_BEGINS:
            self._binary_copy = body[:1] == b"\1"
        elif kind == _KEY:
            self.key = body

    def _scrubbed(self, kind: int, body: bytes) -> bytes:
        self._note(kind, body)
        if kind == _COPY_DATA and self._binary_copy and self._is_clean(body):
            return message(bytes([kind]), body)
        taken = parts(kind, body, binary_copy=self._binary_copy)
        return message(bytes([kind]), b"".join(self._clean(part).framed() for part in taken))

    def _clean(self, part: Part) -> Part:
        if part.frame == "raw":
            return part
        one = self._scrubber.sibling()
        if part.frame == "field" and b"\0" in part.data:
            # No text has a zero byte: this is binary format, where an array or a row has lengths
            # of its own inside. A library that is told a wrong one reads behind the end.
            shown = one.blank(part.data)
        else:
            shown = one.feed(part.data) + one.finish()
        self.hits += sum(one.hits.values())
        return Part(shown, part.frame)


def _messages(raw: bytes) -> Iterator[tuple[int, bytes]]:
    at, size = 0, len(raw)
    while at < size:
        end = at + 1 + int.from_bytes(raw[at + 1 : at + 5])
        yield raw[at], raw[at + 5 : end]
        at = end


def _add_columns(found: list[bytes], raw: bytes, at: int, end: int) -> None:
    """The fields of a row: what ``parts`` finds, quicker, because most of an answer is rows."""
    if end - at < 2:
        raise Malformed("A row has no number of columns.")
    columns = int.from_bytes(raw[at : at + 2], signed=True)
    at += 2
    for _ in range(columns):
        if at + 4 > end:
            raise Malformed("A row is shorter than what it holds.")
        (length,) = _INT.unpack_from(raw, at)
        at += 4
        if length > 0:
            found.append(raw[at : at + length])
            at += length
        elif length < -1:
            raise Malformed("A field has no length.")
    if at != end:
        raise Malformed("A row is not as long as what it holds.")
