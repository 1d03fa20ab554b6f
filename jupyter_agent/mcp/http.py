"""The tools over streamable HTTP: what a web server has to call for one request.

Stateless, and answers are JSON: a request brings everything, so nothing is kept for a program that
does not come back. Who may call is decided before (``server/mcp_route``); the caller's tools ride
in the request's scope, so that no request can get at another one's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

from jupyter_agent.mcp import sdk
from jupyter_agent.mcp.toolbox import Toolbox

_TOOLBOX: Final = "jupyter_agent.toolbox"


@dataclass(slots=True)
class Answer:
    """What to answer.

    Attributes:
        status: Of HTTP.
        headers: Small letters.
        body: All of it.
    """

    status: int = 500
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""


class HttpServer:
    """Answers requests until ``close``."""

    def __init__(self) -> None:
        self._manager: Any = StreamableHTTPSessionManager(
            sdk.server(lambda request: request.scope[_TOOLBOX]), json_response=True, stateless=True
        )
        self._over = asyncio.Event()
        self._up = asyncio.Event()
        self._running = asyncio.create_task(self._run())

    async def answer(
        self, method: str, headers: Iterable[tuple[str, str]], body: bytes, toolbox: Toolbox
    ) -> Answer:
        """Answer one request; a cancelled task ends what the request had started.

        Args:
            method: In capitals.
            headers: As they came, without what proves who called.
            body: All of it.
            toolbox: Of the agent that calls.
        """
        await self._up.wait()
        with suppress(UnicodeDecodeError):  # the SDK says that it is none
            body = sdk.readable(body.decode()).encode()
        answer, taken = Answer(), False

        async def receive() -> dict[str, Any]:
            nonlocal taken
            if taken:
                await self._over.wait()  # a caller that hangs up cancels this task instead
                return {"type": "http.disconnect"}
            taken = True
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start":
                answer.status = message["status"]
                answer.headers = [(n.decode(), v.decode()) for n, v in message.get("headers", ())]
            else:
                answer.body += message.get("body", b"")

        raw = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": "/",
            "raw_path": b"/",
            "root_path": "",
            "query_string": b"",
            "headers": raw,
            "client": None,
            "server": None,
            _TOOLBOX: toolbox,
        }
        await self._manager.handle_request(scope, receive, send)
        return answer

    async def close(self) -> None:
        """End every request."""
        self._over.set()
        with suppress(asyncio.CancelledError):
            await self._running

    async def _run(self) -> None:
        # Entered and left in one task, as its task group asks.
        async with self._manager.run():
            self._up.set()
            await self._over.wait()
