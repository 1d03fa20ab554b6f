"""What S3's clients do with bodies and answers: trailers, asking first, being sent elsewhere."""

from __future__ import annotations

import http.client
import random
import socket
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from aws_requests import Draft, Signer
from bearer_service import Service, bearer_service
from canary import Canary
from steps import save, until

from jupyter_agent.client import Client
from jupyter_agent.egress.aws import sigv4

KEY_ID = "made-up-key-id-of-nobody"
TRAILER = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
# "aws-chunked", as S3's user guide has it: a size, the data, nothing, and a checksum behind it.
IN_CHUNKS = b"5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n"


@pytest.fixture
def service() -> Iterator[Service]:
    with bearer_service(lambda _request: True) as service:
        yield service


@dataclass
class Way:
    """A way to that service, and the key that it signs with."""

    signer: Signer
    port: int
    key: str

    def put(self, body: bytes, **more: object) -> Draft:
        return self.signer.sign("PUT", "/bucket/key", f"127.0.0.1:{self.port}", body=body, **more)


@pytest.fixture
def way(person: Client, guest: Client, service: Service) -> Way:
    canary = Canary.make(random.Random())
    save(person, "AWS_SECRET_ACCESS_KEY", canary.value)
    save(person, "AWS_ACCESS_KEY_ID", KEY_ID)
    for label in ("AWS_SECRET_ACCESS_KEY", "AWS_ACCESS_KEY_ID"):
        person.call("grant.add", label=label, script=f"egress {service.origin}")
    number = guest.begin("egress.open", label="AWS_SECRET_ACCESS_KEY", host=service.origin)
    has = until(guest, number, "open")["variables"]
    port = int(has["AWS_ENDPOINT_URL"].rpartition(":")[2])
    return Way(Signer(has["AWS_ACCESS_KEY_ID"], has["AWS_SECRET_ACCESS_KEY"]), port, canary.value)


def answer_of(connection: socket.socket, method: str) -> tuple[int, http.client.HTTPMessage, bytes]:
    answer = http.client.HTTPResponse(connection, method=method)
    answer.begin()
    return answer.status, answer.headers, answer.read()


def ask(way: Way, draft: Draft) -> tuple[int, http.client.HTTPMessage, bytes]:
    with socket.create_connection(("127.0.0.1", way.port), timeout=30) as connection:
        connection.sendall(bytes(draft))
        return answer_of(connection, draft.method)


def is_signed_with(key: str, head: tuple[str, list[tuple[str, str]]]) -> bool:
    """Whether a request, as it arrived at the service, has the signature that its key makes."""
    line, headers = head
    method, target, _ = line.split(" ")
    raw = [(name.lower().encode(), text.encode()) for name, text in headers]
    said = dict(raw)
    found = sigv4.read_authorization(said[b"authorization"])
    assert found is not None
    assert found.key_id == KEY_ID.encode()
    canonical = sigv4.canonical_request(
        method.encode(),
        target.encode(),
        raw,
        signed=found.signed,
        payload=said[b"x-amz-content-sha256"],
        service=found.scope.service,
    )
    signing = sigv4.signing_key(key.encode(), found.scope)
    return found.signature == sigv4.signature(signing, said[b"x-amz-date"], found.scope, canonical)


def test_a_body_with_a_checksum_behind_it_arrives_as_it_was_sent(way: Way, service: Service):
    more = (
        ("content-encoding", "aws-chunked"),
        ("x-amz-decoded-content-length", "5"),
        ("x-amz-trailer", "x-amz-checksum-crc32"),
    )
    service.more["/bucket/key"] = lambda request: request.answer(200, request.sent)
    status, _, told_back = ask(way, way.put(IN_CHUNKS, payload=TRAILER, more=more))
    assert (status, told_back) == (200, IN_CHUNKS)
    assert is_signed_with(way.key, service.heads[-1])
    assert dict(service.heads[-1][1])["x-amz-trailer"] == "x-amz-checksum-crc32"


def test_a_body_that_is_signed_piece_by_piece_is_refused_with_what_to_do(
    way: Way, service: Service
):
    signed = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
    status, _, said = ask(way, way.put(b"hello", payload=signed))
    assert status == 403
    assert b"Switch chunked encoding off" in said
    assert service.heads == []


def test_a_client_that_asks_first_is_told_to_go_on_and_then_answered(way: Way, service: Service):
    draft = way.put(b"hello" * 1000).with_header("expect", "100-continue")
    head, body = bytes(draft)[: -len(draft.body)], draft.body
    with socket.create_connection(("127.0.0.1", way.port), timeout=30) as connection:
        connection.sendall(head)
        assert connection.recv(64).startswith(b"HTTP/1.1 100")
        connection.sendall(body)
        status, _, _ = answer_of(connection, "PUT")
    assert status == 200
    assert service.bodies == [len(body)]
    assert is_signed_with(way.key, service.heads[-1])


def test_being_sent_to_another_region_is_told_to_the_client_and_not_followed(
    way: Way, service: Service
):
    elsewhere = "https://bucket.s3.us-west-2.amazonaws.com/key"
    moved = b"<Error><Code>PermanentRedirect</Code></Error>"
    service.more["/bucket/key"] = lambda request: request.answer(
        301, moved, ("Location", elsewhere), ("x-amz-bucket-region", "us-west-2")
    )
    status, headers, said = ask(way, way.put(b"hello"))
    assert (status, headers["x-amz-bucket-region"], said) == (301, "us-west-2", moved)
    assert len(service.heads) == 1
