"""One HTTP/1.1 connection: h11's rules on asyncio's streams."""

from __future__ import annotations

import asyncio
import contextlib
import select
import socket
import struct
import sys
from typing import Any, Final

import h11

READ: Final = 256 * 1024
_LONGEST_HEAD: Final = 64 * 1024
_SLICE: Final = 0.002
"""Seconds after which others on this loop have their turn: what has come already is read without
waiting, and may be hundreds of thousands of chunks of one byte."""
_LINGER: Final = "hh" if sys.platform == "win32" else "ii"  # ``struct linger``: on, for no time
Event = Any  # h11's events have no common class


class Connection:
    """One side of an exchange.

    Args:
        role: What we are on it: ``h11.SERVER`` or ``h11.CLIENT``.
        reader: From the other side.
        writer: To it.

    Attributes:
        silent: The other side has said nothing yet in this exchange.
    """

    def __init__(
        self, role: Any, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.state = h11.Connection(role, max_incomplete_event_size=_LONGEST_HEAD)
        self.reader = reader
        self.silent = True
        self._is_server = role is h11.SERVER
        self._writer = writer
        self._turn = 0.0  # when others had theirs

    async def next(self) -> Event:
        """The next event from the other side.

        Raises:
            h11.RemoteProtocolError: It does not speak HTTP, or hung up in the middle.
            OSError: The connection is lost.
        """
        clock = asyncio.get_running_loop().time
        while True:
            if clock() - self._turn > _SLICE:
                await asyncio.sleep(0)
                self._turn = clock()
            event: Event = self.state.next_event()
            if event is not h11.NEED_DATA:
                return event
            if self.state.they_are_waiting_for_100_continue:
                await self.send(h11.InformationalResponse(status_code=100, headers=[]))
            data = await self.reader.read(READ)
            self.silent = self.silent and not data
            self.state.receive_data(data)

    async def send(self, event: Event) -> None:
        """Send an event, and wait while the other side does not read.

        Raises:
            h11.LocalProtocolError: It may not come now.
            OSError: The connection is lost.
        """
        data: bytes | None = self.state.send(event)
        if data:
            self._writer.write(data)
            await self._writer.drain()

    async def until_hung_up(self) -> None:
        """Return when the other side has hung up; what it sends before that waits in ``state``."""
        while data := await self.reader.read(READ):
            self.state.receive_data(data)

    def again(self) -> bool:
        """Whether another exchange may follow on this connection; then it is ready for it."""
        if self.state.our_state is not h11.DONE or self.state.their_state is not h11.DONE:
            return False
        self.state.start_next_cycle()
        self.silent = True
        return True

    @property
    def gone(self) -> bool:
        """Whether the other side has hung up while nothing was asked."""
        return self.reader.at_eof() or self._writer.is_closing()

    @property
    def spoke_unasked(self) -> bool:
        """Whether something came that belongs to no exchange so far (RFC 9112, section 9.2).

        It would be taken for the answer to the next request.
        """
        waiting = getattr(self.reader, "_buffer", b"?")  # asyncio tells it in no other way
        return bool(waiting) or bool(self.state.trailing_data[0])

    @property
    def hung_up(self) -> bool:
        """Whether the other side has hung up, also while something that it sent waits unread.

        On Windows only once that was read: nothing there tells it before.
        """
        if sys.platform == "win32":
            return self.gone
        end = self._writer.get_extra_info("socket")
        poll = select.poll()
        # macOS has no POLLRDHUP, and says POLLHUP at once (poll(2) there; not run by us on a Mac).
        asked = select.POLLIN
        if sys.platform == "linux":
            asked = select.POLLRDHUP
        poll.register(end.fileno(), asked)
        return self.gone or any(told & ~select.POLLIN for _, told in poll.poll(0))

    def close(self) -> None:
        """Hang up."""
        self._writer.close()

    def abort(self) -> None:
        """Hang up at once, so that the other side sees that something is missing."""
        if self._is_server:
            # By a reset: an answer to HTTP/1.0 may have no other end than that of its connection.
            end, how = self._writer.get_extra_info("socket"), struct.pack(_LINGER, 1, 0)
            with contextlib.suppress(OSError):
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, how)
        self._writer.transport.abort()
