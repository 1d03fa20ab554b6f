"""Calls of our routes, as a page makes them."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from steps import sealed_fields
from tornado.httpclient import HTTPClientError

from jupyter_agent import entry


@dataclass(frozen=True)
class Answer:
    """What a route answered, whatever it was."""

    code: int
    body: Any
    raw: bytes


Call = Callable[..., Awaitable[Answer]]


def caller(jp_fetch: Callable[..., Awaitable[Any]]) -> Call:
    """What calls a route."""

    async def call(
        method: str, route: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> Answer:
        sent = None if method == "GET" else json.dumps({} if body is None else body)
        where = ("jupyter-agent", *route.split("/"))
        # As a page, which does not give up: a passphrase is slow to become a key, on purpose.
        more = {"headers": headers, "request_timeout": 0}
        try:
            answer = await jp_fetch(*where, method=method, body=sent, **more)
            code, raw = answer.code, answer.body
        except HTTPClientError as refusal:
            code, raw = refusal.code, refusal.response.body
        try:
            return Answer(code, json.loads(raw or b"null"), raw)
        except ValueError:
            return Answer(code, None, raw)

    return call


async def save(call: Call, label: str, value: bytes, **more: Any) -> Answer:
    """What the panel does to save a value."""
    offer = (await call("POST", "offers", {"label": label})).body["offer"]
    return await call("POST", "secrets", sealed_with(offer, value) | more)


def sealed_with(offer: dict[str, Any], value: bytes) -> dict[str, Any]:
    """The fields of a sealed entry."""
    return sealed_fields(offer, entry.seal(entry.Offer.from_json(offer), value))
