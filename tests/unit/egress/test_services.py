"""The services that egress knows are data, and all of it makes sense."""

from __future__ import annotations

import re

import pytest

from jupyter_agent.egress.services import find, known
from jupyter_agent.errors import RequestInvalid
from jupyter_agent.secret import check_label, check_variable

SERVICES = list(known().values())


def test_there_are_at_least_25():
    assert len(SERVICES) >= 25


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
def test_a_service_is_complete(service):
    assert service.origin.scheme == "https"
    assert all(check_label(name) for name in service.key)
    assert all(check_variable(name) for name in service.base)
    assert set(service.library) <= set(service.base)
    assert service.docs.startswith("https://")
    assert service.revoke.startswith("https://")
    assert re.fullmatch(r"[a-z]+", service.name)


def test_no_label_belongs_to_two_services():
    labels = [label for service in SERVICES for label in service.key]
    assert len(labels) == len(set(labels))


def test_a_label_finds_its_service_and_a_name_any():
    assert find("OPENAI_API_KEY", None).name == "openai"
    assert find("MY_KEY", "openai").name == "openai"
    for label, name in (("MY_KEY", None), ("MY_KEY", "nobody")):
        with pytest.raises(RequestInvalid, match="--host"):
            find(label, name)
