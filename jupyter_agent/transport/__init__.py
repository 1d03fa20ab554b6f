"""How client and broker meet on this machine, and how each knows that the other is this person's.

One seam with two sides: a Unix socket whose other end the kernel names (``unix``), or, where there
is none, loopback TCP on which both prove that they have a key before anything else is said
(``loopback``). Behind it is the same protocol (``wire``).
"""

from __future__ import annotations

import socket
import sys
from typing import TYPE_CHECKING, Protocol

from jupyter_agent.folders import Folders

if TYPE_CHECKING:
    import asyncio


class Transport(Protocol):
    """One person's way between client and broker."""

    def listen(self) -> socket.socket:
        """A listening socket that clients find. Whoever calls it holds the broker's lock.

        Raises:
            OSError: It could not be made.
        """

    def connect(self) -> socket.socket:
        """A connected socket, blocking, whose other end is known to be this person's broker.

        Raises:
            OSError: Nobody answers, or nobody of whom that is known.
            BrokerRefused: Somebody else's process is there.
            VaultUnsafe: The folder is a link, somebody else's, or open to others.
        """

    def answers(self) -> bool:
        """Whether somebody answers who holds the lock, or has just let go of it."""

    async def admit(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> int:
        """The pid of an accepted connection's other end, once it is known to be this person's.

        Raises:
            BrokerRefused: It belongs to another user, or to a place we can't see.
            OSError: It is gone, or has not proven anything: it is told nothing.
        """

    def is_there(self) -> bool:
        """Whether clients can still find the listening socket."""

    def withdraw(self) -> None:
        """Let no client find it any more. Whoever calls it still holds the broker's lock.

        Raises:
            OSError: It was not there.
        """


def of(folders: Folders) -> Transport:
    """The way of this system.

    Args:
        folders: Whose.
    """
    if sys.platform == "win32":
        from jupyter_agent.transport.loopback import Loopback  # noqa: PLC0415  (Windows)

        return Loopback(folders)
    else:  # noqa: RET505  (for mypy, which reads no other part of an `if` about the system)
        from jupyter_agent.transport.unix import UnixSocket  # noqa: PLC0415  (not on Windows)

        return UnixSocket(folders)
