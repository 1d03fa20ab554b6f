"""Desktops for tests: real providers in an event loop of their own, and a person who types.

A person's viewer speaks what the provider's page speaks, over the relay's WebSocket with a ticket.
"""

from __future__ import annotations

import asyncio
import json
import logging
import struct
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager, suppress
from typing import Any, Protocol, TypeVar

from tornado.httpclient import HTTPRequest
from tornado.websocket import WebSocketClientConnection, websocket_connect

from jupyter_agent.desktop import keys
from jupyter_agent.desktop.cdp import Cdp, CommandRefused
from jupyter_agent.desktop.lease import Lease
from jupyter_agent.desktop.local_cdp import LocalCdp
from jupyter_agent.desktop.local_vnc import LocalVnc
from jupyter_agent.desktop.provider import Desktop, DesktopProvider, HandBack, StartOptions
from jupyter_agent.desktop.relay import PROTOCOL, TICKET_PREFIX
from jupyter_agent.desktop.tabs import front, session
from jupyter_agent.server.desktop.agent_endpoint import AgentDoor
from jupyter_agent.server.desktop.stream import Streams

T = TypeVar("T")
PARENT = "http://127.0.0.1:8888"
PATIENCE = 45.0
_NOT_SEEN_IN_TIME = ("can't be looked through", "does not answer")
"""Why a desktop is not handed back now, and may be in a moment: a page loads, or is slow."""


class Room:
    """A loop in a thread, with what serves desktops in it. Made by ``room``."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self.log = logging.getLogger("desktops of this test")
        self.streams = Streams("/", self.log)
        self.door = AgentDoor(self.log)
        self.opened: list[Desktop] = []

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Do something in the loop, and wait for it."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(110)

    def provider(self, name: str) -> DesktopProvider:
        """``local-cdp`` or ``local-vnc``, as the server makes it."""
        kinds = {"local-cdp": LocalCdp, "local-vnc": LocalVnc}
        return kinds[name](self.streams, self.door.publish)

    async def start(self, name: str, url: str = "") -> Desktop:
        """A running desktop; closed with the room."""
        desktop = await self.provider(name).start(StartOptions(url=url, width=900, height=700))
        self.opened.append(desktop)
        return desktop

    async def close(self) -> None:
        for desktop in self.opened:
            await desktop.close()
        await self.door.close()
        await self.streams.close()


@contextmanager
def room() -> Iterator[Room]:
    """A room, until the block is left."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    there = asyncio.run_coroutine_threadsafe(_made(loop), loop).result(10)
    try:
        yield there
    finally:
        there.run(there.close())
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


async def _made(loop: asyncio.AbstractEventLoop) -> Room:
    return Room(loop)


class Person(Protocol):
    """Who looks at a desktop, and types."""

    async def type(self, text: str) -> None: ...

    async def press(self, key: str) -> None: ...


persons_elsewhere: dict[str, Callable[[Desktop], AbstractAsyncContextManager[Person]]] = {}
"""Who types where our relay is not: by the desktop's id."""


@asynccontextmanager
async def person_at(desktop: Desktop, *, sees: bool = True) -> AsyncIterator[Person]:
    """A controlling viewer, until the block is left.

    Args:
        desktop: Where.
        sees: Wait for a picture first. Of a page that shows nothing there may never be one.
    """
    if desktop.id in persons_elsewhere:
        async with persons_elsewhere[desktop.id](desktop) as elsewhere:
            yield elsewhere
        return
    grant = await desktop.grant("control", PARENT)
    page, _, ticket = grant.url.partition("#")
    request = HTTPRequest(
        page.replace("http", "ws", 1) + "/stream", headers={"Origin": grant.origin}
    )
    socket = await websocket_connect(request, subprotocols=[PROTOCOL, TICKET_PREFIX + ticket])
    kind = VncPerson if desktop.provider == "local-vnc" else CdpPerson
    person = kind(socket)
    if sees or not isinstance(person, CdpPerson):
        await person.greet()
    try:
        yield person
    finally:
        socket.close()


class CdpPerson:
    """Speaks with ``screencast``."""

    def __init__(self, socket: WebSocketClientConnection) -> None:
        self._socket = socket
        self.frames = 0
        self.page: dict[str, Any] = {}
        self.ask: dict[str, Any] | None = None
        self.permits: dict[str, Any] = {}
        self._news = asyncio.Event()
        self._reading = asyncio.ensure_future(self._read())

    async def greet(self) -> None:
        await self.until(lambda: self.frames > 0)

    async def say(self, **message: Any) -> None:
        await self._socket.write_message(json.dumps(message))

    async def type(self, text: str) -> None:
        await self.say(text=text)

    async def press(self, key: str) -> None:
        for stroke in keys.strokes(key):
            await self.say(
                key="keyUp" if stroke["type"] == "keyUp" else "keyDown",
                name=stroke["key"],
                code=stroke["code"],
                number=stroke["windowsVirtualKeyCode"],
                text=stroke.get("text", ""),
            )

    async def click(self, x: float, y: float) -> None:
        for kind in ("mouseMoved", "mousePressed", "mouseReleased"):
            await self.say(mouse=kind, x=x, y=y, button="left", buttons=1, clicks=1)

    async def until(self, true: Any) -> None:
        async with asyncio.timeout(PATIENCE):
            while not true():
                self._news.clear()
                await self._news.wait()

    async def until_still(self) -> None:
        """Wait until no picture comes for two seconds: a caret that blinks is two in each."""
        async with asyncio.timeout(PATIENCE):
            seen = -1
            while seen != self.frames:
                seen = self.frames
                with suppress(TimeoutError):
                    async with asyncio.timeout(2):
                        await self.until(lambda seen=seen: self.frames > seen)

    async def asked(self, kind: str) -> dict[str, Any]:
        await self.until(lambda: self.ask is not None and self.ask["kind"] == kind)
        assert self.ask is not None
        return self.ask

    async def _read(self) -> None:
        while (message := await self._socket.read_message()) is not None:
            if isinstance(message, bytes):
                self.frames += 1
                assert message[4:6] == b"\xff\xd8"  # a JPEG begins so
            else:
                said = json.loads(message)
                self.page = said.get("page", self.page)
                self.ask = said.get("ask", self.ask)
                self.permits = said.get("permits", self.permits)
            self._news.set()


_KEYSYMS = {"Tab": 0xFF09, "Enter": 0xFF0D}


class VncPerson:
    """Speaks RFB 3.8 (RFC 6143), as far as typing goes."""

    def __init__(self, socket: WebSocketClientConnection) -> None:
        self._socket = socket
        self._rest = b""

    async def greet(self) -> None:
        assert await self._take(12) == b"RFB 003.008\n"
        await self._socket.write_message(b"RFB 003.008\n", binary=True)
        kinds = await self._take((await self._take(1))[0])
        assert 1 in kinds
        await self._socket.write_message(b"\x01", binary=True)
        assert await self._take(4) == bytes(4)
        await self._socket.write_message(b"\x01", binary=True)
        head = await self._take(24)
        await self._take(struct.unpack("!I", head[20:])[0])

    async def type(self, text: str) -> None:
        for character in text:
            await self._key(ord(character))

    async def press(self, key: str) -> None:
        await self._key(_KEYSYMS[key])

    async def _key(self, keysym: int) -> None:
        # In one message: a key that is let go late, on a busy machine, would repeat.
        both = b"".join(struct.pack("!BBHI", 4, down, 0, keysym) for down in (1, 0))
        await self._socket.write_message(both, binary=True)

    async def _take(self, size: int) -> bytes:
        while len(self._rest) < size:
            piece = await self._socket.read_message()
            assert isinstance(piece, bytes)
            self._rest += piece
        taken, self._rest = self._rest[:size], self._rest[size:]
        return taken


async def until_field(desktop: Any, name: str) -> None:
    """Wait until a field of that name has the focus; looked at from beside the desktop."""
    await until_true(desktop, f"document.hasFocus() && document.activeElement?.name === {name!r}")


async def until_true(desktop: Any, expression: str) -> None:
    """Wait until an expression holds in the page in front."""
    cdp: Cdp = await desktop._steer()
    async with asyncio.timeout(PATIENCE):
        while True:
            with suppress(CommandRefused):  # it went to another page while it was asked
                if await _holds(cdp, expression):
                    return
            await asyncio.sleep(0.02)  # a page tells nobody what has the focus


async def _holds(cdp: Cdp, expression: str) -> bool:
    if (tab := await front(cdp)) is None:
        return False
    async with session(cdp, tab.target) as ours:
        asked = {"expression": f"Boolean({expression})", "returnByValue": True}
        answer = await cdp.send("Runtime.evaluate", asked, ours)
    return answer["result"].get("value") is True


async def hand_back(desktop: Desktop, lease: Lease) -> HandBack:
    """Click, and again while a page on a busy machine was not seen in time; what comes of it."""
    async with asyncio.timeout(PATIENCE):
        while True:
            outcome = await desktop.hand_back(lease)
            if not any(said in outcome.reason for said in _NOT_SEEN_IN_TIME):
                return outcome


async def sign_in(desktop: Desktop, site: Any, user: str) -> Lease:
    """A person takes over and signs in at the login site; the lease is still theirs."""
    lease = await desktop.take_over("ada")
    async with person_at(desktop) as person:
        await until_field(desktop, "user")
        await person.type(user)
        await person.press("Tab")
        await until_field(desktop, "password")
        await person.type(site.password)
        await person.press("Enter")
        await until_field(desktop, "otp")
        await person.type(site.code)
        await person.press("Enter")
        await until_true(desktop, "document.querySelector('#balance')")
    return lease
