"""A way for one request only: method, address, headers and body as a person has read them. Pure.

Whoever states a request (a model's tool, always an agent) gets a way that passes that request on,
once, and nothing else: what was permitted for one path can't be used for another one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final

import h11

from jupyter_agent.egress.form import Asked, Form, HearAll
from jupyter_agent.egress.heads import headers_of
from jupyter_agent.egress.place import PLACEHOLDER, Header, basic_pair
from jupyter_agent.errors import AgentError, EgressRefused, RequestInvalid

MOST_BODY: Final = 64 * 1024
"""Longest body in bytes of UTF-8: a person is shown all of it."""

_METHOD: Final = re.compile(r"[A-Z]{1,16}")
_TARGET: Final = re.compile(r"/(?:[!-~]{0,8191})")
_MOST_HEADERS: Final = 64
# Written by the program's HTTP library and not by whoever states a request; none says what to do.
_OF_THE_CLIENT: Final = frozenset((b"host", b"connection", b"content-length", b"accept-encoding"))


@dataclass(frozen=True, slots=True)
class OneRequest:
    """The one request that a way is for.

    Attributes:
        method: In capitals.
        target: Path and query, without the field that a value goes into.
        headers: Names in small letters with their texts, sorted; without those of any request.
        body: All of it, or "".
    """

    method: str
    target: str
    headers: tuple[tuple[str, str], ...] = ()
    body: str = field(default="", repr=False)

    @classmethod
    def read(cls, value: object) -> OneRequest | None:
        """What ``request`` in an ``egress.open`` says; None where it says nothing.

        Raises:
            RequestInvalid: It is no request that can be passed on.
        """
        if value is None:
            return None
        stated = value if isinstance(value, Mapping) else {}
        method, target = stated.get("method"), stated.get("target")
        headers, body = stated.get("headers", {}), stated.get("body", "")
        if (
            not isinstance(method, str)
            or not _METHOD.fullmatch(method)
            or not isinstance(target, str)
            or not _TARGET.fullmatch(target)
            or not isinstance(headers, Mapping)
            or len(headers) > _MOST_HEADERS
            or not all(isinstance(part, str) for pair in headers.items() for part in pair)
            or not isinstance(body, str)
        ):
            raise RequestInvalid(
                "That states no request.", '{"method": "GET", "target": "/path?query"}'
            )
        if len(body.encode(errors="replace")) > MOST_BODY:
            raise RequestInvalid(
                f"The body of such a request has at most {MOST_BODY // 1024} KiB.",
                "Send more of it with a command: a person reads its script.",
            )
        named = {name.strip().lower(): text.strip() for name, text in headers.items()}
        kept = [(n, text) for n, text in named.items() if n.encode() not in _OF_THE_CLIENT]
        return cls(method, target, tuple(sorted(kept)), body)

    @property
    def rest(self) -> str:
        """Names all that the address does not say, for a grant; "" where there is nothing."""
        if not self.headers and not self.body:
            return ""
        return sha256(repr((self.headers, self.body)).encode(errors="replace")).hexdigest()[:32]

    def shown(self) -> dict[str, Any]:
        """As a person is shown it, beside method and address."""
        return {"headers": dict(self.headers), "body": self.body}

    def is_sent(self, request: h11.Request, body: Sequence[bytes]) -> bool:
        """Whether this is it, with a placeholder somewhere."""
        return (
            request.method.decode("ascii", "replace") == self.method
            and _without_placeholder(request.target) == self.target.encode()
            and _stated(headers_of(request)) == self.headers
            and b"".join(body) == self.body.encode(errors="replace")
        )


class Only:
    """A ``Form`` that reads one request, once.

    Args:
        form: Of the way.
        one: What it is for.
    """

    def __init__(self, form: Form, one: OneRequest) -> None:
        self._form = form
        self._one = one
        self._used = False
        self.keeps_length = form.keeps_length

    async def read(self, request: h11.Request, hear_all: HearAll, port: int) -> Asked:
        """See ``Form.read``.

        Raises:
            EgressRefused: It is another request than the one that was stated, or the second one.
        """
        asked = await self._form.read(request, hear_all, port)
        body = await hear_all(MOST_BODY)
        if not self._one.is_sent(request, body):
            raise _refused("This way out is for one request, and this is another one.")
        if self._used:  # looked at and set with nothing awaited between
            raise _refused("This way out was for one request, which was sent.")
        self._used = True
        return asked

    def refusal(self, error: AgentError, request: h11.Request) -> tuple[h11.Response, h11.Data]:
        """See ``Form.refusal``."""
        return self._form.refusal(error, request)


def _without_placeholder(target: bytes) -> bytes:
    path, _, query = target.partition(b"?")
    kept = [each for each in query.split(b"&") if not PLACEHOLDER.search(each)]
    return path + b"?" + b"&".join(kept) if any(kept) or len(kept) > 1 else path


def _stated(headers: list[Header]) -> tuple[tuple[str, str], ...]:
    """What a request's headers say beside those of any request and the one for the value."""
    stated = [
        (name.decode("latin-1"), text.decode("latin-1"))
        for name, text in headers
        if name not in _OF_THE_CLIENT and not _holds_placeholder(name, text)
    ]
    return tuple(sorted(stated))


def _holds_placeholder(name: bytes, text: bytes) -> bool:
    if PLACEHOLDER.search(text):
        return True
    pair = basic_pair(text) if name == b"authorization" else None
    return pair is not None and PLACEHOLDER.fullmatch(pair[1]) is not None


def _refused(what: str) -> EgressRefused:
    return EgressRefused(what, "Ask for each request anew.", data={"rule": "one request"})
