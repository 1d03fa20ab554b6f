"""What ties a desktop's keeper to the process that owns the desktop: starts it, and speaks with it.

When its other end is gone, however its process ended, the keeper ends everything and itself. On
Unix it is a socket, over which descriptors go, too. On Windows it is a pair of pipes, and handles
are laid into the keeper before it is told of them.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from jupyter_agent import spawn


class Lifeline(Protocol):
    """One keeper's.

    Attributes:
        keeper: Its process.
    """

    keeper: spawn.Child

    def numbers(self, at: Mapping[int, int]) -> list[int]:
        """The numbers under which a program will have descriptors: those asked for, or others.

        Args:
            at: Its number → ours.

        Raises:
            OSError: The keeper is gone.
        """
        ...

    def say(self, packet: bytes, handles: Sequence[int]) -> None:
        """Send one message.

        Args:
            packet: From ``packets.packed``.
            handles: Our descriptors that go with it.

        Raises:
            OSError: The keeper is gone.
        """
        ...


def tie(
    folder: Path,
    how: Sequence[str],
    heard: Callable[[bytes], None],
    ended: Callable[[], None],
) -> Lifeline:
    """Start a keeper.

    Args:
        folder: The desktop's.
        how: Further arguments.
        heard: Called in this loop with each piece of what it says.
        ended: Called once, when it says nothing more.

    Raises:
        OSError: It could not be started.
    """
    if sys.platform == "win32":
        from jupyter_agent.desktop import lifeline_windows  # noqa: PLC0415  (Windows)

        return lifeline_windows.Pipes(folder, heard, ended)
    from jupyter_agent.desktop import lifeline_unix  # noqa: PLC0415  (Unix)

    return lifeline_unix.Socket(folder, how, heard, ended)
