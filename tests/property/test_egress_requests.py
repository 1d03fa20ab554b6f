"""Whatever a program sends, the value goes to its host in its place, or nowhere."""

from __future__ import annotations

import zlib

import pytest
from egress_parsers import PLACEHOLDER, VALUE, http_body, http_request, passed_on
from hypothesis import example, given
from hypothesis import strategies as st

from jupyter_agent.egress.body import Body
from jupyter_agent.scrub import Scrubber

PIECES = st.sampled_from(
    [
        *(
            b"GET ",
            b"POST ",
            b"CONNECT ",
            b"/",
            b"//",
            b"*",
            b"http://x.example/",
            b" HTTP/1.1\r\n",
        ),
        *(
            b" HTTP/1.0\r\n",
            b"Host: 127.0.0.1:1234\r\n",
            b"Host: x.example\r\n",
            b"\r\n",
            b"\n",
            b"\r",
        ),
        *(
            b"Authorization: Bearer ",
            b"Authorization:",
            b"X-A: ",
            b"Cookie: ",
            PLACEHOLDER,
            b"\x00",
        ),
        *(
            b"Connection: ",
            b"authorization",
            b"close\r\n",
            b"Upgrade: h2c\r\n",
            b" ",
            b"\t",
            b":",
            b",",
        ),
        *(b"Content-Length: 3\r\n", b"Transfer-Encoding: chunked\r\n", b"Expect: 100-continue\r\n"),
        *(b"3\r\nabc\r\n0\r\n\r\n", b"abc", b"?k=", b"&", b"%0d%0a", b"Origin: null\r\n", b"\xff"),
    ]
)


REQUEST = b"GET / HTTP/1.1\r\nHost: 127.0.0.1:1234\r\nAuthorization: Bearer " + PLACEHOLDER


@given(st.one_of(st.lists(PIECES, max_size=25).map(b"".join), st.binary(max_size=400)))
@example(REQUEST + b"\r\n\r\n")
@example(REQUEST + b"\r\nConnection: authorization\r\n\r\n")
def test_a_request_that_gets_the_value_is_one_request_to_its_host(raw):
    http_request(raw)


def test_the_plain_request_passes():
    assert VALUE in passed_on(REQUEST + b"\r\n\r\n")


@given(
    st.lists(st.sampled_from([VALUE, VALUE[:9], b"text ", b"\n", bytes(64)]), max_size=12),
    st.integers(1, 50),
    st.sampled_from([b"gzip", b"deflate", b"bare"]),
)
def test_a_packed_body_is_scrubbed_like_a_plain_one_however_it_is_cut(parts, size, encoding):
    plain = b"".join(parts)
    bits = {b"gzip": 31, b"deflate": 15, b"bare": -15}[encoding]
    pack = zlib.compressobj(wbits=bits)
    packed = pack.compress(plain) + pack.flush()
    whole = Scrubber({"KEY": VALUE})
    wanted = whole.feed(plain) + whole.finish()
    body = Body(Scrubber({"KEY": VALUE}), b"gzip" if encoding == b"gzip" else b"deflate")
    shown = b""
    for at in range(0, len(packed), size):
        shown += b"".join(body.feed(packed[at : at + size]))
    assert shown + b"".join(body.finish()) == wanted


@pytest.mark.parametrize("bits", [31, 15, -15])
def test_a_packed_body_that_ends_just_behind_a_piece_is_passed_on_whole(bits):
    # A bare stream has nothing behind it that would show that zlib still holds some of it back.
    for size in range(256 * 1024, 256 * 1024 + 300, 3):
        plain = bytes(size)
        pack = zlib.compressobj(9, wbits=bits)
        packed = pack.compress(plain) + pack.flush()
        body = Body(Scrubber({"KEY": VALUE}), b"gzip" if bits > 15 else b"deflate")
        shown = b"".join([*body.feed(b""), *body.feed(packed), *body.finish()])
        assert shown == plain, size


@given(st.binary(max_size=300))
def test_a_body_of_any_bytes_is_passed_on_or_refused(raw):
    http_body(raw)
