"""``jupyter agent egress``: a program in a terminal uses a key that it does not have."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator

import pytest
from bearer_service import Service, bearer_service
from canary import Canary
from certificates import Authority
from command_line import PATIENCE, CommandLine, ended
from postgres_server import PROGRAMS

ASKS = (
    "import os, urllib.request as u; e = os.environ;"
    "q = u.Request(e['DEMO_TOKEN_URL'] + '/echo', headers={'X-Key': e['DEMO_TOKEN']});"
    "print(u.urlopen(q).read().decode())"
)


@pytest.fixture
def service(saved: Canary) -> Iterator[Service]:
    with bearer_service(lambda request: request.headers.get("X-Key") == saved.value) as service:
        yield service


def test_a_command_gets_variables_and_the_service_the_value(cli, saved, service):
    where = ("--host", service.origin, "--header", "X-Key: {}")
    refused = cli("egress", "DEMO_TOKEN", *where, "--", "true")
    assert refused.code == 1
    assert f"--command 'egress {service.origin}'".encode() in refused.err
    assert cli("grant", "DEMO_TOKEN", "--command", f"egress {service.origin}").code == 0
    done = cli("egress", "DEMO_TOKEN", *where, "--", sys.executable, "-c", ASKS)
    assert done.code == 0
    assert b"[secret:DEMO_TOKEN]" in done.out
    assert saved.found_in(done.out + done.err) == []
    assert cli("egress", "DEMO_TOKEN", *where, "--", "sh", "-c", "exit 7").code == 7
    assert cli("egress", "--list", "--json").json["ways"] == []


@pytest.fixture
def way(cli: CommandLine, service: Service) -> tuple[str, ...]:
    """The words that open one that is permitted."""
    assert cli("grant", "DEMO_TOKEN", "--command", f"egress {service.origin}").code == 0
    return ("egress", "DEMO_TOKEN", "--host", service.origin, "--header", "X-Key: {}", "--")


@pytest.mark.parametrize("excepted", [{}, {"NO_PROXY": "intern.example"}, {"no_proxy": "*"}])
def test_what_goes_by_a_way_goes_past_the_proxies_of_the_environment(cli, way, excepted):
    proxies = {"http_proxy": "http://127.0.0.1:1", "ALL_PROXY": "http://127.0.0.1:1"}
    shown = f"{ASKS}; print(e['no_proxy'])"
    done = cli(*way, sys.executable, "-c", shown, env={**os.environ, **proxies, **excepted})
    assert (done.code, b"[secret:DEMO_TOKEN]" in done.out) == (0, True), done.err
    hosts = done.out.split()[-1].decode().split(",")
    assert hosts == ["*"] if "no_proxy" in excepted else hosts == [*excepted.values(), "127.0.0.1"]


def test_a_program_whose_way_was_closed_ends_with_the_reason(cli, way):
    started = cli.start(*way, "sh", "-c", "echo open; read line; exit 3")
    assert started.stdout.readline() == b"open\n"
    assert cli("lock").code == 0
    _, err = started.communicate(b"\n", timeout=PATIENCE)
    assert (started.returncode, b"The way out for DEMO_TOKEN was closed" in err) == (3, True), err


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_who_ends_the_command_ends_the_program(cli, way, number):
    program = (
        f"import signal; signal.signal({int(number)}, lambda *_: exit(5));"
        "print('open', flush=True); signal.pause()"
    )
    started = cli.start(*way, sys.executable, "-c", program)
    assert started.stdout.readline() == b"open\n"
    started.send_signal(number)
    started.communicate(timeout=PATIENCE)
    assert started.returncode == 5


def test_a_person_at_a_terminal_is_asked_there(cli, service):
    terminal = cli.on_terminal(
        *("egress", "DEMO_TOKEN", "--host", service.origin, "--header", "X-Key: {}"),
        *("--", sys.executable, "-c", ASKS),
    )
    terminal.expect(rb"a no\): ")
    assert service.origin.encode() in terminal.before
    assert b"header x-key: {}" in terminal.before
    terminal.sendline("o")
    code, rest = ended(terminal)
    assert code == 0
    assert b"[secret:DEMO_TOKEN]" in rest


def test_nobody_is_asked_for_a_program_that_is_not_there(cli: CommandLine):
    done = cli("egress", "OPENAI_API_KEY", "--", "no-such-program-here")
    assert (done.code, b"was not found" in done.err) == (127, True)


def test_services_are_listed_for_people_and_programs(cli: CommandLine):
    assert b"openai" in cli("egress", "--services").out
    services = cli("egress", "--services", "--json").json["services"]
    openai = next(service for service in services if service["name"] == "openai")
    assert openai["origin"] == "https://api.openai.com"
    assert openai["labels"] == ["OPENAI_API_KEY"]


def test_certificates_to_trust_are_a_file_without_a_key(cli: CommandLine):
    pem = cli.cwd / "ca.pem"
    pem.write_text(Authority().pem)
    assert cli("egress", "--trust", "ca.pem", "--json").json == {"format": 1, "trusted": True}
    assert cli("egress", "--trust", "none", "--json").json == {"format": 1, "trusted": False}
    pem.write_text("-----BEGIN " + "PRIVATE KEY-----")
    assert cli("egress", "--trust", "ca.pem").code == 1
    assert cli("egress", "--trust", "nowhere.pem").code == 1


def test_psql_works_with_a_password_that_it_does_not_have(cli, saved, postgres):
    role = postgres.role(saved.value)
    (cli.cwd / "ca.pem").write_text(postgres.authority.pem)
    assert cli("egress", "--trust", "ca.pem").code == 0
    where = f"127.0.0.1:{postgres.port}/postgres"
    database = ("--postgres", where, "--user", role)
    refused = cli("egress", "DEMO_TOKEN", *database, "--", "true")
    assert f"--command 'egress postgresql://{role}@{where}'".encode() in refused.err
    line = f"egress postgresql://{role}@{where}"
    assert cli("grant", "DEMO_TOKEN", "--command", line).code == 0
    psql = (PROGRAMS / "psql", "--no-psqlrc", "--tuples-only", "--no-align")
    done = cli("egress", "DEMO_TOKEN", *database, "--", *psql, "-c", "SELECT current_user")
    assert (done.code, done.out.strip()) == (0, role.encode())
    failed = cli("egress", "DEMO_TOKEN", *database, "--", *psql, "-c", r"\copy nowhere to STDOUT")
    assert failed.code == 1
    assert b'relation "nowhere" does not exist' in failed.err
