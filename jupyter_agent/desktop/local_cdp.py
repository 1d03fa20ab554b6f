"""Desktops on this machine without an X server: a browser that is shown nowhere, as pictures.

For a machine that has Chromium and no Xvnc. It costs more processor time than ``local-vnc`` and is
slower, and what the browser would show in windows of its own is shown by the viewer (``asks``), or
not at all: passkeys and a page's date and colour choosers do not appear. Permissions are refused
but for those that a person gives beforehand (``permits``).
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from typing import Any, Final

from jupyter_agent.desktop.asks import Asks
from jupyter_agent.desktop.browser import Browser
from jupyter_agent.desktop.cdp import Cdp
from jupyter_agent.desktop.display import Size
from jupyter_agent.desktop.driving import Driving, Publish
from jupyter_agent.desktop.here import HereDesktop, HereProvider
from jupyter_agent.desktop.holding import Holding
from jupyter_agent.desktop.kept import Kept
from jupyter_agent.desktop.lease import Lease
from jupyter_agent.desktop.listening import LONGEST, Listening, painted
from jupyter_agent.desktop.machine import Machine
from jupyter_agent.desktop.permits import Permits
from jupyter_agent.desktop.person import PersonHands
from jupyter_agent.desktop.programs import Programs
from jupyter_agent.desktop.provider import (
    Caps,
    HandBack,
    Isolation,
    Pause,
    StartOptions,
)
from jupyter_agent.desktop.relay import StreamServer
from jupyter_agent.desktop.screencast import Screencast
from jupyter_agent.desktop.stage import Stage
from jupyter_agent.errors import DesktopError, DesktopUnavailable, RequestInvalid

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


class LocalCdp(HereProvider):
    """The provider ``local-cdp``."""

    id = "local-cdp"
    title = "This computer (pictures)"
    can = CAPS
    shown = False

    async def start(self, options: StartOptions) -> HereDesktop:
        """Start a desktop; returns when there is a page to look at.

        Raises:
            AgentError: See ``HereProvider.start``.
            DesktopUnavailable: Strict was asked for.
        """
        if options.strict:
            raise DesktopUnavailable(
                "Strict mode needs a screen: without one, the browser is looked at by steering it.",
                "Use the provider local-vnc.",
            )
        return await super().start(options)

    async def _begin(
        self, machine: Machine, programs: Programs, kept: Kept | None, options: StartOptions
    ) -> CdpDesktop:
        size = Size(options.width, options.height)
        browser = Browser(machine, programs, size=size, remembers=options.keep)
        pipe = await browser.start(options.url)
        if pipe is None:
            raise DesktopUnavailable("The browser has no pipe.")
        cdp = await Cdp.over(pipe.reads, pipe.writes)
        desktop = CdpDesktop(
            machine, browser, cdp, size, streams=self._streams, publish=self._publish, kept=kept
        )
        try:
            await desktop.begin(painting=bool(options.url))
        except DesktopError:
            await browser.refuse_ended()
            raise
        return desktop


class CdpDesktop(HereDesktop):
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
        super().__init__(machine, browser, streams, Driving(self._steer, publish), kept)
        self._cdp = cdp
        self._stage = Stage(cdp, (size.width, size.height))
        self._stage.steered = lambda: self.state == "agent"
        asks = Asks(cdp, self._stage, machine.folder / "given")
        self._permits = Permits(cdp, self._stage)
        hands = PersonHands(cdp, self._stage, asks, self._permits)
        self._listening = Listening()
        cast = Screencast(self._stage, asks, hands, self._may_type, self._listening)
        self._stream = Holding(cast, self._driving)

    async def begin(self, *, painting: bool) -> None:
        """Show its first page. Only ``LocalCdp`` calls it, once.

        Args:
            painting: Whether that page is to paint before what is typed goes to it.
        """
        self._permits.begin()
        self._browser.downloads.follow(self._cdp)
        await self._stage.begin()
        self._hearing = asyncio.create_task(self._hear(painting=painting))
        self._driving.leases.ready()
        self._ended = asyncio.create_task(self._end_with_its_machine())

    async def hand_back(self, lease: Lease) -> HandBack:
        """Let the agent drive, and look at what it does from now on."""
        outcome = await super().hand_back(lease)
        if outcome.done:
            self._permits.take_back()
            self._stage.stir()
        return outcome

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

    async def _save(self) -> Sequence[str]:
        return await Kept.save(self._kept, self._browser, self._cdp)

    def _unplug(self) -> None:
        self._cdp.close()

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

    async def _steer(self) -> Cdp:
        return self._cdp
