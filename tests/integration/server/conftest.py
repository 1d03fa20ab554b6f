"""A real Jupyter server with the extension, and pages that talk to its kernels."""

from __future__ import annotations

import asyncio
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
from jupyter_core.utils import ensure_event_loop
from kernel_pages import KernelPage
from route_calls import Call, caller
from shared_server import SharedServer, shared_server
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


CONFIG = {
    "ServerApp": {"jpserver_extensions": {"jupyter_agent": True, "jupyter_server_terminals": True}}
}


@pytest.fixture
def jp_server_config() -> Config:
    return Config(CONFIG)


def _shares(request: pytest.FixtureRequest) -> bool:
    """Whether this test's module is marked ``one_server``, and it does not want one of its own."""
    mark = request.node.get_closest_marker("one_server")
    return mark is not None and mark.kwargs.get("shared", True)


@pytest.fixture(scope="module")
def shared_config() -> Config:
    """The configuration of a server that is shared."""
    return Config(CONFIG)


@pytest.fixture(scope="module")
def shared_loop() -> Iterator[asyncio.AbstractEventLoop]:
    """The loop of all tests of a module that share a server."""
    loop = ensure_event_loop(prefer_selector_loop=True)
    yield loop
    loop.close()


@pytest.fixture(scope="module")
def the_server(
    tmp_path_factory: pytest.TempPathFactory,
    shared_home: Path,
    shared_config: Config,
    shared_loop: asyncio.AbstractEventLoop,
) -> Iterator[SharedServer]:
    """The server of a module's tests."""
    env = {"JUPYTER_AGENT_HOME": str(shared_home), "JUPYTER_AGENT_KEY_SOURCE": "file"}
    folder = tmp_path_factory.mktemp("server")
    with shared_server(folder, shared_config, shared_loop, env) as server:
        yield server


@pytest.fixture
def in_shared_home(
    the_server: SharedServer, emptied_home: Path, shared_loop: asyncio.AbstractEventLoop
) -> Iterator[Path]:
    """The home of a module's tests; afterwards vault and server hold nothing of this one."""
    yield emptied_home
    shared_loop.run_until_complete(the_server.tidy())


@pytest.fixture(autouse=True)
def agent_home(agent_home: Path, request: pytest.FixtureRequest) -> Path:
    """This test's own, or its module's where that is marked ``one_server``."""
    shared: Path = request.getfixturevalue("in_shared_home") if _shares(request) else agent_home
    return shared


@pytest.fixture
def tmp_path(request: pytest.FixtureRequest) -> Path:
    """Where everything lies that this test's server writes, its root and the homes of kernels."""
    if _shares(request):
        return Path(request.getfixturevalue("the_server").folder)
    return Path(request.getfixturevalue("tmp_path"))


@pytest.fixture(autouse=True)
def jp_asyncio_loop(request: pytest.FixtureRequest) -> Any:
    """As pytest-jupyter's, where no server goes on for the next test."""
    marked = request.node.get_closest_marker("one_server") is not None
    return request.getfixturevalue("shared_loop" if marked else "jp_asyncio_loop")


@pytest.fixture(autouse=True)
def jp_server_cleanup(request: pytest.FixtureRequest, agent_home: Path) -> None:
    """As pytest-jupyter's, while the home is there: or it starts a broker that nobody ends."""
    if not _shares(request):
        request.getfixturevalue("jp_server_cleanup")


@pytest.fixture
def jp_serverapp(request: pytest.FixtureRequest, jp_http_port: int) -> Any:
    """This test's server; its port is bound before and closed behind it."""
    if _shares(request):
        return request.getfixturevalue("the_server").app
    return request.getfixturevalue("jp_serverapp")


@pytest.fixture
def jp_logging_stream(request: pytest.FixtureRequest) -> Any:
    if not _shares(request):
        return request.getfixturevalue("jp_logging_stream")
    log = request.getfixturevalue("the_server").log
    log.seek(0)
    log.truncate()
    return log


@pytest.fixture
def call(jp_fetch: Callable[..., Awaitable[Any]]) -> Call:
    """Call a route, whatever it answers."""
    return caller(jp_fetch)


@pytest.fixture
def canary(request: pytest.FixtureRequest) -> Canary:
    """A token that the rules know, made up for this test."""
    seed = random.Random(request.node.nodeid)
    letters = seed.choices(string.ascii_letters + string.digits, k=93)
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
def new_kernel(
    request: pytest.FixtureRequest,
    jp_serverapp: Any,
    jp_fetch: Callable[..., Awaitable[Any]],
    jp_ws_fetch: Callable[..., Awaitable[Any]],
) -> Callable[..., Awaitable[str]]:
    """Start a kernel and give its id; with a shared server the first one may be as new only."""

    async def start(name: str = "python3") -> str:
        if _shares(request):
            server: SharedServer = request.getfixturevalue("the_server")
            return await server.kernel(name, jp_ws_fetch)
        body = json.dumps({"name": name})
        answer = await jp_fetch("api", "kernels", method="POST", body=body, request_timeout=60)
        return str(json.loads(answer.body)["id"])

    return start


@pytest.fixture
def connect(
    new_kernel: Callable[..., Awaitable[str]], jp_ws_fetch: Callable[..., Awaitable[Any]]
) -> Callable[..., Awaitable[KernelPage]]:
    """Start a kernel and connect a page to it."""

    async def start(kernel: str = "python3", *, v1: bool = True) -> KernelPage:
        return await KernelPage.connect(jp_ws_fetch, await new_kernel(kernel), v1=v1)

    return start


@pytest.fixture
def pages(
    connect: Callable[..., Awaitable[KernelPage]], jp_ws_fetch: Callable[..., Awaitable[Any]]
) -> Callable[..., Awaitable[list[KernelPage]]]:
    """Start a kernel and connect two pages to it, one in each format that Jupyter speaks."""

    async def start(kernel: str = "python3") -> list[KernelPage]:
        page = await connect(kernel)
        return [page, await KernelPage.connect(jp_ws_fetch, page.kernel_id, v1=False)]

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
