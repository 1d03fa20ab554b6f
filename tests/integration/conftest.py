"""A real broker for each test, and the people who talk to it."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import steps
from aws_service import AwsService, aws_service
from canary import Canary
from postgres_server import PostgresServer, running

from jupyter_agent import person as person_door
from jupyter_agent import rulecache
from jupyter_agent.client import Client, Hello
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
