"""Attempts to have something signed that is not the holder's, or not for AWS."""

from __future__ import annotations

import http.client
import os
import random
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Final

import pytest
from aws_requests import Draft, Signer
from bearer_service import Service, bearer_service
from canary import Canary
from conftest import end_brokers
from steps import save, until, wait_until

from jupyter_agent import person as person_door
from jupyter_agent.client import Client, Hello
from jupyter_agent.folders import Folders

SECRET = Canary.make(random.Random())
KEY_ID = "AK" + "IA" + Canary.make(random.Random()).value[:16].upper()


@dataclass(frozen=True)
class Ways:
    """Two ways: to a server on this machine, and to AWS itself, host by host."""

    fixed: Signer
    fixed_port: int
    free: Signer
    free_port: int


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    with bearer_service(lambda _request: True) as service:
        yield service


@pytest.fixture(scope="module")
def opened(service: Service, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ways]:
    """Open for all attempts: none may spoil it for the next."""
    home = tmp_path_factory.mktemp("attempts")
    folders = Folders.of({"JUPYTER_AGENT_HOME": str(home)})
    hello = person_door.hello(folders, {"JUPYTER_AGENT_KEY_SOURCE": "file"})
    with Client(folders, hello) as person, Client(folders, Hello()) as guest:
        save(person, "AWS_SECRET_ACCESS_KEY", SECRET.value)
        save(person, "AWS_ACCESS_KEY_ID", KEY_ID)
        for label in ("AWS_SECRET_ACCESS_KEY", "AWS_ACCESS_KEY_ID"):
            person.call("grant.add", label=label, script=f"egress {service.origin}")
        found = []
        for host in (service.origin, None):
            number = guest.begin("egress.open", label="AWS_SECRET_ACCESS_KEY", host=host)
            has = until(guest, number, "open")["variables"]
            port = int(has["AWS_ENDPOINT_URL"].rpartition(":")[2])
            found += [Signer(has["AWS_ACCESS_KEY_ID"], has["AWS_SECRET_ACCESS_KEY"]), port]
        yield Ways(*found)
        assert SECRET.search_tree(home) == []
        assert SECRET.search_proc(os.getuid()) == []
    end_brokers(home)


@pytest.fixture
def ways(opened: Ways, service: Service) -> Ways:
    service.heads.clear()
    service.bodies.clear()
    return opened


def ask(port: int, draft: Draft) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of what comes back; status 0 where nothing does."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(bytes(draft))
        answer = http.client.HTTPResponse(connection, method=draft.method)
        try:
            answer.begin()
            return answer.status, dict(answer.headers), answer.read()
        except (http.client.HTTPException, ConnectionResetError):
            return 0, {}, b""


def get(signer: Signer, port: int, **more: object) -> Draft:
    return signer.sign("GET", "/bucket/key?list-type=2", f"127.0.0.1:{port}", **more)


def form(signer: Signer, port: int, service: str, body: str, target: str = "/") -> Draft:
    """As requests of STS and IAM are."""
    return replace(signer, service=service, region="us-east-1").sign(
        "POST", target, f"127.0.0.1:{port}", body=body.encode(), says_payload=False
    )


def put(signer: Signer, port: int, **more: object) -> Draft:
    return signer.sign("PUT", "/bucket/key", f"127.0.0.1:{port}", body=b"hello", **more)


def other_body(draft: Draft) -> Draft:
    draft.body = b"HELLO"
    return draft


def other(draft: Draft, **parts: str) -> Draft:
    return replace(draft, **parts)


Attempt = Callable[[Signer, int], Draft]
PRESIGNED = "/b/k?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=x&X-Amz-Signature=0f"
PLAIN = "Action=GetCallerIdentity"

AT_A_SERVER: Final[dict[str, Attempt]] = {
    "another secret": lambda s, p: get(replace(s, secret="guessed" * 6), p),
    "no secret": lambda s, p: get(replace(s, secret=""), p),
    "the id as the secret": lambda s, p: get(replace(s, secret=s.key_id), p),
    "another kernel's placeholder": (
        lambda s, p: get(replace(s, key_id="jupyter-agent-placeholder-" + "A" * 43), p)
    ),
    "the real id": lambda s, p: get(replace(s, key_id=KEY_ID), p),
    "another method": lambda s, p: other(get(s, p), method="DELETE"),
    "another path": lambda s, p: other(get(s, p), target="/bucket/other?list-type=2"),
    "another query": lambda s, p: other(get(s, p), target="/bucket/key?list-type=1"),
    "one more field in the query": (
        lambda s, p: other(get(s, p), target="/bucket/key?list-type=2&acl=")
    ),
    "another body": lambda s, p: other_body(put(s, p)),
    "another body, whose hash is no header": (
        lambda s, p: other_body(replace(s, service="dynamodb").sign(
            "POST", "/", f"127.0.0.1:{p}", body=b"hello", says_payload=False,
        ))
    ),
    "another body with its own hash": (
        lambda s, p: put(s, p).change("x-amz-content-sha256", put(s, p).header(
            "x-amz-content-sha256"), "0" * 64)
    ),
    "no word about the body where there was one": (
        lambda s, p: put(s, p).without("x-amz-content-sha256")
    ),
    "a signed header that says something else": (
        lambda s, p: get(s, p, more=(("x-amz-acl", "private"),)).change(
            "x-amz-acl", "private", "public-read")
    ),
    "a signed header that is gone": (
        lambda s, p: get(s, p, more=(("x-amz-acl", "private"),)).without("x-amz-acl")
    ),
    "a header of AWS's that is not signed": (
        lambda s, p: get(s, p).with_header("x-amz-acl", "public-read")
    ),
    "a copy's source that is not signed": (
        lambda s, p: put(s, p).with_header("x-amz-copy-source", "/other/secret")
    ),
    "a header of AWS's folded into another": (
        lambda s, p: get(s, p, more=(("x-amz-acl", "private"),)).change(
            "x-amz-acl", "private", "private\r\n x-amz-grant-read: all")
    ),
    "a session token that is not signed": (
        lambda s, p: get(s, p).with_header("x-amz-security-token", "stolen")
    ),
    "a second date": lambda s, p: get(s, p).with_header("x-amz-date", "20260101T000000Z"),
    "a signature of ten minutes ago": lambda s, p: get(replace(s, late=-600), p),
    "a signature of the future": lambda s, p: get(replace(s, late=600), p),
    "a date that is none": lambda s, p: get(s, p).change("x-amz-date", "T", "X"),
    "another region behind the signature": (
        lambda s, p: get(s, p).change("authorization", "eu-west-1", "us-east-1")
    ),
    "another service behind the signature": (
        lambda s, p: get(s, p).change("authorization", "/s3/", "/iam/")
    ),
    "another day behind the signature": (
        lambda s, p: get(s, p).change("authorization", "/20", "/19")
    ),
    "fewer signed headers than there were": (
        lambda s, p: get(s, p).change("authorization", "host;", "")
    ),
    "a header signed twice": (
        lambda s, p: get(s, p).change("authorization", "host;", "host;host;")
    ),
    "another host, rightly signed": (
        lambda s, _p: s.sign("GET", "/b/k", "s3.eu-west-1.amazonaws.com")
    ),
    "another host behind the signature": (
        lambda s, p: get(s, p).change("host", "127.0.0.1", "evil.example")
    ),
    "two signatures": lambda s, p: get(s, p).with_header("authorization", "AWS4-HMAC-SHA256 x"),
    "no signature": lambda s, p: get(s, p).without("authorization"),
    "a bearer instead": (
        lambda s, p: get(s, p).without("authorization").with_header(
            "authorization", f"Bearer {s.secret}")
    ),
    "the placeholder as a header, too": lambda s, p: get(s, p).with_header("x-a", s.secret),
    "the placeholder in the path": (
        lambda s, p: s.sign("GET", f"/bucket/{s.secret}", f"127.0.0.1:{p}")
    ),
    "an address signed in advance": (
        lambda _s, p: Draft("GET", PRESIGNED, [("host", f"127.0.0.1:{p}")])
    ),
    "an address signed in advance, and a signature": (
        lambda s, p: s.sign("GET", PRESIGNED, f"127.0.0.1:{p}")
    ),
    "the old signature (version 2)": (
        lambda s, p: get(s, p).without("authorization").with_header(
            "authorization", f"AWS {s.key_id}:c2lnbmF0dXJl")
    ),
    "a signature for all regions (SigV4A)": (
        lambda s, p: get(s, p).change("authorization", "AWS4-HMAC-SHA256",
                                      "AWS4-ECDSA-P256-SHA256")
    ),
    "a body signed by a scheme nobody knows": lambda s, p: put(s, p, payload="STREAMING-OTHER"),
    "new credentials (STS)": (
        lambda s, p: form(s, p, "sts", "Action=GetSessionToken&Version=2011-06-15")
    ),
    "new credentials, asked for in the query": (
        lambda s, p: form(s, p, "sts", "", target="/?Action=AssumeRole&RoleArn=x")
    ),
    "new credentials behind something harmless": (
        lambda s, p: form(s, p, "sts", "Action=AssumeRole", target=f"/?{PLAIN}")
    ),
    "new credentials, written oddly": (
        lambda s, p: form(s, p, "sts", "%41ction=%47etSessionToken")
    ),
    "new credentials without saying so": lambda s, p: form(s, p, "sts", "RoleArn=x"),
    "a new key (IAM)": lambda s, p: form(s, p, "iam", "Action=CreateAccessKey"),
}  # fmt: skip

AT_AWS: Final[dict[str, Attempt]] = {
    "a region that goes on as a host": (
        lambda s, p: get(replace(s, region="us-east-1.evil.com"), p)
    ),
    "a region that goes on as a path": lambda s, p: get(replace(s, region="us-east-1/evil"), p),
    "a region with a user before it": lambda s, p: get(replace(s, region="x@evil"), p),
    "a region that is none": lambda s, p: get(replace(s, region="evil"), p),
    "a service that is none": lambda s, p: get(replace(s, service="evil"), p),
    "a service that goes on as a host": lambda s, p: get(replace(s, service="evil.com/"), p),
    "a service whose hosts are its customers'": (
        lambda s, p: get(replace(s, service="execute-api"), p)
    ),
    "the host of AWS in the Host header": (
        lambda s, _p: s.sign("GET", "/b/k", "s3.eu-west-1.amazonaws.com")
    ),
    "the placeholder of the other way": get,
}  # fmt: skip


@pytest.mark.parametrize("attempt", AT_A_SERVER)
def test_the_attempt_is_refused_and_reaches_nobody(ways, service, attempt):
    draft = AT_A_SERVER[attempt](ways.fixed, ways.fixed_port)
    status, headers, body = ask(ways.fixed_port, draft)
    assert status in (0, 400, 403)
    assert status == 0 or headers["x-jupyter-agent-error"] == "egress_refused"
    assert service.heads == []
    assert SECRET.found_in(body) == []


@pytest.mark.parametrize("attempt", AT_AWS)
def test_the_attempt_asks_nobody_for_a_host_of_its_own(ways, attempt):
    signer = ways.fixed if "other way" in attempt else ways.free
    status, headers, body = ask(ways.free_port, AT_AWS[attempt](signer, ways.free_port))
    # Not grant_required, as it would be for a host of AWS: nobody would even be asked.
    assert (status, headers["x-jupyter-agent-error"]) == (403, "egress_refused")
    assert KEY_ID.encode() not in body


def test_a_large_body_that_is_another_one_never_arrives_whole(ways, service):
    draft = ways.fixed.sign("PUT", "/b/k", f"127.0.0.1:{ways.fixed_port}", body=bytes(300_000))
    draft.body = bytes(299_999) + b"x"
    assert ask(ways.fixed_port, draft)[1]["x-jupyter-agent-error"] == "egress_refused"
    wait_until(lambda: bool(service.bodies))  # the service has noticed that no more of it comes
    assert all(size < len(draft.body) for size in service.bodies)


def test_what_is_rightly_signed_passes_and_is_signed_anew(ways, service):
    for draft in (
        get(ways.fixed, ways.fixed_port),
        put(ways.fixed, ways.fixed_port),
        put(ways.fixed, ways.fixed_port, payload="UNSIGNED-PAYLOAD"),
        put(ways.fixed, ways.fixed_port, more=(("x-amz-security-token", "of another key"),)),
        form(ways.fixed, ways.fixed_port, "sts", PLAIN),
        get(ways.fixed, ways.fixed_port).with_header("user-agent", "somebody"),
    ):
        assert ask(ways.fixed_port, draft)[0] == 200
        headers = {name.lower(): text for name, text in service.heads[-1][1]}
        assert f"Credential={KEY_ID}/" in headers["authorization"]
        assert headers["authorization"] != draft.header("authorization")
        assert "x-amz-security-token" not in headers
        assert headers["host"] == service.origin.removeprefix("http://")
    assert service.bodies == [0, 5, 5, 5, len(PLAIN), 0]


def test_a_host_of_aws_is_asked_about_when_it_is_first_used(ways):
    status, headers, body = ask(ways.free_port, get(ways.free, ways.free_port))
    assert (status, headers["x-jupyter-agent-error"]) == (403, "grant_required")
    assert b"https://s3.eu-west-1.amazonaws.com" in body


def test_an_echo_says_labels_and_keeps_its_length_right(ways):
    draft = ways.fixed.sign("GET", "/echo", f"127.0.0.1:{ways.fixed_port}")
    status, headers, body = ask(ways.fixed_port, draft)
    assert status == 200
    assert b"[secret:AWS_ACCESS_KEY_ID]" in body
    assert KEY_ID.encode() not in body
    assert int(headers["content-length"]) == len(body)


def test_a_value_in_a_large_answer_is_cut_off_with_it(ways, service):
    """Its length was told already: what comes then is no whole answer, and shows it."""
    blob = bytes(100_000) + SECRET.value.encode() + bytes(200_000)
    service.more["/b/kept"] = lambda request: request.answer(200, blob)
    draft = ways.fixed.sign("GET", "/b/kept", f"127.0.0.1:{ways.fixed_port}")
    with socket.create_connection(("127.0.0.1", ways.fixed_port), timeout=30) as connection:
        connection.sendall(bytes(draft))
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        assert int(answer.headers["content-length"]) == len(blob)
        with pytest.raises((http.client.IncompleteRead, ConnectionResetError)):
            answer.read()


def test_a_value_in_a_small_answer_is_replaced_and_counted(ways, service):
    service.more["/b/small"] = lambda request: request.answer(200, SECRET.value.encode() * 2)
    draft = ways.fixed.sign("GET", "/b/small", f"127.0.0.1:{ways.fixed_port}")
    status, headers, body = ask(ways.fixed_port, draft)
    assert (status, body) == (200, b"[secret:AWS_SECRET_ACCESS_KEY]" * 2)
    assert int(headers["content-length"]) == len(body)
