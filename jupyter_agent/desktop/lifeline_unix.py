"""A keeper's life line on Unix: a socket, which is the keeper's standard input (``lifeline``)."""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from jupyter_agent import spawn

assert sys.platform != "win32"  # noqa: S101  (for mypy)

_PATIENCE: Final = 10.0  # seconds for a keeper to take what is larger than the socket's buffer


class Socket:
    """See ``lifeline.Lifeline`` and ``lifeline.tie``."""

    def __init__(
        self,
        folder: Path,
        how: Sequence[str],
        heard: Callable[[bytes], None],
        ended: Callable[[], None],
    ) -> None:
        self._heard = heard
        self._ended = ended
        self._loop = asyncio.get_running_loop()
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        with theirs:
            try:
                self.keeper = spawn.start_keeper(
                    spawn.python("jupyter_agent.desktop.keeper", str(folder), *how), theirs.fileno()
                )
            except OSError:
                self._control.close()
                raise
        self._control.setblocking(False)
        self._loop.add_reader(self._control, self._hear)

    def numbers(self, at: Mapping[int, int]) -> list[int]:
        """Those that were asked for."""
        return list(at)

    def say(self, packet: bytes, handles: Sequence[int]) -> None:
        """Send one message, with its descriptors."""
        sent = socket.send_fds(self._control, [packet], list(handles))
        if sent < len(packet):  # larger than the socket's buffer: the keeper takes it at once
            self._control.settimeout(_PATIENCE)
            self._control.sendall(packet[sent:])
            self._control.setblocking(False)

    def _hear(self) -> None:
        try:
            piece = self._control.recv(1 << 16)
        except BlockingIOError:
            return
        except OSError:
            piece = b""
        if piece:
            self._heard(piece)
        else:
            self._loop.remove_reader(self._control)
            self._control.close()
            self._ended()
