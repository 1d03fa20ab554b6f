"""Whatever a database or a caller says, the password goes nowhere, and messages stay messages."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import pytest
from egress_parsers import (
    CHECKS,
    VALUE,
    check_framing,
    postgres_address,
    postgres_login,
    postgres_replies,
    postgres_server,
    postgres_startup,
)
from hypothesis import example, given
from hypothesis import strategies as st

from jupyter_agent.egress.postgres import scram
from jupyter_agent.egress.postgres.messages import Part, message, parts, startup
from jupyter_agent.egress.postgres.replies import Replies
from jupyter_agent.scrub import Scrubber

REGRESSIONS = Path(__file__).parents[1] / "vectors/egress/regressions.json"

WORDS = st.sampled_from([VALUE, VALUE[:9], VALUE[9:], VALUE.hex().encode(), b"", b"text ", b"\n"])
TEXTS = st.lists(st.one_of(WORDS, st.binary(max_size=20)), max_size=4).map(b"".join)
STRINGS = TEXTS.map(lambda text: Part(text.replace(b"\0", b"0"), "string"))
FIELDS = st.one_of(TEXTS.map(lambda text: Part(text, "field")), st.just(Part(b"\xff" * 4)))


def raw(size: int) -> st.SearchStrategy[Part]:
    return st.binary(min_size=size, max_size=size).map(Part)


def counted(one: st.SearchStrategy[list[Part]]) -> st.SearchStrategy[list[Part]]:
    return st.lists(one, max_size=4).map(
        lambda found: [
            Part(struct.pack("!h", len(found))),
            *(part for each in found for part in each),
        ]
    )


def said(kind: bytes, taken: st.SearchStrategy[list[Part]]) -> st.SearchStrategy[tuple]:
    return taken.map(lambda found: (kind, found))


CODES = st.sampled_from([Part(b"S"), Part(b"M"), Part(b"H")])
ERRORS = st.lists(st.tuples(CODES, STRINGS), max_size=4).map(
    lambda found: [*(part for pair in found for part in pair), Part(b"\0")]
)
MESSAGES = st.one_of(
    said(b"D", counted(FIELDS.map(lambda part: [part]))),
    said(b"T", counted(st.tuples(STRINGS, raw(18)).map(list))),
    said(b"E", ERRORS),
    said(b"N", ERRORS),
    said(b"A", st.tuples(raw(4), STRINGS, STRINGS).map(list)),
    said(b"S", st.tuples(STRINGS, STRINGS).map(list)),
    said(b"V", FIELDS.map(lambda part: [part])),
    said(b"C", STRINGS.map(lambda part: [part])),
    said(b"Z", st.just([Part(b"I")])),
    said(b"K", raw(8).map(lambda part: [part])),
    said(b"H", st.just([Part(b"\0\0\0")])),
    said(b"d", TEXTS.map(lambda text: [Part(text, "rest")])),
)


def written(kind: bytes, taken: list[Part]) -> bytes:
    return message(kind, b"".join(part.framed() for part in taken))


def scrubbed(part: Part) -> Part:
    one = Scrubber({"KEY": VALUE})
    if part.frame == "raw":
        return part
    if part.frame == "field" and b"\0" in part.data:
        blank = one.blank(part.data)
        assert len(blank) == len(part.data)
        return Part(blank, part.frame)
    return Part(one.feed(part.data) + one.finish(), part.frame)


@given(MESSAGES)
def test_a_message_is_what_its_parts_are(one):
    kind, taken = one
    body = written(kind, taken)[5:]
    assert b"".join(part.framed() for part in parts(kind[0], body)) == body


@given(st.lists(MESSAGES, max_size=6), st.integers(1, 40))
def test_every_field_is_scrubbed_by_itself_however_the_stream_is_cut(found, size):
    stream = b"".join(written(*one) for one in found)
    wanted = b"".join(written(kind, list(map(scrubbed, taken))) for kind, taken in found)
    replies, shown = Replies(Scrubber({"KEY": VALUE})), b""
    for at in range(0, len(stream), size):
        shown += replies.feed(stream[at : at + size])
    assert shown == wanted
    check_framing(shown)


@given(st.lists(st.lists(TEXTS, max_size=3), max_size=4))
def test_a_copy_in_binary_keeps_its_form(rows):
    def copied(clean) -> list[bytes]:
        fields = [
            struct.pack("!h", len(row))
            + b"".join(struct.pack("!i", len(text)) + text for text in map(clean, row))
            for row in rows
        ]
        return [b"PGCOPY\n\xff\r\n\0" + bytes(8) + b"".join(fields[:1]), *fields[1:], b"\xff\xff"]

    begins = message(b"H", b"\1\0\0")
    stream = begins + b"".join(message(b"d", data) for data in copied(lambda text: text))
    clean = copied(lambda text: scrubbed(Part(text, "field")).data)
    wanted = begins + b"".join(message(b"d", data) for data in clean)
    assert Replies(Scrubber({"KEY": VALUE})).feed(stream) == wanted


PIECES = st.sampled_from(
    [
        *(b"D", b"T", b"E", b"N", b"A", b"S", b"V", b"C", b"d", b"H", b"Z", b"R", b"W", b"\0"),
        *(b"\0\0\0\4", b"\0\0\0\5", b"\0\0\0\x0c", b"\0\0\0\x2a", b"\0\1", b"\0\2", b"\xff\xff"),
        *(b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\0\0\0\x1f", b"{V}", VALUE[:5], b"\1\0\0"),
        *(b"user\0", b"me\0", b"\0\3\0\0", b"\0\3\0\2", b"_pq_.x\0", b"\x04\xd2\x16\x2f"),
    ]
)
BYTES = st.one_of(st.lists(PIECES, max_size=25).map(b"".join), st.binary(max_size=200))
SCRAM = st.lists(
    st.sampled_from(
        [
            *(
                b"n,,",
                b"y,,",
                b"p=tls-server-end-point,,",
                b"n=",
                b"r=",
                b"abc",
                b"{N}",
                b"=",
                b",",
            ),
            *(b"c=biws", b",p=", b"v=", b"AAAA", b"i=4096", b"i=1", b"i=99999999", b"s=", b"m=x,"),
            *(b"\n", b"\0\0\0\3", b"SCRAM-SHA-256\0"),
        ]
    ),
    max_size=14,
).map(b"".join)
ADDRESSES = st.lists(
    st.sampled_from(
        [
            *(b"postgresql://", b"postgres://", b"postgresql+psycopg://", b"me", b":", b"@", b"/"),
            *(b"db.example.com", b"localhost", b"127.0.0.1", b"[::1]", b"?", b"sslmode=disable"),
            *(b"&", b"options=x", b"%00", b"%2F", b"%40", b"#", b",", b":5432", b" ", VALUE),
        ]
    ),
    max_size=12,
).map(b"".join)


@given(BYTES)
def test_replies_of_any_bytes_are_scrubbed_messages_or_refused(data):
    postgres_replies(data)


@given(BYTES)
@example(startup({"user": "me", "database": "sales", "options": "-c a=b"})[4:])
def test_a_beginning_of_any_bytes_is_understood_or_refused(data):
    postgres_startup(data)


@given(st.one_of(SCRAM, st.binary(max_size=100)))
def test_nobody_is_let_in_without_the_placeholder(data):
    postgres_login(data)


@given(st.one_of(SCRAM, st.binary(max_size=100)))
@example(b"r={N}x,s=AAAA,i=4096\nv=AAAA")
def test_no_server_is_believed_without_the_password(data):
    postgres_server(data)


@given(st.one_of(ADDRESSES, st.binary(max_size=100)))
@example(b"postgresql://me:" + VALUE + b"@db.example.com/sales?options=-c%20a%3Db")
def test_an_address_of_any_bytes_is_understood_or_refused(data):
    postgres_address(data)


@given(st.binary(min_size=1), st.one_of(st.none(), st.binary(min_size=1)))
def test_both_sides_of_scram_agree_when_the_passwords_do_and_only_then(one, other):
    other = one if other is None else other
    client = scram.Client(one, binding=None, encrypted=False)
    server = scram.Server(scram.Verifier.of(other))
    try:
        client.check(server.final(client.final(server.first(client.first()))))
    except scram.ScramFailed:
        assert one != other
    else:
        assert scram.prepared(one) == scram.prepared(other)


@pytest.mark.parametrize(
    ("check", "data"),
    [(name, data) for name, found in json.loads(REGRESSIONS.read_text()).items() for data in found],
)
def test_what_a_fuzzer_once_broke_holds(check, data):
    CHECKS[check](bytes.fromhex(data))
