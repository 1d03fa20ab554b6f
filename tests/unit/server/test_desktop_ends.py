"""Who or what has closed a desktop: the record says it."""

from __future__ import annotations

import asyncio
import logging

import pytest
from scripted_desktop import ScriptedProvider

from jupyter_agent.desktop.provider import StartOptions
from jupyter_agent.server.desktop import desktops as room
from jupyter_agent.server.desktop.desktops import Desktops
from jupyter_agent.server.desktop.hosted import PANEL, Hosted, Opener

KERNEL = Opener("kernel:1", "/notebooks/a.ipynb")


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "_LOOK_AGAIN", 0.01)


@pytest.mark.parametrize(
    ("options", "end", "who"),
    [
        (StartOptions(), lambda all_, one: all_.end(one.id), PANEL),
        (StartOptions(), lambda all_, one: all_.end(one.id, KERNEL), "kernel:1"),
        (StartOptions(), lambda all_, _: all_.close(), "server"),
        (StartOptions(), lambda _, one: one.running().close(), "provider"),
        (StartOptions(idle=0.01), None, "idle"),
        (StartOptions(longest=0.01), None, "limit"),
    ],
)
def test_the_record_says_who_closed_a_desktop(options, end, who) -> None:
    told: asyncio.Queue[tuple[str, Opener | None]] = asyncio.Queue()

    def record(_: Hosted, what: str, actor: Opener | None = None) -> None:
        told.put_nowait((what, actor))

    async def work() -> None:
        desktops = Desktops([ScriptedProvider()], lambda _: None, logging.getLogger(), record)
        hosted = await desktops.start("", options, KERNEL)
        await desktops.started(hosted)
        if end is not None:
            await end(desktops, hosted)
        async with asyncio.timeout(30):
            assert await told.get() == ("open", KERNEL)
            what, actor = await told.get()
        assert (what, actor and actor.who) == ("close", who)
        await desktops.close()

    asyncio.run(work())
