"""``POST jupyter-agent/chats/screen``: a page asks about a message before it sends it.

The message is meant for this server anyway, so nothing travels further than it would. It stands in
no address, in no log and in no answer.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from jupyter_server.auth.decorator import authorized
from tornado import web

from jupyter_agent.errors import BrokerError
from jupyter_agent.server.room import RoomHandler


class ScreenChatHandler(RoomHandler):
    """The verdict of layer A."""

    async def check_person(self) -> None:
        """As for every route; but without a broker the rules alone decide, and tell of no value."""
        with suppress(BrokerError):
            await super().check_person()

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """Say whether a message may be sent."""
        fields = self.fields("path", frame=dict)
        chats = self.rooms.chats
        refused = await chats.screening.verdict(
            fields.get("frame", {}), fields["path"], spend=not chats.guard.wraps
        )
        body: Any = None if refused is None else refused.body()
        self.finish({"refused": body})
