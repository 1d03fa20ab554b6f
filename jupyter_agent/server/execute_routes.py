"""Routes of other extensions that take a cell's text: ``POST …/api/kernels/<id>/execute``.

Guard B would stop such a cell where it leaves for the kernel. Two things happen before that: the
extension may log what it got, and it may run it on another server's kernel, which no manager here
knows. So the text is taken out of the request's body before the extension reads it.

jupyter_server_nbmodel has these routes; jupyter_server_documents has one without a text in it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
from collections.abc import Awaitable, Callable, Container
from typing import Any, Final

from tornado.httputil import HTTPMessageDelegate, HTTPServerRequest

from jupyter_agent.screen import stub
from jupyter_agent.screen.box import Stop
from jupyter_agent.server.gate import Gate
from jupyter_agent.server.judge import Judge

Json = dict[str, Any]

_ROUTE: Final = re.compile(r".*/api/kernels/([^/]+)/(execute|input)/?")


def guard_execute_routes(web_app: Any, gate: Gate, judge: Judge, kernels: Container[str]) -> None:
    """Screen the bodies of these routes from now on.

    Args:
        web_app: The server's tornado application.
        gate: Decides by the rules.
        judge: Decides by all there is.
        kernels: The ids of this server's own kernels.
    """
    delegate_for = web_app.get_handler_delegate

    def get_handler_delegate(request: HTTPServerRequest, *args: Any, **kwargs: Any) -> Any:
        delegate = delegate_for(request, *args, **kwargs)
        match = _ROUTE.fullmatch(request.path)
        if match is None or request.method != "POST":
            return delegate
        kernel_id, verb = match.groups()
        bodies = Bodies(gate, judge, kernel_id, is_here=kernel_id in kernels)
        return _Screening(delegate, bodies.execution if verb == "execute" else bodies.answer)

    web_app.get_handler_delegate = get_handler_delegate


class Bodies:
    """Takes secrets out of bodies.

    Args:
        gate: Decides by the rules.
        judge: Decides by all there is.
        kernel_id: The kernel's id.
        is_here: Whether the kernel is one of this server's own, whose clients are guarded.
    """

    def __init__(self, gate: Gate, judge: Judge, kernel_id: str, *, is_here: bool) -> None:
        self._gate = gate
        self._judge = judge
        self._kernel_id = kernel_id
        self._is_here = is_here

    async def execution(self, body: bytes) -> bytes:
        """The body of an ``execute`` request, with other code in place of what was stopped."""
        fields = _fields(body)
        if fields is None or "code" not in fields:
            return body
        # Another server's address comes with a token for it, which is meant to be there.
        server = fields.pop("server", None)
        stop = await self._verdict("execute_request", fields)
        if stop is None:
            return body
        metadata = fields.get("metadata")
        if await self._verdict("", {"metadata": metadata}) is not None:
            metadata = {}
        is_remote = server is not None or not self._is_here
        clean: Json = {"code": self._instead(stop, is_remote=is_remote), "metadata": metadata or {}}
        return json.dumps(clean if server is None else {**clean, "server": server}).encode()

    async def answer(self, body: bytes) -> bytes:
        """The body of an ``input`` request; of kernels here, guard B knows what was asked."""
        fields = _fields(body)
        if fields is None or self._is_here:
            return body
        if await self._verdict("input_reply", {"value": fields.get("input", "")}) is None:
            return body
        return b'{"input": ""}'

    async def _verdict(self, kind: str, content: Json) -> Stop | None:
        # A kernel's client here will be asked about it again, when it sends what was let through.
        return await self._judge.decide(kind, content, (), self._kernel_id, spend=not self._is_here)

    def _instead(self, stop: Stop, *, is_remote: bool) -> str:
        return stub.code(stop) if is_remote else self._gate.hold(stop)


def _fields(body: bytes) -> Json | None:
    # As json.loads reads it, or Jupyter's get_json_body, which takes more off its ends than JSON
    # allows to be there. What neither can read the extension refuses, too.
    for text in (body, body.strip()):
        with contextlib.suppress(ValueError):
            fields = json.loads(text)
            return fields if isinstance(fields, dict) else None
    return None


class _Screening(HTTPMessageDelegate):
    """Collects a body, and hands it on as it may be read."""

    def __init__(self, inner: Any, clean: Callable[[bytes], Awaitable[bytes]]) -> None:
        self._inner = inner
        self._clean = clean
        self._chunks: list[bytes] = []
        self._cleaning: asyncio.Task[None] | None = None

    def headers_received(self, start_line: Any, headers: Any) -> Any:
        return self._inner.headers_received(start_line, headers)

    def data_received(self, chunk: bytes) -> None:
        self._chunks.append(chunk)

    def finish(self) -> None:
        # The connection waits for an answer, whenever that comes, and reads nothing before it.
        self._cleaning = asyncio.get_running_loop().create_task(self._finish())

    def on_connection_close(self) -> None:
        if self._cleaning is not None:
            self._cleaning.cancel()
        self._inner.on_connection_close()

    async def _finish(self) -> None:
        try:
            body = await self._clean(b"".join(self._chunks))
        except Exception:  # noqa: BLE001  (fail closed, whatever went wrong: it still is answered)
            body = b"{}"
        self._inner.data_received(body)
        self._inner.finish()
