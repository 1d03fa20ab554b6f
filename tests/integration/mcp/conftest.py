"""Agents over MCP: a token in a file, and hosts of both generations of the SDK."""

from __future__ import annotations

import functools
import json
import os
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import steps
from canary import Canary
from persons import answering
from steps import save

import jupyter_agent
from jupyter_agent import agenttoken
from jupyter_agent.client import Client
from jupyter_agent.folders import Folders

TESTS = Path(__file__).parents[2]
FIRST = ("mcp>=1.24,<2", "httpx-sse", "pydantic-settings")
"""The SDK's first generation, and what it needs that its second one does not."""


@pytest.fixture(scope="session")
def first_sdk(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Path]:
    """A folder with the first generation, to be put before everything else that is installed; made
    when it is first wanted."""
    return functools.cache(lambda: _with_first_sdk(tmp_path_factory.mktemp("first sdk")))


def _with_first_sdk(folder: Path) -> Path:
    subprocess.run(
        [
            sys.executable,
            "-m",
            "pip",
            "--disable-pip-version-check",
            "install",
            "-q",
            "--no-deps",
            "--target",
            str(folder),
            *FIRST,
        ],
        check=True,
        timeout=110,
    )
    return folder


@pytest.fixture
def planted() -> Canary:
    canary = Canary.make(random.Random())
    steps.planted.append(canary.value)
    return canary


@pytest.fixture
def token_file(person: Client, folders: Folders) -> Path:
    """The agent `claude`, let in."""
    token = person.call("agent.register", name="claude")["token"]
    return agenttoken.keep(folders, "claude", token)


@pytest.fixture
def stored(person: Client, planted: Canary, token_file: Path) -> Client:
    """DEMO_TOKEN is in the vault; the agent may use it for one command."""
    save(person, "DEMO_TOKEN", planted.value)
    person.call("grant.add", label="DEMO_TOKEN", script='echo "$DEMO_TOKEN"', who="agent:claude")
    return person


Act = Callable[..., dict[str, Any]]


@pytest.fixture
def act(first_sdk: Callable[[], Path]) -> Act:
    """Starts a host of one generation, with our server on the other or the same, and gives what it
    saw."""

    def acting(*calls: tuple[str, dict[str, Any]], host: int, server: int, **more: Any) -> Any:
        order = {
            "server": [sys.executable, "-P", "-m", "jupyter_agent.cli", "mcp", "--agent", "claude"],
            "env": _environment(first_sdk() if server == 1 else None),
            "calls": [{"name": name, "arguments": given} for name, given in calls],
            **more,
        }
        done = subprocess.run(
            [sys.executable, "-P", str(TESTS / "mcp_host.py")],
            input=json.dumps(order).encode(),
            env=_environment(first_sdk() if host == 1 else None),
            capture_output=True,
            check=False,
            timeout=100,
        )
        assert done.returncode == 0, done.stderr.decode()[-3000:]
        return json.loads(done.stdout)

    return acting


def _environment(sdk: Path | None) -> dict[str, str]:
    ours = str(Path(jupyter_agent.__file__).parents[1])
    path = [str(sdk)] if sdk else []
    return {**os.environ, "PYTHONPATH": os.pathsep.join([*path, str(TESTS), ours])}


@pytest.fixture
def agreeable(stored: Client, folders: Folders) -> Iterator[None]:
    """A person who says yes to whatever is asked."""
    with answering(folders, lambda asked: "deny" if asked["kind"] == "entry" else "once"):
        yield
