"""Desktops on this machine: a browser on an X server of its own, looked at through the relay.

Strict: nothing is attached to the browser while a person signs in, so that no page can see that it
is steered, and nothing here could look. A browser gets its pipe when it is started, so it is closed
and started anew when the person hands back, and again when one takes over: closed as a person does
it, so that its cookies are on the disk.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, Literal

from jupyter_agent.desktop.browser import FLUSH, Browser, Pipe, needed
from jupyter_agent.desktop.cdp import Cdp
from jupyter_agent.desktop.channel import AgentChannel
from jupyter_agent.desktop.display import Display, Size
from jupyter_agent.desktop.driving import Driving, Publish
from jupyter_agent.desktop.holding import Holding
from jupyter_agent.desktop.kept import Kept
from jupyter_agent.desktop.lease import Lease, State, closed
from jupyter_agent.desktop.listening import LONGEST, Listening, painted
from jupyter_agent.desktop.machine import Machine
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
from jupyter_agent.desktop.screen import Screen
from jupyter_agent.errors import DesktopError, DesktopUnavailable
from jupyter_agent.folders import Folders

CAPS: Final = Caps(
    isolation=Isolation.SAME_USER,
    pause=Pause.ENFORCED,
    view_only="server",
    agent=True,
    paste=True,
    keyboard_layout=True,
    resize=True,
    downloads=True,
)


class LocalVnc:
    """The provider ``local-vnc``.

    Args:
        streams: Serves its picture.
        publish: Makes the address of a program's connection.
        folders: Where this person's files lie; by default as the environment says.
        keeping: Keeps what signs a person in, for desktops that are to.
    """

    id = "local-vnc"
    title = "This computer (VNC)"

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
        """Whether everything is installed."""
        programs = await asyncio.to_thread(Programs.find)
        missing = programs.missing(*needed(shown=True))
        if not missing:
            return Availability(ok=True)
        names = " and ".join(TITLES[role] for role in missing)
        return Availability(
            ok=False, reason=f"{names} not found.", install=install_command(missing)
        )

    async def start(self, options: StartOptions) -> LocalDesktop:
        """Start a desktop; returns when there is a picture, in which the browser soon appears.

        Raises:
            DesktopUnavailable: Something is missing, or did not start.
            RequestInvalid: There is no such keyboard layout, or no such size.
            AgentError: It was to keep the person signed in, and can't (``Keeping.restore``).
        """
        there = await self.available()
        if not there.ok:
            raise DesktopUnavailable(there.reason, f"Install it: {there.install}".rstrip(": "))
        size = Size(options.width, options.height)
        programs = Programs.find()
        machine = await Machine.make(self._folders)
        try:
            kept = await Kept.of(self._keeping, self.id, machine, wanted=options.keep)
            display = await Display.start(machine, programs, size)
            browser = Browser(
                machine,
                programs,
                display=display,
                size=size,
                remembers=options.keep or options.strict,
            )
            desktop = LocalDesktop(
                machine,
                display,
                browser,
                self._streams,
                self._publish,
                strict=options.strict,
                kept=kept,
            )
            await display.manage_windows()
            await asyncio.gather(display.set_layout(options.layout), desktop.open(options.url))
        except BaseException:
            await machine.close()
            raise
        return desktop


class LocalDesktop:
    """A running desktop of this machine (``provider.Desktop``). Made by ``LocalVnc.start``."""

    provider = LocalVnc.id
    caps = CAPS

    def __init__(  # noqa: PLR0913  (these are what it consists of)
        self,
        machine: Machine,
        display: Display,
        browser: Browser,
        streams: StreamServer,
        publish: Publish,
        *,
        strict: bool,
        kept: Kept | None = None,
        flush: float = FLUSH,
    ) -> None:
        self.id = secrets.token_hex(8)
        self._machine = machine
        self._display = display
        self._browser = browser
        self._streams = streams
        self._strict = strict
        self._kept = kept
        self._flush = flush
        self._cdp: Cdp | None = None
        self._restarting = asyncio.Lock()
        self._driving = Driving(self._steer, publish, self._let_be)
        self._touched = 0.0
        self._listening = Listening()
        self._hearing: asyncio.Task[None] | None = None
        screen = Screen(display.rfb, self._may_type, self._listening)
        self._screen = Holding(screen, self._driving)
        self._ended: asyncio.Task[None] | None = None
        self._closing: asyncio.Task[CloseReport] | None = None

    @property
    def note(self) -> str:
        """What a person should know about the profile that was to be kept, or ""."""
        return self._kept.note if self._kept is not None else ""

    async def open(self, url: str) -> None:
        """Start the browser. Only ``LocalVnc`` calls it, once.

        Raises:
            DesktopUnavailable: It did not start.
        """
        await self._take(await self._browser.start(url, steered=not self._strict))
        self._listen(painting=bool(url))
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
        """The host of the page in front; "" in strict mode while nothing looks into the browser."""
        self._refuse_closed()
        return await self._driving.host() if self._cdp is not None else ""

    async def grant(
        self, mode: Literal["control", "view"], parent_origin: str, *, one_port: bool = False
    ) -> StreamGrant:
        """A fresh ticket for the panel of a logged-in person."""
        self._refuse_closed()
        return await self._streams.grant(self._screen, mode, parent_origin, one_port=one_port)

    async def take_over(self, who: str) -> Lease:
        """Let a person drive. Whoever controlled it before is cut off, in another tab too."""
        self._refuse_closed()
        await self._streams.cut(self._screen, mode="control")
        return await self._driving.take_over(who)

    async def hand_back(self, lease: Lease) -> HandBack:
        """Let the agent drive, unless a field for a password or a code holds text."""
        self._refuse_closed()
        outcome = await self._driving.hand_back(lease)
        if outcome.done:
            await self._streams.cut(self._screen, mode="control")
        return outcome

    def hold(self, lease: Lease) -> None:
        """Its viewer holds it (``Holding``): here it is only said whether that lease counts."""
        self._driving.leases.require(lease)

    async def set_layout(self, layout: str) -> None:
        """Have another keyboard layout.

        Raises:
            RequestInvalid: There is no such layout.
        """
        self._refuse_closed()
        await self._display.set_layout(layout)

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
        await self._streams.forget(self._screen)
        async with self._restarting:
            sentences = await Kept.save(self._kept, self._browser, self._cdp)
        report = await self._machine.close()
        if self._cdp is not None:
            self._cdp.close()
        if self._ended is not None:
            self._ended.cancel()
        return replace(report, left=[*report.left, *sentences])

    async def _end_with_its_machine(self) -> None:
        """Be closed when its machine, its X server or its browser has ended by itself."""
        while True:
            watched: set[asyncio.Future[Any]] = {self._machine.closed, self._display.program.ended}
            if (browser := self._browser.program) is not None:
                watched.add(browser.ended)
            await asyncio.wait(watched, return_when=asyncio.FIRST_COMPLETED)
            async with self._restarting:  # one that is started anew has not ended by itself
                if self._browser.program is browser or self._machine.closed.done():
                    break
        await self.close()

    async def _steer(self) -> Cdp:
        """The browser's pipe. Strict: the browser is started anew for it, once it may be."""
        async with self._restarting:
            if self._cdp is None or self._cdp.closed.done():
                await self._take(await self._restart(None, steered=True))
                if self._cdp is not None:
                    # Its pages are looked through next: they have to be there.
                    with contextlib.suppress(TimeoutError, DesktopError):
                        async with asyncio.timeout(LONGEST):
                            await painted(self._cdp)
            if self._cdp is None:
                raise closed()
            return self._cdp

    async def _let_be(self) -> None:
        """Strict: nothing is attached to the browser while a person drives."""
        if not self._strict or self._cdp is None:
            return
        async with self._restarting:
            cdp, self._cdp = self._cdp, None
            await self._restart(cdp, steered=False)
            cdp.close()

    async def _restart(self, cdp: Cdp | None, *, steered: bool) -> Pipe | None:
        self._listening.shut()
        pipe = await self._browser.restart(cdp, steered=steered, flush=self._flush)
        self._listen(painting=False)
        return pipe

    def _listen(self, *, painting: bool) -> None:
        """Let what is typed through once the browser takes it."""
        if self._hearing is not None:
            self._hearing.cancel()
        self._hearing = asyncio.create_task(self._hear(painting=painting))

    async def _hear(self, *, painting: bool) -> None:
        with contextlib.suppress(TimeoutError, OSError, DesktopError):  # or it is over anyway
            async with asyncio.timeout(LONGEST):
                await self._display.until_focused()
                self._listening.focused = True
                # Strict: nothing looks into the browser, so nobody knows.
                if painting and self._cdp is not None:
                    await painted(self._cdp)
        self._listening.open()

    async def _take(self, pipe: Pipe | None) -> None:
        self._cdp = await Cdp.over(pipe.reads, pipe.writes) if pipe is not None else None
        if self._cdp is not None:
            self._browser.downloads.follow(self._cdp)

    def _may_type(self) -> bool:
        """Asked about each key and movement of a viewer; that there was one is all that is kept."""
        may = self._driving.may_type
        if may:
            self._touched = asyncio.get_running_loop().time()
        return may

    def _refuse_closed(self) -> None:
        if self.state == "closed":
            raise closed()
