"""A port on this machine that leads to one host, for one program and its children."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import Final

import h11

from jupyter_agent.egress.connection import READ, Connection
from jupyter_agent.egress.exchange import Admit, Exchange, Gate, Warden, refusal
from jupyter_agent.egress.route import Route
from jupyter_agent.egress.upstream import Upstream
from jupyter_agent.errors import AgentError, EgressFailed, EgressRefused

_MOST_AT_ONCE: Final = 512
"""Most connections; each may hold a few hundred kilobytes."""

_LAST_WAIT: Final = 1.0
"""Seconds for which a caller that was refused may go on sending."""

log = logging.getLogger(__name__)


class Endpoint:
    """One such port, open until ``close``.

    Args:
        route: Where it leads.
        placeholder: What opens it, once.
        warden: Decides about each request.
        admit: Decides about each connection.
        upstream: Connections to the service.
    """

    def __init__(
        self, route: Route, placeholder: bytes, *, warden: Warden, admit: Admit, upstream: Upstream
    ) -> None:
        self._route = route
        self._placeholder = placeholder
        self._warden = warden
        self._admit = admit
        self._upstream = upstream
        self._server: asyncio.Server | None = None
        self._port = 0
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(self) -> int:
        """Listen on 127.0.0.1 and return the port."""
        self._server = await asyncio.start_server(self._welcome, "127.0.0.1", 0, limit=READ)
        self._port = int(self._server.sockets[0].getsockname()[1])
        return self._port

    async def close(self) -> None:
        """End every exchange and stop listening."""
        if self._server is not None:
            self._server.close()
        for task in self._tasks.copy():
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._upstream.close()

    async def _welcome(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101  (asyncio calls this in one)
        self._tasks.add(task)
        caller = Connection(h11.SERVER, reader, writer)
        try:
            await self._serve(caller, writer)
        except (OSError, h11.RemoteProtocolError):
            caller.abort()  # it hung up, or does not speak HTTP
        except Exception as error:  # noqa: BLE001  (one connection must not end the broker)
            # The class only: a message or a local may hold the value.
            log.error("%s in egress", type(error).__name__)  # noqa: TRY400
            caller.abort()
        finally:
            self._tasks.discard(task)
            caller.close()

    async def _serve(self, caller: Connection, writer: asyncio.StreamWriter) -> None:
        there, here = writer.get_extra_info("peername"), writer.get_extra_info("sockname")
        admitted = len(self._tasks) <= _MOST_AT_ONCE and await self._admit(there, here)
        gate = Gate(self._route, self._port, self._placeholder, self._warden, self._upstream)
        while True:
            request = await caller.next()
            if not isinstance(request, h11.Request):
                return  # it hung up
            try:
                if not admitted:
                    raise _not_yours()
                if not await Exchange(gate, caller, request).carry_out():
                    return
            except AgentError as error:
                await _refuse(caller, error)
                return
            except h11.RemoteProtocolError:
                await _refuse(caller, EgressFailed("That is not HTTP.", "Try again."))
                return


async def _refuse(caller: Connection, error: AgentError) -> None:
    if caller.state.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
        caller.abort()  # it has heard the beginning of an answer: let it see that this is no end
        return
    head, body = refusal(error)
    with contextlib.suppress(h11.LocalProtocolError):
        await caller.send(head)
        await caller.send(body)
        await caller.send(h11.EndOfMessage())
        # To close with something unread would reset the connection, and the caller would never
        # see why.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LAST_WAIT):
                await caller.until_hung_up()


def _not_yours() -> EgressRefused:
    return EgressRefused(
        "This way out belongs to another program.",
        "Open one of your own: %agent_egress LABEL",
        data={"rule": "program"},
    )
