"""What every route shares: who may call it, what it may hold, and how it refuses."""

from __future__ import annotations

import asyncio
import math
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar, Final
from weakref import WeakKeyDictionary

from jupyter_server.base.handlers import APIHandler
from tornado import web

from jupyter_agent.errors import AgentError, PlainHttp, RoleDenied, SecretBlocked
from jupyter_agent.long_texts import aside
from jupyter_agent.screen.cell import Screens
from jupyter_agent.server import bodies, owner, peer, replies
from jupyter_agent.server.blocks import Blocks
from jupyter_agent.server.chats.guard import ChatGuard
from jupyter_agent.server.chats.screening import ChatScreening
from jupyter_agent.server.desktop.desktops import Desktops
from jupyter_agent.server.fingerprinted import Fingerprinted
from jupyter_agent.server.link import Link
from jupyter_agent.server.relay import Relay
from jupyter_agent.server.stored import StoredValues

AUTH_RESOURCE = "jupyter_agent"
"""What an authorizer is asked about."""

_KNOWN_FOR: Final = 20.0
"""Seconds."""

_below: WeakKeyDictionary[Any, tuple[float, bool]] = WeakKeyDictionary()
"""Connection → when it was asked about, and whether a kernel is behind it."""


@dataclass(frozen=True, slots=True)
class Chats:
    """Jupyter AI's chats.

    Attributes:
        screening: Decides on a message.
        guard: Asks about each before it is stored.
    """

    screening: ChatScreening
    guard: ChatGuard


@dataclass(frozen=True, slots=True)
class Rooms:
    """What the handlers work with.

    Attributes:
        link: The line to the broker.
        relay: The broker's events.
        screener: Knows the rules.
        values: The broker's match.
        fingerprinted: What is recognised in output.
        blocks: What was stopped lately.
        chats: Jupyter AI's.
        desktops: What hangs below this server.
        saves_guarded: Whether the pre-save hook is in place in whatever saves now.
    """

    link: Link
    relay: Relay
    screener: Screens
    values: StoredValues
    fingerprinted: Fingerprinted
    blocks: Blocks
    chats: Chats
    desktops: Desktops
    saves_guarded: Callable[[], bool]


class OwnersOnly:
    """What every route adds to Jupyter's login: the owner, from one of this server's pages."""

    request: Any
    current_user: Any
    rooms: Rooms
    _stream: Any = None

    def check_owner(self) -> str:
        """Return the page's origin.

        Raises:
            RoleDenied: Another user's login, or another site's page.
        """
        if not owner.is_owner(self.current_user, os.environ):
            raise RoleDenied("Only the owner of this Jupyter server may use its secrets.")
        origin = owner.own_origin(self)
        if origin is None:
            raise RoleDenied(
                "That request comes from a page of another site.",
                "Open JupyterLab at the address of this server.",
            )
        return origin

    async def check_person(self) -> None:
        """Let nobody pass who is seen to run below a kernel or a command that was started for one.

        The server speaks to the broker as its owner, and must lend that to no kernel: what the
        broker would refuse it, or ask a person about, is refused here. A kernel that reaches the
        server by another machine, or that has left its ancestry, is not seen
        (docs/threat-model.md).

        Raises:
            RoleDenied: A kernel asks.
        """
        # Looked up anew from time to time, and not for each of a panel's requests: it takes
        # milliseconds, and a connection hardly ever goes to another process.
        # A websocket takes the stream away from the request that it began as.
        stream = self._stream = getattr(self.request.connection, "stream", None) or self._stream
        asked, below = _below.get(stream, (-math.inf, False)) if stream else (-math.inf, False)
        if time.monotonic() - asked >= _KNOWN_FOR:
            pids = await asyncio.to_thread(peer.pids_behind, stream)
            below = bool(pids) and (await self.rooms.link.call("kernel.above", pids=pids))["below"]
            if stream is not None:
                _below[stream] = time.monotonic(), below
        if below:
            raise RoleDenied(
                "A kernel can't do that for a person.", "Do it in JupyterLab or in a terminal."
            )

    def _log(self) -> None:
        # What somebody put behind the question mark stays out of the access log.
        self.request.uri = self.request.path
        super()._log()  # type: ignore[misc]


class RoomHandler(OwnersOnly, APIHandler):
    """A route: checks who asks, then answers or refuses in JSON."""

    auth_resource = AUTH_RESOURCE
    for_kernels: ClassVar[frozenset[str]] = frozenset()
    """The methods that a kernel may use, too: those whose answer the broker would give it."""
    _track_activity = False  # a panel that asks for its state is no activity of a person

    def initialize(self, rooms: Rooms) -> None:
        """Take what the routes share."""
        self.rooms = rooms
        self.origin = ""

    async def prepare(self) -> None:  # type: ignore[override]  # as in APIHandler
        """Check the owner and the origin, after Jupyter's own checks."""
        self.set_header("Cache-Control", "no-store")  # approvals carry nonces
        await super().prepare()
        if self._finished or not self.current_user:
            return
        try:
            self.origin = self.check_owner()
            if self.request.method not in self.for_kernels:
                await self.check_person()
        except AgentError as refusal:
            self.refuse(refusal)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Answer in the shape of our own errors, unless it is one of Jupyter's."""
        error = kwargs.get("exc_info", (None, None))[1]
        if isinstance(error, AgentError):
            self.refuse(error)
        elif isinstance(error, web.HTTPError):
            super().write_error(status_code, **kwargs)
        else:
            self.refuse(AgentError("The server could not do that.", "Look at the server's log."))

    def log_exception(self, typ: Any, value: Any, tb: Any) -> None:
        """Errors of ours are answers; their sentence goes to the page, not into the log."""
        if not isinstance(value, AgentError):
            super().log_exception(typ, value, tb)

    def refuse(self, error: AgentError) -> None:
        """Answer with an error."""
        self.set_status(replies.status_of(error))
        self.finish(replies.body_of(error))

    def fields(self, *names: str, **optional: type) -> dict[str, Any]:
        """The body's fields: ``names`` are required texts.

        Raises:
            RequestInvalid: See ``bodies.read``.
        """
        return bodies.read(self.request.body, dict.fromkeys(names, str), optional)

    def check_protected(self, *, confirmed: bool) -> None:
        """Stop a form in a page that anybody on the way could have changed.

        What is typed there is sealed all the same; but whoever can change the page can read the
        keys. Only the person can say that this network is theirs.

        Args:
            confirmed: They have said so.

        Raises:
            PlainHttp: The page came over plain http from another machine, and nobody has.
        """
        if not confirmed and not owner.is_protected(self.origin):
            raise PlainHttp(
                "This page came over plain http: whoever can change its traffic could read what "
                "is typed.",
                "Open Jupyter over https or on localhost, or save it in a terminal: jupyter agent "
                "secret set LABEL",
            )

    async def check_public(self, *texts: str) -> None:
        """Stop texts that everybody may read and that hold a secret, pasted where it can't stay.

        Raises:
            SecretBlocked: One of them does.
            ScreenTimeout: One of them could not be screened.
        """
        for text in texts:
            if await aside(partial(self.rooms.screener.screen, text), text):
                raise SecretBlocked(
                    "A label or note holds what looks like a secret.",
                    "Both are shown to everybody. Put the secret into the masked field only.",
                )

    def done(self) -> None:
        """Answer that it is done, with nothing to add."""
        self.set_status(204)
        self.finish()
