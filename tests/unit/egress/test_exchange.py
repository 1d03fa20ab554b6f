"""What an exchange does between a caller and a service, seen from both."""

from __future__ import annotations

import asyncio
import contextlib

from jupyter_agent.egress.endpoint import Endpoint
from jupyter_agent.egress.form import Placed
from jupyter_agent.egress.http_way import HttpSpeaker
from jupyter_agent.egress.place import Place
from jupyter_agent.egress.route import Route, read_origin
from jupyter_agent.egress.upstream import Upstreams
from jupyter_agent.egress.warden import Granted, Seen
from jupyter_agent.scrub import Scrubber

PLACEHOLDER = b"jupyter-agent-placeholder-" + b"A" * 43
VALUES = {"KEY": b"correct-horse-battery-staple-42"}


class SlowPerson:
    """A warden who is asked, and answers when told to."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.answered = asyncio.Event()
        self.ended = asyncio.Event()

    async def begin(self, seen: Seen) -> Granted:
        self.asked.set()
        await self.answered.wait()
        return Granted(VALUES, Scrubber(VALUES))

    def end(self, seen: Seen) -> None:
        self.ended.set()


async def admit_all(_there: tuple[str, int], _here: tuple[str, int]) -> bool:
    return True


async def who_came_for(*, hangs_up: bool) -> int:
    """How many connections a service gets for a request whose permission comes late."""
    came = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal came
        came += 1
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        await writer.drain()
        writer.close()

    person = SlowPerson()
    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        origin = read_origin(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        route = Route("KEY", origin, Place.of_header("Authorization: Bearer {}"))
        endpoint = Endpoint(
            HttpSpeaker(Placed(route, PLACEHOLDER), person, Upstreams(None)), admit_all
        )
        port = await endpoint.open()
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(
            b"POST / HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Length: 2\r\n"
            b"Authorization: Bearer %s\r\n\r\nhi" % (port, PLACEHOLDER)
        )
        await person.asked.wait()
        if hangs_up:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()
        person.answered.set()
        await person.ended.wait()
        if not hangs_up:
            assert (await reader.readline()).startswith(b"HTTP/1.1 200")
            writer.close()
        await endpoint.close()
    return came


def test_a_request_is_sent_once_it_is_permitted():
    assert asyncio.run(who_came_for(hangs_up=False)) == 1


def test_a_request_whose_caller_has_given_up_meanwhile_is_not_sent():
    assert asyncio.run(who_came_for(hangs_up=True)) == 0
