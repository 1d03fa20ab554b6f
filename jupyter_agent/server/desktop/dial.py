"""Sockets to browsers that run elsewhere, for the protocol by which Chromium is steered.

The address of one is a value: whoever has it drives the browser. It stands in no error and no log,
and the connection proves the other side by its certificate before anything is sent.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

from tornado.httpclient import HTTPRequest
from tornado.websocket import WebSocketClientConnection, WebSocketClosedError, websocket_connect

from jupyter_agent.desktop.cdp import LONGEST_MESSAGE, Cdp
from jupyter_agent.errors import ProviderFailed

_PATIENCE: Final = 30.0
"""Seconds: the browser may still be starting."""

_PING: Final = 20.0  # seconds; proxies end what is silent for a minute


async def dial(url: str) -> Cdp:
    """Open a line to a browser.

    Args:
        url: Its socket, ``wss:``; or ``ws:`` on this machine.

    Raises:
        ProviderFailed: It does not answer.
    """
    request = HTTPRequest(url, connect_timeout=_PATIENCE, request_timeout=_PATIENCE)
    try:
        async with asyncio.timeout(_PATIENCE):
            socket = await websocket_connect(
                request, max_message_size=LONGEST_MESSAGE, ping_interval=_PING
            )
    except Exception as problem:  # noqa: BLE001  (of many kinds; its sentence may have the address)
        raise _no_line(type(problem).__name__) from None
    line = _Socket(socket)
    cdp = Cdp(line)
    line.begin(cdp)
    return cdp


class _Socket:
    """One socket (``cdp.Line``)."""

    def __init__(self, socket: WebSocketClientConnection) -> None:
        self._socket = socket
        self._reading: asyncio.Task[None] | None = None

    def begin(self, cdp: Cdp) -> None:
        self._reading = asyncio.create_task(self._read(cdp))

    def say(self, message: bytes) -> None:
        try:
            sent: Any = self._socket.write_message(message.decode())
        except WebSocketClosedError:
            return  # reading ends, and tells whoever waits
        # That it is gone is no failure of its own.
        asyncio.ensure_future(sent).add_done_callback(lambda f: f.cancelled() or f.exception())

    def close(self) -> None:
        self._socket.close()

    async def _read(self, cdp: Cdp) -> None:
        try:
            while (message := await self._socket.read_message()) is not None:
                cdp.take(message)
        except (ValueError, KeyError, TypeError, AttributeError):
            pass  # it speaks something else
        finally:
            cdp.close()


def _no_line(why: str) -> ProviderFailed:
    return ProviderFailed(
        f"The remote browser did not answer ({why}).",
        "Open another desktop; if it stays so, look at the provider's status page.",
        data={"reason": "down"},
    )
