"""How the broker proves a password to a real PostgreSQL."""

from __future__ import annotations

import asyncio
import random
import ssl

import pytest
from canary import Canary
from postgres_server import PostgresServer

from jupyter_agent.egress.postgres import messages, scram
from jupyter_agent.egress.postgres.database import read_database
from jupyter_agent.egress.postgres.server import Server


def test_the_login_is_bound_to_its_tls_connection_where_the_server_offers_that(
    postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The broker's side of a login, in this process, so that one sees what it chooses."""
    planted = Canary.make(random.Random())
    chosen: list[tuple[bytes, bytes]] = []
    offered: list[list[bytes]] = []
    response, mechanisms = messages.sasl_response, messages.mechanisms

    def responding(mechanism: bytes, first: bytes) -> bytes:
        chosen.append((mechanism, first.partition(b"n=")[0]))
        return response(mechanism, first)

    def offering(data: bytes) -> list[bytes]:
        offered.append(mechanisms(data))
        return offered[-1]

    monkeypatch.setattr(messages, "sasl_response", responding)
    monkeypatch.setattr(messages, "mechanisms", offering)
    role = postgres.role(planted.value)

    async def log_in(more: str, context: ssl.SSLContext | None) -> None:
        database = read_database(f"127.0.0.1:{postgres.port}/postgres{more}", role)
        async with Server(database, context).connected() as session:
            await session.log_in({}, planted.value.encode())  # the server has checked the binding

    asyncio.run(log_in("", ssl.create_default_context(cadata=postgres.authority.pem)))
    asyncio.run(log_in("?sslmode=disable", None))
    assert offered == [[scram.BOUND, scram.PLAIN], [scram.PLAIN]]
    assert chosen == [
        (b"SCRAM-SHA-256-PLUS", b"p=tls-server-end-point,,"),
        (b"SCRAM-SHA-256", b"n,,"),
    ]
