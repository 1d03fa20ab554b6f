"""A real IPython kernel that loads our extension from the configuration we ship."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.blocking import BlockingKernelClient
from jupyter_client.manager import KernelManager
from steps import save

from jupyter_agent.client import Client
from jupyter_agent.folders import Folders

SHIPPED = Path(__file__).parents[3] / "jupyter-config" / "ipython-config" / "ipython_config.json"
VALUE = "correct-horse-battery-staple-42"


@dataclass
class Cell:
    """What one cell did, as its notebook would show it."""

    reply: dict[str, Any] = field(default_factory=dict)
    messages: list[dict[str, Any]] = field(default_factory=list)

    def text(self, stream: str = "stdout") -> str:
        return "".join(
            message["content"]["text"]
            for message in self.of("stream")
            if message["content"]["name"] == stream
        )

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [message for message in self.messages if message["msg_type"] == kind]

    @property
    def data(self) -> list[dict[str, Any]]:
        """The mime bundles that are shown in the end: what was cleared is not."""
        bundles: list[dict[str, Any]] = []
        for message in self.messages:
            if message["msg_type"] == "clear_output":
                bundles.clear()
            elif message["msg_type"] in ("display_data", "execute_result"):
                bundles.append(message["content"]["data"])
        return bundles

    @property
    def ename(self) -> str:
        return str(self.reply.get("ename", ""))

    @property
    def shown_error(self) -> str:
        return "\n".join(self.reply.get("traceback", []))


@dataclass
class Kernel:
    """A running kernel and its client."""

    manager: KernelManager
    client: BlockingKernelClient

    def run(
        self,
        code: str,
        on_message: Callable[[dict[str, Any]], None] = lambda _: None,
        typed: Callable[[str], str] | None = None,
    ) -> Cell:
        """Run one cell to its end.

        Args:
            code: The cell.
            on_message: Called with what it shows.
            typed: What is typed below it at a prompt.
        """
        cell = Cell()
        prompts: dict[str, Any] = {}
        if typed is not None:
            prompts["stdin_hook"] = lambda message: self.client.input(
                typed(message["content"]["prompt"])
            )

        def hook(message: dict[str, Any]) -> None:
            cell.messages.append(message)
            on_message(message)

        answer = self.client.execute_interactive(code, output_hook=hook, timeout=60, **prompts)
        cell.reply = answer["content"]
        return cell

    def value(self, expression: str) -> str:
        """The ``repr`` of an expression in the kernel."""
        answer = self.client.execute_interactive(
            "", user_expressions={"x": expression}, store_history=False, timeout=60
        )
        found: str = answer["content"]["user_expressions"]["x"]["data"]["text/plain"]
        return found

    @property
    def pid(self) -> int:
        return int(self.manager.provisioner.pid)

    @property
    def started(self) -> int:
        """Clock ticks, field 22 of proc_pid_stat(5)."""
        stat = Path(f"/proc/{self.pid}/stat").read_text()
        return int(stat.rpartition(")")[2].split()[19])


@pytest.fixture
def ipython_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An ``IPYTHONDIR`` of this test alone."""
    folder = _configured(tmp_path / "ipython")
    monkeypatch.setenv("IPYTHONDIR", str(folder))
    return folder


def _configured(folder: Path) -> Path:
    """An ``IPYTHONDIR`` in which the shipped configuration stands under its shipped name.

    IPython reads profile folders and ``sys.prefix/etc/ipython`` by the same names.
    """
    profile = folder / "profile_default"
    profile.mkdir(parents=True)
    shutil.copy(SHIPPED, profile)
    return folder


@pytest.fixture
def start_kernel(
    ipython_folder: Path, tmp_path: Path
) -> Iterator[Callable[[dict[str, str]], Kernel]]:
    """Starts kernels, with more in their environment where wanted."""
    with _kernels(tmp_path / "work") as start:
        yield start


@contextlib.contextmanager
def _kernels(work: Path) -> Iterator[Callable[[dict[str, str]], Kernel]]:
    """What starts kernels in a folder; they end when the block is left."""
    kernels: list[Kernel] = []
    work.mkdir()
    sockets = tempfile.mkdtemp(prefix="ja-")  # a path of tmp_path is too long for a socket

    def start(env: dict[str, str] | None = None) -> Kernel:
        # Sockets, not ports: with many tests at once, two kernels draw the same free port.
        ip = f"{sockets}/kernel-{len(kernels)}"
        manager = KernelManager(kernel_name="python3", transport="ipc", ip=ip)
        manager.start_kernel(cwd=str(work), env={**os.environ, **(env or {})})
        client = manager.client()
        client.start_channels()
        kernels.append(Kernel(manager, client))
        client.wait_for_ready(timeout=60)
        return kernels[-1]

    try:
        yield start
    finally:
        for kernel in kernels:
            kernel.client.stop_channels()
            kernel.manager.shutdown_kernel(now=True)
        shutil.rmtree(sockets)


@pytest.fixture(scope="module")
def shared_kernel(shared_home: Path) -> Iterator[Kernel]:
    """One kernel for all tests of a module; what it writes lies in the shared home."""
    env = {
        "JUPYTER_AGENT_HOME": str(shared_home),
        "JUPYTER_AGENT_KEY_SOURCE": "file",
        "IPYTHONDIR": str(_configured(shared_home / "ipython")),
    }
    with _kernels(shared_home / "work") as start:
        yield start(env)


@pytest.fixture
def shared_agent_home(emptied_home: Path) -> Iterator[Path]:
    """The home of a module's tests, in which no model is chosen."""
    yield emptied_home
    folders = Folders.of({"JUPYTER_AGENT_HOME": str(emptied_home)})
    (folders.state / "chat-model.json").unlink(missing_ok=True)


@pytest.fixture
def fresh_kernel(shared_kernel: Kernel) -> Iterator[Kernel]:
    """The kernel of a module's tests, as new: its extension is loaded anew after each."""
    yield shared_kernel
    shared_kernel.run("%reload_ext jupyter_agent")


@pytest.fixture(autouse=True)
def agent_home(agent_home: Path, request: pytest.FixtureRequest) -> Path:
    """This test's own, or its module's where that is marked ``one_kernel``."""
    shared: Path = request.getfixturevalue("shared_agent_home") if _shares(request) else agent_home
    return shared


@pytest.fixture
def kernel(request: pytest.FixtureRequest) -> Kernel:
    """A kernel that no server of ours started: a guest."""
    if _shares(request):
        shared: Kernel = request.getfixturevalue("fresh_kernel")
        return shared
    own: Kernel = request.getfixturevalue("start_kernel")()
    return own


def _shares(request: pytest.FixtureRequest) -> bool:
    mark = request.node.get_closest_marker("one_kernel")
    return mark is not None and mark.kwargs.get("shared", True)


@pytest.fixture
def stored(person: Client) -> Client:
    """DEMO_TOKEN is in the vault; nobody may use it yet."""
    save(person, "DEMO_TOKEN", VALUE)
    return person


@pytest.fixture
def granted(stored: Client) -> Client:
    """DEMO_TOKEN is in the vault, and every command may use it."""
    stored.call("grant.add", label="DEMO_TOKEN", any_command=True)
    return stored


def wait_for(condition: Callable[[], bool], *, seconds: float = 30) -> None:
    """Return when it holds; fail when it does not in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come about in time"
        time.sleep(0.01)
