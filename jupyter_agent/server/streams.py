"""The events websocket. Only the server speaks; what it says comes from the relay."""

from __future__ import annotations

from typing import Any

from jupyter_core.utils import ensure_async
from jupyter_server.auth.decorator import ws_authenticated
from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.base.websocket import WebSocketMixin
from tornado import web
from tornado.websocket import WebSocketHandler

from jupyter_agent.errors import AgentError, RoleDenied
from jupyter_agent.server import owner
from jupyter_agent.server.room import AUTH_RESOURCE, OwnersOnly, Rooms


class EventsHandler(OwnersOnly, WebSocketMixin, WebSocketHandler, JupyterHandler):
    """The events websocket. Only the server speaks."""

    auth_resource = AUTH_RESOURCE

    def initialize(self, rooms: Rooms) -> None:
        """Take what the routes share."""
        self.rooms = rooms
        self._known = True

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
            await self.check_person()
        except RoleDenied:
            allowed = False
        except AgentError:
            # No broker: pages are told so. Whose page it is, is asked before there is more to tell.
            self._known = False
        if not allowed:
            raise web.HTTPError(403)
        await super().get(*args, **kwargs)

    def check_origin(self, origin: str | None = None) -> bool:  # noqa: ARG002
        """Our own check of the origin decides; it is the stricter one."""
        return owner.own_origin(self) is not None

    def open(self) -> None:
        """Tell the page where things stand, and what comes."""
        super().open()
        self.rooms.relay.join(self, None if self._known else self._is_a_persons)

    def on_message(self, message: str | bytes) -> None:
        """Pages have nothing to say here."""

    async def _is_a_persons(self) -> bool:
        try:
            await self.check_person()
        except RoleDenied:
            return False
        return True

    def on_close(self) -> None:
        """Tell it no more."""
        self.rooms.relay.leave(self)
