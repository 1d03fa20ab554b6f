"""A real broker for each test, and the people who talk to it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_agent import person as person_door
from jupyter_agent.client import Client, Hello
from jupyter_agent.folders import Folders


@pytest.fixture(autouse=True)
def folders(agent_home: Path, monkeypatch: pytest.MonkeyPatch) -> Folders:
    """This test's folders; the key source `file` is chosen, which is the consent to it."""
    monkeypatch.setenv("JUPYTER_AGENT_KEY_SOURCE", "file")
    return Folders.of({"JUPYTER_AGENT_HOME": str(agent_home)})


@pytest.fixture
def person(folders: Folders) -> Iterator[Client]:
    """The person who owns the vault."""
    with person_door.open_client(folders) as client:
        yield client


@pytest.fixture
def guest(folders: Folders) -> Iterator[Client]:
    """Any program of the same user, with nothing to show."""
    with Client(folders, Hello()) as client:
        yield client
