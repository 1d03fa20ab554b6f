"""One HTTP/1.1 request to a way out on this machine (docs/egress.md), and its answer.

A client of our own, because a whole HTTP library takes longer to load than a chat cell may take,
and would read proxies from the environment. It speaks to 127.0.0.1 and to nobody else.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Final

import h11

from jupyter_agent.chat.cutting import without_cut_end
from jupyter_agent.chat.door import HttpAnswer
from jupyter_agent.errors import EgressFailed, RequestInvalid

MOST: Final = 200_000
"""Bytes of a body that are kept."""

_SECONDS: Final = 120.0
_PIECE: Final = 1 << 16


async def send(
    port: int, method: str, target: str, headers: Iterable[tuple[str, str]], body: bytes
) -> HttpAnswer:
    """Send it, and read the answer.

    Args:
        port: Of the way out.
        method: In capitals.
        target: Path and query.
        headers: Without ``Host`` and ``Content-Length``, which are written here.
        body: Sent where it is not empty.

    Raises:
        RequestInvalid: It can't be written as HTTP.
        EgressFailed: The way is closed, or the answer is none.
    """
    lines = [("Host", f"127.0.0.1:{port}"), ("Connection", "close"), *headers]
    if body:
        lines.append(("Content-Length", str(len(body))))
    connection = h11.Connection(h11.CLIENT)
    try:
        head = connection.send(h11.Request(method=method, target=target, headers=lines))
        rest = connection.send(h11.Data(data=body)) if body else b""
        end = connection.send(h11.EndOfMessage())
    except (h11.LocalProtocolError, UnicodeEncodeError):
        # Not chained: it repeats what could not be written.
        raise RequestInvalid(
            "That address or a header can't be sent.", "Encode what is not ASCII, with no blanks."
        ) from None
    try:
        async with asyncio.timeout(_SECONDS):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                writer.write(b"".join((head or b"", rest or b"", end or b"")))
                await writer.drain()
                return await _answer(connection, reader)
            finally:
                writer.close()
    except TimeoutError:  # before OSError, which it is one of
        raise EgressFailed(
            f"No answer within {_SECONDS:g} seconds.",
            "Look first whether the service has done it; if not, try it again.",
        ) from None
    except (OSError, h11.RemoteProtocolError):
        raise EgressFailed("The service's answer broke off.", "Try it again.") from None


async def _answer(connection: h11.Connection, reader: asyncio.StreamReader) -> HttpAnswer:
    status, headers, body, cut = 0, {}, bytearray(), False
    while True:
        event = connection.next_event()
        if event is h11.NEED_DATA:
            connection.receive_data(await reader.read(_PIECE))
        elif isinstance(event, h11.Response):
            status = event.status_code
            headers = {name.decode(): value.decode("latin-1") for name, value in event.headers}
        elif isinstance(event, h11.Data):
            body += event.data
            if cut := len(body) > MOST:
                break
        elif isinstance(event, h11.EndOfMessage | h11.ConnectionClosed):
            break
    text = _text(bytes(body[:MOST]))
    return HttpAnswer(status, headers, without_cut_end(text) if cut else text, cut)


def _text(body: bytes) -> str:
    if b"\0" in body:
        return f"[no text: {len(body)} bytes]"
    return body.decode("utf-8", "replace")
