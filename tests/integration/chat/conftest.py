"""A model's tools, with a real broker behind them."""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from bearer_service import Service, bearer_service
from canary import Canary
from steps import save

from jupyter_agent.chat.passage import Passage
from jupyter_agent.chat.tools import Outcome, tools
from jupyter_agent.client import Client, Hello
from jupyter_agent.client.loop import AsyncClient
from jupyter_agent.client.model_door import ModelDoor
from jupyter_agent.folders import Folders
from jupyter_agent.screen import Screener

SCREENER = Screener()
Call = Callable[..., Outcome]


@pytest.fixture
def planted() -> Canary:
    return Canary.make(random.Random())


@pytest.fixture
def stored(person: Client, planted: Canary) -> Client:
    """DEMO_TOKEN is in the vault; nobody may use it yet."""
    save(person, "DEMO_TOKEN", planted.value)
    return person


@pytest.fixture
def service(planted: Canary) -> Iterator[Service]:
    with bearer_service(lambda request: planted.value in str(request.headers)) as service:
        yield service


@pytest.fixture
def call(folders: Folders) -> Call:
    """Calls one tool, as a model would; `states` is what it was told meanwhile."""
    entries: list[tuple[str, str]] = []

    def calling(name: str, *, states: list[str] | None = None, **arguments: Any) -> Outcome:
        async def act() -> Outcome:
            async def entry(label: str, why: str, _told: object) -> str:
                entries.append((label, why))
                return "pending"

            door = ModelDoor(
                lambda: AsyncClient.open(folders, Hello()),
                entry,
                cwd="/",
                env={"PATH": os.environ["PATH"]},
                confirms=True,
            )
            passage = Passage(SCREENER, door.match)
            try:
                tool = {tool.name: tool for tool in tools(door, passage)}[name]
                return await tool.call(arguments, (states if states is not None else []).append)
            finally:
                await door.close()

        return asyncio.run(act())

    calling.entries = entries  # type: ignore[attr-defined]
    return calling
