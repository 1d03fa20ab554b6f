"""Agents, and the person who is asked about what they want."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator

import pytest
from persons import Watcher, person_is_there

from jupyter_agent.client import Client, Hello
from jupyter_agent.folders import Folders

Enter = Callable[..., Client]


@pytest.fixture
def value() -> str:
    return "v" + secrets.token_urlsafe(24)


@pytest.fixture
def enter(person: Client, folders: Folders) -> Iterator[Enter]:
    """Lets an agent in, and gives its conversation."""
    clients: list[Client] = []

    def enter_(name: str = "claude") -> Client:
        token = person.call("agent.register", name=name)["token"]
        client = Client(folders, Hello(role="agent", proof={"token": token}))
        clients.append(client)
        return client

    yield enter_
    for client in clients:
        client.close()


@pytest.fixture
def watcher(person: Client, folders: Folders) -> Iterator[Watcher]:
    with person_is_there(folders) as (client, number):
        yield Watcher(client, number, person)
