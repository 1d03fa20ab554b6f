"""The one way to the broker; starts it when it is not there.

Two clients over the same lines: ``Client`` blocks (kernel, terminal), ``AsyncClient`` does not
(server). Who one is comes in as a ``Hello``; this module knows no key and reads none.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
import select
import socket
import struct
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any, Final, Self

from jupyter_agent import spawn, wire
from jupyter_agent.errors import (
    AgentError,
    BrokerError,
    BrokerRefused,
    BrokerUnreachable,
    RunLost,
)
from jupyter_agent.folders import Folders, check_private_dir, short_path

_START_TIMEOUT: Final = 15.0
# A broker that was just killed may still take a connection and never answer. Nothing has been asked
# of it before it has answered hello, so that greeting the next one is safe.
_GREETINGS: Final = 10
_BETWEEN_GREETINGS: Final = 0.05


@dataclass(frozen=True, slots=True, repr=False)
class Hello:
    """Who is calling. No repr: it may hold a key.

    Attributes:
        role: What the caller asks to be.
        proof: ``{"key": …}`` of a person, ``{"capability": …}`` of a kernel, or nothing.
        claims: Shown to people, never trusted.
        settings: A person's choices for a vault that is yet to be made.
    """

    role: wire.Role = "guest"
    proof: dict[str, str] = field(default_factory=dict)
    claims: dict[str, str] = field(default_factory=dict)
    settings: dict[str, str] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"Hello(role={self.role!r})"

    def to_json(self) -> wire.Message:
        """The first line of a conversation."""
        return {
            "id": 0,
            "op": "hello",
            "protocol": list(wire.PROTOCOLS),
            "role": self.role,
            **self.proof,
            "claims": self.claims,
            "settings": self.settings,
        }


class Client:
    """One conversation with the broker, for callers that may block.

    Args:
        folders: Whose broker.
        hello: Who is calling.
        start: Start a broker where none answers.

    Raises:
        BrokerUnreachable: None answers, and none could be started.
        BrokerRefused: The socket is not ours, or the broker will not talk to this process.
        ProtocolMismatch: The two sides speak no common protocol.
    """

    def __init__(self, folders: Folders, hello: Hello, *, start: bool = True) -> None:
        self._ids = itertools.count(1)
        for left in reversed(range(_GREETINGS)):
            self._socket = connect(folders, start=start)
            self._buffer = bytearray()
            try:
                self._send(hello.to_json())
                self.welcome: wire.Message = self.receive(0)["result"]
            except RunLost:
                self.close()
                if not left:
                    raise
                time.sleep(_BETWEEN_GREETINGS)
            except BaseException:
                self.close()
                raise
            else:
                return

    def call(self, op: str, **fields: Any) -> wire.Message:
        """Ask and wait for the answer; events on the way are passed over.

        Raises:
            AgentError: What the broker answered.
        """
        gathered = wire.Gathered()
        for message in self.events(op, **fields):
            gathered.take(message)
        return gathered.result

    def begin(self, op: str, **fields: Any) -> int:
        """Ask, and return the request's id for ``receive``."""
        request = next(self._ids)
        self._send({"id": request, "op": op, **fields})
        return request

    def receive(self, request: int) -> wire.Message:
        """The next line about a request: it has ``event`` or, as the last one, ``result``.

        Raises:
            AgentError: The request ended in an error.
            RunLost: The broker went away.
        """
        while True:
            message = wire.decode(self._line())
            if message.get("id") not in (request, None):
                continue  # the answer to a request nobody waits for any more, such as `stop`
            if "error" in message:
                raise AgentError.from_json(message["error"])
            return message

    def events(self, op: str, **fields: Any) -> Iterator[wire.Message]:
        """Ask, and yield each line about it, the one with ``result`` last."""
        request = self.begin(op, **fields)
        while True:
            message = self.receive(request)
            yield message
            if "result" in message:
                return

    def fileno(self) -> int:
        """The connection, for ``select``: readable means that the broker has said something."""
        return self._socket.fileno()

    def close(self) -> None:
        """End the conversation, and with it everything it had started."""
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _send(self, message: wire.Message) -> None:
        line = wire.encode(message)
        try:
            self._socket.sendall(line)
        except OSError:
            raise _gone() from None

    def _line(self) -> bytes:
        while (end := self._buffer.find(b"\n")) < 0:
            if len(self._buffer) > wire.MAX_LINE:
                raise BrokerRefused("The broker sent a line that is too long.")
            try:
                more = self._socket.recv(1 << 18)
            except OSError:
                more = b""
            if not more:
                raise _gone()
            self._buffer += more
        line = bytes(self._buffer[: end + 1])
        del self._buffer[: end + 1]
        return line


class AsyncClient:
    """One conversation with the broker, for an event loop. Made by ``AsyncClient.open``."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._ids = itertools.count(1)
        self._waiting: dict[int, asyncio.Queue[wire.Message | None]] = {0: asyncio.Queue()}
        self._pump = asyncio.create_task(self._read())
        self.welcome: wire.Message = {}

    @classmethod
    async def open(cls, folders: Folders, hello: Hello, *, start: bool = True) -> AsyncClient:
        """Connect, and start a broker where none answers.

        Raises:
            BrokerUnreachable, BrokerRefused, ProtocolMismatch: See ``Client``.
        """
        for left in reversed(range(_GREETINGS)):
            try:
                return await cls._greet(folders, hello, start=start)
            except RunLost:
                if not left:
                    raise
                await asyncio.sleep(_BETWEEN_GREETINGS)
        raise _gone()

    @classmethod
    async def _greet(cls, folders: Folders, hello: Hello, *, start: bool) -> AsyncClient:
        # In a thread: the checks touch the disk, and starting a broker takes 0.1 s.
        raw = await asyncio.to_thread(connect, folders, start=start)
        raw.setblocking(False)
        reader, writer = await asyncio.open_unix_connection(sock=raw, limit=wire.MAX_LINE)
        client = cls(reader, writer)
        try:
            writer.write(wire.encode(hello.to_json()))
            client.welcome = (await client._receive(0))["result"]
        except BaseException:
            await client.close()
            raise
        return client

    async def call(self, op: str, **fields: Any) -> wire.Message:
        """Ask and wait for the answer.

        Raises:
            AgentError: What the broker answered.
        """
        gathered = wire.Gathered()
        async for message in self.events(op, **fields):
            gathered.take(message)
        return gathered.result

    async def events(self, op: str, **fields: Any) -> AsyncIterator[wire.Message]:
        """Ask, and yield each line about it, the one with ``result`` last.

        Raises:
            AgentError: The request ended in an error.
            RunLost: The broker went away.
        """
        if self.closed:
            raise _gone()
        request = next(self._ids)
        self._waiting[request] = asyncio.Queue()
        try:
            self._writer.write(wire.encode({"id": request, "op": op, **fields}))
            await self._writer.drain()
            while True:
                message = await self._receive(request)
                yield message
                if "result" in message:
                    return
        except OSError:
            raise _gone() from None
        finally:
            self._waiting.pop(request, None)

    @property
    def closed(self) -> bool:
        """Whether the conversation has ended, from whichever side."""
        return self._pump.done()

    async def wait_closed(self) -> None:
        """Wait until the conversation ends."""
        await asyncio.wait({self._pump})

    async def close(self) -> None:
        """End the conversation."""
        self._pump.cancel()
        self._writer.close()
        with contextlib.suppress(OSError, asyncio.CancelledError):
            await self._writer.wait_closed()

    async def _receive(self, request: int) -> wire.Message:
        message = await self._waiting[request].get()
        if message is None:
            raise _gone()
        if "error" in message:
            raise AgentError.from_json(message["error"])
        return message

    async def _read(self) -> None:
        try:
            while line := await self._reader.readline():
                message = wire.decode(line)
                number = message.get("id")
                if number is None:  # the broker could not read a line of ours and hangs up
                    break
                if queue := self._waiting.get(number):
                    queue.put_nowait(message)
        except (OSError, ValueError, AgentError):
            pass  # a line too long or not ours: the same as a broker that is gone
        finally:
            for queue in self._waiting.values():
                queue.put_nowait(None)


def connect(folders: Folders, *, start: bool) -> socket.socket:
    """A connected socket whose other end is ours.

    Raises:
        BrokerUnreachable: No broker answers, and none could be started.
        BrokerRefused: The folder or the process behind the socket is not ours.
    """
    _refuse_sudo()
    with contextlib.suppress(OSError):
        return _connected(folders)
    if not start:
        raise BrokerUnreachable("No broker is running.", "Any command that needs it starts it.")
    _start(folders)
    try:
        return _connected(folders)
    except OSError:
        raise BrokerUnreachable(
            "The broker started but does not answer.", "Look at: jupyter agent doctor"
        ) from None


def _refuse_sudo() -> None:
    # Under sudo the environment is the person's and the uid is root's: files made now would be
    # root's, in the person's home, and the next normal call would be locked out.
    if os.geteuid() == 0 and os.environ.get("SUDO_UID", "0") != "0":
        raise BrokerRefused(
            "jupyter agent does not run under sudo.", "Call it as yourself, without sudo."
        )


def _connected(folders: Folders) -> socket.socket:
    if not folders.run.exists():
        raise FileNotFoundError(folders.run.name)
    check_private_dir(folders.run, make=False)
    raw = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with short_path(folders.socket) as path:
            raw.connect(path)
        _, uid, _ = struct.unpack("3i", raw.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
    except BaseException:
        raw.close()
        raise
    if uid != os.getuid():
        raw.close()
        raise BrokerRefused("The process behind the broker's socket is not yours.")
    return raw


def _start(folders: Folders) -> None:
    folders.make()
    argv = spawn.python(
        "jupyter_agent.broker", str(folders.data), str(folders.state), str(folders.run)
    )
    try:
        pipe = spawn.start_broker(argv)
    except OSError:
        raise BrokerUnreachable("The broker could not be started.") from None
    with pipe:
        answer = _ready_line(pipe.fileno())
    if answer.get("ready"):
        return
    if "error" in answer:
        raise AgentError.from_json(answer["error"])
    raise BrokerUnreachable("The broker ended while it started.", "Look at: jupyter agent doctor")


def _ready_line(handle: int) -> wire.Message:
    """What the broker says when it is up: ``{"ready": true}`` or ``{"error": …}``."""
    deadline = time.monotonic() + _START_TIMEOUT
    said = b""
    while not said.endswith(b"\n"):
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([handle], [], [], left)[0]:
            raise BrokerUnreachable(
                f"The broker did not come up in {_START_TIMEOUT:g} s.",
                "Look at: jupyter agent doctor",
            )
        more = os.read(handle, 65536)
        if not more:
            break
        said += more
    try:
        answer: wire.Message = json.loads(said)
    except ValueError:
        return {}
    return answer


def _gone() -> BrokerError | RunLost:
    return RunLost(
        "The broker went away; what it was running has been ended.",
        "Run it again: the next call starts a new broker.",
    )
