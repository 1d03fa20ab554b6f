"""What must hold for any bytes that reach a parser of egress: no crash, and nothing gets past it.

Each check takes bytes and fails where a rule does not hold. Hypothesis calls them with bytes that
look like the real thing (tests/property), a fuzzer with whatever reaches new code:

    pip install atheris
    python tests/fuzz_egress.py postgres_replies -max_total_time=600
"""

from __future__ import annotations

import contextlib
import struct
from collections.abc import Callable
from typing import Final

import h11

from jupyter_agent.egress.body import Body
from jupyter_agent.egress.heads import outgoing
from jupyter_agent.egress.place import Place, new_placeholder
from jupyter_agent.egress.postgres import messages, scram
from jupyter_agent.egress.postgres.database import Database, read_database, read_value
from jupyter_agent.egress.postgres.messages import Malformed, Startup
from jupyter_agent.egress.postgres.replies import Replies, TooLarge
from jupyter_agent.egress.route import Route, read_origin
from jupyter_agent.errors import EgressFailed, EgressRefused, RequestInvalid
from jupyter_agent.scrub import Scrubber

PLACEHOLDER: Final = new_placeholder()
VALUE: Final = b"correct-horse-battery-staple-42"
PORT: Final = 1234
ROUTE: Final = Route(
    "KEY", read_origin("api.example.com"), Place.of_header("Authorization: Bearer {}")
)
SCRUBBER: Final = Scrubber({"KEY": VALUE})


def http_request(raw: bytes) -> None:
    """What gets the value is one request to its host, with the value in one place."""
    sent = passed_on(raw)
    if sent is None:
        return
    head, end, rest = sent.partition(b"\r\n\r\n")
    assert (end, rest) == (b"\r\n\r\n", b"")
    line, *headers = head.split(b"\r\n")
    assert line.split(b" ")[1].startswith(b"/")
    assert not line.split(b" ")[1].startswith(b"//")
    names = [header.partition(b":")[0].lower() for header in headers]
    assert headers[0] == b"host: api.example.com"
    assert names.count(b"host") == 1
    assert PLACEHOLDER not in sent
    assert sent.count(VALUE) == names.count(b"authorization") <= 1
    assert not {b"upgrade", b"connection", b"te", b"expect"} & set(names)


def passed_on(raw: bytes) -> bytes | None:
    """What would go to the service for these bytes, as it goes over the wire."""
    caller = h11.Connection(h11.SERVER, max_incomplete_event_size=65536)
    try:
        caller.receive_data(raw.replace(b"{P}", PLACEHOLDER))
        request = caller.next_event()
        if not isinstance(request, h11.Request):
            return None
        going = outgoing(request, ROUTE, port=PORT, placeholder=PLACEHOLDER, value=VALUE)
        return h11.Connection(h11.CLIENT).send(going.head)
    except (h11.RemoteProtocolError, EgressRefused):
        return None


def http_body(raw: bytes) -> None:
    """A body is passed on or refused; a plain one as it is."""
    for encoding in (b"gzip", b"deflate", b""):
        body = Body(SCRUBBER.sibling(), encoding)
        with contextlib.suppress(EgressFailed):
            shown = b"".join(body.feed(raw)) + b"".join(body.finish())
            assert encoding or VALUE in raw or shown == raw


def postgres_startup(raw: bytes) -> None:
    """A beginning is understood or refused, and what is understood can be said again."""
    try:
        asked = messages.read_startup(raw)
    except Malformed:
        return
    if isinstance(asked, Startup):
        again = messages.read_startup(messages.startup(asked.parameters)[4:])
        assert isinstance(again, Startup)
        assert again.parameters == asked.parameters


def postgres_login(raw: bytes) -> None:
    """Nobody is let in who does not know the placeholder, and nobody is told more for a guess."""
    server = scram.Server(VERIFIER)
    first, _, final = raw.partition(b"\n")
    with contextlib.suppress(Malformed):
        messages.read_sasl_response(raw)
        messages.mechanisms(raw)
    with contextlib.suppress(scram.ScramFailed):
        server.first(first)
        server.final(final)
        raise AssertionError("let in without the placeholder")


def postgres_server(raw: bytes) -> None:
    """No server is believed that does not know the password, whatever it says."""
    first, _, final = raw.partition(b"\n")
    client = scram.Client(VALUE, binding=None, encrypted=True)
    with contextlib.suppress(scram.ScramFailed):
        said = client.final(first.replace(b"{N}", client.first().rpartition(b"r=")[2]))
        assert VALUE not in said
        client.check(final)
        raise AssertionError("believed without the password")


def postgres_replies(raw: bytes) -> None:
    """What a database says comes through message by message, without the value, or not at all."""
    whole, cut = Replies(SCRUBBER.sibling()), Replies(SCRUBBER.sibling())
    try:
        shown = whole.feed(raw.replace(b"{V}", VALUE))
    except (Malformed, TooLarge):
        return
    assert VALUE not in shown
    check_framing(shown)
    pieces = b""
    raw = raw.replace(b"{V}", VALUE)
    for at in range(0, len(raw), 7):
        pieces += cut.feed(raw[at : at + 7])
    assert pieces == shown
    assert cut.waiting == whole.waiting


def check_framing(shown: bytes) -> None:
    """Return if those are whole messages, whose fields are as long as they say."""
    at, binary = 0, False
    while at < len(shown):
        (length,) = struct.unpack_from("!i", shown, at + 1)
        kind, body = shown[at], shown[at + 5 : at + 1 + length]
        assert len(body) == length - 4
        if kind == ord("H"):
            binary = body[:1] == b"\1"
        if kind != ord("d") or not binary:
            taken = messages.parts(kind, body)
            assert b"".join(part.framed() for part in taken) == body
        at += 1 + length


def postgres_address(raw: bytes) -> None:
    """A stored address is understood or refused, and no error repeats any of it."""
    text = raw.decode("utf-8", "replace")
    with contextlib.suppress(RequestInvalid):
        _is_sound(read_database(text, "me"))
    refused = ""
    try:
        database, password = read_value(raw)
        assert password
        _is_sound(database)
    except RequestInvalid as error:
        refused = f"{error} {error.hint}"
    assert VALUE.decode() not in refused


def _is_sound(database: Database) -> None:
    again = read_database(str(database), None)
    assert again == database
    assert not database.plain or database.host in ("localhost", "::1") or "127." in database.host


VERIFIER: Final = scram.Verifier.of(PLACEHOLDER)
CHECKS: Final[dict[str, Callable[[bytes], None]]] = {
    check.__name__: check
    for check in (
        *(http_request, http_body, postgres_startup, postgres_login, postgres_server),
        *(postgres_replies, postgres_address),
    )
}
