"""Ways to a real PostgreSQL: a program logs in with a placeholder, the broker with the password."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from canary import Canary
from postgres_server import PostgresServer
from steps import save, until

from jupyter_agent.client import Client

Open = Callable[..., dict[str, Any]]


@pytest.fixture
def planted() -> Canary:
    return Canary.make(random.Random())


@pytest.fixture
def open_way(person: Client, guest: Client, postgres: PostgresServer, planted: Canary) -> Open:
    """Opens ways of a guest to the server, for a new role that has the planted password."""
    save(person, "DB_PASSWORD", planted.value)
    person.call("grant.add", label="DB_PASSWORD", any_command=True)
    person.call("egress.trust", certificates=postgres.authority.pem)

    def open_it(method: str = "scram-sha-256", more: str = "", host: str = "127.0.0.1") -> dict:
        role = postgres.role(planted.value, method)
        number = guest.begin(
            "egress.open",
            label="DB_PASSWORD",
            postgres=f"{host}:{postgres.port}/postgres{more}",
            user=role,
        )
        return until(guest, number, "open")

    return open_it


def connect(way: dict[str, Any], **more: Any) -> psycopg.Connection[Any]:
    return psycopg.connect(way["variables"]["DATABASE_URL"], autocommit=True, **more)


@pytest.fixture
def db(open_way: Open) -> Iterator[psycopg.Connection[Any]]:
    with connect(open_way()) as connection:
        yield connection


def one(connection: psycopg.Connection[Any], query: str, *values: Any, binary: bool = False) -> Any:
    row = connection.execute(query, values, binary=binary).fetchone()
    return row and row[0]


@pytest.mark.parametrize("more", ["", "?sslmode=disable"])
@pytest.mark.parametrize("method", ["scram-sha-256", "md5", "trust"])
def test_a_placeholder_logs_in_by_every_method_with_and_without_tls(open_way, method, more):
    with connect(open_way(method, more)) as db:
        assert one(db, "SELECT current_user").startswith("role_")
        encrypted = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
        assert one(db, encrypted) is (more == "")
