"""Serves the callers of a way to a database: lets them in, logs in there, joins both sides."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Iterator
from typing import Final

from jupyter_agent.egress.postgres import messages, scram
from jupyter_agent.egress.postgres.callers import Caller
from jupyter_agent.egress.postgres.database import Database, is_connection_string, read_value
from jupyter_agent.egress.postgres.messages import Malformed, Startup
from jupyter_agent.egress.postgres.relay import LONG_AT_ONCE, Relay
from jupyter_agent.egress.postgres.replies import LARGEST, Replies, TooLarge
from jupyter_agent.egress.postgres.server import LoginRefused, Server
from jupyter_agent.egress.warden import Granted, Seen, Warden, not_yours
from jupyter_agent.errors import AgentError, EgressFailed, EgressRefused

_LOGIN_SECONDS: Final = 30.0
"""For a caller, from the first byte on: a connection that says nothing does not stay."""


class PostgresSpeaker:
    """Serves the callers of one way.

    Args:
        database: Where it leads.
        placeholder: The password by which a caller proves that the way was opened for it.
        warden: Decides about each connection.
        context: Whom to believe; None where the database is ``plain``.
    """

    def __init__(
        self,
        database: Database,
        placeholder: bytes,
        warden: Warden,
        context: ssl.SSLContext | None,
    ) -> None:
        self._database = database
        self._verifier = scram.Verifier.of(placeholder)
        self._warden = warden
        self._server = Server(database, context)
        self._running: list[Replies] = []
        self._long = asyncio.Semaphore(LONG_AT_ONCE)

    async def serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, admitted: bool
    ) -> None:
        """Serve one connection."""
        caller = Caller(reader, writer)
        try:
            async with asyncio.timeout(_LOGIN_SECONDS):
                asked = await caller.begin()
                if isinstance(asked, Startup):
                    if not admitted:
                        raise not_yours()
                    await caller.log_in(asked, self._database, self._verifier)
            if isinstance(asked, Startup):
                await self._connect(caller, asked)
            elif admitted and any(each.key == asked.key for each in self._running):
                # Only what runs on this way: another key may be one of somebody who is not asked.
                await self._cancel(asked.key)
        except AgentError as error:
            await caller.refuse(error)
        except TooLarge:
            most = f"{LARGEST // 1024**2} MiB"
            text = f"jupyter_agent: a row of more than {most} can't be looked through"
            await caller.end(messages.error("54000", text, "Ask for it in parts: substr()."))
        except Malformed as error:
            await caller.end(messages.error("08P01", f"jupyter_agent: {error}"))
        except (TimeoutError, EOFError):
            writer.transport.abort()

    def close(self) -> None:
        """Nothing is kept between connections."""

    async def _cancel(self, key: bytes | None) -> None:
        if key is not None:
            with contextlib.suppress(EgressFailed):  # nobody waits for an answer
                await self._server.cancel(key)

    async def _connect(self, caller: Caller, startup: Startup) -> None:
        seen = Seen("CONNECT", "")
        granted = await self._warden.begin(seen)
        try:
            replies = Replies(granted.scrubber)
            password = _password(granted, self._database)
            del granted
            async with self._server.connected() as session:
                try:
                    await session.log_in(_settings(startup), password)
                except LoginRefused as refused:
                    said = replies.scrub(ord("E"), refused.error)
                    seen.received += len(said)
                    await caller.end(said)
                    return
                finally:
                    del password
                seen.status = 0
                await caller.accept()
                relay = Relay(caller, session, replies, seen, self._long)
                with self._listed(replies):
                    try:
                        await relay.carry_out(self._warden)
                    except EgressRefused:
                        await self._cancel(replies.key)  # what it does there ends, too
                        raise
        finally:
            self._warden.end(seen)

    @contextlib.contextmanager
    def _listed(self, replies: Replies) -> Iterator[None]:
        self._running.append(replies)
        try:
            yield
        finally:
            self._running.remove(replies)


def _settings(startup: Startup) -> dict[str, str]:
    return {name: text for name, text in startup.parameters.items() if not name.startswith("_pq_.")}


def _password(granted: Granted, database: Database) -> bytes:
    if not is_connection_string(granted.value):
        return granted.value
    named, password = read_value(granted.value)
    if named != database:
        # It was replaced since, or was saved for another one.
        raise EgressRefused(
            "The stored address names another database than this way out leads to.",
            "Open it again: %agent_egress LABEL --postgres",
            data={"rule": "database"},
        )
    return password
