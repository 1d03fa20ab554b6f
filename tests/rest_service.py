"""What stands for Browserbase, Steel and Kernel: their REST and sockets, with a browser behind.

Written from the vendors' own pages, not from the product's table, so that the one is held against
the other: which method, path and header, which fields of the body, and what is answered.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, ClassVar

from tornado import httpserver, netutil, web
from tornado.websocket import WebSocketClientConnection, WebSocketHandler, websocket_connect

from jupyter_agent.desktop.cdp import LONGEST_MESSAGE


@dataclass(repr=False)
class RestService:
    """A running one.

    Attributes:
        key: What it takes.
        browser: The socket of the browser behind it; "" for one that has no pages and does nothing.
        refuse: The status that it answers whatever is asked; 0 for none.
        elsewhere: Its pictures lead to another host.
        asked: Method and path of each request that had the key, and its body.
        alive: Sessions that run, and the token of each.
        tokens: All that there ever were.
        led: Which page led to each picture, where its browser said so.
        sockets: Those that are open now.
    """

    key: str
    browser: str
    refuse: int = 0
    elsewhere: bool = False
    asked: list[tuple[str, str, Any]] = field(default_factory=list)
    alive: dict[str, str] = field(default_factory=dict)
    sockets: list[CdpSocket] = field(default_factory=list)
    origin: str = ""
    tokens: list[str] = field(default_factory=list)
    led: list[str | None] = field(default_factory=list)
    _server: httpserver.HTTPServer | None = None

    def serve(self) -> None:
        rules = [
            (r"/v1/sessions", BrowserbaseOrSteel, {"service": self}),
            (r"/v1/sessions/([\w-]+)(?:/(debug|release))?", OneSession, {"service": self}),
            (r"/browsers(?:/([\w-]+))?", KernelBrowsers, {"service": self}),
            (r"/live/([\w-]+)", LiveView, {"service": self}),
            (r"/cdp/([\w-]+)", CdpSocket, {"service": self}),
        ]
        application = web.Application(rules, log_function=lambda _: None)
        self._server = httpserver.HTTPServer(application)
        (listener,) = netutil.bind_sockets(0, "127.0.0.1")
        self._server.add_socket(listener)
        self.origin = f"http://127.0.0.1:{listener.getsockname()[1]}"

    async def close(self) -> None:
        assert self._server is not None
        self._server.stop()
        await self._server.close_all_connections()

    def begin(self) -> tuple[str, str, str]:
        """A session's name, its picture's address and its socket's; both with a token."""
        name, token = f"ses-{secrets.token_hex(6)}", "k" + secrets.token_hex(20)
        self.alive[name] = token
        self.tokens.append(token)
        return (
            name,
            self.live(name),
            f"{self.origin.replace('http', 'ws', 1)}/cdp/{name}?signingKey={token}",
        )

    def live(self, name: str) -> str:
        """The address of a picture, with its token."""
        # Elsewhere: of a service that somebody has taken over.
        origin = "https://evil.example" if self.elsewhere else self.origin
        return f"{origin}/live/{name}?token={self.alive[name]}"

    def end(self, name: str) -> bool:
        if self.alive.pop(name, None) is None:
            return False
        for socket in [one for one in self.sockets if one.name == name]:
            socket.close()
        return True

    def cut(self) -> None:
        """Every socket breaks off; the sessions live on."""
        for socket in list(self.sockets):
            socket.close()


@contextmanager
def rest_service() -> Iterator[RestService]:
    """One without a browser, in a loop of its own, until the block is left."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    service = RestService("", "")

    async def serve() -> None:
        service.serve()

    asyncio.run_coroutine_threadsafe(serve(), loop).result(10)
    try:
        yield service
    finally:
        asyncio.run_coroutine_threadsafe(service.close(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


class Asked(web.RequestHandler):
    """A request of the API."""

    headers_taken: ClassVar[dict[str, str]] = {
        "X-BB-API-Key": "{}",
        "Steel-Api-Key": "{}",
        "Authorization": "Bearer {}",
    }

    def initialize(self, service: RestService) -> None:
        self.service = service
        self.vendor = ""

    def prepare(self) -> None:
        if self.service.refuse:
            self.answer(self.service.refuse, {"message": f"no: {self.service.key}"})
            return
        for name, form in self.headers_taken.items():
            if self.request.headers.get(name) == form.format(self.service.key):
                self.vendor = name
        if not self.vendor:
            self.answer(401, {"message": "who are you?"})
            return
        body = json.loads(self.request.body) if self.request.body else None
        self.service.asked.append((str(self.request.method), self.request.path, body))

    def answer(self, status: int, body: Any = None) -> None:
        self.set_status(status)
        self.finish(json.dumps(body) if body is not None else None)


class BrowserbaseOrSteel(Asked):
    """``POST /v1/sessions``."""

    def post(self) -> None:
        name, live, socket = self.service.begin()
        if self.vendor == "X-BB-API-Key":
            self.answer(201, {"id": name, "status": "RUNNING", "connectUrl": socket})
        else:
            self.answer(201, {"id": name, "websocketUrl": socket, "debugUrl": live})


class OneSession(Asked):
    """``/v1/sessions/ID``, ``…/debug``, ``…/release``."""

    def get(self, name: str, what: str | None) -> None:
        if what != "debug" or name not in self.service.alive:
            self.answer(404, {})
            return
        live = self.service.live(name)
        self.answer(200, {"debuggerFullscreenUrl": live, "debuggerUrl": live, "pages": []})

    def post(self, name: str, what: str | None) -> None:
        wanted = {"status": "REQUEST_RELEASE"}
        if what != "release" and json.loads(self.request.body) != wanted:
            self.answer(400, {})
        else:
            self.answer(200 if self.service.end(name) else 404, {"success": True})


class KernelBrowsers(Asked):
    """``/browsers``."""

    def post(self, _name: str | None = None) -> None:
        name, live, socket = self.service.begin()
        self.answer(200, {"session_id": name, "cdp_ws_url": socket, "browser_live_view_url": live})

    def delete(self, name: str) -> None:
        self.answer(204 if self.service.end(name) else 404)


class LiveView(web.RequestHandler):
    """The page with the picture, for who has its token."""

    def initialize(self, service: RestService) -> None:
        self.service = service

    def get(self, name: str) -> None:
        self.service.led.append(self.request.headers.get("Referer"))
        if self.service.alive.get(name) != self.get_query_argument("token", ""):
            self.set_status(403)
        self.finish("<!doctype html><title>Live view</title><p>The browser</p>")


class CdpSocket(WebSocketHandler):
    """The browser's protocol, for who has its token."""

    def initialize(self, service: RestService) -> None:
        self.service = service
        self.name = ""
        self._browser: WebSocketClientConnection | None = None

    def check_origin(self, origin: str) -> bool:
        return False

    async def open(self, name: str) -> None:
        if self.service.alive.get(name) != self.get_query_argument("signingKey", ""):
            self.close()
            return
        self.name = name
        self.service.sockets.append(self)
        if not self.service.browser:
            return
        self._browser = await websocket_connect(
            self.service.browser,
            max_message_size=LONGEST_MESSAGE,
            on_message_callback=self._say,
        )

    async def on_message(self, message: str | bytes) -> None:
        if self._browser is not None:
            await self._browser.write_message(message)
        elif not self.service.browser:
            self.write_message({"id": json.loads(message)["id"], "result": {"targetInfos": []}})

    def on_close(self) -> None:
        if self in self.service.sockets:
            self.service.sockets.remove(self)
        if self._browser is not None:
            self._browser.close()

    def _say(self, message: str | bytes | None) -> None:
        if message is None:
            self.close()
        else:
            self.write_message(message)

    @property
    def max_message_size(self) -> int:
        return LONGEST_MESSAGE
