"""Requirement 9 where keys have a way of their own: what is on it when a person hands back."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import time
from collections.abc import AsyncIterator

import pytest
from canary import Canary
from desktop_rooms import Room, person_at, room, until_field
from login_site import LoginSite, login_site

from jupyter_agent.desktop import display
from jupyter_agent.desktop.provider import Desktop, HandBack
from jupyter_agent.desktop.rfb import ClientMessages
from jupyter_agent.desktop.x11 import X11

pytestmark = pytest.mark.browser


@contextlib.asynccontextmanager
async def stopped(desktop: Desktop) -> AsyncIterator[None]:
    """While entered, the X server takes nothing, as one to which a busy machine gives no time."""
    pid = desktop._display.program.pid
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


class Watched:
    """What has come to the X server's sockets: keys by a viewer, and whoever knocks."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._bytes = 0
        self._news = asyncio.Event()
        self.knocked = asyncio.Event()
        feed, connect = ClientMessages.feed, X11.connect

        def fed(messages: ClientMessages, data: bytes) -> bytes:
            self._bytes += len(data)
            self._news.set()
            return feed(messages, data)

        async def knock(_kind: type[X11], *where: object) -> X11:
            self.knocked.set()
            return await connect(*where)

        monkeypatch.setattr(ClientMessages, "feed", fed)
        monkeypatch.setattr(X11, "connect", classmethod(knock))

    async def keys(self, count: int) -> None:
        while self._bytes < count * 16:  # down and up, 8 bytes each
            self._news.clear()
            await self._news.wait()


async def handed_back(
    there: Room, site: LoginSite, monkeypatch: pytest.MonkeyPatch, *, hangs: bool
) -> tuple[Desktop, HandBack]:
    """What comes of a click right behind a password that the X server has not read."""
    desktop = await there.start("local-vnc", f"{site.url}/login")
    lease = await desktop.take_over("ada")
    async with person_at(desktop) as person:
        await until_field(desktop, "user")
        await person.press("Tab")
        await until_field(desktop, "password")
        watched = Watched(monkeypatch)
        async with stopped(desktop):
            await person.type(site.password)
            await watched.keys(len(site.password))
            clicked = asyncio.ensure_future(desktop.hand_back(lease))
            knocks = asyncio.ensure_future(watched.knocked.wait())
            await asyncio.wait({clicked, knocks}, return_when=asyncio.FIRST_COMPLETED)
            if hangs:
                await clicked
        return desktop, await clicked


@pytest.fixture
def site():
    password = Canary.make(random.Random(time.time_ns())).value
    with login_site(password, "482 913") as site:
        yield site


def test_requirement_9_a_password_that_is_still_on_its_way_is_waited_for(site, monkeypatch):
    with room() as there:
        desktop, outcome = there.run(handed_back(there, site, monkeypatch, hangs=False))
        assert not outcome.done
        assert "still holds text" in outcome.reason
        assert desktop.state == "human"


def test_requirement_9_where_nobody_can_say_whether_all_has_arrived_it_is_not_handed_back(
    site, monkeypatch
):
    monkeypatch.setattr(display, "_CAUGHT_UP", 0.2)
    with room() as there:
        desktop, outcome = there.run(handed_back(there, site, monkeypatch, hangs=True))
        assert not outcome.done
        assert "may still be on its way" in outcome.reason
        assert desktop.state == "human"
