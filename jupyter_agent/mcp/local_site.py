"""Forms at addresses of this machine, served by the program that an MCP host has started.

One port of 127.0.0.1, open only while a form is. An address has a nonce, works for ten minutes and
for one answer, for programs of this user only, and not from another page or under another name. It
can't keep the host itself out, which is told the address: what that could enter is a value of its
own under a new label, and the label's note says where it came from (``secret.save``).
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import h11

from jupyter_agent.chat.door import EntryState
from jupyter_agent.client.loop import AsyncClient
from jupyter_agent.errors import AgentError, RequestInvalid
from jupyter_agent.mcp import entry_page
from jupyter_agent.mcp.entries import Page
from jupyter_agent.processes import loopback

_HOST: Final = "127.0.0.1"
_MOST_SENT: Final = 256 * 1024
_SECONDS: Final = 20.0  # for one request
_MOST_REFUSED: Final = 16
_REFUSAL: Final = 5.0
"""So many connections of other users are told at a time why they are refused, and have so many
seconds to ask; the rest is hung up on. Else they could keep all descriptors of this process."""
_SEALED: Final = ("kid", "ticket", "label", "origin", "sealed")


@dataclass(frozen=True, slots=True)
class _Form:
    label: str
    why: str
    nonce: str
    page: Page
    clock: asyncio.TimerHandle


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    body: bytes
    kind: str = "application/json"


_Answering = Callable[[h11.Request, bytes], Awaitable[_Answer]]


class LocalSite:
    """See ``entries.Site``.

    Args:
        open_client: Opens a conversation with the broker, as the agent.
        seconds: How long a form is there.
    """

    def __init__(
        self,
        open_client: Callable[[], Awaitable[AsyncClient]],
        seconds: float = entry_page.SECONDS,
    ) -> None:
        self._open = open_client
        self._seconds = seconds
        self._forms: dict[str, _Form] = {}
        self._server: asyncio.Server | None = None
        self._port = 0
        self._refused = 0

    async def page(self, label: str, why: str) -> Page:
        """See ``Site.page``."""
        for form in self._forms.values():
            if form.label == label:
                return form.page
        if self._server is None:
            self._server = await asyncio.start_server(self._welcome, _HOST, 0)
            self._port = int(self._server.sockets[0].getsockname()[1])
        loop = asyncio.get_running_loop()
        nonce = secrets.token_urlsafe(32)
        page = Page(secrets.token_hex(8), f"{self._origin}/{nonce}/", loop.create_future())
        clock = loop.call_later(self._seconds, self._end, nonce, None)
        self._forms[nonce] = _Form(label, why, nonce, page, clock)
        return page

    async def close(self) -> None:
        """Take every form away."""
        for nonce in list(self._forms):
            self._end(nonce, None)

    @property
    def _origin(self) -> str:
        return f"http://{_HOST}:{self._port}"

    def _end(self, nonce: str, state: EntryState | None) -> None:
        form = self._forms.pop(nonce)
        form.clock.cancel()
        if state is None:
            form.page.done.cancel()
        elif not form.page.done.done():
            form.page.done.set_result(state)
        if not self._forms and self._server is not None:
            self._server.close()
            self._server = None

    async def _welcome(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there, here = writer.get_extra_info("peername"), writer.get_extra_info("sockname")
            if await asyncio.to_thread(loopback.is_ours, there, here):
                async with asyncio.timeout(_SECONDS):
                    await self._serve(reader, writer, self._answer)
            else:
                await self._refuse(reader, writer)
        except (TimeoutError, OSError, h11.ProtocolError):
            pass  # who does not speak HTTP is not told what does
        finally:
            with contextlib.suppress(OSError):
                writer.close()

    async def _refuse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._refused >= _MOST_REFUSED:
            return
        self._refused += 1
        try:
            async with asyncio.timeout(_REFUSAL):
                await self._serve(reader, writer, _not_yours)
        finally:
            self._refused -= 1

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, answering: _Answering
    ) -> None:
        connection = h11.Connection(h11.SERVER)
        answer = await answering(*await _read(connection, reader))
        headers = [*entry_page.HEADERS.items(), ("Content-Type", answer.kind)]
        headers += [("Content-Length", str(len(answer.body))), ("Connection", "close")]
        for event in (
            h11.Response(status_code=answer.status, headers=headers),
            h11.Data(data=answer.body),
            h11.EndOfMessage(),
        ):
            writer.write(connection.send(event) or b"")
        await writer.drain()

    async def _answer(self, request: h11.Request, body: bytes) -> _Answer:
        method, target = request.method.decode(), request.target.decode("latin-1")
        headers = {name.decode(): value.decode("latin-1") for name, value in request.headers}
        if headers.get("host") != self._origin.removeprefix("http://"):
            return _refusal(421, "That is not the name of this page.")  # DNS rebinding
        _, nonce, what = ["", *target.split("/", 2)[1:], "", ""][:3]
        form = self._form(nonce)
        if form is None:
            return _refusal(404, "This page was used, or its time is over.")
        try:
            if method == "GET":
                return await self._shown(form, what)
            if method == "POST" and self._is_own(headers):
                return await self._done(form, what, _object(body))
        except AgentError as error:
            return _Answer(400, json.dumps({"error": error.to_json()}).encode())
        return _refusal(403, "That request comes from another page.")

    def _is_own(self, headers: Mapping[str, str]) -> bool:
        """Whether a page of ours has sent it: not another site's, and not a plain HTML form."""
        return (
            headers.get("origin") == self._origin
            and headers.get("sec-fetch-site", "same-origin") == "same-origin"
            and headers.get("content-type", "").partition(";")[0] == "application/json"
        )

    def _form(self, nonce: str) -> _Form | None:
        found = None
        for form in self._forms.values():
            if secrets.compare_digest(form.nonce.encode(), nonce.encode()):
                found = form
        return found

    async def _shown(self, form: _Form, what: str) -> _Answer:
        if what == "":
            client = await self._open()
            agent = str(client.welcome.get("agent"))
            await client.close()
            return _Answer(
                200, entry_page.html(form.label, agent, form.why), "text/html; charset=utf-8"
            )
        found = entry_page.file(what)
        return _Answer(200, *found) if found else _refusal(404, "There is no such file.")

    async def _done(self, form: _Form, what: str, fields: Mapping[str, Any]) -> _Answer:
        if what == "declined":
            self._end(form.nonce, "declined")
        elif what == "offer":
            offer = await self._call("secret.offer", label=form.label, origin=self._origin)
            return _Answer(200, json.dumps({"type": "offer", **offer}).encode())
        elif what == "save":
            sealed = {name: fields.get(name) for name in _SEALED}
            if sealed["label"] != form.label or sealed["origin"] != self._origin:
                raise RequestInvalid("The form belongs to another label.")
            await self._call("secret.save", **sealed)
            if form.nonce in self._forms:
                self._end(form.nonce, "saved")
        elif what != "saved":  # which is for a server's page
            return _refusal(404, "There is no such thing.")
        return _Answer(200, b'{"type": "saved"}')

    async def _call(self, op: str, **fields: Any) -> Mapping[str, Any]:
        client = await self._open()
        try:
            return await client.call(op, **fields)
        finally:
            await client.close()


async def _read(
    connection: h11.Connection, reader: asyncio.StreamReader
) -> tuple[h11.Request, bytes]:
    request, body = None, b""
    while True:
        event = connection.next_event()
        if event is h11.NEED_DATA:
            connection.receive_data(await reader.read(65536))
        elif isinstance(event, h11.Request):
            request = event
        elif isinstance(event, h11.Data):
            body += event.data
            if len(body) > _MOST_SENT:
                raise h11.RemoteProtocolError("too much")
        elif isinstance(event, h11.EndOfMessage) and request is not None:
            return request, body
        else:
            raise h11.RemoteProtocolError("no request")


def _object(body: bytes) -> dict[str, Any]:
    try:
        fields = json.loads(body)
    except (ValueError, RecursionError):
        fields = None
    if not isinstance(fields, dict):
        raise RequestInvalid("The form sent something that can't be read.")
    return fields


async def _not_yours(_request: h11.Request, _body: bytes) -> _Answer:
    return _refusal(403, "This page belongs to another user.")


def _refusal(status: int, message: str) -> _Answer:
    hint = "Ask the agent for a new link."
    body = {"error": {"code": "request_invalid", "message": message, "hint": hint}}
    return _Answer(status, json.dumps(body).encode())
