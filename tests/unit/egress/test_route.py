"""Which hosts a value may go to."""

from __future__ import annotations

import pytest

from jupyter_agent.egress.route import read_origin
from jupyter_agent.errors import RequestInvalid


@pytest.mark.parametrize(
    ("typed", "origin"),
    [
        ("api.example.com", "https://api.example.com"),
        ("API.Example.COM", "https://api.example.com"),
        ("https://api.example.com", "https://api.example.com"),
        ("https://api.example.com:443/", "https://api.example.com"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("http://localhost:8000", "http://localhost:8000"),
        ("http://[::1]:8000", "http://[::1]:8000"),
        ("https://127.0.0.1:8443", "https://127.0.0.1:8443"),
        ("xn--bcher-kva.example", "https://xn--bcher-kva.example"),
    ],
)
def test_one_exact_host_is_read(typed, origin):
    assert str(read_origin(typed)) == origin


@pytest.mark.parametrize(
    "typed",
    [
        *(
            "",
            "*",
            "*.example.com",
            "com",
            "api.example.com.",
            "api..example.com",
            "-a.example.com",
        ),
        *("http://api.example.com", "https://api.example.com:8443", "ftp://api.example.com"),
        *("https://api.example.com/v1", "https://api.example.com?x", "https://api.example.com#x"),
        *("https://me@api.example.com", "https://me:pw@127.0.0.1", "api.example.com@evil.example"),
        *(
            "http://10.0.0.1:80",
            "8.8.8.8",
            "http://0.0.0.0:80",
            "http://[::]:80",
            "169.254.169.254",
        ),
        *("http://localhost.example.com:80", "http://127.0.0.1.example.com", "bücher.example"),
        *(
            "api.example.com\nevil",
            "api.example.com evil",
            "http://127.1:80",
            "http://2130706433:80",
        ),
        *(
            "javascript:alert(1)",
            "//api.example.com",
            "https://",
            "https://:443",
            "https://a_b.com",
        ),
    ],
)
def test_what_is_not_one_exact_host_over_https_is_refused(typed):
    with pytest.raises(RequestInvalid):
        read_origin(typed)
