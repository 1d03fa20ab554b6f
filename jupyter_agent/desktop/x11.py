"""As much of the X protocol as a desktop takes: who has the keyboard, its keymap, and closing.

Keys go to the window that has the focus, and to nobody while none has it: a browser's window is
drawn before its window manager gives it the focus. The manager says which window that is in
``_NET_ACTIVE_WINDOW`` of the root window (Extended Window Manager Hints), and whoever asked for it
is told when that changes.

A browser whose last window is closed ends as when a person ends it: what its pages have set is
written first. A window is asked to by a message, as by the cross in its corner: WM_DELETE_WINDOW,
Inter-Client Communication Conventions Manual, 4.2.8.1.

Format: X Window System Protocol, X Version 11 (appendix B, "Protocol Encoding"), least significant
byte first. Nothing that is typed passes here: no key events are asked for.
"""

from __future__ import annotations

import asyncio
import struct
import sys
from collections.abc import Callable
from typing import Final, Self

_REPLY: Final = 32  # bytes of a reply's or an event's fixed part
_CHANGE_ATTRIBUTES, _INTERN_ATOM, _GET_PROPERTY, _SEND_EVENT = 2, 16, 20, 25
_EVENT_MASK: Final = 1 << 11  # CWEventMask: the one attribute that is changed
_PROPERTY_CHANGES: Final = 1 << 22  # PropertyChangeMask
_WINDOW: Final = 33  # the predefined atom WINDOW
_PROPERTY_NOTIFY: Final = 28
_CLIENT_MESSAGE: Final = 33
_MAPPING_NOTIFY, _KEYBOARD = 34, 1
_KEYCODES: Final = (8, 248)  # all that there can be: the first, and how many
_MOST_WINDOWS: Final = 256
_COOKIE: Final = b"MIT-MAGIC-COOKIE-1"
_ACTIVE: Final = b"_NET_ACTIVE_WINDOW"


class XRefused(ConnectionError):
    """The X server did not let us in, or refused a request."""


class X11:
    """One connection to an X server, made by ``connect``; closed by ``close``."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._root = 0

    @classmethod
    async def connect(cls, display: int, cookie: bytes) -> Self:
        """Connect to a display of this machine.

        Args:
            display: Its number.
            cookie: Its MIT-MAGIC-COOKIE-1.

        Raises:
            OSError: It does not answer, or refuses the cookie.
        """
        if sys.platform == "win32":  # there is no X server
            raise NotImplementedError
        there = f"/tmp/.X11-unix/X{display}"  # noqa: S108  (where X servers have their sockets)
        x11 = cls(*await asyncio.open_unix_connection(there))
        try:
            await x11._greet(cookie)
        except BaseException:
            x11.close()
            raise
        return x11

    async def until_focused(self) -> None:
        """Wait until the window manager has given some window the focus.

        Raises:
            OSError: The X server is gone.
        """
        try:
            active = await self._atom(_ACTIVE)
            # Asked for first, looked at then: a change in between is told.
            self._ask(
                _CHANGE_ATTRIBUTES, struct.pack("<III", self._root, _EVENT_MASK, _PROPERTY_CHANGES)
            )
            while not any(await self._windows_in(active, 1)):
                await self._until_changed(active)
        except asyncio.IncompleteReadError:
            raise ConnectionResetError from None

    async def close_windows(self) -> None:
        """Ask every window to close; what the page in one says to that is its own affair.

        Raises:
            OSError: The X server is gone.
        """
        try:
            protocols, delete = (
                await self._atom(b"WM_PROTOCOLS"),
                await self._atom(b"WM_DELETE_WINDOW"),
            )
            await self._send_all(
                lambda window: struct.pack(
                    "<BBHII5I", _CLIENT_MESSAGE, 32, 0, window, protocols, delete, 0, 0, 0, 0
                )
            )
        except asyncio.IncompleteReadError:
            raise ConnectionResetError from None

    async def tell_of_keymap(self) -> None:
        """Tell the program of every window that there is another keymap.

        The server tells only programs that do not know XKB, and those that have asked for each
        change of it. Chromium has asked for other keyboards only, and went on with the keys of the
        layout before: where Ctrl+Z had been, Ctrl+W closed a tab.

        Raises:
            OSError: The X server is gone.
        """
        event = struct.pack("<B3xBBB25x", _MAPPING_NOTIFY, _KEYBOARD, *_KEYCODES)
        try:
            await self._send_all(lambda _: event)
        except asyncio.IncompleteReadError:
            raise ConnectionResetError from None

    def close(self) -> None:
        """Close the connection."""
        self._writer.close()

    async def _greet(self, cookie: bytes) -> bytes:
        """Be let in; returns what the server says of itself."""
        self._writer.write(
            struct.pack("<BxHHHHxx", ord("l"), 11, 0, len(_COOKIE), len(cookie))
            + _padded(_COOKIE)
            + _padded(cookie)
        )
        try:
            head = await self._reader.readexactly(8)
            setup = await self._reader.readexactly(4 * struct.unpack("<H", head[6:])[0])
        except asyncio.IncompleteReadError:
            raise XRefused from None
        if head[0] != 1:
            raise XRefused
        vendor, formats = struct.unpack_from("<H", setup, 16)[0], setup[21]
        screens = 32 + vendor + -vendor % 4 + 8 * formats
        (self._root,) = struct.unpack_from("<I", setup, screens)
        return setup

    async def _atom(self, name: bytes) -> int:
        self._ask(_INTERN_ATOM, struct.pack("<Hxx", len(name)) + _padded(name))
        atom: int = struct.unpack_from("<I", await self._reply(), 8)[0]
        return atom

    async def _send_all(self, event: Callable[[int], bytes]) -> None:
        """Send an event to the program of every window; what it is, for that window."""
        for window in await self._windows_in(await self._atom(b"_NET_CLIENT_LIST"), _MOST_WINDOWS):
            self._ask(_SEND_EVENT, struct.pack("<II", window, 0) + event(window))
        # The server does in order what it is asked: with this answer the events are sent.
        await self._atom(b"WM_PROTOCOLS")

    async def _windows_in(self, atom: int, most: int) -> tuple[int, ...]:
        self._ask(_GET_PROPERTY, struct.pack("<IIIII", self._root, atom, _WINDOW, 0, most))
        reply = await self._reply()
        return struct.unpack_from(f"<{(len(reply) - _REPLY) // 4}I", reply, _REPLY)

    def _ask(self, number: int, body: bytes) -> None:
        self._writer.write(struct.pack("<BxH", number, 1 + len(body) // 4) + body)

    async def _reply(self) -> bytes:
        """The reply to the last request; events that come before it are nothing to this one."""
        while True:
            kind, packet = await self._packet()
            if kind == 0:
                raise XRefused
            if kind == 1:
                return packet

    async def _until_changed(self, atom: int) -> None:
        while True:
            kind, packet = await self._packet()
            if kind == _PROPERTY_NOTIFY and struct.unpack_from("<I", packet, 8)[0] == atom:
                return

    async def _packet(self) -> tuple[int, bytes]:
        packet = await self._reader.readexactly(_REPLY)
        kind = packet[0] & 0x7F  # without the mark of an event that another client has sent
        if kind == 1:
            packet += await self._reader.readexactly(4 * struct.unpack_from("<I", packet, 4)[0])
        return kind, packet


def _padded(text: bytes) -> bytes:
    return text + bytes(-len(text) % 4)
