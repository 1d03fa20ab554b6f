"""Kernel messages as they travel over the websocket, in both formats that Jupyter speaks.

``v1.kernel.websocket.jupyter.org`` is an offset table and raw JSON parts; the older one is JSON
text, or an offset table before JSON and buffers. Both are described in
https://jupyter-server.readthedocs.io/en/latest/developers/websocket-protocols.html

Reading is strict: what can't be read surely is not passed on, because a kernel that reads it in
another way would see a text that nobody screened.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any, Final

from jupyter_client.jsonutil import json_default
from jupyter_server.services.kernels.connection.base import (
    deserialize_binary_message,
    deserialize_msg_from_ws_v1,
    serialize_binary_message,
    serialize_msg_to_ws_v1,
)

from jupyter_agent.server import envelope

V1: Final = "v1.kernel.websocket.jupyter.org"

_CHANNELS: Final = frozenset({"shell", "control", "stdin", "iopub"})
_V1_PARTS: Final = 4  # header, parent header, metadata, content; buffers follow

Json = dict[str, Any]


class UnreadableMessage(Exception):
    """A websocket message is not a Jupyter message. Says nothing about what it was."""

    def __init__(self) -> None:
        super().__init__("not a Jupyter message")


@dataclass(frozen=True, slots=True, repr=False)
class Request:
    """One message from a page. No repr: it may hold anything.

    Attributes:
        channel: ``shell``, ``control``, ``stdin`` or ``iopub``.
        header: With ``msg_type``, ``msg_id`` and ``session``.
        content: What is asked.
        buffers: Bytes beside the content.
        beside: What its headers and metadata hold beyond the ordinary.
    """

    channel: str
    header: Json
    content: Json
    buffers: list[bytes]
    beside: Json
    _parts: list[bytes] | Json

    @property
    def type(self) -> str:
        """The message type."""
        return str(self.header["msg_type"])

    @property
    def session(self) -> str:
        """Which client asks."""
        return str(self.header.get("session", ""))

    def with_bare_header(self) -> Request:
        """The same message with only the plain fields in its header."""
        return replace(self, header=envelope.bare(self.header))

    def with_content(self, content: Json) -> str | bytes:
        """The same header and channel, in the same format, with other content and nothing else."""
        if isinstance(self._parts, list):
            header = json.dumps(self.header).encode()
            parts = [header, b"{}", b"{}", json.dumps(content).encode()]
            encoded: bytes = serialize_msg_to_ws_v1(parts, self.channel)  # type: ignore[no-untyped-call]
            return encoded
        fields = {"channel": self.channel, "header": self.header, "content": content}
        empty: Json = {"parent_header": {}, "metadata": {}, "buffers": []}
        return json.dumps({**fields, **empty}, default=json_default)


def read(message: str | bytes, subprotocol: str | None) -> tuple[Request, str | bytes]:
    """Read one message from a page.

    Args:
        message: As the websocket gave it.
        subprotocol: What the two sides agreed on.

    Returns:
        The request, and the message to hand on if nothing is wrong with it. It differs from the
        one that came in only where an old client left out the channel: Jupyter Server would fill
        it in, and log the whole message while doing so.

    Raises:
        UnreadableMessage: It is not a Jupyter message.
    """
    try:
        if subprotocol == V1:
            return _read_v1(message), message
        return _read_legacy(message)
    # Whatever a parser can raise on hostile input, the answer is the same, and no cause may be
    # chained: it could quote the message.
    except Exception:  # noqa: BLE001
        raise UnreadableMessage from None


def write(message: Json, channel: str, subprotocol: str | None, pack: Any) -> str | bytes:
    """An answer in the format that the page speaks.

    Args:
        message: As ``Session.msg`` makes it.
        channel: The channel it is to arrive on.
        subprotocol: What the two sides agreed on.
        pack: The session's serializer.
    """
    if subprotocol == V1:
        encoded: bytes = serialize_msg_to_ws_v1(message, channel, pack)  # type: ignore[no-untyped-call]
        return encoded
    text: bytes = pack({**message, "channel": channel})
    return text.decode()


def _read_v1(message: str | bytes) -> Request:
    if not isinstance(message, bytes) or 8 * int.from_bytes(message[:8], "little") >= len(message):
        raise TypeError  # Jupyter's own reader would believe any number of parts
    channel, parts = deserialize_msg_from_ws_v1(message)  # type: ignore[no-untyped-call]
    header, parent, metadata, content = (_object(part) for part in parts[:_V1_PARTS])
    beside = envelope.unusual(header, parent, metadata)
    return _checked(Request(channel, header, content, parts[_V1_PARTS:], beside, parts))


def _read_legacy(message: str | bytes) -> tuple[Request, str | bytes]:
    if isinstance(message, bytes):
        if 4 * int.from_bytes(message[:4], "big") >= len(message):
            raise TypeError
        fields = deserialize_binary_message(message)  # type: ignore[no-untyped-call]
        first, behind = (int.from_bytes(message[at : at + 4], "big") for at in (4, 8))
        _object(message[first : behind if len(fields["buffers"]) else None])
    else:
        fields = json.loads(message, object_pairs_hook=_unambiguous)
    if "channel" in fields and fields["channel"] is not None:
        return _from_fields(fields), message
    fields["channel"] = "shell"
    request = _from_fields(fields)
    if isinstance(message, bytes):
        return request, serialize_binary_message(fields)  # type: ignore[no-untyped-call]
    return request, json.dumps(fields, default=json_default)


def _from_fields(fields: Json) -> Request:
    buffers = fields.get("buffers") or []
    known = {"channel", "header", "parent_header", "metadata", "content", "buffers"}
    more = {name: value for name, value in fields.items() if name not in known}
    beside = envelope.unusual(
        fields["header"], fields.get("parent_header"), {**(fields.get("metadata") or {}), **more}
    )
    return _checked(
        Request(fields["channel"], fields["header"], fields["content"], buffers, beside, fields)
    )


def _checked(request: Request) -> Request:
    if (
        request.channel not in _CHANNELS
        or not isinstance(request.header, dict)
        or not isinstance(request.header.get("msg_type"), str)
        or not isinstance(request.content, dict)
    ):
        raise TypeError
    return request


def _object(part: bytes) -> Any:
    # Decoded as strict UTF-8: json.loads would also accept UTF-16, which kernels do not.
    return json.loads(str(part, "utf-8"), object_pairs_hook=_unambiguous)


def _unambiguous(pairs: list[tuple[str, Any]]) -> Json:
    # Of two fields of one name, one parser takes the first and another the last.
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ValueError
    return fields
