"""The routes under ``<base_url>jupyter-agent/`` (docs/protocol.md, section 2).

Each handler parses, calls the broker and replies. Labels travel in bodies, never in addresses, and
no route takes or gives a value.
"""

from __future__ import annotations

import asyncio
from typing import Any

from jupyter_server.auth.decorator import authorized
from jupyter_server.utils import url_path_join
from tornado import web

from jupyter_agent.screen import vendor
from jupyter_agent.server import bodies, labels
from jupyter_agent.server.chats.route import ScreenChatHandler
from jupyter_agent.server.desktop.routes import DESKTOPS
from jupyter_agent.server.guard import Guarded
from jupyter_agent.server.room import RoomHandler, Rooms
from jupyter_agent.server.streams import EventsHandler
from jupyter_agent.server.use_routes import USES
from jupyter_agent.server.vault_handlers import (
    CreateHandler,
    LockHandler,
    PassphraseOffersHandler,
    UnlockHandler,
)


class StatusHandler(RoomHandler):
    """How broker, vault and guards are."""

    for_kernels = frozenset({"GET"})

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """The broker's status and whether the guards stand."""
        status = await self.rooms.link.call("status")
        # Asked now, because another extension may have put its class in after us.
        connection = self.settings.get("kernel_websocket_connection_class")
        guards = {
            "websocket": isinstance(connection, type) and issubclass(connection, Guarded),
            "saves": self.rooms.saves_guarded(),
            "chats": self.rooms.chats.guard.state,
        }
        match = self.rooms.values.on and self.rooms.fingerprinted.on
        self.finish({**status, "guards": guards, "match": match})


class SecretsHandler(RoomHandler):
    """The labels, and what is known about them."""

    for_kernels = frozenset({"GET"})

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
            rotate_every=int,
            exposed=dict,
        )
        if "exposed" in fields:
            fields["exposed"] = bodies.checked(fields["exposed"], {"where": str}, {"notebook": str})
        await self.check_public(fields["label"], fields.get("note", ""))
        saved = await self.rooms.link.call("secret.save", **fields)
        self.set_status(201)
        self.finish(saved)


class OffersHandler(RoomHandler):
    """What a form needs to seal a value."""

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """Make an offer for the page that asks."""
        fields = self.fields("label", replace=bool, plain_http=bool)
        self.check_protected(confirmed=fields.pop("plain_http", False))
        await self.check_public(fields["label"])
        self.finish(await self.rooms.link.call("secret.offer", origin=self.origin, **fields))


class ShowHandler(RoomHandler):
    """All that is known about one label."""

    for_kernels = frozenset({"POST"})

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """Show it, its grants, and where its vendor lets it be rotated."""
        label = self.fields("label")["label"]
        shown = await self.rooms.link.call("secret.show", label=label)
        # A value that was seen somewhere says whose it is; else its label may. In a thread, because
        # the first time every rule is read.
        page = shown["secret"].get("revoke")
        page = page or await asyncio.to_thread(vendor.rotation_page, label)
        self.finish({**shown, "rotation_page": page or None})


class DescribeHandler(RoomHandler):
    """What a person notes about a label."""

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """Note it. An empty time and 0 days mean: no longer."""
        fields = self.fields("label", kind=str, note=str, expires=str, rotate_every=int)
        await self.check_public(fields.get("note", ""))
        for name in ("expires", "rotate_every"):
            if name in fields:
                fields[name] = fields[name] or None
        self.finish(await self.rooms.link.call("secret.describe", **fields))


class RenameHandler(RoomHandler):
    """A label's new name."""

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """Rename."""
        fields = self.fields("label", "to")
        await self.check_public(fields["to"])
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

    for_kernels = frozenset({"POST"})

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """Suggest a free one."""
        fields = self.fields("rule", name=str)
        listed = await self.rooms.link.call("secret.list")
        taken = {secret["label"] for secret in listed["secrets"]}
        label = labels.suggest(fields["rule"], fields.get("name", ""), taken, self.rooms.screener)
        self.finish({"label": label})


class AllowancesHandler(RoomHandler):
    """What is no secret, although a rule says so."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """List it."""
        self.finish(await self.rooms.link.call("allow.list"))

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """Allow a finding of a box. The page names it; its text is not sent again."""
        fields = self.fields("block", "scope", "reason", finding=int)
        await self.check_public(fields["reason"])
        rule, mark, notebook = self.rooms.blocks.finding(fields["block"], fields.get("finding", 0))
        added = await self.rooms.link.call(
            "allow.add",
            rule=rule,
            mark=mark,
            notebook=notebook,
            scope=fields["scope"],
            reason=fields["reason"],
        )
        self.set_status(201)
        self.finish(added)


class RemoveAllowanceHandler(RoomHandler):
    """The end of an allowance."""

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """Take it back."""
        await self.rooms.link.call("allow.remove", allowance=self.fields("id")["id"])
        self.done()


def routes(base_url: str, rooms: Rooms) -> list[tuple[Any, ...]]:
    """The handlers and their addresses.

    Args:
        base_url: The server's.
        rooms: What the handlers work with.
    """

    def route(path: str, handler: type) -> tuple[Any, ...]:
        return url_path_join(base_url, "jupyter-agent", path), handler, {"rooms": rooms}

    return [
        route("status", StatusHandler),
        route("secrets", SecretsHandler),
        route("offers", OffersHandler),
        route("secrets/show", ShowHandler),
        route("secrets/describe", DescribeHandler),
        route("secrets/rename", RenameHandler),
        route("secrets/remove", RemoveHandler),
        route("secrets/suggest", SuggestHandler),
        *(route(path, handler) for path, handler in (USES | DESKTOPS).items()),
        route("chats/screen", ScreenChatHandler),
        route("allowances", AllowancesHandler),
        route("allowances/remove", RemoveAllowanceHandler),
        route("lock", LockHandler),
        route("unlock", UnlockHandler),
        route("vault/offers", PassphraseOffersHandler),
        route("vault/create", CreateHandler),
        route("events", EventsHandler),
    ]
