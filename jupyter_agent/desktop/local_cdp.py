"""Desktops on this machine without an X server: a browser that is shown nowhere, as pictures.

For a machine that has Chromium and no Xvnc. It costs more processor time than ``local-vnc`` and is
slower, and what the browser would show in windows of its own is shown by the viewer (``asks``), or
not at all: permissions are refused, passkeys and a page's date and colour choosers do not appear.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, Literal

from jupyter_agent.desktop.asks import Asks
from jupyter_agent.desktop.browser import Browser, needed
from jupyter_agent.desktop.cdp import Cdp
from jupyter_agent.desktop.channel import AgentChannel
from jupyter_agent.desktop.display import Size
from jupyter_agent.desktop.driving import Driving, Publish
from jupyter_agent.desktop.holding import Holding
from jupyter_agent.desktop.kept import Kept
from jupyter_agent.desktop.lease import Lease, State, closed
from jupyter_agent.desktop.listening import LONGEST, Listening, painted
from jupyter_agent.desktop.machine import Machine
from jupyter_agent.desktop.person import PersonHands
from jupyter_agent.desktop.programs import TITLES, Programs, install_command
from jupyter_agent.desktop.provider import (
    Availability,
    Caps,
    CloseReport,
    Download,
    HandBack,
    Isolation,
    Keeping,
    Pause,
    StartOptions,
    StreamGrant,
)
from jupyter_agent.desktop.relay import StreamServer
from jupyter_agent.desktop.screencast import Screencast
from jupyter_agent.desktop.stage import Stage
from jupyter_agent.errors import DesktopError, DesktopUnavailable, RequestInvalid
from jupyter_agent.folders import Folders

CAPS: Final = Caps(
    isolation=Isolation.SAME_USER,
    pause=Pause.ENFORCED,
    view_only="server",
    agent=True,
    paste=True,
    # The viewer's own layout counts: it sends characters, and the browser takes any.
    keyboard_layout=False,
    resize=True,
    downloads=True,
)

_REFUSED: Final = (
    *("geolocation", "notifications", "midi", "midi-sysex", "camera", "microphone"),
    *("clipboard-read", "window-management", "local-fonts", "idle-detection"),
)
"""Permissions by their names in the web's own registry (w3.org/TR/permissions-registry)."""


class LocalCdp:
    """The provider ``local-cdp``.

    Args:
        streams: Serves its pictures.
        publish: Makes the address of a program's connection.
        folders: Where this person's files lie; by default as the environment says.
        keeping: Keeps what signs a person in, for desktops that are to.
    """

    id = "local-cdp"
    title = "This computer (pictures)"

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
        return replace(CAPS, profile=self._keeping is not None)

    async def available(self) -> Availability:
        """Whether a browser is installed."""
        if not sys.platform.startswith(("linux", "darwin")):
            # Nothing would end everything when the server dies.
            return Availability(ok=False, reason="Desktops run on Linux and macOS only, so far.")
        missing = (await asyncio.to_thread(Programs.find)).missing(*needed(shown=False))
        if not missing:
            return Availability(ok=True)
        names = " and ".join(TITLES[role] for role in missing)
        return Availability(
            ok=False, reason=f"{names} not found.", install=install_command(missing)
        )

    async def start(self, options: StartOptions) -> CdpDesktop:
        """Start a desktop; returns when there is a page to look at.

        Raises:
            DesktopUnavailable: The browser is missing, or did not start, or strict was asked for.
            RequestInvalid: There is no such size.
            AgentError: It was to keep the person signed in, and can't (``Keeping.restore``).
        """
        if options.strict:
            raise DesktopUnavailable(
                "Strict mode needs a screen: without one, the browser is looked at by steering it.",
                "Use the provider local-vnc.",
            )
        there = await self.available()
        if not there.ok:
            raise DesktopUnavailable(there.reason, f"Install it: {there.install}".rstrip(": "))
        size = Size(options.width, options.height)
        machine = await Machine.make(self._folders)
        try:
            kept = await Kept.of(self._keeping, self.id, machine, wanted=options.keep)
            programs = await asyncio.to_thread(Programs.find)
            browser = Browser(machine, programs, size=size, remembers=options.keep)
            pipe = await browser.start(options.url)
            if pipe is None:
                raise DesktopUnavailable("The browser has no pipe.")  # noqa: TRY301  (ends it below)
            cdp = await Cdp.over(pipe.reads, pipe.writes)
            desktop = CdpDesktop(
                machine, browser, cdp, size, streams=self._streams, publish=self._publish, kept=kept
            )
            await desktop.begin(painting=bool(options.url))
        except BaseException:
            await machine.close()
            raise
        return desktop


class CdpDesktop:
    """A running desktop (``provider.Desktop``). Made by ``LocalCdp.start``."""

    provider = LocalCdp.id
    caps = CAPS

    def __init__(  # noqa: PLR0913  (these are what it consists of)
        self,
        machine: Machine,
        browser: Browser,
        cdp: Cdp,
        size: Size,
        *,
        streams: StreamServer,
        publish: Publish,
        kept: Kept | None = None,
    ) -> None:
        self.id = secrets.token_hex(8)
        self._machine = machine
        self._browser = browser
        self._cdp = cdp
        self._streams = streams
        self._driving = Driving(self._steer, publish)
        self._stage = Stage(cdp, (size.width, size.height))
        self._stage.steered = lambda: self.state == "agent"
        asks = Asks(cdp, self._stage, machine.folder / "given")
        hands = PersonHands(cdp, self._stage, asks)
        self._listening = Listening()
        self._screencast = Holding(
            Screencast(self._stage, asks, hands, self._may_type, self._listening), self._driving
        )
        self._hearing: asyncio.Task[None] | None = None
        self._touched = 0.0
        self._kept = kept
        self._ended: asyncio.Task[None] | None = None
        self._closing: asyncio.Task[CloseReport] | None = None

    @property
    def note(self) -> str:
        """What a person should know about the profile that was to be kept, or ""."""
        return self._kept.note if self._kept is not None else ""

    async def begin(self, *, painting: bool) -> None:
        """Show its first page. Only ``LocalCdp`` calls it, once.

        Args:
            painting: Whether that page is to paint before what is typed goes to it.
        """
        for name in _REFUSED:
            refused = {"permission": {"name": name}, "setting": "denied"}
            # A name that this Chromium does not know is no failure.
            self._cdp.post("Browser.setPermission", refused, "", lambda _: None)
        self._browser.downloads.follow(self._cdp)
        await self._stage.begin()
        self._hearing = asyncio.create_task(self._hear(painting=painting))
        self._driving.leases.ready()
        self._ended = asyncio.create_task(self._end_with_its_machine())

    @property
    def state(self) -> State:
        """Who drives now."""
        return self._driving.state

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
        return await self._streams.grant(self._screencast, mode, parent_origin, one_port=one_port)

    async def take_over(self, who: str) -> Lease:
        """Let a person drive. Whoever controlled it before is cut off, in another tab too."""
        self._refuse_closed()
        await self._streams.cut(self._screencast, mode="control")
        return await self._driving.take_over(who)

    async def hand_back(self, lease: Lease) -> HandBack:
        """Let the agent drive, unless a field for a password or a code holds text."""
        self._refuse_closed()
        outcome = await self._driving.hand_back(lease)
        if outcome.done:
            self._stage.stir()
            await self._streams.cut(self._screencast, mode="control")
        return outcome

    def hold(self, lease: Lease) -> None:
        """Its viewer holds it (``Holding``): here it is only said whether that lease counts."""
        self._driving.leases.require(lease)

    async def set_layout(self, layout: str) -> None:
        """Not needed, and so it can not be.

        Raises:
            RequestInvalid: Always.
        """
        del layout
        self._refuse_closed()
        raise RequestInvalid(
            "This desktop has no keyboard layout: it takes the characters that yours makes."
        )

    @property
    def asked(self) -> str:
        """Why somebody asked a person to take over."""
        return self._driving.leases.asked

    def ask(self, why: str) -> None:
        """Ask a person to take over; nothing but a sentence is shown."""
        self._driving.ask(why)

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

    async def close(self) -> CloseReport:
        """End it and everything it had started. Again: the same report."""
        if self._closing is None:
            self._closing = asyncio.create_task(self._close())
        return await asyncio.shield(self._closing)

    async def _close(self) -> CloseReport:
        self._driving.close()
        if self._hearing is not None:
            self._hearing.cancel()
        await self._streams.forget(self._screencast)
        sentences = await Kept.save(self._kept, self._browser, self._cdp)
        report = await self._machine.close()
        self._cdp.close()
        if self._ended is not None:
            self._ended.cancel()
        return replace(report, left=[*report.left, *sentences])

    async def _hear(self, *, painting: bool) -> None:
        with contextlib.suppress(TimeoutError, DesktopError):
            async with asyncio.timeout(LONGEST):
                if painting:
                    await painted(self._cdp)
        self._listening.open()

    async def _end_with_its_machine(self) -> None:
        """Be closed when its machine or its browser has ended by itself."""
        watched: set[asyncio.Future[Any]] = {self._machine.closed, self._cdp.closed}
        await asyncio.wait(watched, return_when=asyncio.FIRST_COMPLETED)
        await self.close()

    def _may_type(self) -> bool:
        may = self._driving.may_type
        if may:
            self._touched = asyncio.get_running_loop().time()
        return may

    async def _steer(self) -> Cdp:
        return self._cdp

    def _refuse_closed(self) -> None:
        if self.state == "closed":
            raise closed()
