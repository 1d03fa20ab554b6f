"""Where a program that drives a desktop comes in: the permitted part of the browser's protocol.

A loopback port of its own, that is there only while an agent may drive. A ticket in the address is
good once, for 30 seconds; what comes from a page of a browser, which always says its origin, is
refused whatever ticket it has. Nothing is logged of it but the class of a failure.
"""

from __future__ import annotations

import asyncio
import secrets
from logging import Logger
from typing import Any, Final

from tornado import httpserver, iostream, web, websocket

from jupyter_agent.desktop.conversation import Conversation
from jupyter_agent.desktop.driving import Begin
from jupyter_agent.errors import DesktopError
from jupyter_agent.server.desktop.loopback import listen

TICKET_LIFE: Final = 30.0
"""Seconds."""

LARGEST_MESSAGE: Final = 16 * 1024 * 1024
"""Bytes of one message of a program."""

MOST_WAITING: Final = 64 * 1024 * 1024
"""Bytes that a program has not taken yet. One that stops reading is cut off."""

TURN_ENDED: Final = 4001
"""How the WebSocket is closed when the agent's turn ends; RFC 6455, 7.4.2, leaves it to us."""

_LONGEST_REASON: Final = 123  # bytes: RFC 6455, 5.5


class AgentDoor:
    """The port, and the tickets for it.

    Args:
        log: Told about failures, by their class.
    """

    def __init__(self, log: Logger) -> None:
        self.log = log
        self.host = ""
        self._server: httpserver.HTTPServer | None = None
        self._tickets: dict[str, Begin] = {}

    async def publish(self, begin: Begin) -> str:
        """A one-time address at which a program's conversation begins (``driving.Publish``).

        Raises:
            DesktopUnavailable: No port could be opened.
        """
        self._listen()
        ticket = secrets.token_urlsafe(32)
        self._tickets[ticket] = begin
        asyncio.get_running_loop().call_later(TICKET_LIFE, self._tickets.pop, ticket, None)
        return f"ws://{self.host}/drive/{ticket}"

    def admit(self, ticket: str) -> Begin | None:
        """What a ticket is good for; it is good no more after this."""
        return self._tickets.pop(ticket, None)

    async def close(self) -> None:
        """Listen no longer, and end the connections there are."""
        server, self._server = self._server, None
        self._tickets.clear()
        if server is not None:
            server.stop()
            await server.close_all_connections()

    def _listen(self) -> None:
        if self._server is not None:
            return
        application = web.Application(
            [(r"/drive/([A-Za-z0-9_-]{43})", AgentSocket, {"door": self})],
            log_function=lambda _: None,  # the ticket is in the address
            websocket_ping_interval=20,
        )
        self._server, self.host = listen(application, "the agent")


class AgentSocket(websocket.WebSocketHandler):
    """One program's connection."""

    def initialize(self, door: AgentDoor) -> None:
        """Called by tornado for each connection."""
        self._door = door
        self._begin: Begin | None = None
        self._conversation: Conversation | None = None
        self._closing: asyncio.Task[None] | None = None
        self._waiting = 0

    def check_origin(self, origin: str) -> bool:
        """Asked only where there is one: then it is a page, and not a program."""
        del origin
        return False

    async def get(self, *args: Any, **kwargs: Any) -> None:
        """Let it in by its ticket, or not."""
        # The host, against names that are pointed here; both before the ticket is used up.
        foreign = self.request.host != self._door.host or "Origin" in self.request.headers
        self._begin = None if foreign else self._door.admit(args[0])
        if self._begin is None:
            self.set_status(403)
            self.finish()
            return
        await super().get(*args, **kwargs)

    async def open(self, *_: str, **__: str) -> None:  # tornado waits for it
        """It is in: attach to the browser. No message is taken before that."""
        self.set_nodelay(True)
        assert self._begin is not None  # noqa: S101  (set before the upgrade)
        try:
            self._conversation = await self._begin(self._say, self._end)
        except DesktopError as refusal:
            self._end(str(refusal))

    def on_message(self, message: str | bytes) -> None:
        """Hand it on."""
        if self._conversation is not None:
            self._conversation.take(message)

    def on_close(self) -> None:
        """It is gone: detach from the browser."""
        if self._conversation is not None:
            self._closing = asyncio.ensure_future(_detach(self._conversation))

    def _say(self, message: str) -> None:
        self._waiting += len(message)
        if self._waiting > MOST_WAITING:
            self._end("The program does not take what it is told.")
            return
        try:
            sent = self.write_message(message)
        except (websocket.WebSocketClosedError, iostream.StreamClosedError):
            return  # it is gone, and ``on_close`` comes

        def done(future: asyncio.Future[None]) -> None:
            self._waiting -= len(message)
            if not future.cancelled():
                future.exception()  # that it is gone is no failure

        asyncio.ensure_future(sent).add_done_callback(done)

    def _end(self, why: str) -> None:
        self.close(TURN_ENDED, why.encode()[:_LONGEST_REASON].decode(errors="ignore"))

    def log_exception(self, typ: Any, value: Any, tb: Any) -> None:
        """By its class only: a traceback may hold what passed."""
        del value, tb
        self._door.log.error("A program's connection to a desktop failed: %s", typ.__name__)

    @property
    def max_message_size(self) -> int:
        """Larger ones end the connection."""
        return LARGEST_MESSAGE


async def _detach(conversation: Conversation) -> None:
    try:
        await conversation.close()
    except DesktopError:
        return  # the browser is gone, and the session with it
