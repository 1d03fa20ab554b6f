"""A keeper that was forked before its run was asked for, and waits for it.

Forking a Python process and making it a keeper takes longer than starting most commands. It holds
nothing until its run comes: no value, and no descriptor but the one on which it waits.
"""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable, Sequence
from typing import Final

from jupyter_agent import spawn
from jupyter_agent.shell import keeper

assert sys.platform != "win32"  # noqa: S101  (for mypy: nothing is forked there)

FDS_OF_A_RUN: Final = 4  # control, stdin, stdout, stderr


class Spare:
    """One keeper that waits. Made by ``fork``.

    Attributes:
        pid: Its process.
    """

    def __init__(self, pid: int, door: socket.socket) -> None:
        self.pid = pid
        self._door = door

    @classmethod
    def fork(cls, let_go: Callable[[], None]) -> Spare:
        """Fork one.

        Args:
            let_go: Called in it: closes what is the caller's alone.
        """
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)

        def main() -> int:
            let_go()
            ours.close()
            keeper.prepare()
            _, handles, _, _ = socket.recv_fds(theirs, 1, FDS_OF_A_RUN)
            theirs.close()
            if len(handles) != FDS_OF_A_RUN:  # whoever forked us is gone, or does not need us
                return 0
            return keeper.keep(socket.socket(fileno=handles[0]), *handles[1:])

        pid = spawn.fork_into(main)
        theirs.close()
        return cls(pid, ours)

    def take(self, handles: Sequence[int]) -> bool:
        """Let it keep a run, and let go of it; False if it is gone.

        Args:
            handles: Control, stdin, stdout and stderr; still the caller's to close.
        """
        with self._door:
            try:
                socket.send_fds(self._door, [b"!"], list(handles))
            except OSError:
                return False
        return True

    def dismiss(self) -> None:
        """Let it end: no run will come."""
        self._door.close()
