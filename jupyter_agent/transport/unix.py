"""A Unix socket in a folder of this person's alone; the kernel says who is at its other end."""

from __future__ import annotations

import contextlib
import os
import socket
import sys
from typing import TYPE_CHECKING, Final

from jupyter_agent.errors import BrokerRefused
from jupyter_agent.folders import Folders, check_private_dir, short_path
from jupyter_agent.processes import peer

if TYPE_CHECKING:
    import asyncio

assert sys.platform != "win32"  # noqa: S101  (for mypy: it has no Unix sockets, and `of` asks)

_BACKLOG: Final = 128


class UnixSocket:
    """See ``Transport``.

    Args:
        folders: Whose.
    """

    def __init__(self, folders: Folders) -> None:
        self._folders = folders

    def listen(self) -> socket.socket:
        """A listening socket, mode 0600 by the caller's umask."""
        # The caller holds the lock, so a socket file that is there belongs to nobody alive.
        self._folders.socket.unlink(missing_ok=True)
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        with short_path(self._folders.socket) as path:
            listener.bind(path)
        listener.listen(_BACKLOG)
        return listener

    def connect(self) -> socket.socket:
        """A connected socket whose other end is a process of this user."""
        if not self._folders.run.exists():
            raise FileNotFoundError(self._folders.run.name)
        check_private_dir(self._folders.run, make=False)
        raw = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            with short_path(self._folders.socket) as path:
                raw.connect(path)
            _, uid = peer.pid_and_uid(raw)
        except BaseException:
            raw.close()
            raise
        if uid != os.getuid():
            raw.close()
            raise BrokerRefused("The process behind the broker's socket is not yours.")
        return raw

    def answers(self) -> bool:
        """Whether somebody takes connections."""
        with (
            socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe,
            contextlib.suppress(OSError),
        ):
            with short_path(self._folders.socket) as path:
                probe.connect(path)
            return True
        return False

    async def admit(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> int:  # noqa: ARG002  (the seam's)
        """The pid of the other end, another user's refused, root's included."""
        pid, uid = peer.pid_and_uid(writer.get_extra_info("socket"))
        if uid != os.getuid() or pid == 0:
            raise BrokerRefused("This broker belongs to another user.", "Use your own.")
        return pid

    def is_there(self) -> bool:
        """Whether the socket's file is there."""
        return self._folders.socket.exists()

    def withdraw(self) -> None:
        """Remove the socket's file."""
        self._folders.socket.unlink()
