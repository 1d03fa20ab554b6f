"""Attempts to get a password out of a way to a database: refused, and the server hears of none."""

from __future__ import annotations

import base64
import os
import random
import re
import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import psycopg
import pytest
from canary import Canary
from conftest import end_brokers
from false_database import FalseDatabase, authentication, false_database, message
from postgres_server import PostgresServer
from steps import save, until

from jupyter_agent import person as person_door
from jupyter_agent.client import Client, Hello
from jupyter_agent.folders import Folders

CANARY = Canary.make(random.Random())


@dataclass
class House:
    """One broker for all attempts: none may spoil it for the next."""

    guest: Client
    way: dict[str, Any]
    other: dict[str, Any]
    postgres: PostgresServer

    def open(self, port: int, more: str = "?sslmode=disable", host: str = "127.0.0.1") -> dict:
        return opened(self.guest, f"{host}:{port}/sales{more}", "me")


def opened(guest: Client, named: str, user: str) -> dict[str, Any]:
    number = guest.begin("egress.open", label="DB_PASSWORD", postgres=named, user=user)
    return until(guest, number, "open")


@pytest.fixture(scope="module")
def house(postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    home = tmp_path_factory.mktemp("attempts")
    folders = Folders.of({"JUPYTER_AGENT_HOME": str(home)})
    hello = person_door.hello(folders, {"JUPYTER_AGENT_KEY_SOURCE": "file"})
    with Client(folders, hello) as person, Client(folders, Hello()) as guest:
        save(person, "DB_PASSWORD", CANARY.value)
        person.call("grant.add", label="DB_PASSWORD", any_command=True)
        person.call("egress.trust", certificates=postgres.authority.pem)
        named = f"127.0.0.1:{postgres.port}/postgres"
        ways = [opened(guest, named, postgres.role(CANARY.value)) for _ in range(2)]
        yield House(guest, *ways, postgres)
        assert CANARY.search_tree(home) == []
        assert CANARY.search_proc(os.getuid()) == []
    end_brokers(home)


def raw(way: dict[str, Any], *pieces: bytes) -> bytes:
    """What comes back until it hangs up, for pieces of which each follows an answer."""
    port = int(way["variables"]["PGPORT"])
    shown = b""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        for piece in pieces:
            connection.sendall(piece)
            if piece is not pieces[-1]:
                shown += connection.recv(65536)
        connection.shutdown(socket.SHUT_WR)
        while data := connection.recv(65536):
            shown += data
    return shown


def begins(*words: str, version: int = 3 << 16) -> bytes:
    body = struct.pack("!i", version) + b"".join(word.encode() + b"\0" for word in words) + b"\0"
    return struct.pack("!i", len(body) + 4) + body


def attempts(way: dict[str, Any]) -> dict[str, tuple[bytes, ...]]:
    """What is sent, by what it tries."""
    user = way["variables"]["PGUSER"]
    right = ("user", user, "database", "postgres")
    start = begins(*right)
    ssl, gss = struct.pack("!ii", 8, 80877103), struct.pack("!ii", 8, 80877104)
    placeholder = way["variables"]["PGPASSWORD"].encode()
    return {
        "another user": (begins("user", "owner", "database", "postgres"),),
        "another database": (begins("user", user, "database", "template1"),),
        "the user's own database": (begins("user", user),),
        "no user": (begins("database", "postgres"),),
        "two users": (begins("user", user, "user", "owner", "database", "postgres"),),
        "replication": (begins(*right, "replication", "database"),),
        "replication, switched off": (begins(*right, "replication", "false"),),
        "another protocol": (begins(*right, version=2 << 16),),
        "a startup packet that is too long": (struct.pack("!i", 10_001) + bytes(10_000),),
        "a startup packet without a length": (bytes(8),),
        "a negative length": (b"\xff" * 8,),
        "HTTP": (b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",),
        "a query before a login": (start, message(b"Q", b"SELECT 1\0")),
        "a query behind the startup packet": (start + message(b"Q", b"SELECT 1\0"),),
        "the placeholder in clear": (start, message(b"p", placeholder + b"\0")),
        "SCRAM bound to a TLS that is not there": (
            start,
            sasl(b"SCRAM-SHA-256-PLUS", b"p=tls-server-end-point,,n=,r=abc"),
        ),
        "another mechanism": (start, sasl(b"PLAIN", b"\0me\0pw")),
        "a first message that is none": (start, sasl(b"SCRAM-SHA-256", b"hello")),
        "a proof of nothing": (
            start,
            sasl(b"SCRAM-SHA-256", b"n,,n=,r=abc"),
            message(b"p", b"c=biws,r=abc,p=" + base64.b64encode(bytes(32))),
        ),
        "a proof before it is asked for": (
            start,
            sasl(b"SCRAM-SHA-256", b"n,,n=,r=abc") + message(b"p", b"c=biws,r=abc,p=AAAA"),
        ),
        "a message that is too long for a login": (start, b"p" + struct.pack("!i", 1 << 20)),
        "encryption, asked for again and again": (ssl, gss, ssl, gss, ssl),
        "bytes behind a request for TLS": (ssl + start + message(b"Q", b"SELECT 1\0"),),
        "a cancel with a made-up key": (struct.pack("!iiii", 16, 80877102, 1, 1),),
        "nothing": (b"",),
    }


def sasl(name: bytes, data: bytes) -> bytes:
    return message(b"p", name + b"\0" + struct.pack("!i", len(data)) + data)


def test_no_attempt_gets_in_and_the_database_hears_of_none(house):
    before = house.postgres.visits()
    for name, pieces in attempts(house.way).items():
        shown = raw(house.way, *pieces)
        # Neither "you are in" (R with 0) nor "ask" (Z) nor a row.
        assert message(b"R", bytes(4)) not in shown, name
        assert message(b"Z", b"I") not in shown, name
        assert CANARY.found_in(shown) == [], name
    assert house.postgres.visits() == before


@pytest.mark.parametrize("wrong", ["none", "other", "random", "value"])
def test_the_wrong_placeholder_is_refused_and_so_is_the_password_itself(house, wrong):
    password = {
        "none": "x",
        "other": house.other["variables"]["PGPASSWORD"],  # of another way of the same kernel
        "random": "jupyter-agent-placeholder-" + "A" * 43,
        "value": CANARY.value,
    }[wrong]
    with pytest.raises(psycopg.OperationalError, match="not the placeholder") as refused:
        psycopg.connect(house.way["variables"]["DATABASE_URL"], password=password)
    assert CANARY.found_in(str(refused.value).encode()) == []


def test_a_database_that_can_not_prove_itself_gets_nothing(house, postgres):
    # It is believed, and it is for 127.0.0.1 only.
    there = house.open(postgres.port, "", "127.0.0.2")
    with pytest.raises(psycopg.OperationalError, match="could not prove who it is"):
        psycopg.connect(there["variables"]["DATABASE_URL"])


NO_TLS: Final = "offers no TLS, and without it no password is sent"


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b"N", NO_TLS),
        (b"N" + authentication(3), NO_TLS),
        (b"E" + b"\0\0\0\x10SFATAL\0\0", "does not speak PostgreSQL"),
        (authentication(0), "does not speak PostgreSQL"),
        # Behind the yes, in clear, what could be taken for a part of the answer (CVE-2021-23222).
        (b"S" + authentication(0) + message(b"Z", b"I"), "could not begin TLS"),
        (b"", "does not speak PostgreSQL"),
    ],
)
def test_nothing_is_sent_to_who_does_not_begin_tls(house, answer, said):
    with false_database(lambda _number, _data: answer) as false:
        there = house.open(false.port, "")
        with pytest.raises(psycopg.OperationalError, match=said):
            psycopg.connect(there["variables"]["DATABASE_URL"])
        heard_nothing(false, b"me\0")


def heard_nothing(false: FalseDatabase, *more: bytes) -> None:
    assert false.heard
    for heard in false.heard:
        assert CANARY.found_in(bytes(heard)) == []
        assert all(text not in heard for text in more)


def scram(number: int, data: bytes, *, count: int = 4096, final: bytes = b"v=AAAA") -> bytes:
    if number == 0:
        return authentication(10, b"SCRAM-SHA-256\0\0")
    if number == 1:
        nonce = re.search(rb"r=([^,]+)$", data)[1]
        return authentication(11, b"r=%sx,s=AAAAAAAA,i=%d" % (nonce, count))
    return authentication(12, final) + authentication(0) + message(b"Z", b"I")


SERVERS: Final = {
    "asks for the password in clear": (
        lambda _n, _d: authentication(3),
        "wants the password in clear",
    ),
    "does not know the password either": (scram, "does not know the password either"),
    "skips its own proof": (
        lambda n, d: authentication(0) if n == 2 else scram(n, d),
        "has not proved that it knows the password",
    ),
    "wants a cheap proof": (
        lambda n, d: scram(n, d, count=1),
        "count of iterations",
    ),
    "wants one that takes for ever": (
        lambda n, d: scram(n, d, count=999_999_999),
        "count of iterations",
    ),
    "asks for a second proof": (
        lambda n, _d: authentication(5, b"salt") if n == 0 else authentication(3),
        "asks for a second proof",
    ),
    "wants Kerberos": (lambda _n, _d: authentication(7), "another proof than a password"),
    "offers a mechanism of its own": (
        lambda _n, _d: authentication(10, b"PLAIN\0\0"),
        "another proof than a password",
    ),
    "speaks out of turn": (
        lambda _n, _d: message(b"D", b"\0\0"),
        "does not belong into a login",
    ),
    "breaks off": (lambda _n, _d: b"", "broke off the login"),
    "goes on without an end": (
        lambda _n, _d: b"R" + struct.pack("!i", 1 << 30),
        "not as long as this",
    ),
    "says nonsense once we are in": (
        lambda _n, _d: authentication(0) + message(b"R", b"\0\0\0\3"),
        "says what it may not say here",
    ),
    "says a length that is none": (
        lambda _n, _d: authentication(0) + b"D\0\0\0\0",
        "has no length",
    ),
    "has a row that is too long": (
        lambda _n, _d: authentication(0) + b"D" + struct.pack("!i", (1 << 30)),
        "can't be looked through",
    ),
}


@pytest.mark.parametrize("server", SERVERS)
def test_a_false_server_learns_nothing_and_gets_nowhere(house, server):
    says, said = SERVERS[server]
    with false_database(says) as false:
        there = house.open(false.port)
        with pytest.raises(psycopg.OperationalError, match=said):
            psycopg.connect(there["variables"]["DATABASE_URL"])
        heard_nothing(false)


def test_an_error_that_repeats_the_password_comes_back_scrubbed(house):
    text = f"SFATAL\0VFATAL\0C28P01\0Mno: {CANARY.value}\0\0".encode()
    with false_database(lambda _n, _d: message(b"E", text)) as false:
        there = house.open(false.port)
        with pytest.raises(psycopg.OperationalError, match=r"no: .secret:DB_PASSWORD.") as refused:
            psycopg.connect(there["variables"]["DATABASE_URL"])
        assert CANARY.found_in(str(refused.value).encode()) == []


def test_a_key_of_another_way_cancels_nothing(house):
    with psycopg.connect(house.way["variables"]["DATABASE_URL"], autocommit=True) as mine:
        before = house.postgres.visits()
        raw(house.other, struct.pack("!iiii", 16, 80877102, mine.info.backend_pid, 1))
        raw(house.way, struct.pack("!iiii", 16, 80877102, mine.info.backend_pid, 1))
        assert house.postgres.visits() == before
        mine.cancel_safe()  # with the key that the server has told, on the way that it came
        assert house.postgres.visits() == before + 1


def test_half_a_login_does_not_keep_others_from_theirs(house):
    port = int(house.way["variables"]["PGPORT"])
    half = [socket.create_connection(("127.0.0.1", port)) for _ in range(50)]
    for number, connection in enumerate(half):
        connection.sendall(b"\0\0\0\x20\0\3"[: number % 7])
    with psycopg.connect(house.way["variables"]["DATABASE_URL"]) as db:
        assert db.execute("SELECT 1").fetchone() == (1,)
    for connection in half:
        connection.close()
