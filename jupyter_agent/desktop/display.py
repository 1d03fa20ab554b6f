"""An X server whose screen is a VNC screen, on a Unix socket in the desktop's own folder.

Options: Xvnc(1) and Xserver(1). It has no password, because its socket has mode 0600 in a folder
with mode 0700, and who may speak with it over the network is the relay's question (``relay``).
Programs inside need the cookie in the folder's ``xauth``: MIT-MAGIC-COOKIE-1, see Xsecurity(7).
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from jupyter_agent.desktop.keyboard import keymap
from jupyter_agent.desktop.machine import Machine, Program
from jupyter_agent.desktop.programs import Programs
from jupyter_agent.desktop.x11 import X11
from jupyter_agent.errors import DesktopUnavailable, RequestInvalid
from jupyter_agent.spawn import fixed_environment

LARGEST_PASTE: Final = 4096
"""Bytes of clipboard that the desktop takes."""

_READY: Final = 30.0  # seconds; it takes a tenth to half of one, and longer where much is done
_CAUGHT_UP: Final = 3.0  # seconds; it takes some thousandths of one
_SOCKETS: Final = Path("/tmp/.X11-unix")  # noqa: S108  (where every X server has it)
_ANY_HOST: Final = 0xFFFF  # FamilyWild of Xauth.h: the cookie is good for whichever display
_COOKIE: Final = b"MIT-MAGIC-COOKIE-1"


_WINDOWS: Final = """<?xml version="1.0"?>
<openbox_config xmlns="http://openbox.org/3.4/rc">
  <focus><focusNew>yes</focusNew></focus>
  <applications>
    <application type="normal"><maximized>yes</maximized></application>
  </applications>
</openbox_config>
"""
"""Openbox's rules: a maximized window follows the screen's size, one that is as large does not.
See http://openbox.org/wiki/Help:Applications."""


@dataclass(frozen=True, slots=True)
class Size:
    """Pixels."""

    width: int = 1280
    height: int = 800

    def __post_init__(self) -> None:
        if not (320 <= self.width <= 7680 and 200 <= self.height <= 4320):
            raise RequestInvalid("A desktop is from 320 x 200 to 7680 x 4320 pixels large.")


class Display:
    """A running X server. Made by ``start``.

    Attributes:
        rfb: The Unix socket on which it speaks RFB.
        program: The X server.
        environment: What a program needs in its environment to be shown on it.
    """

    def __init__(
        self, machine: Machine, number: int, cookie: bytes, program: Program, programs: Programs
    ) -> None:
        self._machine = machine
        self._number = number
        self._cookie = cookie
        self._programs = programs
        self.rfb = machine.folder / "rfb.sock"
        self.program = program
        self.environment = {
            "DISPLAY": f":{number}",
            "XAUTHORITY": str(machine.folder / "xauth"),
        }

    @classmethod
    async def start(cls, machine: Machine, programs: Programs, size: Size) -> Display:
        """Start an X server in a machine; returns when it answers.

        Raises:
            DesktopUnavailable: It did not start.
        """
        cookie = secrets.token_bytes(16)
        authority = machine.folder / "xauth"
        authority.touch(mode=0o600)
        authority.write_bytes(_authority(cookie))
        reads, writes = os.pipe()
        try:
            program = await machine.start(
                [programs.paths["screen"], "-displayfd", "3", *_options(machine.folder, size)],
                env=fixed_environment(),
                at={3: writes},
            )
        except BaseException:
            os.close(reads)
            raise
        finally:
            os.close(writes)
        number = await _number(reads, program)
        machine.displays.add(number)
        return cls(machine, number, cookie, program, programs)

    async def manage_windows(self) -> None:
        """Start the window manager: the browser fills the screen, and follows when it changes.

        Raises:
            DesktopUnavailable: It did not start.
        """
        rules = self._machine.folder / "windows.xml"
        rules.write_text(_WINDOWS)
        await self._machine.start(
            [self._programs.paths["windows"], "--sm-disable", "--config-file", str(rules)],
            env={**fixed_environment(), **self.environment, **homes(self._machine.folder)},
        )

    async def until_focused(self) -> None:
        """Wait until a window has the keyboard.

        Raises:
            OSError: The X server is gone.
        """
        await self._ask(X11.until_focused)

    async def until_typed(self) -> None:
        """Wait until what a viewer has sent so far is with the program that has the keyboard.

        It reads what waits at all of its sockets before it greets whoever knocks now, and a key is
        with its program before that.

        Raises:
            TimeoutError: It is busy, or hangs.
            OSError: The X server is gone.
        """
        async with asyncio.timeout(_CAUGHT_UP):
            await self._ask(_greeted)

    async def close_windows(self) -> None:
        """Ask every window to close, as the cross in its corner does.

        Raises:
            OSError: The X server is gone.
        """
        await self._ask(X11.close_windows)

    async def set_layout(self, layout: str) -> None:
        """Have the keyboard layout of the person who looks at it.

        Args:
            layout: As XKB names it: ``de``, ``ch(fr)``.

        Raises:
            RequestInvalid: There is no such layout.
        """
        text = self._machine.folder / "keymap"
        text.write_text(keymap(layout))
        program = await self._machine.start(
            [self._programs.paths["keyboard"], "-w0", str(text), self.environment["DISPLAY"]],
            env={**fixed_environment(), **self.environment},
        )
        if await program.ended != 0:
            raise RequestInvalid("There is no such keyboard layout here.", "As XKB has it: us, de.")
        # From the next key on: a program reads it before the keys that come behind it.
        with contextlib.suppress(OSError):  # the X server is gone: nobody types there any more
            await self._ask(X11.tell_of_keymap)

    async def _ask(self, what: Callable[[X11], Awaitable[None]]) -> None:
        """On a connection of its own."""
        x11 = await X11.connect(self._number, self._cookie)
        try:
            await what(x11)
        finally:
            x11.close()


async def _greeted(_x11: X11) -> None:
    """Nothing more than to have been let in."""


def _options(folder: Path, size: Size) -> list[str]:
    return [
        *("-rfbunixpath", str(folder / "rfb.sock"), "-rfbunixmode", "0600"),
        *("-rfbport", "-1", "-nolisten", "tcp"),
        *("-SecurityTypes", "None"),
        *("-auth", str(folder / "xauth")),
        *("-geometry", f"{size.width}x{size.height}", "-depth", "24"),
        "-noreset",  # or it would forget the keyboard layout when its first client ends
        # In, up to a limit; what is copied inside never comes out.
        *("-SendCutText=0", "-SendPrimary=0", "-SetPrimary=0", "-AcceptCutText=1"),
        f"-MaxCutText={LARGEST_PASTE}",
        # Who may look and who may type is decided by the relay.
        "-AlwaysShared=1",
        # No recorder of keystrokes, and no synthetic input (XTEST comes and goes with it).
        *("-extension", "RECORD"),
    ]


def _authority(cookie: bytes) -> bytes:
    """A file with one cookie, as libXau reads it: AuFileName(3), XauWriteAuth."""
    fields = (b"", b"", _COOKIE, cookie)
    return _ANY_HOST.to_bytes(2, "big") + b"".join(
        len(field).to_bytes(2, "big") + field for field in fields
    )


async def _number(reads: int, program: Program) -> int:
    """The number of the display, which the X server writes once it answers.

    Read to its end: what is written last is a line feed, and an X server that can't write it ends.
    """
    try:
        async with asyncio.timeout(_READY):
            said = await asyncio.shield(asyncio.to_thread(_all, reads))
    except TimeoutError:
        raise DesktopUnavailable(
            "The X server did not answer in time.", f"Try it again. {_another_way()}"
        ) from None
    if not said.strip().isdigit():
        code = await program.ended
        raise DesktopUnavailable(
            f"The X server ended at once, with exit code {code}.", _another_way()
        )
    return int(said)


def _another_way() -> str:
    """What to do where no X server starts."""
    other = "take the provider local-cdp, which needs no X server."
    if _SOCKETS.is_dir() and not os.access(_SOCKETS, os.W_OK):  # read-only below WSLg, for one
        return f"It may not write to {_SOCKETS}: have that changed, or {other}"
    return f"{other[:1].upper()}{other[1:]}"


def _all(reads: int) -> bytes:
    with os.fdopen(reads, "rb") as pipe:
        return pipe.read()


def homes(folder: Path) -> dict[str, str]:
    """Where the programs of a desktop keep what is theirs: all of it inside its folder.

    On Windows a browser asks the system for the person's own folders, whatever its environment
    says, and puts there nothing of a profile that lies elsewhere.
    """
    windows = ("TEMP", "TMP") if sys.platform == "win32" else ()
    places = dict.fromkeys(windows, folder / "tmp") or {
        "HOME": folder / "home",
        "TMPDIR": folder / "tmp",
        "XDG_CONFIG_HOME": folder / "home/.config",
        "XDG_CACHE_HOME": folder / "home/.cache",
        "XDG_DATA_HOME": folder / "home/.local/share",
        "XDG_RUNTIME_DIR": folder / "run",
    }
    for place in places.values():
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
    return {name: str(place) for name, place in places.items()}
