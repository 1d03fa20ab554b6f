"""A process and its descendants, known by the sockets that they hold."""

from __future__ import annotations

import asyncio
import os

from jupyter_agent.processes import loopback, tree


class Family:
    """A process and its descendants: whom a way belongs to.

    Args:
        pid: The process.
    """

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._born = tree.parent_and_start(pid)

    async def admits(self, there: tuple[str, int], here: tuple[str, int]) -> bool:
        """Whether a connection comes from one of them."""
        return await asyncio.get_running_loop().run_in_executor(None, self._holds, there, here)

    def _holds(self, there: tuple[str, int], here: tuple[str, int]) -> bool:
        found = loopback.socket_of(there, here)
        if found is None or found[0] != os.getuid():
            return False
        born = tree.parent_and_start(self._pid)
        if born is None or self._born is None or born[1] != self._born[1]:
            return False  # the number has gone to another process
        if loopback.holds([self._pid], found[1]):
            return True
        return loopback.holds((pid for pid, _ in tree.descendants(self._pid)), found[1])
