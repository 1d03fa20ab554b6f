"""What a test of the picture needs: a page that frames it, a site to type into, a desktop, and a
browser to look with.

All of it lives in one event loop, which tests run step by step (``World.run``).
"""

from __future__ import annotations

import asyncio
import logging
import shutil
import socket
import tempfile
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from playwright.async_api import CDPSession, Page, async_playwright
from playwright.async_api import TimeoutError as PlaywrightTimeout
from tornado import httpserver, web

from jupyter_agent.desktop.driving import Begin
from jupyter_agent.desktop.lease import Lease
from jupyter_agent.desktop.local_cdp import LocalCdp
from jupyter_agent.desktop.local_vnc import LocalDesktop, LocalVnc
from jupyter_agent.desktop.provider import StartOptions, StreamGrant
from jupyter_agent.folders import Folders
from jupyter_agent.server.desktop import stream
from jupyter_agent.server.desktop.stream import Streams

PATIENCE = 45.0
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]

SITE = b"""<!doctype html><meta charset=utf-8><title>Sign in</title>
<body style="margin:0;background:#2266aa">
<input id=p type=password autofocus style="font-size:40px;width:90%;caret-color:transparent">
<p style="font-size:40px" id=c>copy me</p>
<script>
const p = document.querySelector('#p');
const say = async (what, body) => fetch('/said/' + what, {method: 'POST', body});
let queue = Promise.resolve(), newest = '', waits = false;
// The newest value, not each one: a request for every letter is most of what typing costs here.
p.oninput = () => {
  newest = p.value;
  if (waits) return;
  waits = true;
  queue = queue.then(() => { waits = false; return say('value', newest); });
};
p.onkeydown = e => {
  if (e.key === 'F2') navigator.clipboard.writeText('copied inside').then(() => say('copied', ''));
  if (e.key !== 'Enter') return;
  e.preventDefault();
  const entered = p.value;
  p.value = '';
  queue = queue.then(() => say('value', entered)).then(() => say('cleared', ''));
};
window.onload = () => { p.focus(); say('there', ''); };
onresize = () => say('size', innerWidth + ' ' + innerHeight);
</script>"""

PARENT = b"""<!doctype html><meta charset=utf-8><title>panel</title><body style="margin:0"><script>
window.said = []; window.keys = [];
onmessage = e => said.push([e.data, e.origin]);
onkeydown = e => keys.push(e.key);
window.show = (url, sandbox, allow) => {
  document.querySelector('iframe')?.remove();
  const f = document.createElement('iframe');
  f.setAttribute('sandbox', sandbox); f.allow = allow; f.referrerPolicy = 'no-referrer';
  f.style = 'position:fixed;inset:0;width:100%;height:100%;border:0';
  said.length = 0; f.src = url; document.body.append(f); f.focus();
};
</script>"""


class Site(web.RequestHandler):
    """The site that is signed in to; it tells what has arrived in its field."""

    def initialize(self, said: asyncio.Queue[tuple[str, str]]) -> None:
        self.said = said

    def get(self, *_: str) -> None:
        self.said.put_nowait(("looked", self.request.headers.get("Cookie", "")))
        self.set_header("Set-Cookie", "session=mine; HttpOnly")  # for as long as the browser runs
        self.set_header("Cache-Control", "no-store")
        self.finish(SITE)

    def post(self, what: str) -> None:
        self.said.put_nowait((what, self.request.body.decode()))


class Panel(web.RequestHandler):
    def get(self) -> None:
        self.finish(PARENT)


class OpenPage(stream._Page, web.RequestHandler):
    def get(self, place_id: str) -> None:
        place = self.streams.relay.place(place_id, one_port=True)
        self.page(place, place.parent_origin.replace("http", "ws", 1))


class World:
    """Everything, once it is there."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, kind: type[LocalVnc | LocalCdp] = LocalVnc
    ) -> None:
        self.loop = loop
        self.kind = kind
        self.home = Path(tempfile.mkdtemp(prefix="ja"))
        self.said: asyncio.Queue[tuple[str, str]]
        self.streams: Streams
        self.desktop: LocalDesktop
        self.lease: Lease
        self.panel = ""
        self.site = ""
        self.page: Page
        self.cdp: CDPSession
        self._servers: list[httpserver.HTTPServer] = []

    def run(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(asyncio.wait_for(coroutine, 100))

    async def begin(self, *, strict: bool = False) -> None:
        self.said = asyncio.Queue()
        self.streams = Streams("/", logging.getLogger("jupyter_agent"))
        self.site = self._serve(
            [(r"/", Site, {"said": self.said}), (r"/said/(\w+)", Site, {"said": self.said})]
        )
        self.panel = self._serve([(r"/", Panel), *self._one_port()])
        self._playwright = await async_playwright().start()
        browser = await self._playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=FLAGS
        )
        self.page = await (
            await browser.new_context(viewport={"width": 1000, "height": 700})
        ).new_page()
        await self.page.goto(self.panel)
        self.cdp = await self.page.context.new_cdp_session(self.page)
        await self.open(strict=strict)

    async def open(self, *, strict: bool = False) -> None:
        """Start a desktop at the site, and take it over."""
        self.desktop = await self.provider().start(
            StartOptions(url=self.site, width=1000, height=700, strict=strict)
        )
        self.lease = await self.desktop.take_over("me")
        await self.until("there")

    def _one_port(self) -> list[Any]:
        """The routes on the panel's own port, their page for everybody: no Jupyter is here."""
        (page, _, given), socket_rule = self.streams.routes()
        return [(page, OpenPage, given), socket_rule]

    def provider(self) -> Any:
        async def publish(_: Begin) -> str:
            raise NotImplementedError  # no program connects in these tests

        return self.kind(self.streams, publish, Folders.of({"JUPYTER_AGENT_HOME": str(self.home)}))

    async def end(self) -> None:
        await self.desktop.close()
        await self.page.context.browser.close()
        await self._playwright.stop()
        await self.streams.close()
        for server in self._servers:
            server.stop()
            await server.close_all_connections()
        shutil.rmtree(self.home)

    async def until(self, what: str, value: str | None = None) -> str:
        """Wait until the site says something, and return it."""
        async with asyncio.timeout(PATIENCE):
            while True:
                kind, text = await self.said.get()
                if kind == what and value in (None, text):
                    return text

    async def typed(self, seconds: float = 1.5) -> str:
        """What stands in the site's field once nothing has come for a while."""
        last = ""
        while True:
            try:
                kind, text = await asyncio.wait_for(self.said.get(), seconds)
            except TimeoutError:
                return last
            last = text if kind == "value" else last

    async def show(self, mode: str = "control", *, one_port: bool = False) -> StreamGrant:
        """Frame the picture, as the panel does, and wait until it is there.

        Nobody tries again here, as the panel does, where whoever controlled before is still there.
        """
        await self.page.evaluate("document.querySelector('iframe')?.remove()")
        async with asyncio.timeout(PATIENCE):
            while any(  # noqa: ASYNC110  (nobody is told)
                place.mode == "control" for place in self.streams._viewers.values()
            ):
                await asyncio.sleep(0.01)
        grant = await self.desktop.grant(mode, self.panel, one_port=one_port)
        await self.page.evaluate(
            "([u, s, a]) => show(u, s, a)", [grant.url, grant.sandbox, grant.allow]
        )
        await self.heard("connected")
        return grant

    async def heard(self, state: str) -> str:
        """Wait until the framed page has said its state; returns the origin it came from."""
        try:
            handle = await self.page.wait_for_function(
                "s => said.find(([d]) => d.type === 'jupyter-agent-viewer' && d.state === s)",
                arg=state,
                timeout=PATIENCE * 1000,
            )
        except PlaywrightTimeout:
            said = await self.page.evaluate("said.map(([d]) => d.state)")
            lines = [place.mode for place in self.streams._viewers.values()]
            raise AssertionError(f"not {state}, but said {said}; connected: {lines}") from None
        return (await handle.json_value())[1]

    async def key(
        self, key: str, code: str = "", *, text: str | None = None, modifiers: int = 0
    ) -> None:
        """Press a key as a keyboard of any layout tells it to a browser."""
        if text is None and len(key) == 1 and not modifiers & 6:
            text = key
        number = {"Enter": 13, "Backspace": 8, "Shift": 16, "AltGraph": 18, "Dead": 229}.get(key, 0)
        if len(key) == 1 and key.isascii() and key.isalnum():
            number = ord(key.upper())
        event = {"key": key, "code": code, "modifiers": modifiers, "windowsVirtualKeyCode": number}
        down = "keyDown" if text else "rawKeyDown"
        pressed = {**event, "type": down, **({"text": text} if text else {})}
        await asyncio.gather(
            self.cdp.send("Input.dispatchKeyEvent", pressed),
            self.cdp.send("Input.dispatchKeyEvent", {**event, "type": "keyUp"}),
        )

    def _serve(self, rules: list[Any]) -> str:
        application = web.Application(rules, log_function=lambda _: None)
        server = httpserver.HTTPServer(application)
        listener = socket.create_server(("127.0.0.1", 0))
        listener.setblocking(False)
        server.add_socket(listener)
        self._servers.append(server)
        return f"http://127.0.0.1:{listener.getsockname()[1]}"
