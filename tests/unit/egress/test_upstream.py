"""Connections to a service that wait for their next request."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import pytest
from ports import kept_port

from jupyter_agent.egress.route import read_origin
from jupyter_agent.egress.upstream import Upstream
from jupyter_agent.errors import EgressFailed


async def test_a_connection_on_which_something_came_while_it_waited_is_used_no_more() -> None:
    callers: list[asyncio.StreamWriter] = []
    came, ended = asyncio.Event(), asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        callers.append(writer)
        came.set()
        await reader.read()  # until it hangs up
        writer.close()
        ended.set()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    upstream = Upstream(read_origin(f"http://127.0.0.1:{port}"), None)
    waits, used = await upstream.take()
    assert not used
    await came.wait()
    upstream._idle.append(waits)
    assert await upstream.take() == (waits, True)

    callers[0].write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nother")
    byte = await waits.reader.readexactly(1)  # it has come
    waits.reader.feed_data(byte)
    upstream._idle.append(waits)
    another, used = await upstream.take()
    assert (another is waits, used) == (False, False)
    await ended.wait()
    ended.clear()
    another.close()
    await ended.wait()
    server.close()


async def test_a_host_with_several_addresses_that_refuse_is_told_in_the_systems_words(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with kept_port() as port:

        async def found(*_: Any, **__: Any) -> list[Any]:
            kind = (socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "")
            return [(*kind, ("127.0.0.1", port)), (*kind, ("127.0.0.2", port))]

        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", found)
        with pytest.raises(EgressFailed, match="can't be reached: Connection refused") as failed:
            await Upstream(read_origin(f"http://localhost:{port}"), None).take()
    assert "127.0.0." not in str(failed.value)
