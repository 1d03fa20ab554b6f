"""Requests that a caller has signed with its placeholder, and that are signed anew. Pure.

The signature is what proves that the caller holds the placeholder, so it is checked as AWS checks
it: whole request, this minute, this scope. What goes out is written anew and signed for the host
that the scope stands for.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import h11

from jupyter_agent.egress.aws import claims, sigv4
from jupyter_agent.egress.aws.body import Hashed
from jupyter_agent.egress.aws.endpoints import Target, is_aws, target_of
from jupyter_agent.egress.aws.refusals import refusal_for
from jupyter_agent.egress.aws.sigv4 import Authorization, Scope
from jupyter_agent.egress.form import Asked, HearAll, Passing
from jupyter_agent.egress.heads import Outgoing, check, headers_of, rebuilt
from jupyter_agent.egress.place import PLACEHOLDER, Header
from jupyter_agent.egress.route import Origin
from jupyter_agent.egress.warden import Granted
from jupyter_agent.errors import AgentError, EgressRefused

_MOST_HELD: Final = 80 * 2**20
"""Most bytes of a body that has to be read before its signature can be checked. The largest that
AWS takes in such a request is a Lambda function's code: 50 MB, a third more in base64."""

_SKEW: Final = timedelta(minutes=5)
"""AWS's own. The clock is the same on both sides; a request that was kept is not one of now."""

_WHEN: Final = "%Y%m%dT%H%M%SZ"
_HASH: Final = re.compile(rb"[0-9a-f]{64}")
_PASSED_ON: Final = (b"UNSIGNED-PAYLOAD", b"STREAMING-UNSIGNED-PAYLOAD-TRAILER")
_KEY: Final = re.compile(rb"[\x21-\x2b\x2d\x2e\x30-\x7e]+")  # no comma, no slash
_PRINTABLE: Final = re.compile(rb"[\x21-\x7e]+")
_LASTING: Final = b"AKIA"
"""What the id of a lasting key begins with; such a key has no session token ("Understanding unique
ID prefixes" in the IAM user guide)."""


@dataclass(frozen=True, slots=True)
class Labels:
    """Under which labels a key is kept.

    Attributes:
        secret: The secret access key.
        key_id: Its id.
        token: The session token of a key that is lent for a time, or None.
    """

    secret: str
    key_id: str
    token: str | None


@dataclass(frozen=True, slots=True, repr=False)
class Placeholder:
    """What the caller signs with instead of a key."""

    key_id: bytes
    secret: bytes


class Signed:
    """Requests that are signed: a ``Form``.

    Args:
        placeholder: What the caller signs with.
        labels: Where the key is.
        fixed: The one host that a person has named, or None where the scope says which.
        now: The time.
    """

    keeps_length = True  # of an object in S3, boto3 and others rely on it

    def __init__(
        self,
        placeholder: Placeholder,
        labels: Labels,
        fixed: Origin | None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._placeholder = placeholder
        self._labels = labels
        self._fixed = fixed
        self._now = now

    async def read(self, request: h11.Request, hear_all: HearAll, port: int) -> Asked:
        """Check a request's signature, and find out where it wants to."""
        headers = headers_of(request)
        check(request, headers, port)
        authorization = claims.authorization_of(request, headers)
        self._check_key(request, headers, authorization)
        when = claims.signed_headers(headers, authorization)
        self._check_time(when, authorization.scope)
        target = self._target(request, headers, authorization.scope)
        payload, held = claims.payload_of(headers), None
        service = authorization.scope.service
        if payload is None or claims.may_hand_out(service) or claims.is_short(headers):
            held = await hear_all(_MOST_HELD)
            payload = _checked(payload, held)
        asked = _SignedRequest(
            request, headers, authorization, payload, target, self._labels, self._now
        )
        self._check_signature(asked, when)
        claims.check_hands_out_nothing(request, headers, service, held)
        return asked

    def refusal(self, error: AgentError, request: h11.Request) -> tuple[h11.Response, h11.Data]:
        """As the service would say it, so that the caller's library shows the sentence."""
        return refusal_for(error, request)

    def _check_key(
        self, request: h11.Request, headers: list[Header], authorization: Authorization
    ) -> None:
        # Compared as a whole, so that the time it takes tells nothing about a guess.
        if not hmac.compare_digest(authorization.key_id, self._placeholder.key_id):
            raise claims.refused(
                "placeholder",
                "It is signed with another key than this way's placeholder.",
                "Make the client anew: it has kept a key from before %agent_egress.",
            )
        texts = [request.target, *(text for _, text in headers)]
        if sum(len(PLACEHOLDER.findall(text)) for text in texts) != 1:
            raise claims.refused(
                "placeholder",
                "The placeholder stands in another place, too.",
                "Let the library sign; use the variables in no header or field of your own.",
            )

    def _check_time(self, when: bytes, scope: Scope) -> None:
        try:
            said = datetime.strptime(when.decode("ascii"), _WHEN).replace(tzinfo=UTC)
        except ValueError:
            said = None
        if said is None or scope.date != said.strftime("%Y%m%d"):
            raise claims.refused("date", "The request's date is none.", "Let the library sign.")
        if abs(self._now() - said) > _SKEW:
            raise claims.refused(
                "date",
                "The request was not signed just now.",
                "Sign it again, and send it at once.",
            )

    def _check_signature(self, asked: _SignedRequest, when: bytes) -> None:
        authorization = asked.authorization
        key = sigv4.signing_key(self._placeholder.secret, authorization.scope)
        wanted = sigv4.signature(key, when, authorization.scope, asked.canonical())
        if not hmac.compare_digest(wanted, authorization.signature):
            raise claims.refused(
                "signature",
                "The signature does not fit the request.",
                "Something has changed the request behind the library, or it was signed with "
                "another secret: make the client anew.",
            )

    def _target(self, request: h11.Request, headers: list[Header], scope: Scope) -> Target:
        if self._fixed is not None and not is_aws(self._fixed.host):
            return Target(self._fixed, scope.region)
        line = claims.line_of(request, headers)
        if self._fixed is None:
            return target_of(scope, line)
        try:
            target = target_of(scope, line)
        except EgressRefused:
            # A customer's own host, such as one of API Gateway: AWS checks the scope itself.
            return Target(self._fixed, scope.region)
        if target.origin != self._fixed:
            raise claims.refused(
                "host",
                f"This way leads to {self._fixed.host} only, and that is for {target.origin.host}.",
                "Open one without --host, and be asked for each.",
            )
        return target


class _SignedRequest:
    def __init__(  # noqa: PLR0913, PLR0917  (what such a request consists of)
        self,
        request: h11.Request,
        headers: list[Header],
        authorization: Authorization,
        payload: bytes,
        target: Target,
        labels: Labels,
        now: Callable[[], datetime],
    ) -> None:
        self.authorization = authorization
        self._request = request
        self._headers = headers
        self._payload = payload
        self._target = target
        self._labels = labels
        self._now = now

    @property
    def origin(self) -> Origin:
        return self._target.origin

    @property
    def place(self) -> str:
        return f"signature for {self.authorization.scope.service} in {self._target.region}"

    def passing(self) -> Passing | None:
        return Hashed(self._payload) if _HASH.fullmatch(self._payload) else None

    def onward(self, addresses: bytes) -> bytes:
        return addresses  # a key never stands in one

    def canonical(self) -> bytes:
        """The request as its caller has signed it."""
        return self._canonical(self._headers, self.authorization.signed)

    def outgoing(self, granted: Granted) -> Outgoing:
        """The request, signed with the key."""
        key_id, secret, token = self._key(granted)
        when = self._now().strftime(_WHEN).encode()
        scope = Scope(when[:8].decode(), self._target.region, self.authorization.scope.service)
        ours = (b"authorization", b"x-amz-date", b"x-amz-security-token")
        kept = [(n, t) for n, t in rebuilt(self._headers, self.origin) if n not in ours]
        kept.append((b"x-amz-date", when))
        if token:
            kept.append((b"x-amz-security-token", token))
        names = {name for name, _ in kept} & {*self.authorization.signed, *ours, b"host"}
        signed = tuple(sorted(names))
        key = sigv4.signing_key(secret, scope)
        signature = sigv4.signature(key, when, scope, self._canonical(kept, signed))
        proof = bytes(Authorization(key_id, scope, signed, signature))
        return Outgoing(
            h11.Request(
                method=self._request.method,
                target=self._request.target,
                headers=[*kept, (b"authorization", proof)],
            )
        )

    def _canonical(self, headers: Sequence[Header], signed: Sequence[bytes]) -> bytes:
        return sigv4.canonical_request(
            self._request.method,
            self._request.target,
            headers,
            signed=signed,
            payload=self._payload,
            service=self.authorization.scope.service,
        )

    def _key(self, granted: Granted) -> tuple[bytes, bytes, bytes | None]:
        key_id = granted.values[self._labels.key_id]
        secret = granted.values[self._labels.secret]
        token = granted.values[self._labels.token] if self._labels.token else None
        for label, value, form in (
            (self._labels.key_id, key_id, _KEY),
            (self._labels.secret, secret, _PRINTABLE),
            (self._labels.token, token, _PRINTABLE),
        ):
            if value is not None and not form.fullmatch(value):
                # A line break in a header would begin another one.
                raise EgressRefused(
                    f"What is stored under {label} has characters that no key of AWS has.",
                    "Save it again, without blanks and line breaks.",
                )
        return key_id, secret, None if key_id.startswith(_LASTING) else token


def _checked(said: bytes | None, held: Sequence[bytes]) -> bytes:
    """What is signed for a body that was read."""
    hashed = hashlib.sha256()
    for piece in held:
        hashed.update(piece)
    found = hashed.hexdigest().encode()
    if said is None or said in _PASSED_ON:
        return said or found
    if said != found:
        raise claims.refused("body", "The body is not the one that was signed.", "Try again.")
    return said
