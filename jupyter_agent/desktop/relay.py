"""Who may look at a desktop, and who may type: tickets, and one controlling viewer at a time.

A ticket is 256 bits, good once and for 30 seconds. It travels in the fragment of the address that
the panel frames, which no server sees, and from there as a subprotocol of the WebSocket, which
stands in no address and no log. What is kept of it here is a hash.

Nothing here listens anywhere: what serves HTTP asks here whom to let in.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Literal, Protocol

from jupyter_agent.desktop.provider import StreamGrant
from jupyter_agent.errors import DesktopError, RequestInvalid

Mode = Literal["control", "view"]

TICKET_LIFE: Final = 30.0
"""Seconds."""

PROTOCOL: Final = "jupyter-agent-desktop"
"""The WebSocket's subprotocol; the ticket is a second one, behind ``TICKET_PREFIX``."""

TICKET_PREFIX: Final = "ticket."

_MOST_TICKETS: Final = 256
_ORIGIN: Final = re.compile(
    r"https?://[A-Za-z0-9.\-]+(:\d{1,5})?|https?://\[[0-9a-f:.]+\](:\d{1,5})?"
)


class NotLetIn(DesktopError):
    """A viewer is not let in.

    Attributes:
        status: HTTP's number for why.
    """

    def __init__(self, message: str, status: int = 403) -> None:
        super().__init__(message, "Ask for the picture again in the desktop's panel.")
        self.status = status


class Channel(Protocol):
    """One viewer's connection, as the relay gives it to what is looked at."""

    async def send(self, data: bytes | str) -> None:
        """Send one message; returns when there is room for another."""
        ...

    async def receive(self) -> bytes | str | None:
        """The next message, or None when the viewer is gone."""
        ...


class Stream(Protocol):
    """What can be looked at.

    Attributes:
        viewer: Which page shows it.
    """

    viewer: str

    async def serve(self, channel: Channel, mode: Mode) -> None:
        """Serve one viewer until it is gone; cancelled when it is cut off."""
        ...


class StreamServer(Protocol):
    """What serves streams to browsers."""

    async def grant(
        self, stream: Stream, mode: Mode, parent_origin: str, *, one_port: bool
    ) -> StreamGrant:
        """A fresh address for the panel.

        Raises:
            RequestInvalid: That is no origin.
            DesktopUnavailable: Nothing could be served.
        """
        ...

    async def cut(self, stream: Stream, *, mode: Mode | None = None) -> None:
        """End its viewers, or those of one mode, and forget tickets that were not used."""
        ...

    async def forget(self, stream: Stream) -> None:
        """It is over: cut it, and serve its page no longer."""
        ...


@dataclass(frozen=True, slots=True)
class Place:
    """A page that shows one stream to one origin.

    Attributes:
        stream: What it shows.
        parent_origin: The only origin that may frame it.
        one_port: Whether it is served from Jupyter's own port, in an opaque origin.
        mode: Whether its viewer may type.
        id: Part of its address; no secret.
    """

    stream: Stream
    parent_origin: str
    one_port: bool
    mode: Mode
    id: str = field(default_factory=lambda: secrets.token_hex(8))


class Relay:
    """Knows pages, tickets and viewers.

    Args:
        clock: Seconds that only go on.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._places: dict[str, Place] = {}
        self._tickets: dict[bytes, tuple[str, float]] = {}
        self._controlled: list[Stream] = []

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to look at."""
        return not self._places

    def open(
        self, stream: Stream, mode: Mode, parent_origin: str, *, one_port: bool
    ) -> tuple[Place, str]:
        """A page for a stream, and a ticket for it.

        Raises:
            RequestInvalid: That is no origin.
        """
        if not _ORIGIN.fullmatch(parent_origin):
            raise RequestInvalid("A desktop is framed by a page with an http or https origin.")
        wanted = (stream, parent_origin, one_port, mode)
        place = next(
            (
                p
                for p in self._places.values()
                if (p.stream, p.parent_origin, p.one_port, p.mode) == wanted
            ),
            None,
        )
        if place is None:
            place = Place(stream, parent_origin, one_port, mode)
            self._places[place.id] = place
        ticket = secrets.token_urlsafe(32)
        self._drop_old()
        self._tickets[_hash(ticket)] = (place.id, self._clock() + TICKET_LIFE)
        return place, ticket

    def place(self, place_id: str, *, one_port: bool) -> Place:
        """The page of that name.

        Raises:
            NotLetIn: There is none, or not where it was asked for.
        """
        place = self._places.get(place_id)
        if place is None or place.one_port != one_port:
            raise NotLetIn("There is no such desktop.", 404)
        return place

    def admit(self, place: Place, ticket: str | None) -> None:
        """Let a viewer in, or say why not. One that controls is let out again by ``leave``.

        The ticket is good no more after this, whatever comes of it.

        Raises:
            NotLetIn: No ticket, a used or old one, or somebody controls already.
        """
        found = self._tickets.pop(_hash(ticket), None) if ticket else None
        if found is None or found[0] != place.id or self._clock() > found[1]:
            raise NotLetIn("This ticket is not good, or no longer.")
        if place.mode == "control":
            if any(stream is place.stream for stream in self._controlled):
                raise NotLetIn("Somebody controls this desktop already.", 409)
            self._controlled.append(place.stream)

    def leave(self, place: Place) -> None:
        """A viewer that was admitted is gone."""
        if place.mode == "control":
            self._controlled = [s for s in self._controlled if s is not place.stream]

    def revoke(self, stream: Stream, mode: Mode | None = None) -> None:
        """Forget the tickets of a stream that were not used, or those of one mode."""
        gone = {
            p.id for p in self._places.values() if p.stream is stream and mode in (None, p.mode)
        }
        self._tickets = {h: entry for h, entry in self._tickets.items() if entry[0] not in gone}

    def forget(self, stream: Stream) -> None:
        """Forget its pages, too."""
        self.revoke(stream)
        self._places = {i: p for i, p in self._places.items() if p.stream is not stream}

    def _drop_old(self) -> None:
        now = self._clock()
        self._tickets = {h: entry for h, entry in self._tickets.items() if entry[1] >= now}
        while len(self._tickets) >= _MOST_TICKETS:
            del self._tickets[next(iter(self._tickets))]


def ticket_in(subprotocols: list[str]) -> str | None:
    """The ticket among a WebSocket's subprotocols."""
    if PROTOCOL not in subprotocols:
        return None
    found = [name for name in subprotocols if name.startswith(TICKET_PREFIX)]
    return found[0].removeprefix(TICKET_PREFIX) if len(found) == 1 else None


def _hash(ticket: str) -> bytes:
    return hashlib.sha256(ticket.encode()).digest()
