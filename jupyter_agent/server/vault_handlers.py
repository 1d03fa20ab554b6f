"""The routes for the vault as a whole: made, closed, opened (docs/protocol.md, section 2)."""

from __future__ import annotations

from typing import Any, Final

from jupyter_server.auth.decorator import authorized
from tornado import web

from jupyter_agent.server import bodies
from jupyter_agent.server.room import RoomHandler

_SEALED: Final = dict.fromkeys(("kid", "ticket", "origin", "sealed"), str)


class LockHandler(RoomHandler):
    """Close the vault."""

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """Do it, and end the runs that use it."""
        self.fields()
        await self.rooms.link.call("lock")
        self.done()


class UnlockHandler(RoomHandler):
    """Open it again."""

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """Do it, with the passphrase where there is one, sealed in the page."""
        await self.rooms.link.call("unlock", **with_passphrase(self.fields(passphrase=dict)))
        self.done()


class PassphraseOffersHandler(RoomHandler):
    """What a form needs to seal a passphrase."""

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """Make an offer for the page that asks."""
        fields = self.fields(plain_http=bool)
        self.check_protected(confirmed=fields.get("plain_http", False))
        self.finish(await self.rooms.link.call("vault.offer", origin=self.origin))


class CreateHandler(RoomHandler):
    """The vault's beginning."""

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """Make it where a person wants its key to be; naming ``file`` is the consent to it."""
        fields = with_passphrase(self.fields("key_source", passphrase=dict))
        self.set_status(201)
        self.finish(await self.rooms.link.call("vault.create", **fields))


def with_passphrase(fields: dict[str, Any]) -> dict[str, Any]:
    """The fields with what is in ``passphrase`` checked: a sealed one, and nothing else.

    Raises:
        RequestInvalid: See ``bodies.read``.
    """
    if "passphrase" in fields:
        fields["passphrase"] = bodies.checked(fields["passphrase"], _SEALED, {})
    return fields
