"""How requests of one way prove themselves, and what goes out instead of them. Pure."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Protocol

import h11

from jupyter_agent.egress.heads import Outgoing, outgoing
from jupyter_agent.egress.refusal import refusal
from jupyter_agent.egress.route import Origin, Route
from jupyter_agent.egress.warden import Granted
from jupyter_agent.errors import AgentError

HearAll = Callable[[int], Awaitable[Sequence[bytes]]]
"""Reads the whole of a request's body, in pieces; takes the most bytes that it may have."""


class Passing(Protocol):
    """A body on its way out."""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """What may go on of the next bytes."""
        ...

    def finish(self) -> Iterator[bytes]:
        """The rest; raises where the body is not what its head has said."""
        ...


class Asked(Protocol):
    """One request that proved itself, and waits for its permission."""

    @property
    def origin(self) -> Origin:
        """Where it wants to."""
        ...

    @property
    def place(self) -> str:
        """Where in it the value goes, in words."""
        ...

    def outgoing(self, granted: Granted) -> Outgoing:
        """What goes out instead."""
        ...

    def passing(self) -> Passing | None:
        """Looks after its body; None where there is nothing to look after."""
        ...

    def onward(self, addresses: bytes) -> bytes:
        """What its scrubbed answer says about where to ask next, as its program can ask."""
        ...


class Form(Protocol):
    """What the requests of one way look like.

    Attributes:
        keeps_length: Programs rely on an answer's length. It is kept then, and an answer that
            would become another length is broken off.
    """

    keeps_length: bool

    async def read(self, request: h11.Request, hear_all: HearAll, port: int) -> Asked:
        """What a request asks for.

        Args:
            request: As h11 has parsed it.
            hear_all: For who has to see its body first.
            port: Of our own that it came to.

        Raises:
            EgressRefused: It does not prove what it should, or is for somebody else.
        """
        ...

    def refusal(self, error: AgentError, request: h11.Request) -> tuple[h11.Response, h11.Data]:
        """How the program at the other end is told of an error."""
        ...


class Placed:
    """Requests in which the value goes into one place, for a placeholder: a ``Form``.

    Args:
        route: Where they go.
        placeholder: What stands for the value.
    """

    keeps_length = False

    def __init__(self, route: Route, placeholder: bytes) -> None:
        self._route = route
        self._placeholder = placeholder

    async def read(self, request: h11.Request, hear_all: HearAll, port: int) -> Asked:
        """Look for the placeholder."""
        del hear_all  # a body holds no value, and is passed on as it comes
        asked = _PlacedRequest(request, self._route, port, self._placeholder)
        asked.filled(b"-")
        return asked

    def refusal(self, error: AgentError, request: h11.Request) -> tuple[h11.Response, h11.Data]:
        """In JSON."""
        del request
        return refusal(error)


class _PlacedRequest:
    def __init__(self, request: h11.Request, route: Route, port: int, placeholder: bytes) -> None:
        self._request = request
        self._route = route
        self._port = port
        self._placeholder = placeholder

    @property
    def origin(self) -> Origin:
        return self._route.origin

    @property
    def place(self) -> str:
        return str(self._route.place)

    def outgoing(self, granted: Granted) -> Outgoing:
        return self.filled(granted.value)

    def filled(self, value: bytes) -> Outgoing:
        return outgoing(
            self._request,
            self._route,
            port=self._port,
            placeholder=self._placeholder,
            value=value,
        )

    def passing(self) -> Passing | None:
        return None

    def onward(self, addresses: bytes) -> bytes:
        marker = b"[secret:%s]" % self._route.label.encode()
        return self._route.place.emptied(addresses, marker, self._placeholder)
