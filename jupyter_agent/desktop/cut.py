"""What an agent hears of a request, a response and the history: no cookie, header or form of them.

By lists of what stays. The events with the headers as they went over the wire
(``requestWillBeSentExtraInfo`` and its like) never pass, so the ones that announce them are told to
say that there are none: Playwright would wait for them.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

Params = dict[str, Any]


def words(text: str) -> frozenset[str]:
    """The names in a list that is set for reading."""
    return frozenset(text.split())


HEADERS: Final = words("""
    accept accept-language cache-control content-encoding content-language content-length
    content-type date expires last-modified
""")
"""Header fields that stay, in lower case: what is told about a text, and nothing about a person."""

_REQUEST: Final = words(
    "requestId loaderId documentURL timestamp wallTime type frameId hasUserGesture"
)
_ASKED: Final = words(
    "url urlFragment method mixedContentType initialPriority referrerPolicy isLinkPreload"
)
_ANSWER: Final = words("""
    url status statusText mimeType charset connectionReused connectionId remoteIPAddress remotePort
    fromDiskCache fromServiceWorker fromPrefetchCache encodedDataLength timing responseTime protocol
    securityState securityDetails alternateProtocolUsage
""")


def request_sent(params: Params) -> Params:
    """``Network.requestWillBeSent``: without its form, headers and cause."""
    asked = params.get("request") or {}
    shown = _only(params, _REQUEST) | {
        "request": _only(asked, _ASKED) | {"headers": _headers(asked)},
        "initiator": {"type": "other"},
        "redirectHasExtraInfo": False,
    }
    if isinstance(params.get("redirectResponse"), dict):
        shown["redirectResponse"] = _response(params["redirectResponse"])
    return shown


def response_received(params: Params) -> Params:
    """``Network.responseReceived``: without cookies that are set and other headers."""
    return _only(params, ("requestId", "loaderId", "timestamp", "type", "frameId")) | {
        "response": _response(params.get("response") or {}),
        "hasExtraInfo": False,
    }


def data_received(params: Params) -> Params:
    """``Network.dataReceived``: how much, not what."""
    return _only(params, ("requestId", "timestamp", "dataLength", "encodedDataLength"))


def socket_created(params: Params) -> Params:
    """``Network.webSocketCreated``: its address. What goes over it is not told at all."""
    return _only(params, ("requestId", "url"))


def history(answer: Params) -> Params:
    """``Page.getNavigationHistory``: without what a person has typed into the address bar."""
    entries = answer.get("entries") or []
    kept = ("id", "url", "title", "transitionType")
    return {
        "currentIndex": answer.get("currentIndex", 0),
        "entries": [_only(entry, kept) | {"userTypedURL": ""} for entry in entries],
    }


def _response(answer: Params) -> Params:
    return _only(answer, _ANSWER) | {"headers": _headers(answer)}


def _headers(message: Params) -> Params:
    headers = message.get("headers") or {}
    return {name: value for name, value in headers.items() if name.lower() in HEADERS}


def _only(params: Params, names: Collection[str]) -> Params:
    return {name: params[name] for name in names if name in params}
