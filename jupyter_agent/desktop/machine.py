"""Everything that runs for one desktop, and the folder it has to itself.

All of it hangs below a keeper (``keeper``), a process that ends it whenever this one closes it or
dies. Nothing of a machine outlives its ``close``: no process, no socket, no lock, no folder.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import secrets
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from signal import Signals
from typing import Any, Final

from jupyter_agent.desktop import leftovers, lifeline
from jupyter_agent.desktop.packets import MOST_HANDLES, Packets, packed
from jupyter_agent.desktop.provider import CloseReport
from jupyter_agent.errors import DesktopClosed, DesktopUnavailable
from jupyter_agent.folders import Folders, check_private_dir

_LONGEST_FOLDER: Final = 48
"""Bytes. Below it lie sockets, whose paths may have 107 (unix(7)): Chromium's is the longest, with
``/tmp/org.chromium.Chromium.XXXXXX/SingletonSocket`` behind it."""

if sys.platform == "win32":
    AT_ONCE: Final[Signals] = Signals.SIGTERM
    """What ends a program that would not: on Windows any signal does."""

    _HOW: Sequence[str] = ()
else:
    from jupyter_agent.desktop import kin
    from jupyter_agent.desktop.keeper import BY_MARKS

    AT_ONCE: Final[Signals] = Signals.SIGKILL
    _HOW: Sequence[str] = () if sys.platform.startswith("linux") else (BY_MARKS,)
    """Elsewhere no kernel keeps a desktop's processes below its keeper."""

_PATIENCE: Final = 30.0  # seconds for a keeper to start a program, on a machine that is busy
_ENDING: Final = 8.0  # seconds for a keeper to end; it gives up by itself before


class Program:
    """One program that was started in a machine.

    Attributes:
        pid: Its process.
        ended: Its exit code once it has ended, minus the number of a signal if one ended it.
    """

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()


class Machine:
    """One desktop's processes and folder. Made by ``make``; belongs to the loop it was made in.

    Attributes:
        folder: Its own, mode 0700, with a short path.
        displays: The X displays that its programs have said they serve.
        closed: Done once the keeper is gone and nothing of the desktop runs any more.
    """

    def __init__(self, folder: Path, held: int) -> None:
        self.folder = folder
        loop = asyncio.get_running_loop()
        self.closed: asyncio.Future[None] = loop.create_future()
        self._loop = loop
        self._held = held
        self._line = lifeline.tie(folder, _HOW, self._hear, self._end)
        self._ids = itertools.count(1)
        self._starting: dict[int, asyncio.Future[Program]] = {}
        self._programs: dict[int, Program] = {}
        self.displays: set[int] = set()
        self._groups: set[int] = set()
        self._packets = Packets()
        self._left: list[str] | None = None
        self._closing: asyncio.Task[CloseReport] | None = None

    @classmethod
    async def make(cls, folders: Folders | None = None) -> Machine:
        """Make a folder, and start a keeper for what will run there.

        Args:
            folders: Where this person's files lie; by default as the environment says.

        Raises:
            DesktopUnavailable: There is no place for it, or no process could be started.
            VaultUnsafe: The place is a link, somebody else's, or open to others.
        """
        base = _base(folders or Folders.of())
        await asyncio.to_thread(leftovers.sweep, base)
        folder = base / secrets.token_hex(4)
        held = -1
        try:
            held = leftovers.make(folder)
            return cls(folder, held)
        except OSError as error:
            if held >= 0:
                os.close(held)
            leftovers.remove(folder)
            raise DesktopUnavailable(
                f"The desktop could not be started: {error.strerror}.",
                "Free some space, or memory.",
            ) from None

    @property
    def keeper(self) -> int:
        """The process above everything that runs here."""
        return self._line.keeper.pid

    async def start(
        self,
        argv: Sequence[str],
        *,
        env: Mapping[str, str],
        at: Mapping[int, int] | None = None,
        naming: Callable[[Sequence[int]], str] | None = None,
    ) -> Program:
        """Start a program. Its standard input, output and errors are ``/dev/null``.

        Args:
            argv: Program and arguments; nothing secret, and no address: everybody can read it.
            env: Its whole environment.
            at: Descriptors it has: its number, from 0 to 15 → ours, which stay ours to close.
            naming: Makes one more argument of the numbers, where it can't have those of ``at``: on
                Windows, where a handle has the number that it has.

        Raises:
            DesktopUnavailable: It could not be started.
            DesktopClosed: The machine is closed, or closing.
        """
        handles = list((at or {}).values())
        if len(handles) > MOST_HANDLES:
            raise ValueError("too many descriptors for one program")
        number = next(self._ids)
        started: asyncio.Future[Program] = self._loop.create_future()
        self._starting[number] = started
        try:
            words, numbers = list(argv), self._numbers(at or {})
            if naming is not None and numbers != list(at or {}):
                words.append(naming(numbers))
            self._say({"id": number, "argv": words, "env": dict(env), "numbers": numbers}, handles)
            async with asyncio.timeout(_PATIENCE):
                return await started
        except TimeoutError:
            raise DesktopUnavailable("The desktop's keeper does not answer.") from None
        except OSError as error:
            name = Path(argv[0]).name
            raise DesktopUnavailable(f"{name} could not be started: {error.strerror}.") from None
        finally:
            self._starting.pop(number, None)

    def signal(self, program: Program, number: Signals) -> None:
        """Send a signal to one program; nothing happens if it has ended.

        Raises:
            DesktopClosed: The machine is closed.
        """
        self._say({"signal": number, "pid": program.pid})

    async def close(self) -> CloseReport:
        """End everything and remove the folder. Again: the same report."""
        if self._closing is None:
            self._closing = self._loop.create_task(self._close())
        return await asyncio.shield(self._closing)

    async def _close(self) -> CloseReport:
        begun = time.monotonic()
        os.close(self._held)  # the keeper has it, too; on Windows nothing that is open goes away
        with contextlib.suppress(DesktopClosed):
            self._say({"close": True})
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_ENDING):
                await asyncio.shield(self.closed)
        left = self._left
        if left is None:
            # The keeper was killed or hangs, and whatever it had started is killed with it.
            self._line.keeper.kill()
            if sys.platform != "win32" and _HOW:  # nothing else does
                with contextlib.suppress(OSError):
                    await asyncio.to_thread(kin.end, self._groups, self.folder, _ENDING)
            left = await asyncio.to_thread(leftovers.remove, self.folder, self.displays)
        await asyncio.to_thread(self._line.keeper.wait)
        return CloseReport(time.monotonic() - begun, left)

    def _numbers(self, at: Mapping[int, int]) -> list[int]:
        try:
            return self._line.numbers(at)
        except OSError:
            raise _closed() from None

    def _say(self, message: Mapping[str, Any], handles: Sequence[int] = ()) -> None:
        packet = packed(message)
        try:
            if self.closed.done():
                raise OSError  # noqa: TRY301  (the same to the caller)
            self._line.say(packet, handles)
        except OSError:
            raise _closed() from None

    def _hear(self, piece: bytes) -> None:
        for said in self._packets.of(piece):
            self._obey(said)

    def _obey(self, said: Mapping[str, Any]) -> None:
        if "closed" in said:
            self._left = said["left"]
        elif "ended" in said:
            program = self._programs.pop(said["ended"], None)
            if sys.platform != "win32" and not kin.still_there(said["ended"]):
                self._groups.discard(said["ended"])
            if program is not None and not program.ended.done():
                program.ended.set_result(said["exit"])
        elif (started := self._starting.get(said["id"])) is None or started.done():
            return  # nobody waits for it any more; it ends with the machine
        elif "pid" in said:
            program = self._programs[said["pid"]] = Program(said["pid"])
            self._groups.add(program.pid)
            started.set_result(program)
        else:
            started.set_exception(OSError(said["errno"], os.strerror(said["errno"])))

    def _end(self) -> None:
        for started in self._starting.values():
            if not started.done():
                started.set_exception(_closed())
        for program in self._programs.values():
            if not program.ended.done():
                program.ended.set_result(-AT_ONCE)
        if not self.closed.done():
            self.closed.set_result(None)
        if self._closing is None:  # it ended by itself: somebody killed the keeper
            self._closing = self._loop.create_task(self._close())


def _closed() -> DesktopClosed:
    return DesktopClosed("The desktop is closed.", "Open it again.")


def _base(folders: Folders) -> Path:
    """The folder in which desktops have theirs: in the first place whose path is short enough.

    Only the first is named by anybody's environment; all of them are checked.
    """
    if sys.platform == "win32":  # no sockets lie in it there
        return check_private_dir(check_private_dir(folders.run) / "d")
    uid = os.getuid()
    session = Path(f"/run/user/{uid}")
    places = [folders.run]
    places += [session / "jupyter_agent"] if session.is_dir() else []
    places += [Path(f"/tmp/jupyter_agent-{uid}")]  # noqa: S108  (owner and mode are checked)
    place = next(p for p in places if len(os.fsencode(p)) + len("/d/01234567") <= _LONGEST_FOLDER)
    check_private_dir(place)
    return check_private_dir(place / "d")
