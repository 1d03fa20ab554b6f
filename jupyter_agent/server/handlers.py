"""The routes under ``<base_url>jupyter-agent/`` (docs/protocol.md, section 2).

Each handler parses, calls the broker and replies. Labels travel in bodies, never in addresses, and
no route takes or gives a value.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

from jupyter_core.utils import ensure_async
from jupyter_server.auth.decorator import authorized, ws_authenticated
from jupyter_server.base.handlers import APIHandler, JupyterHandler
from jupyter_server.base.websocket import WebSocketMixin
from jupyter_server.utils import url_path_join
from tornado import web
from tornado.websocket import WebSocketHandler

from jupyter_agent.errors import AgentError, RoleDenied, SecretBlocked
from jupyter_agent.screen.cell import Screens
from jupyter_agent.server import bodies, labels, owner, replies
from jupyter_agent.server.guard import Guarded
from jupyter_agent.server.link import Link
from jupyter_agent.server.streams import Relay

AUTH_RESOURCE = "jupyter_agent"
"""What an authorizer is asked about."""


@dataclass(frozen=True, slots=True)
class Rooms:
    """What the handlers work with.

    Attributes:
        link: The line to the broker.
        relay: The broker's events.
        screener: Knows the rules.
        saves_guarded: Whether the pre-save hook is in place.
    """

    link: Link
    relay: Relay
    screener: Screens
    saves_guarded: bool


class _OwnersOnly:
    """What every route adds to Jupyter's login: the owner, from one of this server's pages."""

    request: Any
    current_user: Any

    def check_owner(self) -> str:
        """Return the page's origin.

        Raises:
            RoleDenied: Another user's login, or another site's page.
        """
        if not owner.is_owner(self.current_user, os.environ):
            raise RoleDenied("Only the owner of this Jupyter server may use its secrets.")
        origin = owner.own_origin(self)
        if origin is None:
            raise RoleDenied(
                "That request comes from a page of another site.",
                "Open JupyterLab at the address of this server.",
            )
        return origin

    def _log(self) -> None:
        # What somebody put behind the question mark stays out of the access log.
        self.request.uri = self.request.path
        super()._log()  # type: ignore[misc]


class RoomHandler(_OwnersOnly, APIHandler):
    """A route: checks who asks, then answers or refuses in JSON."""

    auth_resource = AUTH_RESOURCE
    _track_activity = False  # a panel that asks for its state is no activity of a person

    def initialize(self, rooms: Rooms) -> None:
        """Take what the routes share."""
        self.rooms = rooms
        self.origin = ""

    async def prepare(self) -> None:  # type: ignore[override]  # as in APIHandler
        """Check the owner and the origin, after Jupyter's own checks."""
        self.set_header("Cache-Control", "no-store")  # approvals carry nonces
        await super().prepare()
        if self._finished or not self.current_user:
            return
        try:
            self.origin = self.check_owner()
        except RoleDenied as refusal:
            self.refuse(refusal)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Answer in the shape of our own errors, unless it is one of Jupyter's."""
        error = kwargs.get("exc_info", (None, None))[1]
        if isinstance(error, AgentError):
            self.refuse(error)
        elif isinstance(error, web.HTTPError):
            super().write_error(status_code, **kwargs)
        else:
            self.refuse(AgentError("The server could not do that.", "Look at the server's log."))

    def log_exception(self, typ: Any, value: Any, tb: Any) -> None:
        """Errors of ours are answers; their sentence goes to the page, not into the log."""
        if not isinstance(value, AgentError):
            super().log_exception(typ, value, tb)

    def refuse(self, error: AgentError) -> None:
        """Answer with an error."""
        self.set_status(replies.status_of(error))
        self.finish(replies.body_of(error))

    def fields(self, *names: str, **optional: type) -> dict[str, Any]:
        """The body's fields: ``names`` are required texts.

        Raises:
            RequestInvalid: See ``bodies.read``.
        """
        return bodies.read(self.request.body, dict.fromkeys(names, str), optional)

    def check_public(self, *texts: str) -> None:
        """Stop texts that everybody may read and that hold a secret, pasted where it can't stay.

        Raises:
            SecretBlocked: One of them does.
            ScreenTimeout: One of them could not be screened.
        """
        if any(self.rooms.screener.screen(text) for text in texts):
            raise SecretBlocked(
                "A label or note holds what looks like a secret.",
                "Both are shown to everybody. Put the secret into the masked field only.",
            )

    def done(self) -> None:
        """Answer that it is done, with nothing to add."""
        self.set_status(204)
        self.finish()


class StatusHandler(RoomHandler):
    """How broker, vault and guards are."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """The broker's status and whether the guards stand."""
        status = await self.rooms.link.call("status")
        # Asked now, because another extension may have put its class in after us.
        connection = self.settings.get("kernel_websocket_connection_class")
        guards = {
            "websocket": isinstance(connection, type) and issubclass(connection, Guarded),
            "saves": self.rooms.saves_guarded,
        }
        self.finish({**status, "guards": guards})


class SecretsHandler(RoomHandler):
    """The labels, and what is known about them."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """List them."""
        self.finish(await self.rooms.link.call("secret.list"))

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """Save a value that the page has sealed."""
        fields = self.fields(
            *("kid", "ticket", "label", "origin", "sealed"),
            kind=str,
            note=str,
            expires=str,
            exposed=dict,
        )
        if "exposed" in fields:
            fields["exposed"] = bodies.checked(fields["exposed"], {"where": str}, {"notebook": str})
        self.check_public(fields["label"], fields.get("note", ""))
        saved = await self.rooms.link.call("secret.save", **fields)
        self.set_status(201)
        self.finish(saved)


class OffersHandler(RoomHandler):
    """What a form needs to seal a value."""

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """Make an offer for the page that asks."""
        fields = self.fields("label", replace=bool)
        self.check_public(fields["label"])
        self.finish(await self.rooms.link.call("secret.offer", origin=self.origin, **fields))


class RenameHandler(RoomHandler):
    """A label's new name."""

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """Rename."""
        fields = self.fields("label", "to")
        self.check_public(fields["to"])
        self.finish(await self.rooms.link.call("secret.rename", **fields))


class RemoveHandler(RoomHandler):
    """The end of a secret."""

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """Remove."""
        await self.rooms.link.call("secret.remove", **self.fields("label"))
        self.done()


class SuggestHandler(RoomHandler):
    """A label for a finding."""

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """Suggest a free one."""
        fields = self.fields("rule", name=str)
        listed = await self.rooms.link.call("secret.list")
        taken = {secret["label"] for secret in listed["secrets"]}
        label = labels.suggest(fields["rule"], fields.get("name", ""), taken, self.rooms.screener)
        self.finish({"label": label})


class ApprovalsHandler(RoomHandler):
    """Runs and changes that wait for a person."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """List them."""
        self.finish(await self.rooms.link.call("approval.list"))

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """Answer one."""
        fields = self.fields("approval_id", "nonce", "answer")
        await self.rooms.link.call("approval.answer", **fields)
        self.done()


class GrantsHandler(RoomHandler):
    """Standing permissions."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """List them."""
        self.finish(await self.rooms.link.call("grant.list"))


class RemoveGrantHandler(RoomHandler):
    """The end of a permission."""

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """Take it back."""
        await self.rooms.link.call("grant.remove", grant=self.fields("id")["id"])
        self.done()


class LockHandler(RoomHandler):
    """Close the vault, or open it again."""

    def initialize(self, rooms: Rooms, op: str) -> None:  # type: ignore[override]
        """Take the operation: ``lock`` or ``unlock``."""
        super().initialize(rooms)
        self.op = op

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """Do it."""
        self.fields()
        await self.rooms.link.call(self.op)
        self.done()


class EventsHandler(_OwnersOnly, WebSocketMixin, WebSocketHandler, JupyterHandler):
    """The events websocket. Only the server speaks."""

    auth_resource = AUTH_RESOURCE

    def initialize(self, rooms: Rooms) -> None:
        """Take what the routes share."""
        self.rooms = rooms

    def set_default_headers(self) -> None:
        """A websocket has no page to protect by headers."""

    @ws_authenticated
    async def get(self, *args: Any, **kwargs: Any) -> None:
        """Open the websocket, for the owner."""
        allowed = await ensure_async(
            self.authorizer.is_authorized(self, self.current_user, "execute", AUTH_RESOURCE)
        )
        try:
            self.check_owner()
        except RoleDenied:
            allowed = False
        if not allowed:
            raise web.HTTPError(403)
        await super().get(*args, **kwargs)

    def check_origin(self, origin: str | None = None) -> bool:  # noqa: ARG002
        """Our own check of the origin decides; it is the stricter one."""
        return owner.own_origin(self) is not None

    def open(self) -> None:
        """Tell the page where things stand, and what comes."""
        super().open()
        self.rooms.relay.join(self)

    def on_message(self, message: str | bytes) -> None:
        """Pages have nothing to say here."""

    def on_close(self) -> None:
        """Tell it no more."""
        self.rooms.relay.leave(self)


def routes(base_url: str, rooms: Rooms) -> list[tuple[Any, ...]]:
    """The handlers and their addresses.

    Args:
        base_url: The server's.
        rooms: What the handlers work with.
    """

    def route(path: str, handler: type, **more: str) -> tuple[Any, ...]:
        return url_path_join(base_url, "jupyter-agent", path), handler, {"rooms": rooms, **more}

    return [
        route("status", StatusHandler),
        route("secrets", SecretsHandler),
        route("offers", OffersHandler),
        route("secrets/rename", RenameHandler),
        route("secrets/remove", RemoveHandler),
        route("secrets/suggest", SuggestHandler),
        route("approvals", ApprovalsHandler),
        route("grants", GrantsHandler),
        route("grants/remove", RemoveGrantHandler),
        route("lock", LockHandler, op="lock"),
        route("unlock", LockHandler, op="unlock"),
        route("events", EventsHandler),
    ]
