"""A browser of this machine that stands for one elsewhere, and a person at its provider's page.

It is started with a port, as providers have it behind their sockets. The person types by a session
of their own, as a provider's page does, beside whatever the product has attached.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from jupyter_agent.desktop import keys
from jupyter_agent.desktop.cdp import Cdp, CommandRefused
from jupyter_agent.desktop.flags import WITHOUT
from jupyter_agent.desktop.tabs import front, session
from jupyter_agent.server.desktop.dial import dial

CHROMIUM = "/usr/bin/chromium"
PATIENCE = 30.0
FLAGS = (
    *("--headless=new", "--disable-gpu", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--password-store=basic"),
    # Pages and processes of its own, that it starts beside the first page, are half of its start.
    *("--disable-extensions", f"--disable-features={','.join(WITHOUT)}"),
    *(("--no-sandbox",) if os.getuid() == 0 else ()),
)


class RemoteBrowser:
    """A running one."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.socket = ""
        self._process: asyncio.subprocess.Process | None = None

    @classmethod
    @asynccontextmanager
    async def running(cls) -> AsyncIterator[RemoteBrowser]:
        browser = cls(Path(tempfile.mkdtemp(prefix="ja-elsewhere-")))
        await browser.start()
        try:
            yield browser
        finally:
            await browser.end()

    async def start(self) -> None:
        self._process = await asyncio.create_subprocess_exec(
            CHROMIUM,
            *FLAGS,
            f"--user-data-dir={self.folder}",
            "--remote-debugging-port=0",
            "about:blank",
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        assert self._process.stderr is not None
        async with asyncio.timeout(PATIENCE):
            async for line in self._process.stderr:  # it says where, once it listens
                if b"DevTools listening on " in line:
                    self.socket = line.split()[-1].decode()
                    break
        assert self.socket

    async def end(self) -> None:
        assert self._process is not None
        if self._process.returncode is None:
            self._process.terminate()
        await self._process.wait()
        await asyncio.to_thread(shutil.rmtree, self.folder, ignore_errors=True)

    async def empty(self) -> None:
        """As a session that is new: one empty page."""
        cdp = await dial(self.socket)
        old = [
            t["targetId"]
            for t in (await cdp.send("Target.getTargets"))["targetInfos"]
            if t["type"] == "page"
        ]
        await cdp.send("Target.createTarget", {"url": "about:blank"})
        for target in old:
            with suppress(CommandRefused):  # one that is closing by itself is listed for a moment
                await cdp.send("Target.closeTarget", {"targetId": target})
        cdp.close()


class RemotePerson:
    """Who looks at it, and types."""

    def __init__(self, cdp: Cdp) -> None:
        self._cdp = cdp

    async def type(self, text: str) -> None:
        await self._in_front("Input.insertText", {"text": text})

    async def press(self, key: str) -> None:
        for stroke in keys.strokes(key):
            await self._in_front("Input.dispatchKeyEvent", dict(stroke))

    async def _in_front(self, method: str, params: dict[str, object]) -> None:
        tab = await front(self._cdp)
        assert tab is not None
        async with session(self._cdp, tab.target) as ours:
            await self._cdp.send(method, params, ours)


async def focus(cdp: Cdp) -> None:
    """Have the page in front believe that it has the focus: nobody sees it here."""
    tab = await front(cdp)
    assert tab is not None
    attached = await cdp.send("Target.attachToTarget", {"targetId": tab.target, "flatten": True})
    await cdp.send("Emulation.setFocusEmulationEnabled", {"enabled": True}, attached["sessionId"])
