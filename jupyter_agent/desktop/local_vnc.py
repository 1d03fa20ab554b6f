"""Desktops on this machine: a browser on an X server of its own, looked at through the relay.

Strict: nothing is attached to the browser while a person signs in, so that no page can see that it
is steered, and nothing here could look. A browser gets its pipe when it is started, so it is closed
and started anew when the person hands back, and again when one takes over: closed as a person does
it, so that its cookies are on the disk.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from typing import Any, Final

from jupyter_agent.desktop.browser import FLUSH, Browser, Pipe
from jupyter_agent.desktop.cdp import Cdp
from jupyter_agent.desktop.display import Display, Size
from jupyter_agent.desktop.driving import Driving, Publish
from jupyter_agent.desktop.here import HereDesktop, HereProvider
from jupyter_agent.desktop.holding import Holding
from jupyter_agent.desktop.kept import Kept
from jupyter_agent.desktop.lease import closed
from jupyter_agent.desktop.listening import LONGEST, Listening, painted
from jupyter_agent.desktop.machine import Machine
from jupyter_agent.desktop.programs import Programs
from jupyter_agent.desktop.provider import (
    Caps,
    Isolation,
    Pause,
    StartOptions,
)
from jupyter_agent.desktop.relay import StreamServer
from jupyter_agent.desktop.screen import Screen
from jupyter_agent.errors import AgentError, DesktopError

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


class LocalVnc(HereProvider):
    """The provider ``local-vnc``."""

    id = "local-vnc"
    title = "This computer (VNC)"
    can = CAPS
    shown = True

    async def _begin(
        self, machine: Machine, programs: Programs, kept: Kept | None, options: StartOptions
    ) -> LocalDesktop:
        """Returns when there is a picture, and a browser that runs."""
        size = Size(options.width, options.height)
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
        try:
            await asyncio.gather(display.set_layout(options.layout), desktop.open(options.url))
        except AgentError:
            await browser.refuse_ended(0)  # with it ended what the layout was set by
            raise
        await browser.until(desktop.there())
        return desktop


class LocalDesktop(HereDesktop):
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
        super().__init__(
            machine,
            browser,
            streams,
            Driving(self._steer, publish, self._let_be, display.until_typed),
            kept,
        )
        self._display = display
        self._strict = strict
        self._flush = flush
        self._cdp: Cdp | None = None
        self._restarting = asyncio.Lock()
        self._listening = Listening()
        screen = Screen(display.rfb, self._may_type, self._listening)
        self._stream = Holding(screen, self._driving)

    async def open(self, url: str) -> None:
        """Start the browser. Only ``LocalVnc`` calls it, once.

        Raises:
            DesktopUnavailable: It did not start.
        """
        await self._take(await self._browser.start(url, steered=not self._strict))
        self._listen(painting=bool(url))
        self._driving.leases.ready()
        self._ended = asyncio.create_task(self._end_with_its_machine())

    async def there(self) -> None:
        """Wait until the browser answers; in strict mode, until it has a window.

        Raises:
            AgentError: It is gone.
            OSError: The X server is gone.
        """
        if self._cdp is not None:
            await self._cdp.send("Browser.getVersion")
        else:
            await self._display.until_focused()

    async def host(self) -> str:
        """The host of the page in front; "" in strict mode while nothing looks into the browser."""
        self._refuse_closed()
        return await self._driving.host() if self._cdp is not None else ""

    async def set_layout(self, layout: str) -> None:
        """Have another keyboard layout.

        Raises:
            RequestInvalid: There is no such layout.
        """
        self._refuse_closed()
        await self._display.set_layout(layout)

    async def _save(self) -> Sequence[str]:
        async with self._restarting:
            return await Kept.save(self._kept, self._browser, self._cdp)

    def _unplug(self) -> None:
        if self._cdp is not None:
            self._cdp.close()

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
