"""A real Jupyter server with the extension, and pages that talk to its kernels."""

from __future__ import annotations

import contextlib
import json
import logging
import random
import shutil
import string
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import steps
import zmq
from canary import Canary
from kernel_pages import KernelPage
from route_calls import Call, caller
from traitlets.config import Config

from jupyter_agent import person as person_door
from jupyter_agent.errors import AgentError
from jupyter_agent.folders import Folders


@pytest.fixture(scope="session", autouse=True)
def nothing_lingers() -> Iterator[None]:
    """When a server has ended, its sockets close at once.

    What is left in them is for kernels that have ended too; pytest-jupyter gives each a second.
    """
    close = zmq.Context.destroy
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(zmq.Context, "destroy", lambda context, linger=0: close(context, linger))
        yield


@pytest.fixture
def jp_server_config() -> Config:
    return Config({"ServerApp": {"jpserver_extensions": {"jupyter_agent": True}}})


@pytest.fixture
def call(jp_fetch: Callable[..., Awaitable[Any]]) -> Call:
    """Call a route, whatever it answers."""
    return caller(jp_fetch)


@pytest.fixture
def canary() -> Canary:
    """A token that the rules know, made up for this test."""
    letters = random.Random(11).choices(string.ascii_letters + string.digits, k=93)
    canary = Canary("sk-" + "ant-" + "api03-" + "".join(letters) + "AA")
    steps.planted.append(canary.value)
    return canary


@pytest.fixture
def everything_logged(
    caplog: pytest.LogCaptureFixture, jp_logging_stream: Any
) -> Iterator[Callable[[], bytes]]:
    """What any logger of this process said so far, debug lines included."""

    def logged() -> bytes:
        return (caplog.text + jp_logging_stream.getvalue()).encode()

    with caplog.at_level(logging.DEBUG):
        yield logged


@pytest.fixture(scope="session")
def bash_kernelspec(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment's folder in which a kernel is installed that is no IPython."""
    prefix = tmp_path_factory.mktemp("env")
    subprocess.run(
        [sys.executable, "-m", "bash_kernel.install", "--prefix", str(prefix)],
        check=True,
        capture_output=True,
    )
    return prefix


@pytest.fixture
def bash_kernel(bash_kernelspec: Path, tmp_path: Path, jp_environ: None) -> str:
    """The name of that kernel, known to this test's server."""
    shutil.copytree(bash_kernelspec, tmp_path / "env", dirs_exist_ok=True)
    return "bash"


@pytest.fixture
def connect(
    jp_fetch: Callable[..., Awaitable[Any]], jp_ws_fetch: Callable[..., Awaitable[Any]]
) -> Callable[..., Awaitable[KernelPage]]:
    """Start a kernel and connect a page to it."""

    async def start(kernel: str = "python3", *, v1: bool = True) -> KernelPage:
        body = json.dumps({"name": kernel})
        answer = await jp_fetch("api", "kernels", method="POST", body=body, request_timeout=60)
        return await KernelPage.connect(jp_ws_fetch, json.loads(answer.body)["id"], v1=v1)

    return start


@pytest.fixture
def pages(
    connect: Callable[..., Awaitable[KernelPage]],
    jp_fetch: Callable[..., Awaitable[Any]],
    jp_ws_fetch: Callable[..., Awaitable[Any]],
) -> Callable[..., Awaitable[list[KernelPage]]]:
    """Start a kernel and connect two pages to it, one in each format that Jupyter speaks."""

    async def start(kernel: str = "python3") -> list[KernelPage]:
        page = await connect(kernel)
        (running,) = json.loads((await jp_fetch("api", "kernels")).body)
        return [page, await KernelPage.connect(jp_ws_fetch, running["id"], v1=False)]

    return start


@pytest.fixture
def owner(agent_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The owner of the vault, at a terminal."""
    monkeypatch.setenv("JUPYTER_AGENT_KEY_SOURCE", "file")
    with person_door.open_client(Folders.of()) as client:
        yield client


@pytest.fixture
def stored_value(owner: Any) -> str:
    """A value that is stored, and that no rule would stop: words, as people choose them."""
    value = "marmalade bicycle umbrella lighthouse tangerine violin quarry"
    steps.save(owner, "ORCHARD_KEY", value, kind="password")
    return value


@pytest.fixture
def desktops(call: Call) -> Callable[[], Awaitable[list[dict[str, Any]]]]:
    async def listed() -> list[dict[str, Any]]:
        return list((await call("GET", "desktops")).body["desktops"])

    return listed


@pytest.fixture
def click(call: Call, jp_serverapp: Any) -> Callable[..., Awaitable[str]]:
    """Starts a desktop as the panel does; gives its id once it runs or has failed."""

    async def start(**fields: Any) -> str:
        started = await call("POST", "desktops", {"url": "https://bank.example/login", **fields})
        assert started.code == 201
        await ready(jp_serverapp, started.body["id"])
        return str(started.body["id"])

    return start


async def ready(server: Any, desktop: str) -> None:
    hosts = server.web_app.settings["jupyter_agent"].desktops
    with contextlib.suppress(AgentError):
        await hosts.started(hosts.find(desktop))
