"""A process and its descendants, known by the sockets that they hold."""

from __future__ import annotations

import asyncio
import os
import sys

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
        if sys.platform != "linux":
            return self._holds_elsewhere(there, here)
        found = loopback.socket_of(there, here)
        if found is None or found[0] != os.getuid():
            return False
        if not self._is_the_same():
            return False
        if loopback.holds([self._pid], found[1]):
            return True
        return loopback.holds((pid for pid, _ in tree.descendants(self._pid)), found[1])

    def _holds_elsewhere(self, there: tuple[str, int], here: tuple[str, int]) -> bool:
        from jupyter_agent.processes import elsewhere  # noqa: PLC0415  (psutil: not on Linux)

        family = [self._pid, *(pid for pid, _ in tree.descendants(self._pid))]
        return self._is_the_same() and elsewhere.holder(there, here, family) is not None

    def _is_the_same(self) -> bool:
        born = tree.parent_and_start(self._pid)
        # Else the number has gone to another process.
        return born is not None and self._born is not None and born[1] == self._born[1]
