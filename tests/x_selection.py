"""What a desktop's clipboard holds, asked as any program on its screen asks: an X selection.

Inter-Client Communication Conventions Manual, 2.2 and 2.4; requests and events as numbered in
appendix B of the X protocol.
"""

from __future__ import annotations

import struct

from jupyter_agent.desktop.display import Display
from jupyter_agent.desktop.x11 import X11

_CREATE_WINDOW, _GET_PROPERTY, _CONVERT_SELECTION = 1, 20, 24
_SELECTION_NOTIFY = 31
_INPUT_ONLY = 2


class Selection(X11):
    """A program on the desktop's screen that asks for what was copied."""

    @classmethod
    async def on(cls, display: Display) -> Selection:
        """Connect with the cookie of a display that runs."""
        return await cls.connect(display._number, display._cookie)

    async def _greet(self, cookie: bytes) -> bytes:
        setup = await super()._greet(cookie)
        (self._window,) = struct.unpack_from("<I", setup, 4)  # the first number that is ours
        shape = (self._window, self._root, 0, 0, 1, 1, 0, _INPUT_ONLY, 0, 0)
        self._ask(_CREATE_WINDOW, struct.pack("<IIhhHHHHII", *shape))
        return setup

    async def text(self) -> str | None:
        """What the clipboard holds; None where nobody offers anything."""
        clipboard, kind = await self._atom(b"CLIPBOARD"), await self._atom(b"UTF8_STRING")
        self._ask(
            _CONVERT_SELECTION,
            struct.pack("<IIIII", self._window, clipboard, kind, kind, 0),
        )
        while True:
            number, packet = await self._packet()
            if number == _SELECTION_NOTIFY:
                break
        if not struct.unpack_from("<I", packet, 20)[0]:
            return None
        self._ask(_GET_PROPERTY, struct.pack("<IIIII", self._window, kind, 0, 0, 1024))
        reply = await self._reply()
        (length,) = struct.unpack_from("<I", reply, 16)
        return reply[32 : 32 + length].decode()
