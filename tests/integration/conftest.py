"""A real broker for each test or each module, and the people who talk to it."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import steps
from aws_service import AwsService, aws_service
from canary import Canary
from conftest import end_brokers
from postgres_server import PostgresServer, running

from jupyter_agent import person as person_door
from jupyter_agent import rulecache
from jupyter_agent.client import Client, Hello
from jupyter_agent.errors import BrokerUnreachable
from jupyter_agent.folders import Folders
from jupyter_agent.screen import Screener


@pytest.fixture(autouse=True)
def folders(agent_home: Path, monkeypatch: pytest.MonkeyPatch) -> Folders:
    """This test's folders; the key source `file` is chosen, which is the consent to it."""
    monkeypatch.setenv("JUPYTER_AGENT_KEY_SOURCE", "file")
    return Folders.of({"JUPYTER_AGENT_HOME": str(agent_home)})


@pytest.fixture(scope="session")
def compiled_rules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state folder with what the first program of a person compiles: the rules."""
    home = tmp_path_factory.mktemp("rules")
    folders = Folders.of({"JUPYTER_AGENT_HOME": str(home)})
    rulecache.warm(folders, Screener())
    return folders.state


@pytest.fixture(scope="module")
def shared_home(tmp_path_factory: pytest.TempPathFactory, compiled_rules: Path) -> Iterator[Path]:
    """A home that tests of a module share; its broker ends with the last of them."""
    home = tmp_path_factory.mktemp("shared agent home")
    shutil.copytree(compiled_rules, Folders.of({"JUPYTER_AGENT_HOME": str(home)}).state)
    yield home
    end_brokers(home)


@pytest.fixture
def emptied_home(
    shared_home: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Iterator[Path]:
    """The home of a module's tests; afterwards its broker knows nothing of this one."""
    monkeypatch.setenv("JUPYTER_AGENT_HOME", str(shared_home))
    monkeypatch.setenv("JUPYTER_AGENT_KEY_SOURCE", "file")
    yield shared_home
    folders = Folders.of({"JUPYTER_AGENT_HOME": str(shared_home)})
    there = (folders.data / "vault.db").exists()
    with (
        contextlib.suppress(*([] if there else [BrokerUnreachable])),  # it may need none
        person_door.open_client(folders, start=there) as owner,
    ):
        steps.empty(owner)
        if shares(request, "one_broker"):  # a server ends its watch when its loop runs again
            steps.wait_until(lambda: owner.call("status")["approvers"] == 0, seconds=30)


def shares(request: pytest.FixtureRequest, mark: str) -> bool:
    """Whether this test shares with its module what a mark names.

    A test whose module is marked may want one of its own all the same: ``shared=False``.
    """
    closest = request.node.get_closest_marker(mark)
    return closest is not None and closest.kwargs.get("shared", True)


@pytest.fixture(autouse=True)
def agent_home(agent_home: Path, request: pytest.FixtureRequest) -> Path:
    """This test's own, or its module's where that is marked ``one_broker``."""
    return request.getfixturevalue("emptied_home") if shares(request, "one_broker") else agent_home


@pytest.fixture(autouse=True)
def warm_rules(folders: Folders, compiled_rules: Path) -> Iterator[None]:
    """Programs start as they do every time but the first, which takes a second to compile rules."""
    if folders.state.exists():  # the tests of a module share it, and a kernel that runs
        yield
        return
    shutil.copytree(compiled_rules, folders.state)
    yield
    # Some megabytes for each of thousands of tests would fill a disk.
    shutil.rmtree(folders.state / "cache", ignore_errors=True)


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


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL that all tests of this session share: it takes seconds to begin."""
    folder = Path(tempfile.mkdtemp(prefix="ja-pg-"))  # a path of pytest's is too long for a socket
    with running(folder) as server:
        yield server
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def aws() -> Iterator[AwsService]:
    """A server that checks signatures, for all tests of a session: it takes 3 s to start."""
    with aws_service() as service:
        yield service


@pytest.fixture(autouse=True)
def nothing_planted_is_found(
    agent_home: Path,
    folders: Folders,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    request: pytest.FixtureRequest,
) -> Iterator[None]:
    """Whatever a test stores or types is afterwards in no place where it could be read.

    Those are: our own folders (store, audit, caches, logs), everything else that the test's server,
    kernels and programs wrote (notebooks, IPython's history, runtime files), this process's log,
    and the command lines and environments of all our processes. The broker still runs then, so
    that its open files count too; the commands that were granted a value end first. Values that
    are too short to be told from chance are left to the tests that store them. The mark ``stands``
    is for tests in which a value stays in a file on purpose.
    """
    steps.planted.clear()
    yield
    for value in set(steps.planted):
        text = value if isinstance(value, str) else value.decode("latin-1")
        if len(text) < 12:
            continue
        canary = Canary(text)
        assert canary.search_tree(agent_home) == []
        if request.node.get_closest_marker("stands") is None:
            assert canary.search_tree(tmp_path) == []
        steps.wait_until(lambda: canary.search_proc(os.getuid()) == [])  # noqa: B023  (at once)
        assert canary.found_in(caplog.text.encode()) == []
