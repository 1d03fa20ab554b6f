"""A pseudo-terminal for one run: its size, what is typed into it, and whether it shows that.

The near end is ours: what the command prints comes out of it. The far end is the command's standard
input, output and error, and its controlling terminal. See pty(7), termios(3), ioctl_tty(2).
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import struct
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from jupyter_agent.opening import CLOSE_ON_EXEC

if TYPE_CHECKING or sys.platform != "win32":
    import fcntl
    import termios

_IFLAG, _OFLAG, _LFLAG = 0, 1, 3  # places in what tcgetattr returns
_IUTF8: Final = 0o40000  # Linux: one backspace takes a whole character; Python has no name for it


@dataclass(frozen=True, slots=True)
class Size:
    """Of a terminal, in characters."""

    rows: int
    cols: int


class Terminal:
    """Both ends of a new pseudo-terminal.

    Args:
        size: To begin with.
        line_ends: Whether lines end in CR LF, as a real terminal in raw mode needs them; else in LF
            alone, as files and notebooks have them.

    Attributes:
        near: Our end.
        far: The command's end; ours to close once it was handed on.

    Raises:
        OSError: There is none to be had.
    """

    def __init__(self, size: Size, *, line_ends: bool) -> None:
        self.near, self.far = -1, -1
        self._writing = asyncio.Lock()
        self._room: asyncio.Future[None] | None = None
        if sys.platform == "win32":
            raise NotImplementedError  # ``WantedTerminal.open`` says so
        self.near, self.far = os.openpty()
        try:
            self._name = os.ttyname(self.far)
            os.fchmod(self.far, 0o600)  # not even `write` of other users
            os.set_blocking(self.near, False)
            mode = termios.tcgetattr(self.far)
            mode[_IFLAG] |= _IUTF8
            if not line_ends:
                mode[_OFLAG] &= ~termios.ONLCR
            termios.tcsetattr(self.far, termios.TCSANOW, mode)
            self.resize(size)
        except OSError:
            os.close(self.near)
            os.close(self.far)
            raise

    def resize(self, size: Size) -> None:
        """Give it another size; the programs in front get SIGWINCH."""
        if sys.platform == "win32":
            raise NotImplementedError  # ``WantedTerminal.open`` says so
        with contextlib.suppress(OSError):  # it is over
            fcntl.ioctl(
                self.near, termios.TIOCSWINSZ, struct.pack("4H", size.rows, size.cols, 0, 0)
            )

    def hides_a_line(self) -> bool:
        """Whether a program reads a line that is not shown while it is typed: a password.

        Editors and shells hide what is typed too, because they show it themselves. They read it
        key by key, so that this is no password prompt: a line is read in canonical mode.
        """
        if sys.platform == "win32":
            raise NotImplementedError  # ``WantedTerminal.open`` says so
        try:
            flags = termios.tcgetattr(self.near)[_LFLAG]
        except (OSError, termios.error):
            return False
        return bool(flags & termios.ICANON) and not flags & termios.ECHO

    def has_unread(self) -> bool:
        """Whether something was typed that no program has read yet."""
        if sys.platform == "win32":
            raise NotImplementedError  # ``WantedTerminal.open`` says so
        try:
            # Only the far end tells. Not kept: while it is open, the command's output has no end.
            # The name is still this terminal's, because our end is open.
            far = os.open(self._name, os.O_RDONLY | os.O_NOCTTY | os.O_NONBLOCK | CLOSE_ON_EXEC)
        except OSError:
            return False
        try:
            waiting = fcntl.ioctl(far, termios.FIONREAD, bytes(4))
        except OSError:
            return False
        finally:
            os.close(far)
        return int.from_bytes(waiting, sys.byteorder) > 0

    async def type(self, data: bytes) -> None:
        """Write what a keyboard would; waits while the command does not read."""
        async with self._writing:  # in the order in which it was asked for
            left = memoryview(data)
            while left and self.near >= 0:
                try:
                    left = left[os.write(self.near, left) :]
                except BlockingIOError:
                    await self._wait_for_room()
                except OSError:
                    return  # nobody reads any more

    async def _wait_for_room(self) -> None:
        loop, near = asyncio.get_running_loop(), self.near
        self._room = loop.create_future()
        loop.add_writer(near, _settle, self._room)
        try:
            await self._room
        finally:
            if self.near == near:
                loop.remove_writer(near)

    def close(self) -> None:
        """Let go of our end; whoever still types is let go, too. What reads it must be gone."""
        near, self.near = self.near, -1
        if near < 0:
            return
        if self._room is not None:
            asyncio.get_running_loop().remove_writer(near)
            _settle(self._room)
        os.close(near)


def _settle(waiting: asyncio.Future[None]) -> None:
    if not waiting.done():
        waiting.set_result(None)
