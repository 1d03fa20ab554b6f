"""How a program on this machine logs in to us: with the placeholder, which does not travel."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from typing import Final

from jupyter_agent.egress.postgres import messages, scram
from jupyter_agent.egress.postgres.database import Database
from jupyter_agent.egress.postgres.messages import Cancel, Malformed, Startup
from jupyter_agent.egress.postgres.streams import read_beginning, read_message
from jupyter_agent.errors import AgentError, EgressRefused

_LAST_WAIT: Final = 1.0
"""Seconds for which a caller that was refused may go on sending."""

_CODES: Final = {
    "egress_failed": "08001",  # sqlclient_unable_to_establish_sqlconnection
    "vault_locked": "57P03",  # cannot_connect_now
}
"""SQLSTATE for an error of ours; invalid_authorization_specification where none is named."""


@dataclass(frozen=True, slots=True)
class Caller:
    """One connection of a program to us."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def begin(self) -> Startup | Cancel:
        """What it wants.

        Raises:
            Malformed: It does not speak this protocol.
            EOFError: It hung up.
        """
        for _ in range(3):  # libpq asks for GSSAPI, then for TLS, then begins
            asked = messages.read_startup(await read_beginning(self.reader))
            if asked is not None:
                return asked
            self.writer.write(b"N")  # no: it is the same machine, and there is no password to hide
        raise Malformed("It asks for encryption again and again.")

    async def log_in(self, startup: Startup, database: Database, verifier: scram.Verifier) -> None:
        """Return once it has proved that it knows the placeholder.

        Raises:
            EgressRefused: It has not, or wants another database, or to be another user.
            Malformed: It does not speak this protocol.
            EOFError: It hung up.
        """
        _check(startup, database)
        extensions = [name for name in startup.parameters if name.startswith("_pq_.")]
        if startup.minor or extensions:
            self.writer.write(messages.version(0, extensions))
        self.writer.write(messages.authentication(10, scram.PLAIN + b"\0\0"))
        server = scram.Server(verifier)
        try:
            name, first = messages.read_sasl_response(await self._answer())
            if name != scram.PLAIN:
                raise Malformed("It chose what was not offered.")
            self.writer.write(messages.authentication(11, server.first(first)))
            self.writer.write(messages.authentication(12, server.final(await self._answer())))
        except scram.ScramFailed:
            raise EgressRefused(
                "That is not the placeholder of this way out.",
                "Use the variables as they were set: PGPASSWORD, or DATABASE_URL.",
                data={"rule": "placeholder"},
            ) from None

    async def _answer(self) -> bytes:
        await self.writer.drain()
        kind, body = await read_message(self.reader)
        if kind != b"p":
            raise Malformed("It does not answer.")
        return body

    async def accept(self) -> None:
        """Tell it that it is in."""
        self.writer.write(messages.authentication(0))
        await self.writer.drain()

    async def refuse(self, error: AgentError) -> None:
        """Tell it why not, in the way that its library shows it."""
        code = "28P01" if (error.data or {}).get("rule") == "placeholder" else None
        code = code or _CODES.get(error.code, "28000")
        await self.end(messages.error(code, f"jupyter_agent: {error}", error.hint))

    async def end(self, last: bytes) -> None:
        """Send the last message, and hang up when it was read."""
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(_LAST_WAIT):
                self.writer.write(last)
                await self.writer.drain()
                self.writer.write_eof()
                # To close with something unread would reset the connection, and it would never see
                # why.
                while await self.reader.read(_PIECE):
                    pass


_PIECE: Final = 64 * 1024


def _check(startup: Startup, database: Database) -> None:
    wanted = startup.parameters
    user = wanted.get("user")
    if user != database.user:
        raise _refused("user", f"This way out is for the user {database.user}.")
    if wanted.get("database", user) != database.name:
        raise _refused("database", f"This way out leads to the database {database.name} only.")
    if "replication" in wanted:
        raise _refused("replication", "Replication is not passed on.")


def _refused(rule: str, text: str) -> EgressRefused:
    return EgressRefused(
        text,
        "Use the variables as they were set: PGUSER and PGDATABASE, or DATABASE_URL.",
        data={"rule": rule},
    )
