"""The lines that client and broker exchange (docs/protocol.md, section 1): values only, no I/O.

NDJSON: one JSON object a line, UTF-8, at most 1 MiB. No line ever carries a plaintext value.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, Literal

from jupyter_agent.errors import RequestInvalid

PROTOCOLS: Final = (1,)
"""The protocol numbers this release speaks, newest last."""

MAX_LINE: Final = 1024 * 1024
"""Longest line in bytes, newline included."""

_ROOM: Final = MAX_LINE - 4096

PAGE: Final = MAX_LINE // 2
"""Bytes after which a list that is read page by page goes on with the next page."""

OUTPUT_CHUNK: Final = 256 * 1024
"""Most output bytes in one `output` event; base64 and JSON keep it well below MAX_LINE."""

HANDED_ON: Final = re.compile(r"PATH|LANG|LANGUAGE|LC_[A-Z]+|TZ|TERM|VIRTUAL_ENV|CONDA_[A-Z0-9_]+")
"""The variables that callers hand on to a command from their own environment.

By name, because an environment holds other tokens. A person may export more, one by one.
"""

SHELLS: Final = ("bash", "sh", "zsh", "fish", "python")
"""What may read a script; the first where nothing is said."""

# json.dumps makes one of these each time that it is asked for another form than its own.
_as_json: Final = json.JSONEncoder(ensure_ascii=True, separators=(",", ":")).encode

Role = Literal["person", "kernel", "agent", "guest"]
Message = dict[str, Any]


def encode(message: Mapping[str, Any]) -> bytes:
    """One line, newline included.

    Raises:
        RequestInvalid: The message does not fit into one line.
    """
    line = _as_json(message).encode() + b"\n"
    if len(line) > MAX_LINE:
        raise RequestInvalid(
            "That request is too long to send.", f"One request has at most {MAX_LINE} bytes."
        )
    return line


def decode(line: bytes) -> Message:
    """The message in one line.

    Raises:
        RequestInvalid: It is not one JSON object of at most 1 MiB. The line is not repeated:
            it may hold anything.
    """
    if len(line) <= MAX_LINE:
        try:
            message = json.loads(line)
        except (ValueError, RecursionError):
            message = None
        if isinstance(message, dict):
            return message
    raise RequestInvalid("That line is not a request.", "Speak docs/protocol.md, one JSON a line.")


def fits(message: Mapping[str, Any]) -> bool:
    """Whether a message fits into one line, with room for an id and a few words more."""
    try:
        return len(encode(message)) <= _ROOM
    except RequestInvalid:
        return False


def parts(result: Message) -> list[Message]:
    """A result in pieces that each fit into one line: its one list is cut, nothing else.

    Raises:
        RequestInvalid: It has no list to cut, or one item alone is too long.
    """
    if fits(result):
        return [result]
    name = next((name for name, value in result.items() if isinstance(value, list)), None)
    if name is None or len(result) > 1 or not all(fits({name: [item]}) for item in result[name]):
        raise RequestInvalid("The answer is too long to send.", "Ask for less of it.")
    pieces: list[list[Any]] = [[]]
    room = _ROOM - len(encode({name: []}))
    for item in result[name]:
        size = len(encode({"": item}))
        if size > room:
            pieces.append([])
            room = _ROOM - len(encode({name: []}))
        pieces[-1].append(item)
        room -= size
    return [{name: piece} for piece in pieces]


class Gathered:
    """A result put together again from its ``parts``.

    Attributes:
        result: All of it, once the last line was taken.
    """

    def __init__(self) -> None:
        self._before: Message = {}
        self.result: Message = {}

    def take(self, message: Message) -> None:
        """Take the next line about the request."""
        if message.get("event") == "more":
            for name, items in message["more"].items():
                self._before.setdefault(name, []).extend(items)
        elif "result" in message:
            self.result = dict(message["result"])  # a copy: the line stays as it came
            for name, items in self._before.items():
                self.result[name] = items + self.result[name]


def text(message: Mapping[str, Any], name: str, default: str | None = None) -> str:
    """A string field, or the default where the field is missing.

    Raises:
        RequestInvalid: The field is missing without a default, or is not a string.
    """
    value = message.get(name, default)
    if not isinstance(value, str):
        raise RequestInvalid(f'The request needs "{name}" as text.')
    return value


def optional_text(message: Mapping[str, Any], name: str) -> str | None:
    """A string field, or None where it is missing or null.

    Raises:
        RequestInvalid: The field is something else.
    """
    return None if message.get(name) is None else text(message, name)


def data(message: Mapping[str, Any], name: str) -> bytes:
    """A bytes field, sent as standard base64.

    Raises:
        RequestInvalid: The field is missing or not base64.
    """
    try:
        return base64.b64decode(text(message, name), validate=True)
    except (binascii.Error, ValueError):
        raise RequestInvalid(f'The request needs "{name}" as base64.') from None


def to_base64(value: bytes) -> str:
    """How bytes travel in a line."""
    return base64.b64encode(value).decode("ascii")


def timestamp(moment: datetime | None = None) -> str:
    """A moment (now, if none is given) as RFC 3339 in UTC, to the second.

    Args:
        moment: An aware datetime.
    """
    moment = moment or datetime.now(UTC)
    # Not strftime: it writes the year 26 in two digits, which nothing reads as a time.
    return moment.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z"
