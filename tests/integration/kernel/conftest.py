"""A real IPython kernel that loads our extension from the configuration we ship."""

from __future__ import annotations

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

    def run(self, code: str, on_message: Callable[[dict[str, Any]], None] = lambda _: None) -> Cell:
        """Run one cell to its end."""
        cell = Cell()

        def hook(message: dict[str, Any]) -> None:
            cell.messages.append(message)
            on_message(message)

        answer = self.client.execute_interactive(code, output_hook=hook, timeout=60)
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
    """An ``IPYTHONDIR`` in which the shipped configuration stands under its shipped name.

    IPython reads profile folders and ``sys.prefix/etc/ipython`` by the same names.
    """
    folder = tmp_path / "ipython"
    profile = folder / "profile_default"
    profile.mkdir(parents=True)
    shutil.copy(SHIPPED, profile)
    monkeypatch.setenv("IPYTHONDIR", str(folder))
    return folder


@pytest.fixture
def start_kernel(
    ipython_folder: Path, tmp_path: Path
) -> Iterator[Callable[[dict[str, str]], Kernel]]:
    """Starts kernels, with more in their environment where wanted."""
    kernels: list[Kernel] = []
    work = tmp_path / "work"
    work.mkdir()
    sockets = tempfile.mkdtemp(prefix="ja-")  # a path of tmp_path is too long for a socket

    def start(env: dict[str, str] | None = None) -> Kernel:
        # Sockets, not ports: with many tests at once, two kernels draw the same free port.
        manager = KernelManager(kernel_name="python3", transport="ipc", ip=f"{sockets}/kernel")
        manager.start_kernel(cwd=str(work), env={**os.environ, **(env or {})})
        client = manager.client()
        client.start_channels()
        kernels.append(Kernel(manager, client))
        client.wait_for_ready(timeout=60)
        return kernels[-1]

    yield start
    for kernel in kernels:
        kernel.client.stop_channels()
        kernel.manager.shutdown_kernel(now=True)
    shutil.rmtree(sockets)


@pytest.fixture
def kernel(start_kernel: Callable[[], Kernel]) -> Kernel:
    """A kernel that no server of ours started: a guest."""
    return start_kernel()


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


def wait_for(condition: Callable[[], bool], *, seconds: float = 10) -> None:
    """Return when it holds; fail when it does not in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come about in time"
        time.sleep(0.01)
