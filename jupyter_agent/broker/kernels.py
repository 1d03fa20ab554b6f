"""The kernels our server has started, and the capability each of them holds."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from jupyter_agent import wire

_REGISTRATION_WAIT: Final = 3.0
"""Seconds a kernel is waited for. After a broker was killed, a kernel's call may bring up the new
one before the server has registered its kernels there again."""


@dataclass(frozen=True, slots=True)
class Kernel:
    """A kernel as the server registered it.

    Attributes:
        kernel_id: Jupyter's id.
        notebook: Absolute path, or None for a console.
        pid: Its process, or None while it starts.
        started: That process's start time in clock ticks; with the pid it names one process ever.
        server: How the server calls itself that has registered it; its desktops are this kernel's.
    """

    kernel_id: str
    notebook: str | None
    pid: int | None
    started: int | None
    server: str | None = None


class Kernels:
    """The register. Capabilities are kept hashed: nobody who reads this memory can show one."""

    def __init__(self) -> None:
        self._kernels: dict[str, Kernel] = {}
        self._owners: dict[bytes, str] = {}
        self._changed = asyncio.Event()

    def register(self, message: wire.Message) -> None:
        """Enter a kernel, or what has changed about it.

        Raises:
            RequestInvalid: A field is missing or of another type.
        """
        pid, started = message.get("pid"), message.get("started")
        kernel = Kernel(
            kernel_id=wire.text(message, "kernel_id"),
            notebook=wire.optional_text(message, "notebook"),
            pid=pid if isinstance(pid, int) else None,
            started=started if isinstance(started, int) else None,
            server=wire.optional_text(message, "server"),
        )
        self._forget_capability(kernel.kernel_id)
        self._kernels[kernel.kernel_id] = kernel
        self._owners[_digest(wire.text(message, "capability"))] = kernel.kernel_id
        self._changed.set()
        self._changed = asyncio.Event()

    def forget(self, kernel_id: str) -> None:
        """Strike a kernel out."""
        self._forget_capability(kernel_id)
        self._kernels.pop(kernel_id, None)

    def server_of(self, kernel_id: str) -> str | None:
        """The server that has registered a kernel, where that is known."""
        kernel = self._kernels.get(kernel_id)
        return kernel.server if kernel else None

    def above(self, line: Iterable[tuple[int, int]]) -> Kernel | None:
        """The nearest registered kernel in an ancestry of (pid, start time)."""
        by_process = {
            (kernel.pid, kernel.started): kernel
            for kernel in self._kernels.values()
            if kernel.pid is not None
        }
        for process in line:
            if (kernel := by_process.get(process)) is not None:
                return kernel
        return None

    async def wait_for(self, capability: str) -> Kernel | None:
        """The kernel that holds a capability, once it is registered with its process."""
        digest = _digest(capability)
        try:
            async with asyncio.timeout(_REGISTRATION_WAIT):
                while (kernel := self._owned(digest)) is None or kernel.pid is None:
                    await self._changed.wait()
        except TimeoutError:
            return None
        return kernel

    def _owned(self, digest: bytes) -> Kernel | None:
        kernel_id = self._owners.get(digest)
        return self._kernels.get(kernel_id) if kernel_id is not None else None

    def _forget_capability(self, kernel_id: str) -> None:
        self._owners = {d: owner for d, owner in self._owners.items() if owner != kernel_id}


def _digest(capability: str) -> bytes:
    return hashlib.sha256(capability.encode()).digest()
