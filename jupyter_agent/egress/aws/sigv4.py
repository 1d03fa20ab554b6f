"""AWS Signature Version 4, as a signer and as who checks it. Pure.

Written after AWS's own description: "Create a signed AWS API request" in the IAM user guide, and
"Authenticating Requests (AWS Signature Version 4)" in the S3 API reference.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, unquote_to_bytes

from jupyter_agent.egress.place import Header

ALGORITHM: Final = b"AWS4-HMAC-SHA256"
EMPTY: Final = hashlib.sha256().hexdigest().encode()
"""The hash of no body."""

_AUTHORIZATION: Final = re.compile(
    rb"AWS4-HMAC-SHA256 +Credential=([\x21-\x2b\x2d\x2e\x30-\x7e]{1,128})"
    rb"/([0-9]{8})/([a-z0-9-]{1,32})/([A-Za-z0-9-]{1,64})/aws4_request"
    rb", *SignedHeaders=([a-z0-9!#$%&'*+.^_`|~;-]{1,4096})"
    rb", *Signature=([0-9a-f]{64})"
)
_PATHS_WRITTEN_ONCE: Final = frozenset(("s3", "s3-outposts", "s3-object-lambda", "s3express"))


@dataclass(frozen=True, slots=True)
class Scope:
    """What a signature is good for.

    Attributes:
        date: ``YYYYMMDD``, UTC.
        region: As AWS writes it: ``eu-west-1``.
        service: The name that a service signs with: ``s3``.
    """

    date: str
    region: str
    service: str

    def __str__(self) -> str:
        return f"{self.date}/{self.region}/{self.service}/aws4_request"


@dataclass(frozen=True, slots=True)
class Authorization:
    """What a signed request says in its ``Authorization`` header.

    Attributes:
        key_id: Whose key.
        scope: What for.
        signed: Names of the headers that are signed, in small letters.
        signature: 64 hexadecimal digits.
    """

    key_id: bytes
    scope: Scope
    signed: tuple[bytes, ...]
    signature: bytes

    def __bytes__(self) -> bytes:
        credential = self.key_id + b"/" + str(self.scope).encode()
        return b"%s Credential=%s, SignedHeaders=%s, Signature=%s" % (
            ALGORITHM,
            credential,
            b";".join(self.signed),
            self.signature,
        )


def read_authorization(text: bytes) -> Authorization | None:
    """The header's parts, or None where it is another scheme or written otherwise."""
    match = _AUTHORIZATION.fullmatch(text.strip())
    if match is None:
        return None
    key_id, date, region, service, signed, signature = match.groups()
    scope = Scope(date.decode(), region.decode(), service.decode())
    return Authorization(key_id, scope, tuple(signed.split(b";")), signature)


def canonical_request(  # noqa: PLR0913  (what AWS has defined as its parts)
    method: bytes,
    target: bytes,
    headers: Sequence[Header],
    *,
    signed: Sequence[bytes],
    payload: bytes,
    service: str,
) -> bytes:
    """A request in the one form that both sides sign.

    Args:
        method: ``GET`` and so on.
        target: Path and query, as they go over the wire.
        headers: Names in small letters.
        signed: Which of them count, in this order.
        payload: The body's hash, or the word that stands for it.
        service: S3 writes a path's odd characters once, everybody else twice.
    """
    path, _, query = target.partition(b"?")
    lines = [name + b":" + _joined(headers, name) for name in signed]
    return b"\n".join(
        [method, _path(path, service), _query(query), *lines, b"", b";".join(signed), payload]
    )


def signing_key(secret: bytes, scope: Scope) -> bytes:
    """The key that signs in this scope; the secret can't be had from it."""
    key = b"AWS4" + secret
    for part in (scope.date, scope.region, scope.service, "aws4_request"):
        key = _hmac(key, part.encode())
    return key


def signature(key: bytes, when: bytes, scope: Scope, canonical: bytes) -> bytes:
    """A request's signature, in hexadecimal digits.

    Args:
        key: Of this scope.
        when: ``YYYYMMDDTHHMMSSZ``.
        scope: The same.
        canonical: As ``canonical_request`` has it.
    """
    hashed = hashlib.sha256(canonical).hexdigest().encode()
    return _hmac(key, b"\n".join([ALGORITHM, when, str(scope).encode(), hashed])).hex().encode()


def chunk_signature(key: bytes, when: bytes, scope: Scope, previous: bytes, data: bytes) -> bytes:
    """The signature of a body's next piece, where a body is signed piece by piece.

    See "Signature Calculations for the Authorization Header: Transferring Payload in Multiple
    Chunks" in the S3 API reference.

    Args:
        key: Of this scope.
        when: As in the head.
        scope: The same.
        previous: The signature before: of the last piece, or of the head.
        data: The piece.
    """
    hashed = hashlib.sha256(data).hexdigest().encode()
    lines = [ALGORITHM + b"-PAYLOAD", when, str(scope).encode(), previous, EMPTY, hashed]
    return _hmac(key, b"\n".join(lines)).hex().encode()


def _hmac(key: bytes, data: bytes) -> bytes:
    return hmac.digest(key, data, "sha256")


def _joined(headers: Sequence[Header], name: bytes) -> bytes:
    return b",".join(b" ".join(text.split()) for each, text in headers if each == name)


def _path(path: bytes, service: str) -> bytes:
    if service in _PATHS_WRITTEN_ONCE:
        return quote(unquote_to_bytes(path), safe="/~").encode()
    kept: list[bytes] = []
    for part in path.split(b"/"):
        if part == b"..":
            kept = kept[:-1]
        elif part not in (b"", b"."):
            kept.append(part)
    plain = b"/" + b"/".join(kept) + (b"/" if kept and path.endswith(b"/") else b"")
    return quote(plain, safe="/~").encode()


def _query(query: bytes) -> bytes:
    fields = []
    for field in query.split(b"&") if query else ():
        name, _, text = field.partition(b"=")
        fields.append((_encoded(name), _encoded(text)))
    return b"&".join(name + b"=" + text for name, text in sorted(fields))


def _encoded(text: bytes) -> bytes:
    return quote(unquote_to_bytes(text), safe="~").encode()
