"""Strict mode: nothing is attached to the browser while a person signs in."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
import traces
from desktop_rooms import hand_back
from desktop_world import World

from jupyter_agent.errors import PersonDrives
from jupyter_agent.processes import tree

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    loop = asyncio.new_event_loop()
    world = World(loop)
    world.run(world.begin(strict=True))
    yield world
    world.run(world.end())
    loop.close()
    assert not traces.processes_of(world.home)


@pytest.fixture
def jp_server_cleanup() -> None:
    """No Jupyter server runs here."""


def arguments(world: World) -> bytes:
    told = b""
    for pid, _ in tree.descendants(world.desktop._machine.keeper):
        try:
            told += Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:
            continue
    return told


def test_nothing_looks_into_the_browser_until_a_person_has_handed_back(world: World) -> None:
    async def go() -> None:
        assert b"--remote-debugging" not in arguments(world)
        assert world.site.encode() not in arguments(world)  # everybody may read them
        assert await world.desktop.host() == ""
        with pytest.raises(PersonDrives):
            await world.desktop.agent_channel()
        while not world.said.empty():
            world.said.get_nowait()

        assert (await hand_back(world.desktop, world.lease)).done
        assert b"--remote-debugging-pipe" in arguments(world)
        # The same page, in the browser that was started anew, and still signed in: the site has set
        # a cookie for as long as the browser runs, a moment before it was closed.
        assert await world.until("looked") == "session=mine"
        await world.until("there")
        channel = await world.desktop.agent_channel()
        assert "copy me" in await channel.text()

        world.lease = await world.desktop.take_over("me")
        assert b"--remote-debugging" not in arguments(world)
        assert await world.until("looked") == "session=mine"
        await world.until("there")
        assert world.desktop.state == "human"

    world.run(go())
