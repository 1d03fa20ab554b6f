"""Whose requests are a person's."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from jupyter_agent.server.owner import is_owner, own_origin


def handler(headers, host="lab.example:8888", protocol="http", allow="", pattern=""):
    request = SimpleNamespace(headers=headers, host=host, protocol=protocol)
    return SimpleNamespace(request=request, allow_origin=allow, allow_origin_pat=pattern)


@pytest.mark.parametrize(
    ("headers", "origin"),
    [
        ({}, "http://lab.example:8888"),
        ({"Sec-Fetch-Site": "same-origin"}, "http://lab.example:8888"),
        ({"Sec-Fetch-Site": "none"}, "http://lab.example:8888"),
        ({"Sec-Fetch-Site": "cross-site"}, None),
        ({"Sec-Fetch-Site": "same-site"}, None),
        ({"Origin": "http://lab.example:8888"}, "http://lab.example:8888"),
        ({"Origin": "HTTP://Lab.Example:8888"}, "http://lab.example:8888"),
        ({"Origin": "https://lab.example:8888"}, "https://lab.example:8888"),
        ({"Origin": "http://lab.example:9999"}, None),
        ({"Origin": "http://lab.example"}, None),
        ({"Origin": "http://evil.example"}, None),
        ({"Origin": "http://lab.example:8888.evil.example"}, None),
        ({"Origin": "ftp://lab.example:8888"}, None),
        ({"Origin": "null"}, None),
        ({"Origin": ""}, None),
    ],
)
def test_the_origin_is_that_of_a_page_of_this_server_or_none(headers, origin):
    assert own_origin(handler(headers)) == origin


def test_an_origin_that_the_admin_named_is_one_of_ours():
    page = {"Origin": "https://portal.example"}

    assert own_origin(handler(page, allow="https://portal.example")) == "https://portal.example"
    assert own_origin(handler(page, pattern=r"https://portal\.example")) == "https://portal.example"
    assert own_origin(handler(page, allow="*")) is None
    assert own_origin(handler(page, pattern=r"https://other\.example")) is None


@pytest.mark.parametrize(
    ("user", "owner", "is_one"),
    [
        (SimpleNamespace(username="ada"), None, True),
        (SimpleNamespace(username="ada"), "ada", True),
        (SimpleNamespace(username="grace"), "ada", False),
        ({"name": "ada"}, "ada", True),
        ({"name": "grace"}, "ada", False),
        ("grace", "ada", False),
        (None, None, False),
        (None, "ada", False),
    ],
)
def test_on_a_hub_only_its_user_owns_the_server(user, owner, is_one):
    environ = {"JUPYTERHUB_USER": owner} if owner else {}

    assert is_owner(user, environ) is is_one
