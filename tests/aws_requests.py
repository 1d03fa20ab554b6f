"""Requests that are signed as AWS wants it, in parts that a test can change afterwards."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime

from jupyter_agent.egress.aws import sigv4
from jupyter_agent.egress.aws.sigv4 import Authorization, Scope


@dataclass
class Signer:
    """Whoever signs: with the placeholders that a way has given out, or with others.

    Attributes:
        key_id: The key's id.
        secret: The key.
        region: What for.
        service: What for.
        late: Seconds by which its clock is wrong.
    """

    key_id: str
    secret: str = field(repr=False)
    region: str = "eu-west-1"
    service: str = "s3"
    late: float = 0

    def sign(
        self,
        method: str,
        target: str,
        host: str,
        *,
        body: bytes = b"",
        payload: str | None = None,
        says_payload: bool = True,
        more: tuple[tuple[str, str], ...] = (),
    ) -> Draft:
        """A signed request.

        Args:
            method: ``GET`` and so on.
            target: Path and query.
            host: What the Host header says.
            body: Its body.
            payload: What stands for the body; its hash, if nothing.
            says_payload: Whether it says so in a header, as requests to S3 do.
            more: Further headers, signed as well.
        """
        when = datetime.fromtimestamp(datetime.now(UTC).timestamp() + self.late, UTC)
        stamp = when.strftime("%Y%m%dT%H%M%SZ")
        payload = payload or hashlib.sha256(body).hexdigest()
        headers = [("host", host), ("x-amz-date", stamp), *more]
        headers += [("x-amz-content-sha256", payload)] if says_payload else []
        scope = Scope(stamp[:8], self.region, self.service)
        raw = [(name.encode(), text.encode()) for name, text in headers]
        signed = tuple(sorted({name for name, _ in raw}))
        canonical = sigv4.canonical_request(
            method.encode(),
            target.encode(),
            raw,
            signed=signed,
            payload=payload.encode(),
            service=self.service,
        )
        key = sigv4.signing_key(self.secret.encode(), scope)
        signature = sigv4.signature(key, stamp.encode(), scope, canonical)
        proof = bytes(Authorization(self.key_id.encode(), scope, signed, signature)).decode()
        headers.append(("authorization", proof))
        if body:
            headers.append(("content-length", str(len(body))))
        return Draft(method, target, headers, body)


@dataclass
class Draft:
    """A request, before it is sent."""

    method: str
    target: str
    headers: list[tuple[str, str]]
    body: bytes = b""

    def change(self, name: str, was: str, becomes: str) -> Draft:
        """Change what a header says, behind the signer's back."""
        assert any(each == name and was in text for each, text in self.headers), "nothing to change"
        self.headers = [
            (each, text.replace(was, becomes) if each == name else text)
            for each, text in self.headers
        ]
        return self

    def with_header(self, name: str, text: str) -> Draft:
        """Add a header that is not signed."""
        self.headers.append((name, text))
        return self

    def without(self, name: str) -> Draft:
        """Take a header away."""
        self.headers = [each for each in self.headers if each[0] != name]
        return self

    def header(self, name: str) -> str:
        """What a header says."""
        return dict(self.headers)[name]

    def __bytes__(self) -> bytes:
        lines = [f"{self.method} {self.target} HTTP/1.1"]
        lines += [f"{name}: {text}" for name, text in self.headers]
        return "\r\n".join([*lines, "", ""]).encode() + self.body
