"""Ways to a real PostgreSQL: a program logs in with a placeholder, the broker with the password."""

from __future__ import annotations

import itertools
import random
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from canary import Canary
from postgres_server import PostgresServer
from psycopg import errors, sql
from steps import save, until, wait_until

from jupyter_agent.client import Client
from jupyter_agent.errors import GrantRequired, RequestInvalid

Open = Callable[..., dict[str, Any]]
Db = psycopg.Connection[Any]


@pytest.fixture
def planted() -> Canary:
    return Canary.make(random.Random())


@pytest.fixture
def stored(person: Client, postgres: PostgresServer, planted: Canary) -> Client:
    save(person, "DB_PASSWORD", planted.value)
    person.call("egress.trust", certificates=postgres.authority.pem)
    return person


@pytest.fixture
def open_way(stored: Client, guest: Client, postgres: PostgresServer, planted: Canary) -> Open:
    """Opens ways of a guest to the server, for a new role that has the planted password."""
    stored.call("grant.add", label="DB_PASSWORD", any_command=True)

    def open_it(method: str = "scram-sha-256", more: str = "") -> dict[str, Any]:
        return begin(
            guest,
            "DB_PASSWORD",
            f"127.0.0.1:{postgres.port}/postgres{more}",
            postgres.role(planted.value, method),
        )

    return open_it


def begin(guest: Client, label: str, named: str, user: str | None = None) -> dict[str, Any]:
    number = guest.begin("egress.open", label=label, postgres=named, user=user)
    return until(guest, number, "open")


def connect(way: dict[str, Any], **more: Any) -> Db:
    return psycopg.connect(way["variables"]["DATABASE_URL"], autocommit=True, **more)


@pytest.fixture
def way(open_way: Open) -> dict[str, Any]:
    return open_way()


@pytest.fixture
def db(way: dict[str, Any]) -> Iterator[Db]:
    with connect(way) as connection:
        yield connection


def one(connection: Db, query: str, *values: Any, binary: bool = False) -> Any:
    row = connection.execute(query, values or None, binary=binary).fetchone()
    return row and row[0]


# One broker for all: each takes a second to begin.
METHODS = [
    *(("scram-sha-256", ""), ("md5", ""), ("password", ""), ("trust", "")),
    *(("scram-sha-256", "?sslmode=disable"), ("md5", "?sslmode=disable")),
]


def test_a_placeholder_logs_in_by_every_method_over_tls_and_here_without(open_way):
    for method, more in METHODS:
        with connect(open_way(method, more)) as db:
            assert one(db, "SELECT current_user").startswith("role_"), method
            encrypted = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
            assert one(db, encrypted) is (more == ""), method


def test_a_password_in_clear_is_sent_over_verified_tls_only(open_way, postgres):
    with pytest.raises(psycopg.OperationalError, match="wants the password in clear"):
        connect(open_way("password", "?sslmode=disable"))


def test_the_variables_of_libpq_are_set_to_this_machine_and_a_placeholder(way, postgres):
    variables = way["variables"]
    assert variables["PGHOST"] == "127.0.0.1"
    assert variables["PGSSLMODE"] == "disable"
    assert int(variables["PGPORT"]) != postgres.port
    assert variables["PGDATABASE"] == "postgres"
    assert variables["PGPASSWORD"].startswith("jupyter-agent-placeholder-")
    assert variables["DATABASE_URL"] == variables["DB_PASSWORD_URL"]
    assert way["origin"] == f"postgresql://{variables['PGUSER']}@127.0.0.1:{postgres.port}/postgres"


def test_queries_are_what_they_are_without_us(db):
    assert one(db, "SELECT %s::int + 1", 41) == 42
    assert one(db, "SELECT %s::float8", 1.5, binary=True) == 1.5
    assert one(db, "SELECT %s::bytea", bytes(range(256)), binary=True) == bytes(range(256))
    for number in range(8):  # psycopg prepares it after five
        assert one(db, "SELECT %s::text || '!'", str(number)) == f"{number}!"
    db.execute("CREATE TEMP TABLE t (a int, b text)")
    with db.pipeline(), db.cursor() as cursor:
        cursor.executemany("INSERT INTO t VALUES (%s, %s)", [(n, None) for n in range(50)])
    with db.transaction(), db.cursor("by_the_server") as cursor:
        cursor.execute("SELECT a FROM t ORDER BY a")
        assert [row[0] for row in cursor.fetchmany(3)] == [0, 1, 2]
    with pytest.raises(errors.UndefinedTable, match='relation "nowhere" does not exist'):
        db.execute("SELECT * FROM nowhere")
    assert one(db, "SELECT repeat('x', 3000000)") == "x" * 3_000_000


def test_copy_goes_both_ways_in_text_and_in_binary(db):
    db.execute("CREATE TEMP TABLE t (a int, b text)")
    with db.cursor() as cursor:
        with cursor.copy("COPY t FROM STDIN") as copy:
            for number in range(2000):
                copy.write_row((number, f"row\t{number}\n"))
        for form in ("TEXT", "BINARY"):
            query = sql.SQL("COPY (SELECT a, b FROM t ORDER BY a) TO STDOUT (FORMAT {})")
            with cursor.copy(query.format(sql.SQL(form))) as copy:
                copy.set_types(["int4", "text"])
                rows = list(copy.rows())
            assert len(rows) == 2000
            assert (int(rows[7][0]), rows[7][1]) == (7, "row\t7\n")


def test_notifications_and_notices_arrive(db, postgres):
    told: list[str] = []
    db.add_notice_handler(lambda notice: told.append(notice.message_primary))
    db.execute("LISTEN channel")
    with postgres.connect() as other:
        other.execute("NOTIFY channel, 'hello'")
    (note,) = db.notifies(timeout=30, stop_after=1)
    assert (note.channel, note.payload) == ("channel", "hello")
    db.execute("DO $$ BEGIN RAISE NOTICE 'look'; END $$")
    assert told == ["look"]


def test_a_query_is_cancelled_there(db, postgres):
    ended: list[type[BaseException]] = []

    def ask() -> None:
        try:
            db.execute("SELECT pg_sleep(60)")
        except psycopg.Error as error:
            ended.append(type(error))

    thread = threading.Thread(target=ask)
    thread.start()
    sleeps = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%'"
    with postgres.connect() as owner:
        wait_until(lambda: one(owner, sleeps) == 1)
        db.cancel_safe()
        thread.join(10)
    assert ended == [errors.QueryCanceled]


def test_a_hundred_connections_at_once(way):
    with psycopg.connect(way["variables"]["DATABASE_URL"]) as first:
        assert one(first, "SELECT 1") == 1
    open_now: list[Db] = []

    def ask() -> None:
        connection = connect(way)
        assert one(connection, "SELECT 1") == 1
        open_now.append(connection)

    threads = [threading.Thread(target=ask) for _ in range(100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(open_now) == 100
    for connection in open_now:
        connection.close()


ECHOES = {
    "as it is": "SELECT v FROM {}",
    "within a text": "SELECT 'x' || v || 'y' FROM {}",
    "in base64": "SELECT encode(v::bytea, 'base64') FROM {}",
    "in hex": "SELECT encode(v::bytea, 'hex') FROM {}",
    "as bytes": "SELECT v::bytea FROM {}",
    "in JSON": "SELECT json_build_object('v', v) FROM {}",
    "in an array": "SELECT ARRAY[v, v] FROM {}",
    "in a row": "SELECT t FROM {} t",
    "twice": "SELECT v, v FROM {}",
}


@pytest.fixture
def told(postgres: PostgresServer, planted: Canary, db: Db) -> Iterator[sql.Identifier]:
    """A table in which somebody has written the password down."""
    table = sql.Identifier(f"told_{one(db, 'SELECT current_user')}")
    with postgres.connect() as owner:
        owner.execute(sql.SQL("CREATE TABLE {} (v text)").format(table))
        owner.execute(sql.SQL("INSERT INTO {} VALUES (%s)").format(table), [planted.value])
        owner.execute(sql.SQL("GRANT SELECT ON {} TO public").format(table))
        yield table
        owner.execute(sql.SQL("DROP TABLE {}").format(table))


def test_an_echo_comes_back_scrubbed_in_text_and_in_binary(db, told, planted):
    for (name, query), binary in itertools.product(ECHOES.items(), (False, True)):
        shown = db.execute(sql.SQL(query).format(told), binary=binary).fetchall()
        assert planted.found_in(repr(shown).encode()) == [], name
        # Bytes in text format are hex digits: psycopg reads what it can of the marker.
        if binary or name != "as bytes":
            assert b"[secret:DB_PASSWORD]" in b"".join(_bytes(shown)), name


def _bytes(shown: Any) -> Iterator[bytes]:
    if isinstance(shown, (list, tuple)):
        for each in shown:
            yield from _bytes(each)
    else:
        yield shown if isinstance(shown, bytes) else str(shown).encode()


def test_an_echo_outside_of_rows_comes_back_scrubbed(db, told, planted, postgres):
    seen: list[str] = []
    db.add_notice_handler(lambda notice: seen.append(str(notice.message_primary)))
    shown = sql.SQL("DO $$ BEGIN RAISE {} '%', (SELECT v FROM {}); END $$")
    db.execute(shown.format(sql.SQL("NOTICE"), told))
    with pytest.raises(errors.RaiseException) as raised:
        db.execute(shown.format(sql.SQL("EXCEPTION"), told))
    seen.append(str(raised.value))
    with pytest.raises(errors.InvalidTextRepresentation) as raised:
        db.execute(sql.SQL("SELECT v::int FROM {}").format(told))
    seen.append(str(raised.value))
    db.execute("LISTEN channel")
    with postgres.connect() as other:
        other.execute("SELECT pg_notify('channel', %s)", [planted.value])
        name = sql.Identifier(planted.value)
        other.execute(sql.SQL("CREATE OR REPLACE VIEW named AS SELECT 1 AS {}").format(name))
        other.execute("GRANT SELECT ON named TO public")
    seen += [note.payload for note in db.notifies(timeout=30, stop_after=1)]
    described = db.execute("SELECT * FROM named").description or []
    seen += [column.name for column in described]
    for form in ("TEXT", "CSV", "BINARY"):
        query = sql.SQL("COPY {} TO STDOUT (FORMAT {})").format(told, sql.SQL(form))
        with db.cursor().copy(query) as copy:
            seen.append(repr(b"".join(map(bytes, copy))))
    assert len(seen) == 8
    for text in seen:
        assert planted.found_in(text.encode()) == []
        assert "[secret:DB_PASSWORD]" in text
    with postgres.connect() as other:
        other.execute("DROP VIEW named")


def test_one_event_for_a_connection_and_no_sql_in_it(way, person):
    with connect(way) as db:
        db.execute("SELECT 'only-in-sql'")
    wait_until(lambda: person.call("audit.read")["events"][-1]["seconds"] is not None)
    event = person.call("audit.read")["events"][-1]
    assert event["command"] == f"CONNECT {way['origin']}"
    assert (event["labels"], event["exit"], event["decision"]) == (["DB_PASSWORD"], 0, "grant")
    assert event["bytes"] > 0
    assert "only-in-sql" not in str(person.call("audit.read"))


def test_a_grant_that_is_taken_back_ends_the_connection_and_what_it_does(db, stored, postgres):
    ended: list[str] = []

    def ask() -> None:
        try:
            db.execute("SELECT pg_sleep(60) AS taken_back")
        except psycopg.OperationalError as error:
            ended.append(str(error))

    thread = threading.Thread(target=ask)
    thread.start()
    sleeps = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE %s"
    with postgres.connect() as owner:
        wait_until(lambda: one(owner, sleeps, "SELECT pg_sleep%taken_back") == 1)
        stored.call("grant.remove", grant=stored.call("grant.list")["grants"][0]["id"])
        thread.join(10)
        wait_until(lambda: one(owner, sleeps, "SELECT pg_sleep%taken_back") == 0)
    assert "permission for this way out is over" in ended[0]
    wait_until(lambda: stored.call("egress.list")["ways"] == [])


def test_lock_ends_the_connection(db, stored):
    stored.call("lock")
    with pytest.raises(psycopg.OperationalError):
        db.execute("SELECT 1")
    assert stored.call("egress.list")["ways"] == []
    stored.call("unlock")


def test_a_grant_for_another_database_or_user_opens_nothing(stored, guest, postgres, planted):
    role = postgres.role(planted.value)
    there = f"127.0.0.1:{postgres.port}"
    script = f"egress postgresql://{role}@{there}/sales"
    stored.call("grant.add", label="DB_PASSWORD", script=script)
    with pytest.raises(GrantRequired) as refused:
        begin(guest, "DB_PASSWORD", f"{there}/postgres", role)
    assert f"egress postgresql://{role}@{there}/postgres" in refused.value.data["grant"][0]
    with pytest.raises(GrantRequired):
        begin(guest, "DB_PASSWORD", f"{there}/sales", "owner")


def test_a_stored_address_needs_no_other_and_tells_nobody_where_it_leads(
    stored, guest, postgres, planted
):
    role = postgres.role(planted.value)
    address = f"postgresql://{role}:{planted.value}@127.0.0.1:{postgres.port}/postgres"
    save(stored, "DATABASE_URL", address)
    with pytest.raises(GrantRequired) as refused:
        begin(guest, "DATABASE_URL", "")
    assert role not in f"{refused.value} {refused.value.hint} {refused.value.data}"
    stored.call("grant.add", label="DATABASE_URL", any_command=True)
    way = begin(guest, "DATABASE_URL", "")
    with connect(way) as db:
        assert one(db, "SELECT current_user") == role
        assert one(db, "SELECT %s", "x" + planted.value) == "x[secret:DATABASE_URL_PASSWORD]"
    save(stored, "DATABASE_URL", address.replace("/postgres", "/template1"), replace=True)
    with pytest.raises(psycopg.OperationalError, match="names another database"):
        connect(way)


NO_DATABASES = [
    *(("db.example.com/sales", None), ("*.example.com/sales", "me"), ("a,b/sales", "me")),
    *(("me:pw@db.example.com/sales", None), ("db.example.com/sales?host=x", "me")),
    *(("db.example.com/sales?sslmode=disable", "me"), ("/var/run/postgresql", "me")),
    *(("you@db.example.com/sales", "me"), ("db.example.com:0x/sales", "me"), ("", "me")),
]


def test_what_is_not_one_database_as_one_user_is_refused(stored, guest):
    for named, user in NO_DATABASES:
        with pytest.raises(RequestInvalid):
            begin(guest, "DB_PASSWORD", named, user)


def test_a_way_leads_for_its_own_program_only(way):
    address = way["variables"]["DATABASE_URL"]
    child, stranger = (
        subprocess.run(
            [sys.executable, "-c", program, address], capture_output=True, text=True, check=True
        ).stdout
        for program in (ASKS, LEAVES + ASKS)
    )
    assert child == "1"
    assert "belongs to another program" in stranger


ASKS = """
import sys, psycopg
try:
    print(psycopg.connect(sys.argv[1]).execute("SELECT 1").fetchone()[0], end="")
except psycopg.Error as error:
    print(error, end="")
"""

# A double fork leaves the family: the grandchild's parent ends, and it becomes nobody's child.
LEAVES = """
import os
told, tell = os.pipe()
if os.fork():
    os.close(tell)
    os.read(told, 1)  # the end of the grandchild
    os._exit(0)
os.close(told)
gone, alive = os.pipe()
if os.fork():
    os._exit(0)
os.close(alive)
os.read(gone, 1)  # the end of its parent
"""
