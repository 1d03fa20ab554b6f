"""Where in a request a value belongs, and how it is put there. Pure.

A value goes into one place, in exchange for one placeholder that stands there. A placeholder that
stands anywhere else, or twice, or not at all, is a request that nobody asked for, and gets nothing.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
import secrets
from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import quote, unquote_to_bytes

from jupyter_agent.errors import EgressRefused, RequestInvalid

Header = tuple[bytes, bytes]

PLACEHOLDER: Final = re.compile(rb"jupyter-agent-placeholder-[A-Za-z0-9_-]{43}")
"""What stands in a program's variable for a value: a name of ours and 256 random bits."""

_TOKEN: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")  # RFC 9110, section 5.6.2
_PRINTABLE: Final = re.compile(rb"[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?")
_NOT_FOR_VALUES: Final = frozenset(
    # These decide where a request goes and where it ends.
    (
        *("host", "content-length", "transfer-encoding", "connection", "upgrade", "te", "trailer"),
        *("expect", "keep-alive", "proxy-authorization", "proxy-connection", "accept-encoding"),
    )
)


def new_placeholder() -> bytes:
    """A placeholder that nobody can guess."""
    return b"jupyter-agent-placeholder-" + secrets.token_urlsafe(32).encode()


@dataclass(frozen=True, slots=True)
class Place:
    """One place in a request.

    Attributes:
        kind: ``header``, ``query`` or ``basic`` (the password of HTTP Basic, RFC 7617).
        name: The query field's; else "".
        lines: Header names in small letters, each with what it holds, in which one ``{}`` stands
            for the value. A service may take its key in this header or in that one; a request has
            it in one of them.
    """

    kind: Literal["header", "query", "basic"]
    name: str = ""
    lines: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of_header(cls, *lines: str) -> Place:
        """The place that lines such as ``Authorization: Bearer {}`` describe.

        Raises:
            RequestInvalid: One is no header, has not exactly one ``{}``, or is a header that
                decides where a request goes.
        """
        return cls("header", lines=tuple(map(_header, lines)))

    @classmethod
    def of_query(cls, name: str) -> Place:
        """The query field of that name.

        Raises:
            RequestInvalid: It is no plain name.
        """
        if not re.fullmatch(r"[A-Za-z0-9_.\-\[\]]+", name):
            raise RequestInvalid("That is not the name of a query field.", "--query api_key")
        return cls("query", name)

    def __str__(self) -> str:
        if self.kind == "header":
            return " or ".join(f"header {name}: {form}" for name, form in self.lines)
        return f"query field {self.name}" if self.kind == "query" else "password of HTTP Basic"

    def fill(
        self, target: bytes, headers: list[Header], placeholder: bytes, value: bytes
    ) -> tuple[bytes, list[Header]]:
        """The request's target and headers, with the value for its placeholder.

        Args:
            target: Path and query.
            headers: Names in small letters.
            placeholder: What stands there now.
            value: What shall stand there.

        Raises:
            EgressRefused: The placeholder is not there, or not only there, or the value can't
                stand in such a place.
        """
        # A line break in a header would begin another one. In a query and in HTTP Basic the value
        # is written in other signs.
        if self.kind == "header" and not _PRINTABLE.fullmatch(value):
            raise EgressRefused(
                "The value has characters that no header may hold.",
                "Save it again without line breaks, and with no letters beyond ASCII.",
            )
        found = [*PLACEHOLDER.findall(target)]
        for name, text in headers:
            found += PLACEHOLDER.findall(text)
            if name == b"authorization" and (pair := basic_pair(text)) is not None:
                found += PLACEHOLDER.findall(pair[1])
        if len(found) != 1:
            raise self._refused("The placeholder is missing." if not found else "It stands twice.")
        # Compared as a whole, so that the time it takes tells nothing about a guess.
        if not hmac.compare_digest(found[0], placeholder):
            raise self._refused("It is the placeholder of something else.")
        filled = (
            self._fill_query(target, headers, placeholder, value)
            if self.kind == "query"
            else (target, [(n, self._filled(n, t, placeholder, value)) for n, t in headers])
        )
        if filled == (target, headers):
            raise self._refused("The placeholder stands in another place.")
        return filled

    def emptied(self, addresses: bytes, marker: bytes, placeholder: bytes) -> bytes:
        """Addresses that a service sends somebody on to, so that asking for them proves itself.

        A service repeats the query in them (``/list`` → ``/list/``, the next page of a list).

        Args:
            addresses: One or several, scrubbed.
            marker: What stands there for the value.
            placeholder: What shall stand there.
        """
        if self.kind != "query":
            return addresses
        before = rb"(?<=[?&]%s=)" % re.escape(self.name.encode())
        behind = rb"(?=[&#>]|$)"
        return re.sub(before + re.escape(marker) + behind, placeholder, addresses)

    def _filled(self, name: bytes, text: bytes, placeholder: bytes, value: bytes) -> bytes:
        if self.kind == "basic":
            pair = basic_pair(text) if name == b"authorization" else None
            if pair is None or pair[1] != placeholder:
                return text
            return b"Basic " + base64.b64encode(pair[0] + b":" + value)
        for wanted, form in self.lines:
            before, after = form.encode().split(b"{}")
            if name == wanted.encode() and text.strip() == before + placeholder + after:
                return before + value + after
        return text

    def _fill_query(
        self, target: bytes, headers: list[Header], placeholder: bytes, value: bytes
    ) -> tuple[bytes, list[Header]]:
        path, mark, query = target.partition(b"?")
        fields = []
        for field in query.split(b"&"):
            name, equals, text = field.partition(b"=")
            if unquote_to_bytes(name) == self.name.encode() and text == placeholder:
                text = quote(value, safe="").encode()
            fields.append(name + equals + text)
        return path + mark + b"&".join(fields), headers

    def _refused(self, what: str) -> EgressRefused:
        return EgressRefused(
            f"{what} It belongs into one place, the {self}, and only there.",
            "Use the variables as they were set, in no header or field of your own.",
            data={"rule": "placeholder"},
        )


def _header(line: str) -> tuple[str, str]:
    name, colon, form = line.partition(":")
    name, form = name.strip().lower(), form.strip()
    if not colon or not _TOKEN.fullmatch(name) or form.count("{}") != 1:
        raise RequestInvalid(
            "That is not a header with one {} in it.",
            "Write it like this: --header 'Authorization: Bearer {}'",
        )
    if name in _NOT_FOR_VALUES or not _PRINTABLE.fullmatch(form.encode("utf-8")):
        raise RequestInvalid("That header can't hold a value.", "Choose the service's own.")
    return name, form


def basic_pair(text: bytes) -> tuple[bytes, bytes] | None:
    """User and password in a header of HTTP Basic (RFC 7617), or None where it is none."""
    scheme, _, encoded = text.partition(b" ")
    if scheme.lower() != b"basic":
        return None
    try:
        user, colon, password = base64.b64decode(encoded.strip(), validate=True).partition(b":")
    except (binascii.Error, ValueError):
        return None
    return (user, password) if colon else None
