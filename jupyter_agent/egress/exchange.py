"""One request and its answer, between a caller and a service."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import Any, Final

import h11

from jupyter_agent.egress.body import Body
from jupyter_agent.egress.connection import Connection
from jupyter_agent.egress.heads import Outgoing, incoming, outgoing
from jupyter_agent.egress.route import Route
from jupyter_agent.egress.upstream import Upstream
from jupyter_agent.egress.warden import Seen, Warden
from jupyter_agent.errors import AgentError, EgressFailed
from jupyter_agent.scrub import Scrubber

_STATUS: Final = {"egress_failed": 502, "vault_locked": 423, "grant_required": 403}
"""What an error of ours looks like to a program that expects HTTP; 403 where none is named."""


@dataclass(frozen=True, slots=True, repr=False)
class Gate:
    """One way out: what is common to all its exchanges."""

    route: Route
    port: int
    placeholder: bytes
    warden: Warden
    upstream: Upstream


class Exchange:
    """One request on its way, and its answer back.

    Args:
        gate: Where it came to.
        caller: Its connection.
        request: What came.
    """

    def __init__(self, gate: Gate, caller: Connection, request: h11.Request) -> None:
        self._gate = gate
        self._caller = caller
        self._request = request
        path = request.target.partition(b"?")[0].decode("ascii", "replace")
        self._seen = Seen(request.method.decode("ascii"), path)
        self._heard_all = False  # the whole of the caller's request

    async def carry_out(self) -> bool:
        """Do it, and return whether the caller's connection may be used again."""
        gate = self._gate
        # Against a value of nothing first: what is refused anyway opens no vault.
        self._prepared(b"-")
        granted = await gate.warden.begin(self._seen)
        try:
            going = self._prepared(granted.value)
            scrubber = granted.scrubber
            del granted  # the head has the value now, and is the last that does
            return await self._through(going, scrubber)
        finally:
            # Not waited for: the caller has its answer, and goes on.
            gate.warden.end(self._seen)

    def _prepared(self, value: bytes) -> Outgoing:
        gate = self._gate
        return outgoing(
            self._request, gate.route, port=gate.port, placeholder=gate.placeholder, value=value
        )

    async def _through(self, going: Outgoing, scrubber: Scrubber) -> bool:
        service, used = await self._gate.upstream.take()
        try:
            return await self._over(service, going, scrubber)
        except _Stale:
            service.abort()
            if not used or self._has_body:
                raise _broken_off() from None
        except BaseException:
            service.abort()
            raise
        # A connection that had waited too long; nothing of the request was seen by anyone.
        service = await self._gate.upstream.connect()
        try:
            return await self._over(service, going, scrubber)
        except _Stale:
            service.abort()
            raise _broken_off() from None
        except BaseException:
            service.abort()
            raise

    @property
    def _has_body(self) -> bool:
        return any(
            name == b"transfer-encoding" or (name == b"content-length" and text != b"0")
            for name, text in self._request.headers
        )

    async def _over(self, service: Connection, going: Outgoing, scrubber: Scrubber) -> bool:
        try:
            await service.send(going.head)
        except OSError:
            raise _Stale from None
        sending = asyncio.create_task(self._send_body(service))
        answering = asyncio.create_task(self._answer(service, scrubber))
        try:
            # Whichever ends badly ends both; the caller who hangs up ends the sending.
            await asyncio.wait({sending, answering}, return_when=asyncio.FIRST_COMPLETED)
            if sending.done() and not answering.done():
                sending.result()
                raise ConnectionResetError  # the caller is gone: nobody waits for the answer
            answering.result()
        finally:
            for task in (sending, answering):
                task.cancel()
            await asyncio.gather(sending, answering, return_exceptions=True)
        if not self._heard_all:
            service.abort()  # it answered before it had heard everything
            return False
        self._gate.upstream.give_back(service)
        return self._caller.again()

    async def _send_body(self, service: Connection) -> None:
        while not self._heard_all:
            event = await self._caller.next()
            if isinstance(event, h11.EndOfMessage):
                self._heard_all = True
                break
            self._seen.sent += len(event.data)
            await service.send(h11.Data(data=event.data))
        await service.send(h11.EndOfMessage())  # trailers are of no use to any service we know
        await self._caller.until_hung_up()

    async def _answer(self, service: Connection, scrubber: Scrubber) -> None:
        head = await self._head(service)
        has_body = self._request.method != b"HEAD" and head.status_code not in (204, 304)
        gate = self._gate
        answer, encoding = incoming(head, gate.route.origin, port=gate.port, has_body=has_body)
        self._seen.status = answer.status_code
        answer = self._scrubbed(answer, scrubber)
        body = Body(scrubber, encoding)
        await self._caller.send(answer)
        while not isinstance(event := await _heard(service), h11.EndOfMessage):
            for clean in body.feed(event.data):
                await self._pass_on(clean)
        if has_body:
            for clean in body.finish():
                await self._pass_on(clean)
        self._seen.hits += sum(scrubber.hits.values())
        await self._caller.send(h11.EndOfMessage())

    async def _head(self, service: Connection) -> h11.Response:
        while True:
            try:
                event = await service.next()
            except (h11.RemoteProtocolError, OSError):
                raise (_Stale() if service.silent else _broken_off()) from None
            if isinstance(event, h11.Response):
                return event
            if not isinstance(event, h11.InformationalResponse):  # it hung up
                raise _Stale
            if event.status_code == 101:
                raise _broken_off()
            # Others (100, 102, 103) tell the sender something; we are the sender.

    async def _pass_on(self, clean: bytes) -> None:
        self._seen.received += len(clean)
        await self._caller.send(h11.Data(data=clean))

    def _scrubbed(self, answer: h11.Response, scrubber: Scrubber) -> h11.Response:
        """A service may say the value in a header as well (``WWW-Authenticate``, ``Location``)."""

        def clean(text: bytes) -> bytes:
            one = scrubber.sibling()
            shown = one.feed(text) + one.finish()
            self._seen.hits += sum(one.hits.values())
            return shown

        # All in one look first: nearly always there is nothing.
        texts = b"\n".join([bytes(answer.reason), *(bytes(text) for _, text in answer.headers)])
        one = scrubber.sibling()
        if one.feed(texts) + one.finish() == texts:
            return answer
        headers = [(name, clean(bytes(text))) for name, text in answer.headers]
        return h11.Response(
            status_code=answer.status_code, reason=clean(bytes(answer.reason)), headers=headers
        )


class _Stale(Exception):
    """The connection ended before any answer came."""


async def _heard(service: Connection) -> Any:
    try:
        return await service.next()
    except (h11.RemoteProtocolError, OSError):
        raise _broken_off() from None


def _broken_off() -> EgressFailed:
    return EgressFailed("The service broke off the connection.", "Try again.")


def refusal(error: AgentError) -> tuple[h11.Response, h11.Data]:
    """An error as a program sees it that expects HTTP.

    ``message`` and ``type`` stand where the libraries of OpenAI and Anthropic look for them.
    """
    body = {**error.to_json(), "message": f"jupyter_agent: {error}", "type": error.code}
    data = json.dumps({"error": body}).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", b"%d" % len(data)),
        (b"connection", b"close"),
        (b"x-jupyter-agent-error", error.code.encode()),
    ]
    status = _STATUS.get(error.code, 403)
    return h11.Response(status_code=status, headers=headers), h11.Data(data=data)
