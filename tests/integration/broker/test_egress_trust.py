"""Whom a way believes: the machine's certificates, and those that the person has named."""

from __future__ import annotations

import random
from pathlib import Path

import httpx
import pytest
from bearer_service import bearer_service
from canary import Canary
from certificates import Authority
from steps import save, until

from jupyter_agent.client import Client
from jupyter_agent.errors import RequestInvalid, RoleDenied


@pytest.fixture
def planted() -> Canary:
    return Canary.make(random.Random())


def get(guest: Client, port: int) -> httpx.Response:
    number = guest.begin(
        "egress.open",
        label="DEMO_TOKEN",
        host=f"https://127.0.0.1:{port}",
        header="Authorization: Bearer {}",
    )
    variables = until(guest, number, "open")["variables"]
    headers = {"Authorization": f"Bearer {variables['DEMO_TOKEN']}"}
    return httpx.get(variables["DEMO_TOKEN_URL"] + "/echo", headers=headers)


def test_a_server_that_can_not_prove_itself_gets_nothing(
    person: Client, guest: Client, planted: Canary, tmp_path: Path
):
    authority = Authority()
    save(person, "DEMO_TOKEN", planted.value)
    person.call("grant.add", label="DEMO_TOKEN", any_command=True)
    known = f"Bearer {planted.value}"

    def knows(request) -> bool:
        return request.headers["Authorization"] == known

    with (
        bearer_service(knows, authority.server_context(tmp_path)) as right,
        bearer_service(knows, authority.server_context(tmp_path, "127.0.0.2")) as wrong,
    ):
        refused = get(guest, right.port)  # its authority is nobody's
        assert refused.status_code == 502
        assert "could not prove who it is" in refused.json()["error"]["message"]
        person.call("egress.trust", certificates=authority.pem)
        answer = get(guest, right.port)
        assert answer.status_code == 200
        assert planted.found_in(answer.content) == []
        assert get(guest, wrong.port).status_code == 502  # believed, and another server
        person.call("egress.trust", certificates=None)
        assert get(guest, right.port).status_code == 502
        assert len(right.heads) == 1
        assert wrong.heads == []


def test_only_a_person_says_whom_to_believe(person: Client, guest: Client):
    with pytest.raises(RoleDenied):
        guest.call("egress.trust", certificates=Authority().pem)
    with pytest.raises(RequestInvalid):
        person.call("egress.trust", certificates="-----BEGIN nothing-----")


def test_a_server_that_speaks_no_tls_is_told_as_that(
    person: Client, guest: Client, planted: Canary
):
    save(person, "DEMO_TOKEN", planted.value)
    person.call("grant.add", label="DEMO_TOKEN", any_command=True)
    with bearer_service(lambda _: True) as plain:
        refused = get(guest, plain.port)
        assert refused.status_code == 502
        assert "could not begin TLS. Nothing was sent." in refused.json()["error"]["message"]
        assert "_ssl.c" not in refused.text
        assert plain.heads == []
