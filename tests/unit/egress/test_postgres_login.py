"""SCRAM and SASLprep as their documents have them, and addresses as people write them."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from jupyter_agent.egress.endpoint import Endpoint
from jupyter_agent.egress.postgres import scram, speaker
from jupyter_agent.egress.postgres.database import read_database, read_value
from jupyter_agent.egress.postgres.saslprep import prepared
from jupyter_agent.egress.postgres.speaker import PostgresSpeaker


def test_the_exchange_of_rfc_7677_is_answered_as_there():
    salt = b"[m\x99h\x9d\x125\x8e\xec\xa0K\x14\x126\xfa\x81"
    verifier = scram.Verifier.of(b"pencil", salt=salt)
    server = scram.Server(verifier, nonce=b"%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0")
    nonce = b"rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
    first = server.first(b"n,,n=user,r=rOprNGfwEbeRWgbNEkqO")
    assert first == b"r=%s,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096" % nonce
    proof = b"dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
    final = server.final(b"c=biws,r=%s,p=%s" % (nonce, proof))
    assert final == b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="


@pytest.mark.parametrize(
    ("written", "hashed"),
    [
        # RFC 4013, section 3; what it prohibits is hashed as it is, as PostgreSQL does.
        ("I\u00adX", "IX"),
        ("user", "user"),
        ("USER", "USER"),
        ("\u00aa", "a"),
        ("\u2168", "IX"),
        ("\u0007", "\u0007"),
        ("\u06271", "\u06271"),
        ("a\u00a0b", "a b"),
    ],
)
def test_a_password_is_prepared_as_rfc_4013_says(written, hashed):
    assert prepared(written.encode()) == hashed.encode()


def test_a_password_that_is_no_text_is_hashed_as_it_is():
    assert prepared(b"\xff\xfe") == b"\xff\xfe"


@pytest.mark.parametrize(
    ("text", "user", "shown"),
    [
        ("db.example.com/sales", "me", "postgresql://me@db.example.com/sales"),
        ("DB.example.com:6543/sales", "me", "postgresql://me@db.example.com:6543/sales"),
        ("postgresql://me@db.example.com", None, "postgresql://me@db.example.com/me"),
        ("postgres://a%40b@[::1]:5432/x%2Fy", None, "postgresql://a%40b@[::1]/x%2Fy"),
        ("localhost/x?sslmode=disable", "me", "postgresql://me@localhost/x?sslmode=disable"),
        ("db.example.com/x?sslmode=require", "me", "postgresql://me@db.example.com/x"),
        ("postgresql+psycopg://me@db/x", None, "postgresql://me@db/x"),
    ],
)
def test_a_database_is_named_in_one_way_however_it_was_written(text, user, shown):
    assert str(read_database(text, user)) == shown


def test_a_stored_address_gives_its_password_and_keeps_what_concerns_the_caller():
    secret = b"p%40ss"
    query = b"sslmode=require&options=-c%20a%3Db"
    value = b"postgresql://me:%s@db.example.com/x?%s\n" % (secret, query)
    database, password = read_value(value)
    assert password == b"p@ss"
    address = database.address(1234, "word")
    where = "@127.0.0.1:1234/x?options=-c%20a%3Db&sslmode=disable"
    assert address == "postgresql://me:word" + where


class NobodyAsks:
    """A warden whom nobody may reach."""

    async def begin(self, _seen):
        raise AssertionError("somebody was let in")

    def end(self, _seen):
        raise AssertionError("somebody was let in")

    async def until_over(self):
        raise AssertionError("somebody was let in")


@pytest.mark.parametrize("said", [b"", b"\0\0\0", b"\0\0\0\x30\0\3", b"\0\0\0\x08\x04\xd2\x16\x2f"])
def test_a_login_that_stops_in_the_middle_is_ended(monkeypatch, said):
    monkeypatch.setattr(speaker, "_LOGIN_SECONDS", 0.05)

    async def stop() -> bytes:
        database = read_database("localhost/x?sslmode=disable", "me")
        speaks = PostgresSpeaker(database, b"placeholder", NobodyAsks(), None)
        endpoint = Endpoint(speaks, admit)
        reader, writer = await asyncio.open_connection("127.0.0.1", await endpoint.open())
        writer.write(said)
        with contextlib.suppress(ConnectionResetError):
            return await reader.read()
        writer.close()
        return b""

    assert asyncio.run(stop()) in (b"", b"N")


async def admit(_there, _here):
    return True
