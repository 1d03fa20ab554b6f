"""Every kernel this server starts gets a capability, and the broker learns whose it is.

The capability travels in the kernel's environment and says *which* kernel asks, not who meant it.
It is bound to the kernel's id, its notebook and its process, and told to the broker again whenever
one of these changes, or the broker does: it keeps them in memory only.

Nothing here can stop a kernel from starting: without a broker the kernel is a guest.
"""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from logging import Logger
from pathlib import Path
from typing import Any, Final

from jupyter_agent.client.loop import AsyncClient
from jupyter_agent.errors import AgentError
from jupyter_agent.processes import tree
from jupyter_agent.server.link import Link

VARIABLE: Final = "JUPYTER_AGENT_CAPABILITY"
"""Where a kernel finds its capability."""

_LAST_WORDS: Final = 1.0
"""Seconds that a server that is ending waits for the broker."""

_KERNEL_ACTIONS: Final = "https://events.jupyter.org/jupyter_server/kernel_actions/v1"


@dataclass(slots=True, repr=False)
class _Kernel:
    """A running kernel. No repr: it holds the capability."""

    kernel_id: str
    capability: str
    notebook: str | None
    # Registering and forgetting one kernel happen in order, however long the broker takes.
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)


class Capabilities:
    """Hands capabilities to kernels and keeps the broker's register up to date.

    Args:
        kernel_manager: The server's ``MultiKernelManager``.
        root: The folder that notebook paths are relative to.
        link: The line to the broker.
        log: Told about failures.
    """

    def __init__(self, kernel_manager: Any, root: Path, link: Link, log: Logger) -> None:
        self._manager = kernel_manager
        self._root = root
        self._link = link
        self._log = log
        self._kernels: dict[str, _Kernel] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        link.on_open(self._register_all)

    def watch(self, session_manager: Any, event_logger: Any) -> None:
        """Follow kernels from start to end.

        Instances are wrapped, not classes: other extensions put their own classes in place.

        Args:
            session_manager: Knows which notebook a kernel belongs to.
            event_logger: Tells of restarts, also those after a crash.
        """
        self._wrap_start()
        self._wrap_remove()
        for name in ("save_session", "update_session"):
            self._wrap_session(session_manager, name)
        event_logger.add_listener(schema_id=_KERNEL_ACTIONS, listener=self._on_kernel_action)

    def notebook_of(self, kernel_id: str) -> str:
        """The notebook of a kernel, absolute, or "" where it has none that is known."""
        kernel = self._kernels.get(kernel_id)
        return (kernel.notebook or "") if kernel else ""

    async def close(self) -> None:
        """Have the broker forget what this server had started; it may be gone already."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        with suppress(AgentError, TimeoutError):
            async with asyncio.timeout(_LAST_WORDS):
                for kernel in self._kernels.values():
                    await self._forget(kernel)
        self._kernels.clear()

    def _wrap_start(self) -> None:
        start = self._manager.start_kernel

        async def start_kernel(*args: Any, **kwargs: Any) -> str:
            kernel_id = kwargs.get("kernel_id")
            if kernel_id is not None and kernel_id in self._manager:
                existing: str = await start(*args, **kwargs)
                return existing
            capability = secrets.token_urlsafe(32)
            env = dict(kwargs.get("env") or os.environ)
            kwargs["env"] = {**env, VARIABLE: capability}
            started: str = await start(*args, **kwargs)
            notebook = _notebook_named(env.get("JPY_SESSION_NAME"))
            self._kernels[started] = _Kernel(started, capability, notebook)
            self._link.keep()
            self._soon(self._register(started))
            return started

        self._manager.start_kernel = start_kernel

    def _wrap_remove(self) -> None:
        # Shut down, culled or dead: each of them ends here.
        remove = self._manager.remove_kernel

        def remove_kernel(kernel_id: str) -> Any:
            if (kernel := self._kernels.pop(kernel_id, None)) is not None:
                self._soon(self._forget(kernel))
            return remove(kernel_id)

        self._manager.remove_kernel = remove_kernel

    def _wrap_session(self, session_manager: Any, name: str) -> None:
        original = getattr(session_manager, name, None)
        if original is None:
            return

        async def followed(session_id: str, *args: Any, **kwargs: Any) -> Any:
            answer = await original(session_id, *args, **kwargs)
            self._soon(self._follow_session(session_manager, session_id))
            return answer

        setattr(session_manager, name, followed)

    async def _follow_session(self, session_manager: Any, session_id: str) -> None:
        session = await session_manager.get_session(session_id=session_id)
        kernel = self._kernels.get(session["kernel"]["id"])
        if kernel is None or session["type"] != "notebook":
            return
        notebook = _real(self._root / session["path"].lstrip("/"))
        if notebook != kernel.notebook:
            kernel.notebook = notebook
            await self._register(kernel.kernel_id)

    async def _on_kernel_action(self, logger: Any, schema_id: str, data: dict[str, Any]) -> None:  # noqa: ARG002
        """Listener of Jupyter's kernel events: each (re)start is another process."""
        if data.get("action") == "restart" and data.get("status") == "success":
            self._soon(self._register(str(data.get("kernel_id", ""))))

    async def _register_all(self, client: AsyncClient) -> None:
        for kernel in list(self._kernels.values()):
            await client.call("kernel.register", **self._entry(kernel))

    async def _register(self, kernel_id: str) -> None:
        kernel = self._kernels.get(kernel_id)
        if kernel is None:
            return
        async with kernel.turn:
            if kernel_id in self._kernels:
                await self._link.call("kernel.register", **self._entry(kernel))

    async def _forget(self, kernel: _Kernel) -> None:
        async with kernel.turn:
            await self._link.call("kernel.forget", kernel_id=kernel.kernel_id)

    def _entry(self, kernel: _Kernel) -> dict[str, Any]:
        entry: dict[str, Any] = {
            "kernel_id": kernel.kernel_id,
            "capability": kernel.capability,
            "server": self._link.server,
        }
        if kernel.notebook is not None:
            entry["notebook"] = kernel.notebook
        pid = self._pid(kernel.kernel_id)
        if pid is not None and (found := tree.parent_and_start(pid)):
            entry |= {"pid": pid, "started": found[1]}
        return entry

    def _pid(self, kernel_id: str) -> int | None:
        """The kernel's process, or None where it runs elsewhere or is just being replaced."""
        if kernel_id not in self._manager:
            return None
        provisioner = getattr(self._manager.get_kernel(kernel_id), "provisioner", None)
        pid = getattr(provisioner, "pid", None)
        return pid if isinstance(pid, int) and pid > 0 else None

    def _soon(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            task = asyncio.get_running_loop().create_task(self._quietly(work))
        except RuntimeError:  # the server's loop has ended; the broker sees dead kernels itself
            work.close()
            return
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _quietly(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except AgentError as problem:
            # The link tries again, and a new conversation registers every kernel.
            self._log.warning("The broker does not know about a kernel yet: %s", problem.message)
        except Exception as problem:  # noqa: BLE001  (a kernel must not suffer from our bookkeeping)
            self._log.warning("A kernel could not be registered: %s", type(problem).__name__)


def _notebook_named(session_name: str | None) -> str | None:
    """The file behind ``JPY_SESSION_NAME``, where there is one; consoles have none."""
    if session_name and Path(session_name).is_absolute() and Path(session_name).is_file():
        return _real(Path(session_name))
    return None


def _real(path: Path) -> str:
    return os.path.realpath(path)
