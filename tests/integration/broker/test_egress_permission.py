"""What permits a way out, and what forbids it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from bearer_service import Service, bearer_service
from canary import Canary
from steps import save
from ways_out import open_way, until_gone

from jupyter_agent.client import Client
from jupyter_agent.errors import GrantDenied, RequestInvalid


@pytest.fixture
def planted() -> Canary:
    return Canary.make(random.Random())


@pytest.fixture
def service() -> Iterator[Service]:
    with bearer_service(lambda _: True) as service:
        yield service


@pytest.fixture
def granted(person: Client, planted: Canary, service: Service) -> Client:
    save(person, "DEMO_TOKEN", planted.value)
    person.call("grant.add", label="DEMO_TOKEN", script=f"egress {service.origin}")
    return person


def test_a_way_ends_with_its_permission_also_while_nothing_is_asked(
    person, guest, service, planted
):
    save(person, "DEMO_TOKEN", planted.value)
    soon = (datetime.now(UTC) + timedelta(seconds=3)).isoformat(timespec="seconds")
    person.call("grant.add", label="DEMO_TOKEN", script=f"egress {service.origin}", until=soon)
    open_way(guest, service)
    until_gone(person)


@pytest.mark.parametrize("rule", ["{}", "{}/", "http://127.0.0.1:*", "*"])
def test_a_rule_against_a_host_wins_over_its_grant_and_ends_what_is_open(
    granted, guest, service, rule
):
    open_way(guest, service)
    line = f"egress {rule.format(service.origin)}"
    granted.call("grant.add", label="DEMO_TOKEN", pattern=line, deny=True)
    until_gone(granted)
    with pytest.raises(GrantDenied, match="A rule denies"):
        open_way(guest, service)


def test_a_rule_against_one_host_says_nothing_of_another(person, guest, service, planted):
    save(person, "DEMO_TOKEN", planted.value)
    person.call("grant.add", label="DEMO_TOKEN", any_command=True)
    for rule in ("egress https://api.example.com", "gh auth *"):
        person.call("grant.add", label="DEMO_TOKEN", pattern=rule, deny=True)
    open_way(guest, service)


@pytest.mark.parametrize("kind", ["script", "pattern"])
def test_a_grant_holds_however_its_address_is_written(person, guest, service, planted, kind):
    save(person, "DEMO_TOKEN", planted.value)
    line = f"egress  HTTP{service.origin.removeprefix('http')}/"
    given = person.call("grant.add", label="DEMO_TOKEN", **{kind: line})["grant"]
    assert given["script"] == f"egress {service.origin}"
    open_way(guest, service)


@pytest.mark.parametrize("address", ["https://x.example.com/v1", "https://db:5432", "postgres:/x"])
def test_a_grant_for_an_address_that_no_way_has_is_refused(person, planted, address):
    save(person, "DEMO_TOKEN", planted.value)
    with pytest.raises(RequestInvalid):
        person.call("grant.add", label="DEMO_TOKEN", pattern=f"egress {address}")
    assert person.call("grant.list")["grants"] == []
