"""A page's end of a kernel's websocket, in both formats that Jupyter speaks."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from jupyter_server.services.kernels.connection.base import (
    deserialize_msg_from_ws_v1,
    serialize_binary_message,
    serialize_msg_to_ws_v1,
)

V1 = "v1.kernel.websocket.jupyter.org"
Json = dict[str, Any]


@dataclass(frozen=True)
class Message:
    """One message from the server."""

    channel: str
    kind: str
    parent: str
    content: Json

    @property
    def text(self) -> str:
        return json.dumps(self.content, ensure_ascii=False)


class KernelPage:
    """A connected page. `raw` keeps every byte the server sent."""

    def __init__(self, socket: Any, kernel_id: str, *, v1: bool) -> None:
        self._socket = socket
        self.kernel_id = kernel_id
        self._v1 = v1
        self.session = uuid.uuid4().hex
        self.raw: list[bytes] = []

    @classmethod
    async def connect(
        cls,
        fetch: Callable[..., Awaitable[Any]],
        kernel_id: str,
        *,
        v1: bool = True,
        session: str = "",
    ) -> KernelPage:
        """Connect; with the session of an earlier page, as that page does after a lost line."""
        protocols = [V1] if v1 else None
        params = {"session_id": session} if session else {}
        socket = await fetch(
            "api", "kernels", kernel_id, "channels", params=params, subprotocols=protocols
        )
        assert socket.selected_subprotocol == (V1 if v1 else None)
        return cls(socket, kernel_id, v1=v1)

    async def send(
        self,
        kind: str,
        content: Json,
        *,
        channel: str = "shell",
        header: Json | None = None,
        parent: Json | None = None,
        metadata: Json | None = None,
        buffers: Sequence[bytes] = (),
    ) -> str:
        """Send a request and return its id; `header` is put over the ordinary one."""
        header = {**self._header(kind), **(header or {})}
        parent, metadata = parent or {}, metadata or {}
        if self._v1:
            parts = [json.dumps(part).encode() for part in (header, parent, metadata, content)]
            await self.send_raw(serialize_msg_to_ws_v1([*parts, *buffers], channel))
        else:
            message = {
                "channel": channel,
                "header": header,
                "parent_header": parent,
                "metadata": metadata,
                "content": content,
                "buffers": list(buffers),
            }
            packed = serialize_binary_message(message) if buffers else json.dumps(message)
            await self.send_raw(packed)
        return header["msg_id"]

    async def send_parts(self, parts: list[bytes], channel: str = "shell") -> None:
        """Send the JSON parts of a v1 message as they are."""
        await self.send_raw(serialize_msg_to_ws_v1(parts, channel))

    async def send_raw(self, message: str | bytes) -> None:
        await self._socket.write_message(message, binary=isinstance(message, bytes))

    async def execute(self, code: str, **more: Any) -> str:
        content = {
            "code": code,
            "silent": False,
            "store_history": True,
            "user_expressions": {},
            "allow_stdin": True,
            "stop_on_error": True,
            **more,
        }
        return await self.send("execute_request", content)

    async def read(self) -> Message:
        """The next message; fails when the server hangs up or says nothing for long."""
        async with asyncio.timeout(60):
            raw = await self._socket.read_message()
        assert raw is not None, "the server closed the websocket"
        self.raw.append(raw if isinstance(raw, bytes) else raw.encode())
        if self._v1:
            channel, parts = deserialize_msg_from_ws_v1(raw)
            header, parent, _, content = (json.loads(part) for part in parts[:4])
        else:
            fields = json.loads(raw)
            channel, header = fields["channel"], fields["header"]
            parent, content = fields["parent_header"], fields["content"]
        return Message(channel, header["msg_type"], parent.get("msg_id", ""), content)

    async def until(self, wanted: Callable[[Message], bool]) -> Message:
        while not wanted(message := await self.read()):
            pass
        return message

    async def answers(self, *requests: str) -> dict[str, list[Message]]:
        """What the server says to some requests, until each has its reply and is idle."""
        given: dict[str, list[Message]] = {request: [] for request in requests}
        while not all(_finished(messages) for messages in given.values()):
            message = await self.read()
            if message.parent in given:
                given[message.parent].append(message)
        return given

    async def run(self, code: str, **more: Any) -> list[Message]:
        request = await self.execute(code, **more)
        return (await self.answers(request))[request]

    def close(self) -> None:
        self._socket.close()

    def _header(self, kind: str) -> Json:
        return {
            "msg_id": uuid.uuid4().hex,
            "msg_type": kind,
            "username": "someone",
            "session": self.session,
            "date": "2026-01-01T00:00:00Z",
            "version": "5.4",
        }


def _finished(messages: list[Message]) -> bool:
    idle = any(
        message.kind == "status" and message.content["execution_state"] == "idle"
        for message in messages
    )
    return idle and any(message.channel in ("shell", "control") for message in messages)


def reply(messages: list[Message]) -> Json:
    """The content of the reply among some messages."""
    return next(m.content for m in messages if m.channel in ("shell", "control"))


def printed(messages: list[Message]) -> str:
    """What the cell printed."""
    return "".join(m.content["text"] for m in messages if m.kind == "stream")


def of_kind(messages: list[Message], kind: str) -> list[Json]:
    return [message.content for message in messages if message.kind == kind]
