"""The messages of PostgreSQL's protocol 3.0, written and read. Pure.

Each is a byte that says what it is, the length of the rest with these four bytes, and the rest;
those that begin a connection have no such byte. See "Message Formats" in its documentation.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

LONGEST_STARTUP: Final = 10_000
"""Bytes; PostgreSQL's own limit."""

SSL_REQUEST: Final = struct.pack("!II", 8, 80877103)
GSS_REQUEST: Final = struct.pack("!II", 8, 80877104)
_CANCEL: Final = 80877102
_INT: Final = struct.Struct("!i")
_HEAD: Final = struct.Struct("!cI")


class Malformed(Exception):
    """Those bytes are no message of this protocol. Its text never has any of them."""


@dataclass(frozen=True, slots=True)
class Startup:
    """How a connection begins.

    Attributes:
        minor: Of the protocol's version 3.
        parameters: ``user``, ``database`` and settings for the session.
    """

    minor: int
    parameters: Mapping[str, str]


@dataclass(frozen=True, slots=True, repr=False)
class Cancel:
    """A wish to end what another connection is doing.

    Attributes:
        key: Process and secret key that the other connection was told.
    """

    key: bytes


def read_startup(body: bytes) -> Startup | Cancel | None:
    """What a connection begins with.

    Args:
        body: Behind the length.

    Returns:
        None for a wish to encrypt, which the caller's connection on this machine is not.

    Raises:
        Malformed: It is none of these.
    """
    if len(body) < 4:
        raise Malformed("A connection begins in another way.")
    (code,) = struct.unpack_from("!I", body)
    if body in (SSL_REQUEST[4:], GSS_REQUEST[4:]):
        return None
    if code == _CANCEL and len(body) >= 12:
        return Cancel(body[4:])
    if code >> 16 != 3:
        raise Malformed("That is another version of the protocol.")
    return Startup(code & 0xFFFF, _read_parameters(body[4:]))


def _read_parameters(body: bytes) -> dict[str, str]:
    if not body.endswith(b"\0"):
        raise Malformed("The parameters have no end.")
    words = body[:-1].split(b"\0")[:-1] if body != b"\0" else []
    parameters: dict[str, str] = {}
    if len(words) % 2 or any(not name for name in words[::2]):
        raise Malformed("A parameter has no value.")
    for name, text in zip(words[::2], words[1::2], strict=True):
        try:
            key, value = name.decode("ascii"), text.decode("utf-8")
        except UnicodeDecodeError:
            raise Malformed("A parameter is not in UTF-8.") from None
        if key in parameters:
            raise Malformed("A parameter stands twice.")
        parameters[key] = value
    return parameters


def startup(parameters: Mapping[str, str]) -> bytes:
    """The message that begins a connection, of protocol 3.0.

    Raises:
        Malformed: A parameter can't be sent.
    """
    body = struct.pack("!I", 3 << 16)
    for name, text in parameters.items():
        if "\0" in name + text or not name:
            raise Malformed("A parameter can't hold that.")
        body += name.encode() + b"\0" + text.encode() + b"\0"
    return _INT.pack(len(body) + 5) + body + b"\0"


def cancel(key: bytes) -> bytes:
    """The message that ends what another connection is doing."""
    return struct.pack("!II", 8 + len(key), _CANCEL) + key


def message(kind: bytes, body: bytes) -> bytes:
    """A message of that kind."""
    return _HEAD.pack(kind, len(body) + 4) + body


def authentication(code: int, data: bytes = b"") -> bytes:
    """A server's request or result of authentication."""
    return message(b"R", struct.pack("!I", code) + data)


def mechanisms(body: bytes) -> list[bytes]:
    """The names in a server's offer of SASL mechanisms.

    Raises:
        Malformed: It is none.
    """
    if not body.endswith(b"\0\0") and body != b"\0":
        raise Malformed("The offer of mechanisms has no end.")
    return [name for name in body.split(b"\0") if name]


def sasl_response(name: bytes, data: bytes) -> bytes:
    """A client's first message of a mechanism."""
    return message(b"p", name + b"\0" + _INT.pack(len(data)) + data)


def read_sasl_response(body: bytes) -> tuple[bytes, bytes]:
    """The mechanism's name, and its first message.

    Raises:
        Malformed: It is none.
    """
    name, end, rest = body.partition(b"\0")
    if not end or len(rest) < 4 or _INT.unpack_from(rest)[0] != len(rest) - 4:
        raise Malformed("That chooses no mechanism.")
    return name, rest[4:]


def version(minor: int, unknown: Sequence[str]) -> bytes:
    """What a server says that knows only an older protocol, or not all extensions."""
    names = b"".join(name.encode() + b"\0" for name in unknown)
    return message(b"v", struct.pack("!II", minor, len(unknown)) + names)


def error(code: str, text: str, hint: str = "") -> bytes:
    """An error that ends the connection.

    Args:
        code: SQLSTATE.
        text: What happened.
        hint: What to do.
    """
    fields = {"S": "FATAL", "V": "FATAL", "C": code, "M": text}
    if hint:
        fields["H"] = hint
    body = b"".join(f"{name}{text}".encode() + b"\0" for name, text in fields.items())
    return message(b"E", body + b"\0")


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a message.

    Attributes:
        data: Without what frames it.
        frame: ``raw`` is structure and stays; the others are text or data: ``field`` with its
            length before it, ``string`` with a zero behind it, ``rest`` of the message.
    """

    data: bytes
    frame: str = "raw"

    def framed(self) -> bytes:
        """As it stands in the message."""
        if self.frame == "field":
            return _INT.pack(len(self.data)) + self.data
        return self.data + b"\0" if self.frame == "string" else self.data


_NULL: Final = Part(b"\xff\xff\xff\xff")
WITHOUT_TEXT: Final = frozenset(b"123nscIZtGHK")
"""Kinds of a server's messages that have nothing but numbers."""


def parts(kind: int, body: bytes, *, binary_copy: bool = False) -> list[Part]:
    """A server's message after authentication, taken apart.

    Args:
        kind: Its first byte.
        body: Behind the length.
        binary_copy: Whether a COPY in binary format is going on.

    Raises:
        Malformed: It is not of this protocol, or nothing that a server may say by now.
    """
    if kind in WITHOUT_TEXT:
        return [Part(body)]
    if kind == ord("d"):
        return list(_copied(body)) if binary_copy else [Part(body, "rest")]
    reader = _READERS.get(kind)
    if reader is None:
        raise Malformed("The database says what it may not say here.")
    cursor = _Cursor(body)
    found = list(reader(cursor))
    if not cursor.done:
        raise Malformed("A message is longer than what it holds.")
    return found


class _Cursor:
    """A place in a message."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self._at = 0

    @property
    def done(self) -> bool:
        return self._at == len(self._body)

    def raw(self, size: int) -> Part:
        data = self._body[self._at : self._at + size]
        if size < 0 or len(data) != size:
            raise Malformed("A message is shorter than what it holds.")
        self._at += size
        return Part(data)

    def number(self, size: int) -> int:
        return int.from_bytes(self.raw(size).data, signed=True)

    def field(self) -> Part:
        size = self.number(4)
        return _NULL if size == -1 else Part(self.raw(size).data, "field")

    def string(self) -> Part:
        end = self._body.find(b"\0", self._at)
        if end < 0:
            raise Malformed("A text has no end.")
        text = Part(self._body[self._at : end], "string")
        self._at = end + 1
        return text

    def counted(self) -> tuple[Part, int]:
        count = self.raw(2)
        return count, int.from_bytes(count.data, signed=True)


def _data_row(cursor: _Cursor) -> Iterator[Part]:
    count, columns = cursor.counted()
    yield count
    for _ in range(columns):
        yield cursor.field()


def _row_description(cursor: _Cursor) -> Iterator[Part]:
    count, columns = cursor.counted()
    yield count
    for _ in range(columns):
        yield cursor.string()
        yield cursor.raw(18)


def _fields(cursor: _Cursor) -> Iterator[Part]:
    while (code := cursor.raw(1)).data != b"\0":
        yield code
        yield cursor.string()
    yield code


def _notification(cursor: _Cursor) -> Iterator[Part]:
    yield cursor.raw(4)
    yield cursor.string()
    yield cursor.string()


def _setting(cursor: _Cursor) -> Iterator[Part]:
    yield cursor.string()
    yield cursor.string()


def _result(cursor: _Cursor) -> Iterator[Part]:
    yield cursor.field()


def _tag(cursor: _Cursor) -> Iterator[Part]:
    yield cursor.string()


def _copied(body: bytes) -> Iterator[Part]:
    """Rows of COPY in binary format (documentation of COPY, "Binary Format")."""
    cursor = _Cursor(body)
    if body.startswith(_COPY_SIGNATURE):
        head = cursor.raw(len(_COPY_SIGNATURE) + 8)
        yield head
        yield cursor.raw(int.from_bytes(head.data[-4:], signed=True))
    while not cursor.done:
        count, columns = cursor.counted()
        yield count
        for _ in range(columns):  # none for -1, which ends them all
            yield cursor.field()


_COPY_SIGNATURE: Final = b"PGCOPY\n\xff\r\n\0"
_READERS: Final = {
    ord("D"): _data_row,
    ord("T"): _row_description,
    ord("E"): _fields,
    ord("N"): _fields,
    ord("A"): _notification,
    ord("S"): _setting,
    ord("V"): _result,
    ord("C"): _tag,
}
