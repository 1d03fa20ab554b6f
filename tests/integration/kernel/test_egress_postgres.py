"""The real psycopg and %sql in a real kernel that has no password, with a real PostgreSQL."""

from __future__ import annotations

import random

import pytest
from canary import Canary
from memory import forms_in_memory
from persons import answer_next
from postgres_server import PostgresServer
from steps import save

from jupyter_agent.client import Client


@pytest.fixture
def planted() -> Canary:
    return Canary.make(random.Random())


@pytest.fixture
def role(person: Client, postgres: PostgresServer, planted: Canary) -> str:
    role = postgres.role(planted.value)
    save(person, "DB_PASSWORD", planted.value)
    person.call("egress.trust", certificates=postgres.authority.pem)
    return role


PSYCOPG = """
import psycopg
with psycopg.connect() as db:
    print(db.execute("SELECT current_user, 40 + %s", [2]).fetchone())
"""
ALCHEMY = """
import os, sqlalchemy
engine = sqlalchemy.create_engine(os.environ["DATABASE_URL"].replace("://", "+psycopg://"))
with engine.connect() as db:
    print(db.execute(sqlalchemy.text("SELECT :x || '!'"), {"x": "hello"}).scalar())
"""
ECHO = """
with psycopg.connect() as db:
    print(db.execute("SELECT v FROM told").fetchone()[0])
"""
SQL = """
%config SqlMagic.feedback = 0
%config SqlMagic.displaycon = False
%sql
%sql SELECT current_user AS who, 6 * 7 AS answer
"""


def test_libraries_work_with_a_password_that_is_not_in_the_kernel(
    kernel, person, postgres, role, planted
):
    where = f"127.0.0.1:{postgres.port}/postgres"
    person.call("grant.add", label="DB_PASSWORD", script=f"egress postgresql://{role}@{where}")
    opened = kernel.run(f"%agent_egress DB_PASSWORD --postgres {where} --user {role}")
    assert opened.reply["status"] == "ok", opened.shown_error
    shown = opened.data[0]["text/plain"]
    assert f"DB_PASSWORD goes to postgresql://{role}@{where} and nowhere else" in shown
    assert "Send requests" not in shown
    assert kernel.run(PSYCOPG).text() == f"('{role}', 42)\n"
    assert kernel.run(ALCHEMY).text() == "hello!\n"
    by_hand = "psycopg.connect(password=os.environ['DB_PASSWORD']).info.user"
    assert kernel.value(by_hand) == f"'{role}'"
    kernel.run("%load_ext sql")
    shown = kernel.run(SQL)
    assert shown.reply["status"] == "ok", shown.shown_error
    assert role in shown.data[-1]["text/plain"]
    assert "42" in shown.data[-1]["text/plain"]
    with postgres.connect() as owner:
        owner.execute("CREATE TABLE told (v text)")
        owner.execute("INSERT INTO told VALUES (%s)", [planted.value])
        owner.execute("GRANT SELECT ON told TO public")
        assert kernel.run(ECHO).text() == "[secret:DB_PASSWORD]\n"
        owner.execute("DROP TABLE told")
    kernel.run("import os; shown = dict(os.environ)")
    assert planted.found_in(kernel.value("shown").encode()) == []
    assert forms_in_memory(kernel.pid, planted) == []
    kernel.run("%agent_egress --off")
    assert kernel.value("[name for name in os.environ if name.startswith('PG')]") == "[]"
    assert kernel.run(PSYCOPG).ename == "OperationalError"


def test_a_stored_address_opens_what_it_names_and_a_person_sees_what(
    kernel, person, folders, postgres, planted
):
    role = postgres.role(planted.value)
    person.call("egress.trust", certificates=postgres.authority.pem)
    address = f"postgresql://{role}:{planted.value}@127.0.0.1:{postgres.port}/postgres"
    save(person, "DATABASE_URL", address)
    answer_next(folders, "once")
    opened = kernel.run("%agent_egress DATABASE_URL --postgres")
    assert opened.reply["status"] == "ok", opened.shown_error
    assert kernel.run("import os\n" + PSYCOPG).text() == f"('{role}', 42)\n"
    assert kernel.value("os.environ['DATABASE_URL'].count('placeholder')") == "1"
    placeholder = kernel.value("__import__('os').environ['DATABASE_URL']")
    # The address with a placeholder in it is no secret to the screen.
    assert kernel.run(f"url = {placeholder}").reply["status"] == "ok"


def test_mistakes_are_explained_and_nothing_typed_is_repeated(kernel, role):
    for line in (
        "%agent_egress DB_PASSWORD --postgres",
        "%agent_egress DB_PASSWORD --postgres db.example.com/sales",
        "%agent_egress DB_PASSWORD --postgres '*.example.com/sales' --user me",
        "%agent_egress DB_PASSWORD --postgres me:hunter2@db.example.com/sales",
        "%agent_egress DB_PASSWORD --postgres 'db.example.com/sales?sslmode=disable' --user me",
        "%agent_egress DB_PASSWORD --postgres db.example.com/sales --user me --host x.example",
        "%agent_egress DB_PASSWORD --user me --host x.example --basic",
        "%agent_egress DB_PASSWORD --user",
    ):
        cell = kernel.run(line)
        assert cell.reply["status"] == "error", line
        assert "→" in cell.shown_error, line
        assert "hunter2" not in cell.shown_error
