"""One request and its answer, between a caller and a service."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import h11

from jupyter_agent.egress.body import Body
from jupyter_agent.egress.connection import Connection
from jupyter_agent.egress.form import Asked, Form
from jupyter_agent.egress.heads import ONWARD, Outgoing, declared_length, incoming
from jupyter_agent.egress.route import Origin
from jupyter_agent.egress.upstream import Upstream
from jupyter_agent.egress.warden import Seen, Warden
from jupyter_agent.errors import EgressFailed, EgressRefused
from jupyter_agent.scrub import Scrubber

_SMALL: Final = 64 * 1024
"""Answers up to so many bytes are looked through whole, where their length has to be known."""
_TWICE_IS_ONCE: Final = frozenset((b"GET", b"HEAD", b"OPTIONS", b"PUT", b"DELETE"))
"""Methods that do twice what they do once (RFC 9110, section 9.2.2)."""


@dataclass(frozen=True, slots=True, repr=False)
class Gate:
    """One way out: what is common to all its exchanges."""

    form: Form
    port: int
    warden: Warden
    upstream: Callable[[Origin], Upstream]


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
        self._kept: Sequence[bytes] = ()  # of its body, what was read before it might go on

    async def carry_out(self) -> bool:
        """Do it, and return whether the caller's connection may be used again."""
        gate = self._gate
        # What is refused anyway opens no vault.
        asked = await gate.form.read(self._request, self._hear_all, gate.port)
        self._seen.origin, self._seen.place = str(asked.origin), asked.place
        granted = await gate.warden.begin(self._seen)
        try:
            if self._caller.hung_up:  # a person may have taken long to permit it
                raise ConnectionResetError
            going = asked.outgoing(granted)
            scrubber = granted.scrubber
            del granted  # the head has what it needs of the value, and is the last that does
            return await self._through(asked, going, scrubber)
        finally:
            # Not waited for: the caller has its answer, and goes on.
            gate.warden.end(self._seen)

    async def _hear_all(self, most: int) -> Sequence[bytes]:
        kept, size = [], 0
        while not isinstance(event := await self._caller.next(), h11.EndOfMessage):
            size += len(event.data)
            if size > most:
                raise EgressRefused(
                    f"The request is larger than {_size(most)}.",
                    "Send it in parts.",
                    data={"rule": "size"},
                )
            kept.append(bytes(event.data))
        self._heard_all, self._kept = True, kept
        return kept

    async def _through(self, asked: Asked, going: Outgoing, scrubber: Scrubber) -> bool:
        upstream = self._gate.upstream(asked.origin)
        service, used = await upstream.take()
        try:
            reusable = await self._over(service, asked, going, scrubber)
        except _Stale:
            service.abort()
            if not used or self._has_body or self._request.method not in _TWICE_IS_ONCE:
                raise _broken_off() from None  # perhaps the service has done it
        except BaseException:
            service.abort()
            raise
        else:
            return self._done_with(service, upstream, reusable=reusable)
        # Most likely a connection that had waited too long, whose end crossed the request.
        service = await upstream.connect()
        try:
            reusable = await self._over(service, asked, going, scrubber)
        except _Stale:
            service.abort()
            raise _broken_off() from None
        except BaseException:
            service.abort()
            raise
        return self._done_with(service, upstream, reusable=reusable)

    def _done_with(self, service: Connection, upstream: Upstream, *, reusable: bool) -> bool:
        if not reusable:
            service.abort()  # it answered before it had heard everything
            return False
        upstream.give_back(service)
        return self._caller.again()

    @property
    def _has_body(self) -> bool:
        return any(
            name == b"transfer-encoding" or (name == b"content-length" and text != b"0")
            for name, text in self._request.headers
        )

    async def _over(
        self, service: Connection, asked: Asked, going: Outgoing, scrubber: Scrubber
    ) -> bool:
        try:
            await service.send(going.head)
        except OSError:
            raise _Stale from None
        sending = asyncio.create_task(self._send_body(service, asked))
        answering = asyncio.create_task(self._answer(service, asked, scrubber))
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
        return self._heard_all

    async def _send_body(self, service: Connection, asked: Asked) -> None:
        for data in self._kept:
            await self._send_on(service, [data])
        passing = None if self._heard_all else asked.passing()
        while not self._heard_all:
            event = await self._caller.next()
            if isinstance(event, h11.EndOfMessage):
                self._heard_all = True
                break
            await self._send_on(service, passing.feed(event.data) if passing else [event.data])
        await self._send_on(service, passing.finish() if passing else ())
        await service.send(h11.EndOfMessage())  # trailers are of no use to any service we know
        await self._caller.until_hung_up()

    async def _send_on(self, service: Connection, pieces: Iterable[bytes]) -> None:
        for data in pieces:
            self._seen.sent += len(data)
            await service.send(h11.Data(data=data))

    async def _answer(self, service: Connection, asked: Asked, scrubber: Scrubber) -> None:
        head = await self._head(service)
        has_body = self._request.method != b"HEAD" and head.status_code not in (204, 304)
        keeps = self._gate.form.keeps_length
        port = self._gate.port
        answer, encoding = incoming(
            head, asked.origin, port=port, has_body=has_body, keeps_length=keeps
        )
        self._seen.status = answer.status_code
        answer = _onward(self._scrubbed(answer, scrubber), asked)
        body = Body(scrubber, encoding)
        size = declared_length(answer) if has_body else None
        try:
            if size is not None and size <= _SMALL:
                await self._answer_whole(service, answer, body)
            else:
                await self._caller.send(answer)
                async for clean in _cleaned(service, body, has_body=has_body):
                    await self._pass_on(clean)
            await self._caller.send(h11.EndOfMessage())
        except h11.LocalProtocolError:
            # A value was taken out of what had said how long it is: let the caller see that this
            # is not what it was to be.
            self._caller.abort()
            raise ConnectionResetError from None
        finally:  # also of an answer that nobody has read to its end
            self._seen.hits += sum(scrubber.hits.values())

    async def _answer_whole(self, service: Connection, answer: h11.Response, body: Body) -> None:
        """Scrub first and count then, so that the length is right also where a value stood."""
        clean = b"".join([part async for part in _cleaned(service, body, has_body=True)])
        headers = [
            (name, b"%d" % len(clean) if name == b"content-length" else text)
            for name, text in answer.headers
        ]
        head = h11.Response(status_code=answer.status_code, reason=answer.reason, headers=headers)
        await self._caller.send(head)
        await self._pass_on(clean)

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
        pairs = [(bytes(name), bytes(text)) for name, text in answer.headers]
        texts = b"\n".join([bytes(answer.reason), *(part for pair in pairs for part in pair)])
        one = scrubber.sibling()
        if one.feed(texts) + one.finish() == texts:
            return answer
        # A marker is no name of a header, so one whose name is a value goes as a whole.
        headers = [(name, clean(text)) for name, text in pairs if clean(name) == name]
        return h11.Response(
            status_code=answer.status_code, reason=clean(bytes(answer.reason)), headers=headers
        )


async def _cleaned(service: Connection, body: Body, *, has_body: bool) -> AsyncIterator[bytes]:
    while not isinstance(event := await _heard(service), h11.EndOfMessage):
        for clean in body.feed(event.data):
            yield clean
    if has_body:
        for clean in body.finish():
            yield clean


def _onward(answer: h11.Response, asked: Asked) -> h11.Response:
    if ONWARD.isdisjoint(name for name, _ in answer.headers):
        return answer
    headers = [
        (name, asked.onward(bytes(text)) if name in ONWARD else text)
        for name, text in answer.headers
    ]
    return h11.Response(
        status_code=answer.status_code, reason=bytes(answer.reason), headers=headers
    )


class _Stale(Exception):
    """The connection ended before any answer came."""


async def _heard(service: Connection) -> Any:
    try:
        return await service.next()
    except (h11.RemoteProtocolError, OSError):
        raise _broken_off() from None


def _size(most: int) -> str:
    return f"{most >> 20} MB" if most >= 1 << 20 else f"{most >> 10} KB"


def _broken_off() -> EgressFailed:
    return EgressFailed("The service broke off the connection.", "Try again.")
