"""Whatever is changed about a signed request, it is refused or is the same request still."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import h11
from aws_requests import Signer
from hypothesis import example, given
from hypothesis import strategies as st

from jupyter_agent.egress.aws import sigv4
from jupyter_agent.egress.aws.endpoints import is_aws
from jupyter_agent.egress.aws.signed import Labels, Placeholder, Signed
from jupyter_agent.egress.heads import headers_of
from jupyter_agent.egress.place import new_placeholder
from jupyter_agent.egress.warden import Granted
from jupyter_agent.errors import EgressRefused
from jupyter_agent.scrub import Scrubber

BEGAN = datetime.now(UTC)  # when the requests below are signed; they are for five minutes
PORT = 1234
HOST = f"127.0.0.1:{PORT}"
PLACEHOLDER = Placeholder(new_placeholder(), new_placeholder())
SIGNER = Signer(PLACEHOLDER.key_id.decode(), PLACEHOLDER.secret.decode())
LABELS = Labels("SECRET", "ID", "TOKEN")
VALUES = {
    "SECRET": b"made-up-secret-access-key-of-nobody-1",
    "ID": b"made-up-id",
    "TOKEN": b"made-up-session-token-of-nobody",
}


def passed_on(
    raw: bytes, values: dict[str, bytes] = VALUES, now: datetime = BEGAN
) -> h11.Request | None:
    """The request that would go out for these bytes."""
    caller = h11.Connection(h11.SERVER, max_incomplete_event_size=65536)
    body = raw.partition(b"\r\n\r\n")[2]

    async def hear_all(_most: int) -> list[bytes]:
        return [body]

    try:
        caller.receive_data(raw)
        request = caller.next_event()
        if not isinstance(request, h11.Request):
            return None
        asked = asyncio.run(
            Signed(PLACEHOLDER, LABELS, None, lambda: now).read(request, hear_all, PORT)
        )
        assert asked.origin.scheme == "https"
        assert is_aws(asked.origin.host)
        going = asked.outgoing(Granted(values, Scrubber(values))).head
    except (h11.RemoteProtocolError, EgressRefused):
        return None
    headers = headers_of(going)
    assert [text for name, text in headers if name == b"host"] == [asked.origin.host.encode()]
    return going


def signed_as(request: h11.Request, service: str) -> list[bytes]:
    """What of a request the caller has signed, without what is always another."""
    headers = headers_of(request)
    found = [text for name, text in headers if name == b"authorization"]
    said = sigv4.read_authorization(found[0])
    assert said is not None
    ours = (b"host", b"x-amz-date", b"x-amz-security-token")
    return sigv4.canonical_request(
        request.method,
        request.target,
        [(name, text) for name, text in headers if name not in ours],
        signed=[name for name in said.signed if name not in ours],
        payload=b"",
        service=service,
    ).split(b"\n")


BASES = [
    (
        "s3",
        SIGNER.sign("PUT", "/b/a%20b?x-id=1&y=", HOST, body=b"hello", more=(("x-amz-acl", "p"),)),
    ),
    ("s3", SIGNER.sign("GET", "/b/k", HOST)),
]
SAME = [(service, bytes(draft), passed_on(bytes(draft))) for service, draft in BASES]


def test_what_is_not_changed_passes():
    assert all(going is not None for _, _, going in SAME)


@given(
    st.sampled_from(SAME),
    st.integers(0, 2000),
    st.integers(0, 30),
    st.one_of(
        st.binary(max_size=6),
        st.sampled_from([b"\r\n", b"\r\nx-amz-acl: q", b"\r\nhost: evil", b"%2f", b" ", b"&a=b"]),
    ),
)
@example(SAME[0], 0, 3, b"GET")
@example(SAME[1], 4, 0, b"/b")
def test_a_changed_request_is_refused_or_still_the_same(base, at, length, becomes):
    service, raw, same = base
    going = passed_on(raw[: at % len(raw)] + becomes + raw[at % len(raw) + length :])
    if going is None:
        return
    assert signed_as(going, service) == signed_as(same, service)
    sent = h11.Connection(h11.CLIENT).send(going)
    assert VALUES["SECRET"] not in sent
    assert PLACEHOLDER.secret not in sent
    assert PLACEHOLDER.key_id not in sent
    assert sent.count(VALUES["ID"]) == 1


def test_what_a_partition_has_once_is_signed_for_its_own_region():
    signer = Signer(SIGNER.key_id, SIGNER.secret, service="iam")
    draft = signer.sign("POST", "/", HOST, body=b"Action=ListUsers", says_payload=False)
    going = passed_on(bytes(draft), now=datetime.now(UTC))
    assert going is not None
    headers = dict(headers_of(going))
    assert headers[b"host"] == b"iam.amazonaws.com"
    said = sigv4.read_authorization(headers[b"authorization"])
    assert said is not None
    assert (said.scope.region, said.scope.service) == ("us-east-1", "iam")


def test_a_lasting_key_goes_without_a_token_that_is_stored_beside_it():
    raw = bytes(BASES[1][1])
    lent, lasting = passed_on(raw), passed_on(raw, {**VALUES, "ID": b"AKIA" + b"X" * 16})
    assert dict(headers_of(lent))[b"x-amz-security-token"] == VALUES["TOKEN"]
    assert b"x-amz-security-token" not in dict(headers_of(lasting))


def test_a_key_with_a_line_break_goes_nowhere():
    for label, value in VALUES.items():
        assert passed_on(bytes(BASES[1][1]), {**VALUES, label: value + b"\r\nx: y"}) is None


def test_the_signature_that_goes_out_is_the_keys():
    going = SAME[0][2]
    headers = headers_of(going)
    said = sigv4.read_authorization(dict(headers)[b"authorization"])
    when = dict(headers)[b"x-amz-date"]
    canonical = sigv4.canonical_request(
        going.method,
        going.target,
        headers,
        signed=said.signed,
        payload=dict(headers)[b"x-amz-content-sha256"],
        service="s3",
    )
    key = sigv4.signing_key(VALUES["SECRET"], said.scope)
    assert said.signature == sigv4.signature(key, when, said.scope, canonical)
    assert {b"host", b"x-amz-date", b"x-amz-acl", b"x-amz-security-token"} <= set(said.signed)
    assert said.scope.date == BEGAN.strftime("%Y%m%d")
