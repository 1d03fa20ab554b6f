"""SCRAM-SHA-256 (RFC 5802, RFC 7677), both sides, as PostgreSQL speaks it. Pure.

The user's name is in the startup message; here it is empty (libpq) or not looked at (servers).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass, field
from typing import Final

from jupyter_agent.egress.postgres.saslprep import prepared

PLAIN: Final = b"SCRAM-SHA-256"
BOUND: Final = b"SCRAM-SHA-256-PLUS"
"""The same, bound to the TLS connection it runs in."""

_BINDING: Final = b"tls-server-end-point"  # RFC 5929, section 4; the only one PostgreSQL knows
_ITERATIONS: Final = 4096
_FEWEST: Final = 4096  # RFC 7677, section 4: fewer make a guess too cheap for who listens in
_MOST: Final = 1_000_000  # half a second; more would be a way to keep this machine busy

_NONCE: Final = rb"[\x21-\x2b\x2d-\x7e]+"
_BASE64: Final = rb"[A-Za-z0-9+/]+={0,2}"
_SERVER_FIRST: Final = re.compile(
    rb"r=(%s),s=(%s),i=([1-9][0-9]{0,8})(?:,[a-z]=.*)?" % (_NONCE, _BASE64), re.DOTALL
)
_SERVER_FINAL: Final = re.compile(rb"v=(%s)" % _BASE64)
_CLIENT_FIRST: Final = re.compile(rb"([ny],,)(n=[^,]*,r=(%s))" % _NONCE)
_CLIENT_FINAL: Final = re.compile(rb"(c=(%s),r=(%s)),p=(%s)" % (_BASE64, _NONCE, _BASE64))


class ScramFailed(Exception):
    """The other side does not keep to the rules, or does not know the password.

    Its text never has anything of what was exchanged.
    """


class Client:
    """The side that has the password.

    Args:
        password: As it is stored.
        binding: The hash of the server's certificate, where the server offers ``BOUND``.
        encrypted: Whether the connection is TLS, so that the server could have offered it. The
            server then notices when somebody has taken its offer away (RFC 5802, section 6).
    """

    def __init__(self, password: bytes, *, binding: bytes | None, encrypted: bool) -> None:
        self._password = prepared(password)
        self._header = b"p=%s,," % _BINDING if binding is not None else b"n,,"
        if binding is None and encrypted:
            self._header = b"y,,"
        self._binding = binding or b""
        self._nonce = base64.b64encode(secrets.token_bytes(18))
        self._signature: bytes | None = None

    @property
    def mechanism(self) -> bytes:
        """Its name."""
        return BOUND if self._binding else PLAIN

    def first(self) -> bytes:
        """The first message."""
        return self._header + self._bare

    @property
    def _bare(self) -> bytes:
        return b"n=,r=%s" % self._nonce

    def final(self, server_first: bytes) -> bytes:
        """The second message, for the server's first. Takes some milliseconds of a processor.

        Raises:
            ScramFailed: The server's is not for this exchange, or asks for too little or too much.
        """
        found = _SERVER_FIRST.fullmatch(server_first)
        if found is None:
            raise ScramFailed("What the server sent is no SCRAM.")
        nonce, salt, count = found[1], _decoded(found[2]), int(found[3])
        if not nonce.startswith(self._nonce) or len(nonce) == len(self._nonce):
            raise ScramFailed("The server answers another exchange.")
        if not _FEWEST <= count <= _MOST:
            raise ScramFailed("The server's count of iterations is not one that is accepted.")
        keys = _Keys.of(self._password, salt, count)
        unsigned = b"c=%s,r=%s" % (base64.b64encode(self._header + self._binding), nonce)
        exchange = b",".join((self._bare, server_first, unsigned))
        proof = _xor(keys.client, _hmac(keys.stored, exchange))
        self._signature = _hmac(keys.server, exchange)
        return b"%s,p=%s" % (unsigned, base64.b64encode(proof))

    def check(self, server_final: bytes) -> None:
        """Return if the server knows the password as well.

        Raises:
            ScramFailed: It does not.
        """
        found = _SERVER_FINAL.fullmatch(server_final)
        if self._signature is None or found is None:
            raise ScramFailed("What the server sent is no SCRAM.")
        if not hmac.compare_digest(_decoded(found[1]), self._signature):
            raise ScramFailed("The server does not know the password either.")


@dataclass(frozen=True, slots=True, repr=False)
class Verifier:
    """What a server keeps: it tells a right password from a wrong one, and is none."""

    salt: bytes
    iterations: int
    stored: bytes = field(repr=False)
    server: bytes = field(repr=False)

    @classmethod
    def of(cls, password: bytes, *, salt: bytes | None = None) -> Verifier:
        """For that password, with a salt of its own where none is given."""
        salt = salt or secrets.token_bytes(16)
        keys = _Keys.of(prepared(password), salt, _ITERATIONS)
        return cls(salt, _ITERATIONS, keys.stored, keys.server)

    def __repr__(self) -> str:
        return "<Verifier>"


class Server:
    """The side that checks.

    Args:
        verifier: Of the password that is right.
        nonce: Its part of the nonce; random where none is given.
    """

    def __init__(self, verifier: Verifier, *, nonce: bytes | None = None) -> None:
        self._verifier = verifier
        self._nonce = nonce or base64.b64encode(secrets.token_bytes(18))
        self._header = self._bare = self._first = b""

    def first(self, client_first: bytes) -> bytes:
        """The first message, for the client's.

        Raises:
            ScramFailed: The client's is none, or is bound to a TLS that is not there.
        """
        found = _CLIENT_FIRST.fullmatch(client_first)
        if found is None:
            raise ScramFailed("That is no SCRAM.")
        self._header, self._bare = found[1], found[2]
        self._nonce = found[3] + self._nonce
        salt = base64.b64encode(self._verifier.salt)
        self._first = b"r=%s,s=%s,i=%d" % (self._nonce, salt, self._verifier.iterations)
        return self._first

    def final(self, client_final: bytes) -> bytes:
        """The last message, for a client that knows the password.

        Raises:
            ScramFailed: It does not.
        """
        found = _CLIENT_FINAL.fullmatch(client_final)
        if found is None or not self._first:
            raise ScramFailed("That is no SCRAM.")
        exchange = b",".join((self._bare, self._first, found[1]))
        proof = _decoded(found[4])
        signature = _hmac(self._verifier.stored, exchange)
        key = _xor(proof, signature) if len(proof) == len(signature) else b""
        right = hmac.compare_digest(hashlib.sha256(key).digest(), self._verifier.stored)
        same = hmac.compare_digest(found[3], self._nonce)
        if not (right and same and _decoded(found[2]) == self._header):
            raise ScramFailed("The password is not the right one.")
        return b"v=" + base64.b64encode(_hmac(self._verifier.server, exchange))


@dataclass(frozen=True, slots=True, repr=False)
class _Keys:
    """The keys of RFC 5802, section 3."""

    client: bytes
    stored: bytes
    server: bytes

    @classmethod
    def of(cls, password: bytes, salt: bytes, iterations: int) -> _Keys:
        salted = hashlib.pbkdf2_hmac("sha256", password, salt, iterations)
        client = _hmac(salted, b"Client Key")
        return cls(client, hashlib.sha256(client).digest(), _hmac(salted, b"Server Key"))


def _hmac(key: bytes, text: bytes) -> bytes:
    return hmac.digest(key, text, "sha256")


def _xor(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=True))


def _decoded(text: bytes) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        raise ScramFailed("That is no SCRAM.") from None
