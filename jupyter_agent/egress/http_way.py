"""A way that is spoken in HTTP/1.1: a caller's connection, and the service behind it."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import h11

from jupyter_agent.egress.connection import Connection
from jupyter_agent.egress.exchange import Exchange, Gate
from jupyter_agent.egress.form import Form, Placed
from jupyter_agent.egress.one import OneRequest, Only
from jupyter_agent.egress.services import Service
from jupyter_agent.egress.upstream import Upstreams
from jupyter_agent.egress.warden import Warden, not_yours
from jupyter_agent.errors import AgentError, EgressFailed

_LAST_WAIT: Final = 1.0
"""Seconds for which a caller that was refused may go on sending."""


@dataclass(frozen=True, slots=True)
class HttpWay:
    """A way to a service: a ``Kind``.

    Attributes:
        service: Which.
        label: Whose value.
        only: The one request that it is for, if it is for one only.
    """

    service: Service
    label: str
    only: OneRequest | None = None

    @property
    def labels(self) -> tuple[str, ...]:
        """The one label."""
        return (self.label,)

    @property
    def title(self) -> str:
        """The service's own name."""
        return self.service.title

    @property
    def library(self) -> tuple[str, ...]:
        """The variables that the vendor's library reads."""
        return self.service.library

    @property
    def revoke(self) -> str:
        """Where a key is taken back."""
        return self.service.revoke

    @property
    def origin(self) -> str:
        """Scheme and host."""
        return str(self.service.origin)

    @property
    def said(self) -> bool:
        """A host is always named."""
        return True

    @property
    def place(self) -> str:
        """Where in a request."""
        return str(self.service.place)

    @property
    def alpn(self) -> str | None:
        """Its name inside TLS."""
        return "http/1.1" if self.service.origin.scheme == "https" else None

    def variables(self, port: int, placeholder: str) -> dict[str, str]:
        """The service's variables."""
        return self.service.variables(port, placeholder)

    def forms(self, values: Mapping[str, bytes]) -> Mapping[str, bytes]:
        """The value."""
        return values

    def speaker(
        self, placeholder: bytes, warden: Warden, context: ssl.SSLContext | None
    ) -> HttpSpeaker:
        """Speaks HTTP."""
        form: Form = Placed(self.service.route(self.label), placeholder)
        if self.only is not None:
            form = Only(form, self.only)
        return HttpSpeaker(form, warden, Upstreams(context))


class HttpSpeaker:
    """Serves the callers of one way.

    Args:
        form: What its requests look like.
        warden: Decides about each request.
        upstreams: Connections to the service.
    """

    def __init__(self, form: Form, warden: Warden, upstreams: Upstreams) -> None:
        self._form = form
        self._warden = warden
        self._upstreams = upstreams

    async def serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, admitted: bool
    ) -> None:
        """Serve one connection, exchange after exchange."""
        caller = Connection(h11.SERVER, reader, writer)
        port = int(writer.get_extra_info("sockname")[1])
        gate = Gate(self._form, port, self._warden, self._upstreams.to)
        try:
            while isinstance(request := await caller.next(), h11.Request):
                if not await _exchange(gate, caller, request, admitted=admitted):
                    return
        except h11.RemoteProtocolError:
            caller.abort()  # it does not speak HTTP, or hung up in the middle

    def close(self) -> None:
        """Let go of the connections to the service."""
        self._upstreams.close()


async def _exchange(
    gate: Gate, caller: Connection, request: h11.Request, *, admitted: bool
) -> bool:
    """Carry one out, and return whether another may follow."""
    try:
        if not admitted:
            raise not_yours()
        return await Exchange(gate, caller, request).carry_out()
    except AgentError as error:
        await _refuse(caller, *gate.form.refusal(error, request))
    except h11.RemoteProtocolError:
        no_http = EgressFailed("That is not HTTP.", "Try again.")
        await _refuse(caller, *gate.form.refusal(no_http, request))
    return False


async def _refuse(caller: Connection, head: h11.Response, body: h11.Data) -> None:
    if caller.state.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
        caller.abort()  # it has heard the beginning of an answer: let it see that this is no end
        return
    with contextlib.suppress(h11.LocalProtocolError):
        await caller.send(head)
        await caller.send(body)
        await caller.send(h11.EndOfMessage())
        # To close with something unread would reset the connection, and the caller would never
        # see why.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LAST_WAIT):
                await caller.until_hung_up()
