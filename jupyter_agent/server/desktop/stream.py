"""Serves what desktops show: pages and WebSockets, on a loopback port of their own.

The port is another origin than Jupyter's, so Jupyter's page sees nothing of what is in the frame.
It is there only while there is something to look at. Where the browser reaches no other port (a
hub, a remote server) the same page comes from Jupyter's own, in an opaque origin: a sandbox without
``allow-same-origin``, as the frame's attribute and as the answer's header.

Neither has an access log, and nothing that fails here is logged with what passed: an address has no
ticket, but a traceback might have a keystroke.
"""

from __future__ import annotations

import asyncio
import contextlib
from logging import Logger
from typing import Any, Final

from jupyter_server.auth.decorator import allow_unauthenticated, authorized
from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.utils import url_path_join
from tornado import httpserver, iostream, web, websocket

from jupyter_agent.desktop.provider import StreamGrant
from jupyter_agent.desktop.relay import (
    PROTOCOL,
    TICKET_LIFE,
    Mode,
    NotLetIn,
    Place,
    Relay,
    Stream,
    ticket_in,
)
from jupyter_agent.server.desktop.loopback import listen
from jupyter_agent.server.desktop.viewer import Viewer
from jupyter_agent.server.room import AUTH_RESOURCE

LARGEST_MESSAGE: Final = 1024 * 1024
"""Bytes of one message of a viewer."""

_QUEUED: Final = 256  # messages of a viewer that wait; it sends them one by one, by hand


class Streams:
    """Serves streams (``relay.StreamServer``).

    Args:
        base_url: Jupyter's, for the mode with one port.
        log: Told about failures, by their class.

    Attributes:
        host: What a browser must have in its Host header, against names that are pointed here.
    """

    def __init__(self, base_url: str, log: Logger) -> None:
        self.relay = Relay()
        self.log = log
        self._base_url = base_url
        self._server: httpserver.HTTPServer | None = None
        self.host = ""
        self._viewers: dict[asyncio.Task[None], Place] = {}

    async def grant(
        self, stream: Stream, mode: Mode, parent_origin: str, *, one_port: bool
    ) -> StreamGrant:
        """See ``relay.StreamServer``."""
        if not one_port:
            self._listen()
        place, ticket = self.relay.open(stream, mode, parent_origin, one_port=one_port)
        if one_port:
            origin = parent_origin
            path = url_path_join(self._base_url, "jupyter-agent/desktop/look", place.id)
        else:
            origin, path = f"http://{self.host}", f"/look/{place.id}"
        return StreamGrant(
            url=f"{origin}{path}#{ticket}",
            origin=origin,
            # No clipboard: the panel adds reading once a person has asked to paste, and nobody
            # ever adds writing.
            allow="fullscreen",
            sandbox="allow-scripts" if one_port else "allow-scripts allow-same-origin",
            expires=TICKET_LIFE,
        )

    async def cut(self, stream: Stream, *, mode: Mode | None = None) -> None:
        """See ``relay.StreamServer``."""
        self.relay.revoke(stream, mode)
        cut = [
            task
            for task, place in self._viewers.items()
            if place.stream is stream and mode in (None, place.mode)
        ]
        for task in cut:
            task.cancel()
        if cut:
            await asyncio.wait(cut)

    async def forget(self, stream: Stream) -> None:
        """See ``relay.StreamServer``."""
        self.relay.forget(stream)
        await self.cut(stream)
        if self.relay.is_empty:
            await self.close()

    async def close(self) -> None:
        """Listen no longer."""
        for task in list(self._viewers):
            task.cancel()
        server, self._server = self._server, None
        if server is not None:
            server.stop()
            await server.close_all_connections()

    def routes(self) -> list[tuple[str, type[web.RequestHandler], dict[str, Any]]]:
        """The routes of the mode with one port, on Jupyter's own."""
        look = url_path_join(self._base_url, r"jupyter-agent/desktop/look/([0-9a-f]{16})")
        return [
            (look, OnePortPage, {"streams": self}),
            (look + "/stream", OnePortSocket, {"streams": self}),
        ]

    def begin(self, place: Place, channel: SocketChannel) -> asyncio.Task[None]:
        """Serve one viewer that was let in, until it is gone or cut off.

        It is known at once, so that whoever cuts viewers off misses none that was let in.
        """
        task = asyncio.create_task(place.stream.serve(channel, place.mode))
        self._viewers[task] = place
        # Also called where it was cancelled before it ran, and before whoever waits for its end.
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        self.relay.leave(self._viewers.pop(task))
        if not task.cancelled() and (problem := task.exception()) is not None:
            self.log.error("A desktop's viewer was lost: %s", type(problem).__name__)

    def _listen(self) -> None:
        if self._server is not None:
            return
        application = web.Application(
            [
                (r"/look/([0-9a-f]{16})", OwnPortPage, {"streams": self}),
                (r"/look/([0-9a-f]{16})/stream", OwnPortSocket, {"streams": self}),
            ],
            default_handler_class=Nothing,
            log_function=lambda _: None,
            websocket_ping_interval=20,
        )
        self._server, self.host = listen(application, "the picture")


class SocketChannel:
    """One viewer's WebSocket as a channel (``relay.Channel``)."""

    def __init__(self, handler: websocket.WebSocketHandler) -> None:
        self._handler = handler
        self._queue: asyncio.Queue[bytes | str | None] = asyncio.Queue(_QUEUED)

    async def send(self, data: bytes | str) -> None:
        """Send one message; returns when there is room for another."""
        try:
            await self._handler.write_message(data, binary=isinstance(data, bytes))
        except (websocket.WebSocketClosedError, iostream.StreamClosedError):
            raise ConnectionResetError from None

    async def receive(self) -> bytes | str | None:
        """The next message, or None when the viewer is gone."""
        return await self._queue.get()

    async def put(self, message: bytes | str) -> None:
        """A message has come; while there is no room for it, no other one is read."""
        await self._queue.put(message)

    def end(self) -> None:
        """The viewer is gone."""
        with contextlib.suppress(asyncio.QueueFull):
            self._queue.put_nowait(None)


class Nothing(web.RequestHandler):
    """Any other address."""

    def prepare(self) -> None:
        """Not there."""
        self.set_status(404)
        self.finish()


class _Page:
    """The page with the viewer."""

    def initialize(self, streams: Streams) -> None:
        self.streams = streams

    def page(self, place: Place, socket_origin: str) -> None:
        handler: Any = self
        viewer = Viewer.load(place.stream.viewer)
        handler.set_header("Content-Type", "text/html; charset=utf-8")
        policy = viewer.policy(place.parent_origin, socket_origin, opaque=place.one_port)
        handler.set_header("Content-Security-Policy", policy)
        for name, value in _HEADERS.items():
            handler.set_header(name, value)
        handler.finish(viewer.page(place.parent_origin, place.mode))


_HEADERS: Final = {
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


class OwnPortPage(_Page, web.RequestHandler):
    """On a port of our own."""

    def get(self, place_id: str) -> None:
        """The page; no secret is in it."""
        if self.request.host != self.streams.host:
            self.set_status(403)
            self.finish()
            return
        try:
            place = self.streams.relay.place(place_id, one_port=False)
        except NotLetIn as refusal:
            self.set_status(refusal.status)
            self.finish()
            return
        self.page(place, f"ws://{self.streams.host}")


class OnePortPage(_Page, JupyterHandler):
    """On Jupyter's port, in an opaque origin."""

    auth_resource = AUTH_RESOURCE

    @web.authenticated
    @authorized
    def get(self, place_id: str) -> None:
        """The page; no secret is in it."""
        try:
            place = self.streams.relay.place(place_id, one_port=True)
        except NotLetIn as refusal:
            raise web.HTTPError(refusal.status) from None
        self.page(place, place.parent_origin.replace("http", "ws", 1))


class _Socket(websocket.WebSocketHandler):
    """A viewer's WebSocket: let in by its ticket, and by nothing else."""

    one_port = False

    def initialize(self, streams: Streams) -> None:
        self.streams = streams
        self._channel = SocketChannel(self)
        self._place: Place | None = None
        self._served: asyncio.Task[None] | None = None

    def check_origin(self, origin: str) -> bool:
        """Looked at in ``prepare``, before a ticket is used up."""
        return origin == self._own_origin()

    def _own_origin(self) -> str:
        return "null" if self.one_port else f"http://{self.streams.host}"

    async def get(self, *args: Any, **_: Any) -> None:
        """Let it in, or not."""
        headers = self.request.headers
        names = [n.strip() for n in headers.get("Sec-WebSocket-Protocol", "").split(",")]
        try:
            if not self.one_port and self.request.host != self.streams.host:
                raise NotLetIn("Not for this host.")  # noqa: TRY301  (one way out)
            if headers.get("Origin") != self._own_origin():
                raise NotLetIn("Not from this origin.")  # noqa: TRY301
            place = self.streams.relay.place(args[0], one_port=self.one_port)
            self.streams.relay.admit(place, ticket_in(names))
        except NotLetIn as refusal:
            self.set_status(refusal.status)
            self.finish()
            return
        self._place = place
        try:
            await super().get()
        finally:
            self._leave()  # it was no WebSocket after all; nothing where it was opened

    def select_subprotocol(self, subprotocols: list[str]) -> str | None:
        """The protocol's name; never the ticket back."""
        return PROTOCOL if PROTOCOL in subprotocols else None

    def open(self, *_: str, **__: str) -> None:
        """It is in: show it what it came for."""
        self.set_nodelay(True)
        assert self._place is not None  # noqa: S101  (set before the upgrade)
        place, self._place = self._place, None  # from here on it is the serving that lets it out
        self._served = self.streams.begin(place, self._channel)
        self._served.add_done_callback(lambda _: self.close())

    async def on_message(self, message: str | bytes) -> None:
        """Hand it on."""
        await self._channel.put(message)

    def on_close(self) -> None:
        """It is gone."""
        self._channel.end()
        if self._served is not None:
            self._served.cancel()
        self._leave()

    def _leave(self) -> None:
        if self._place is not None:
            self.streams.relay.leave(self._place)
            self._place = None

    def log_exception(self, *_: Any) -> None:
        """By its class only: a traceback may hold what passed."""
        kind = _[0]
        self.streams.log.error("A desktop's viewer failed: %s", getattr(kind, "__name__", "error"))

    @property
    def max_message_size(self) -> int:
        """Larger ones end the connection."""
        return LARGEST_MESSAGE


class OwnPortSocket(_Socket):
    """On a port of our own."""


class OnePortSocket(_Socket):
    """On Jupyter's port: from an opaque origin come no cookies, so the ticket is all there is."""

    one_port = True

    @allow_unauthenticated
    async def get(self, *args: Any, **kwargs: Any) -> None:
        """Let it in by its ticket, or not."""
        await super().get(*args, **kwargs)
