"""What the desktop's tests stand on: a machine, and a look at what is left when it is gone."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import traces
from desktop_world import World

from jupyter_agent.desktop.machine import Machine


@pytest.fixture(autouse=True)
def agent_home(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A home whose path is short enough for sockets; no desktop of it is left after the test."""
    home = Path(tempfile.mkdtemp(prefix="ja"))
    monkeypatch.setenv("JUPYTER_AGENT_HOME", str(home))
    before = traces.dead_x_files()
    yield home
    assert not traces.processes_of(home)
    assert not traces.left_x_files(before)
    assert not list(home.glob("run/d/*"))
    shutil.rmtree(home)


@pytest.fixture
def machine(jp_asyncio_loop: asyncio.AbstractEventLoop) -> Iterator[Machine]:
    machine = jp_asyncio_loop.run_until_complete(Machine.make())
    yield machine
    jp_asyncio_loop.run_until_complete(machine.close())


@pytest.fixture(scope="package")
def world() -> Iterator[World]:
    """One desktop, one site and one viewer for the tests of the picture and those of typing."""
    loop = asyncio.new_event_loop()
    before = traces.dead_x_files()
    world = World(loop)
    world.run(world.begin())
    yield world
    world.run(world.end())
    loop.close()
    assert not traces.processes_of(world.home)
    assert not traces.left_x_files(before)
