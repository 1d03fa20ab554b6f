"""The heads of requests and answers, rebuilt from their parsed parts. Pure.

Nothing of a head is passed on as it came: h11 has parsed it, what belongs to one connection stays
on that connection (RFC 9110, section 7.6.1), and a new head is written. So what we take for the end
of a message is what the other side takes for it, too (request smuggling, RFC 9112, section 11.2).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

import h11

from jupyter_agent.egress.place import Header
from jupyter_agent.egress.route import Origin, Route
from jupyter_agent.errors import EgressFailed, EgressRefused

_METHODS: Final = frozenset((b"GET", b"HEAD", b"POST", b"PUT", b"PATCH", b"DELETE", b"OPTIONS"))
_OF_ONE_CONNECTION: Final = frozenset(
    b"connection http2-settings keep-alive proxy-authenticate proxy-authorization proxy-connection"
    b" te trailer transfer-encoding upgrade".split()
)
# What a proxy adds on the way, and some servers believe.
_FORWARDED: Final = (b"forwarded", b"x-forwarded-", b"x-real-ip", b"via")
# Would tell the caller's program about another host than the one it talks to.
_ABOUT_THE_HOST: Final = frozenset((b"alt-svc", b"strict-transport-security", b"public-key-pins"))
# What browsers say of every request of a page. ``Sec-Fetch-Mode`` alone is no sign of one: the
# ``fetch`` of Node.js sends it, too.
_OF_PAGES: Final = frozenset((b"origin", b"sec-fetch-site", b"sec-fetch-dest", b"sec-fetch-user"))
ONWARD: Final = frozenset((b"location", b"content-location", b"link"))
"""Headers that say where to ask next."""

_LINKED: Final = re.compile(rb"(?<=<)[^<>]*(?=>)")  # RFC 8288, section 3: the address of a link
_LONGEST_HEAD: Final = 64 * 1024  # bytes
_PACKED: Final = frozenset((b"gzip", b"x-gzip", b"deflate"))
READABLE: Final = frozenset((b"", b"identity", *_PACKED))
"""The content encodings in which an answer can be looked through."""
_CHARSET: Final = re.compile(rb"""charset\s*=\s*["']?([^\s;"']+)""", re.IGNORECASE)
_WIDE: Final = re.compile(r"utf.?(?:7|16|32)|ucs|unicode|iso-?10646", re.IGNORECASE)
_LETTERS: Final = "".join(map(chr, range(0x20, 0x7F)))


@dataclass(frozen=True, slots=True, repr=False)
class Outgoing:
    """A request as it goes out. Its target or its headers hold the value: it has no repr."""

    head: h11.Request

    def __repr__(self) -> str:
        return "<Outgoing>"


def outgoing(
    request: h11.Request, route: Route, *, port: int, placeholder: bytes, value: bytes
) -> Outgoing:
    """What goes to the service instead of a request that came.

    Args:
        request: As h11 has parsed it.
        route: Where it may go.
        port: Of our own that it came to.
        placeholder: What stands for the value.
        value: The value.

    Raises:
        EgressRefused: It is for somebody else, or the placeholder is not where it belongs.
    """
    headers = headers_of(request)
    check(request, headers, port)
    target, headers = route.place.fill(request.target, headers, placeholder, value)
    return Outgoing(
        h11.Request(method=request.method, target=target, headers=rebuilt(headers, route.origin))
    )


def headers_of(head: h11.Request | h11.Response) -> list[Header]:
    """A head's headers, names in small letters."""
    return [(bytes(name), bytes(text)) for name, text in head.headers]


def rebuilt(headers: list[Header], origin: Origin) -> list[Header]:
    """A request's headers as they go to a service: its own host, nothing of this connection."""
    kept = [
        (name, text)
        for name, text in _end_to_end(headers)
        if name not in (b"host", b"accept-encoding", b"expect") and not name.startswith(_FORWARDED)
    ]
    # identity: a body that is compressed has to be unpacked here to be looked through.
    own = [(b"host", origin.authority.encode()), (b"accept-encoding", b"identity")]
    framing = [(n, v) for n, v in headers if n == b"transfer-encoding"]
    return own + kept + framing


def check(request: h11.Request, headers: list[Header], port: int) -> None:
    """Return if a request is one for us to pass on, whatever it carries.

    Args:
        request: As h11 has parsed it.
        headers: Its headers.
        port: Of our own that it came to.

    Raises:
        EgressRefused: It is for somebody else, or comes from a page, or ends in two places.
    """
    if len(request.target) + sum(len(n) + len(v) for n, v in headers) > _LONGEST_HEAD:
        raise _refused("size", "The request's head is too long.")
    names = [name for name, _ in headers]
    if request.method not in _METHODS:
        raise _refused("method", "That method is not passed on.")
    # Not "//": some servers take what follows for another host.
    if not request.target.startswith(b"/") or request.target.startswith(b"//"):
        raise _refused("target", "This is no proxy: it leads to one host only.")
    hosts = [text for name, text in headers if name == b"host"]
    if hosts not in ([b"127.0.0.1:%d" % port], [b"localhost:%d" % port]):
        raise _refused("host", "The Host header names another place than this one.")
    if not _OF_PAGES.isdisjoint(names):
        raise _refused("origin", "Pages in a browser are not served here.")
    # An offer to go on in HTTP/2, which Java's client makes each time, is left out and so declined
    # (RFC 7540, section 3.2).
    if any(name == b"upgrade" and text.strip().lower() != b"h2c" for name, text in headers):
        raise _refused("upgrade", "Another protocol inside the connection is not passed on.")
    if b"content-length" in names and b"transfer-encoding" in names:
        raise _refused("framing", "The request ends in two places.")
    # Else whoever writes it says what is left out of a request that somebody has read: its body,
    # or the header that makes it harmless.
    if not _of_this_connection(headers) <= _OF_ONE_CONNECTION | {b"close", b""}:
        raise _refused("connection", "What the Connection header names would not be passed on.")


def incoming(
    answer: h11.Response, origin: Origin, *, port: int, has_body: bool, keeps_length: bool = False
) -> tuple[h11.Response, bytes]:
    """What goes to the caller for an answer that came, and the encoding its body came in.

    Args:
        answer: As h11 has parsed it.
        origin: Where it came from.
        port: Of our own that the request came to.
        has_body: Not for HEAD: there the length says what a GET would bring.
        keeps_length: Where the body is not packed, say how long it is.

    Raises:
        EgressFailed: Its body is packed or written in a way that can't be looked through.
    """
    headers = headers_of(answer)
    packed = b",".join(text for name, text in headers if name == b"content-encoding")
    encoding = packed.strip().lower()
    if has_body and encoding not in READABLE:
        raise EgressFailed(
            "The answer is compressed in a way that can't be looked through.",
            "Ask the service for gzip, or for nothing: it was asked for nothing.",
        )
    if has_body and not all(_is_like_ascii(text) for n, text in headers if n == b"content-type"):
        raise EgressFailed(
            "The answer is written in characters that can't be looked through.",
            "Ask the service for UTF-8: leave out Accept-Charset.",
        )
    kept: list[Header] = []
    for name, text in _end_to_end(headers):
        # Scrubbing may change the length, so the body goes in chunks.
        if has_body and name == b"content-encoding":
            continue
        if has_body and name == b"content-length" and (encoding in _PACKED or not keeps_length):
            continue
        if name in _ABOUT_THE_HOST:
            continue
        kept.append((name, _by_us(name, text, origin, port) if name in ONWARD else text))
    head = h11.Response(status_code=answer.status_code, reason=answer.reason, headers=kept)
    return head, b"" if encoding == b"identity" else encoding


def declared_length(answer: h11.Response) -> int | None:
    """How long an answer's body says it is, or None where it does not say."""
    return next((int(text) for name, text in answer.headers if name == b"content-length"), None)


def _is_like_ascii(content_type: bytes) -> bool:
    """Whether letters and digits are in this type of content the bytes that they are in ASCII."""
    for found in _CHARSET.finditer(content_type):
        charset = found[1].decode("ascii", "replace")
        try:
            if _WIDE.search(charset) or _LETTERS.encode(charset) != _LETTERS.encode("ascii"):
                return False
        except (LookupError, UnicodeError):
            continue  # a name that nobody knows, of which servers have many for the usual ones
    return True


def _by_us(name: bytes, text: bytes, origin: Origin, port: int) -> bytes:
    if name != b"link":
        return _here(text, origin, port)
    # The next page of a list (GitHub, GitLab; octokit's ``paginate``, ``links`` of requests).
    return _LINKED.sub(lambda found: _here(found[0], origin, port), text)


def _here(location: bytes, origin: Origin, port: int) -> bytes:
    """An address of the same service, by way of us; every other one stays as it is.

    The caller follows that one by itself, with its placeholder at most.
    """
    try:
        parts = urlsplit(location.decode("ascii"))
        there = (parts.scheme, (parts.hostname or "").lower(), parts.port)
    except (UnicodeDecodeError, ValueError):
        return location
    default = 443 if origin.scheme == "https" else 80
    # "//host/path" means the scheme of the address that it stands at: to the service that is its
    # own, and to the caller http, by which all of the request would go out readable.
    scheme = there[0] or (origin.scheme if parts.netloc else "")
    if (scheme, there[1]) != (origin.scheme, origin.host) or (there[2] or default) != origin.port:
        return location
    return parts._replace(scheme="http", netloc=f"127.0.0.1:{port}").geturl().encode()


def _end_to_end(headers: Iterable[Header]) -> list[Header]:
    headers = list(headers)
    named = _of_this_connection(headers)
    return [
        (name, text)
        for name, text in headers
        if name not in _OF_ONE_CONNECTION and name not in named
    ]


def _of_this_connection(headers: Iterable[Header]) -> set[bytes]:
    return {
        word.strip().lower()
        for name, text in headers
        if name == b"connection"
        for word in text.split(b",")
    }


def _refused(rule: str, message: str) -> EgressRefused:
    return EgressRefused(
        message, "Use the address as %agent_egress has set it.", data={"rule": rule}
    )
