"""A person at a page with a masked form, as far as HTTP goes: the browser's part is Python here."""

from __future__ import annotations

import base64
import json
import urllib.error
import urllib.request
from html import unescape
from typing import Any
from urllib.parse import urlsplit

from jupyter_agent import entry

Answer = tuple[int, dict[str, str], bytes]


def fetch(url: str, body: Any = None, **headers: str) -> Answer:
    """Get an address, or post JSON to it as a page of the same origin does."""
    parts = urlsplit(url)
    own = {"Content-Type": "application/json", "Origin": f"{parts.scheme}://{parts.netloc}"}
    data = None if body is None else json.dumps(body).encode()
    sent = {
        **(own if data is not None else {}),
        **{n.replace("_", "-"): v for n, v in headers.items()},
    }
    request = urllib.request.Request(url, data, sent)  # noqa: S310  (http, of this machine)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=20) as answer:
            return answer.status, dict(answer.headers), answer.read()
    except urllib.error.HTTPError as refusal:
        return refusal.code, dict(refusal.headers), refusal.read()


def label_of(page: bytes) -> str:
    """For which label a page is."""
    return unescape(page.decode().partition('data-label="')[2].partition('"')[0])


def enter(url: str, value: str) -> None:
    """Enter a value on the page at an address, and save it."""
    label = label_of(fetch(url)[2])
    origin = "://".join(urlsplit(url)[:2])
    offer = json.loads(fetch(f"{url}offer", {"origin": origin})[2])["offer"]
    sealed = entry.seal(entry.Offer.from_json(offer), value.encode())
    fields = {name: offer[name] for name in ("kid", "ticket", "label", "origin")}
    status, _, said = fetch(f"{url}save", {**fields, "sealed": base64.b64encode(sealed).decode()})
    assert (status, offer["label"]) == (200, label), said
