"""What the desktops of this machine have in common, however they are looked at.

A provider finds its programs, makes a machine, and keeps nothing of it where something fails. A
desktop has a machine, a browser and a lease; what it shows is its provider's.
"""

from __future__ import annotations

import asyncio
import sys
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import ClassVar, Literal

from jupyter_agent.desktop.browser import Browser, needed
from jupyter_agent.desktop.channel import AgentChannel
from jupyter_agent.desktop.driven import Driven
from jupyter_agent.desktop.driving import Driving, Publish
from jupyter_agent.desktop.kept import Kept
from jupyter_agent.desktop.lease import Lease
from jupyter_agent.desktop.machine import Machine
from jupyter_agent.desktop.programs import TITLES, Programs, install_command
from jupyter_agent.desktop.provider import (
    Availability,
    Caps,
    CloseReport,
    Download,
    HandBack,
    Keeping,
    StartOptions,
    StreamGrant,
)
from jupyter_agent.desktop.relay import Stream, StreamServer
from jupyter_agent.errors import DesktopUnavailable
from jupyter_agent.folders import Folders


class HereProvider(ABC):
    """Serves desktops of this machine (``provider.DesktopProvider``).

    Args:
        streams: Serves their pictures.
        publish: Makes the address of a program's connection.
        folders: Where this person's files lie; by default as the environment says.
        keeping: Keeps what signs a person in, for desktops that are to.
    """

    id: str
    title: str
    can: ClassVar[Caps]
    shown: ClassVar[bool]
    """Whether its browser is on a display."""

    def __init__(
        self,
        streams: StreamServer,
        publish: Publish,
        folders: Folders | None = None,
        keeping: Keeping | None = None,
    ) -> None:
        self._streams = streams
        self._publish = publish
        self._folders = folders
        self._keeping = keeping

    def caps(self) -> Caps:
        """What its desktops can do."""
        return replace(self.can, profile=self._keeping is not None)

    async def available(self) -> Availability:
        """Whether everything is installed."""
        if not sys.platform.startswith(("linux", "darwin", "win32")):
            # Nothing would end everything when the server dies.
            return Availability(ok=False, reason="Desktops run on Linux, macOS and Windows only.")
        if sys.platform == "win32" and self.shown:
            return Availability(ok=False, reason="There is no Xvnc for Windows.")
        missing = (await asyncio.to_thread(Programs.find)).missing(*needed(shown=self.shown))
        if not missing:
            return Availability(ok=True)
        names = " and ".join(", ".join(TITLES[role] for role in missing).rsplit(", ", 1))
        return Availability(
            ok=False, reason=f"{names} not found.", install=install_command(missing)
        )

    async def start(self, options: StartOptions) -> HereDesktop:
        """Start a desktop; returns when there is something to look at.

        Raises:
            DesktopUnavailable: Something is missing, or did not start, or can't be had here.
            RequestInvalid: There is no such keyboard layout, or no such size.
            AgentError: It was to keep the person signed in, and can't (``Keeping.restore``).
        """
        there = await self.available()
        if not there.ok:
            raise DesktopUnavailable(there.reason, f"Install it: {there.install}".rstrip(": "))
        machine = await Machine.make(self._folders)
        try:
            kept = await Kept.of(self._keeping, self.id, machine, wanted=options.keep)
            programs = await asyncio.to_thread(Programs.find)
            return await self._begin(machine, programs, kept, options)
        except BaseException:
            await machine.close()
            raise

    @abstractmethod
    async def _begin(
        self, machine: Machine, programs: Programs, kept: Kept | None, options: StartOptions
    ) -> HereDesktop:
        """Start what is looked at in a machine; whatever it raises, the machine is closed."""


class HereDesktop(Driven):
    """A running desktop of this machine (``provider.Desktop``).

    Args:
        machine: Where it runs.
        browser: Its browser.
        streams: Serves its picture.
        driving: Who drives it.
        kept: What signs a person in, where it is to outlive it.
    """

    provider: str
    caps: Caps
    _stream: Stream
    """What viewers look at."""

    def __init__(
        self,
        machine: Machine,
        browser: Browser,
        streams: StreamServer,
        driving: Driving,
        kept: Kept | None,
    ) -> None:
        super().__init__(driving)
        self._machine = machine
        self._browser = browser
        self._streams = streams
        self._kept = kept
        self._touched = 0.0
        self._hearing: asyncio.Task[None] | None = None
        self._ended: asyncio.Task[None] | None = None

    @property
    def note(self) -> str:
        """What a person should know about the profile that was to be kept, or ""."""
        return self._kept.note if self._kept is not None else ""

    @property
    def touched(self) -> float:
        """When a person has last typed or pointed in it."""
        return self._touched

    async def host(self) -> str:
        """The host of the page that is shown."""
        self._refuse_closed()
        return await self._driving.host()

    async def grant(
        self, mode: Literal["control", "view"], parent_origin: str, *, one_port: bool = False
    ) -> StreamGrant:
        """A fresh ticket for the panel of a logged-in person."""
        self._refuse_closed()
        return await self._streams.grant(self._stream, mode, parent_origin, one_port=one_port)

    async def take_over(self, who: str) -> Lease:
        """Let a person drive. Whoever controlled it before is cut off, in another tab too."""
        self._refuse_closed()
        await self._streams.cut(self._stream, mode="control")
        return await self._driving.take_over(who)

    async def hand_back(self, lease: Lease) -> HandBack:
        """Let the agent drive, unless a field for a password or a code holds text."""
        self._refuse_closed()
        outcome = await self._driving.hand_back(lease)
        if outcome.done:
            await self._streams.cut(self._stream, mode="control")
        return outcome

    def hold(self, lease: Lease) -> None:
        """Its viewer holds it (``Holding``): here it is only said whether that lease counts."""
        self._driving.leases.require(lease)

    @abstractmethod
    async def set_layout(self, layout: str) -> None:
        """Have another keyboard layout, or say that there is none."""

    async def agent_channel(self) -> AgentChannel:
        """What an agent drives it with."""
        self._refuse_closed()
        return await self._driving.agent_channel()

    async def files(self) -> Sequence[Download]:
        """What was downloaded and is still inside."""
        self._refuse_closed()
        return await asyncio.to_thread(self._browser.downloads.every)

    async def move(self, file_id: str, folder: Path) -> str:
        """Move a file out of it, for a person who asked for that."""
        self._refuse_closed()
        return await asyncio.to_thread(self._browser.downloads.move, file_id, folder)

    async def _close(self) -> CloseReport:
        if self._hearing is not None:
            self._hearing.cancel()
        await self._streams.forget(self._stream)
        sentences = await self._save()
        report = await self._machine.close()
        self._unplug()
        if self._ended is not None:
            self._ended.cancel()
        return replace(report, left=[*report.left, *sentences])

    @abstractmethod
    async def _save(self) -> Sequence[str]:
        """Keep what is to be kept; sentences where it could not be."""

    @abstractmethod
    def _unplug(self) -> None:
        """Let go of the browser's pipe: it has ended."""

    def _may_type(self) -> bool:
        """Asked about each key and movement of a viewer; that there was one is all that is kept."""
        may = self._driving.may_type
        if may:
            self._touched = asyncio.get_running_loop().time()
        return may
