"""Where a value may go: one label, one host, one place. Pure."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from jupyter_agent.egress.place import Place
from jupyter_agent.errors import RequestInvalid

_NAME: Final = re.compile(
    # RFC 1123, section 2.1: letters, digits and inner hyphens; at least two labels.
    r"(?=.{4,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?"
)
_HTTPS: Final = 443


@dataclass(frozen=True, slots=True)
class Origin:
    """Scheme, host and port of a service; https on 443, or a server on this machine.

    Attributes:
        host: Small letters; exactly this host, never a pattern.
    """

    scheme: str
    host: str
    port: int

    def __str__(self) -> str:
        default = _HTTPS if self.scheme == "https" else 80
        return f"{self.scheme}://{self.authority if self.port != default else self.name}"

    @property
    def name(self) -> str:
        """The host as an address writes it."""
        return f"[{self.host}]" if ":" in self.host else self.host

    @property
    def authority(self) -> str:
        """Host and port, as a ``Host`` header has them; https's own port is left out."""
        plain = self.scheme == "https" and self.port == _HTTPS
        return self.name if plain else f"{self.name}:{self.port}"


@dataclass(frozen=True, slots=True)
class Route:
    """One way for one value.

    Attributes:
        label: Whose value.
        origin: Where to.
        place: Where in the request.
    """

    label: str
    origin: Origin
    place: Place


def read_origin(text: str) -> Origin:
    """The origin that a person named: ``api.example.com``, or ``http://127.0.0.1:8000``.

    https on port 443, whatever the host. http, and https on other ports, for a server on this
    machine only: there nobody listens in, and tests and local models need it.

    Raises:
        RequestInvalid: It is a pattern, an address with a path or a user, or one that is not
            allowed.
    """
    if not text.isascii() or not text.isprintable() or " " in text:
        raise _no_origin()  # ``urlsplit`` drops line breaks where they stand
    try:
        parts = urlsplit(text if "://" in text else f"https://{text}")
        port = parts.port
    except ValueError:
        raise _no_origin() from None
    host = (parts.hostname or "").lower()
    # ``geturl`` would repair what it has read; what is not written plainly is not taken.
    plain = not (parts.username or parts.password or parts.query or parts.fragment)
    if not plain or parts.path not in ("", "/") or parts.scheme not in ("https", "http"):
        raise _no_origin()
    if _is_here(host):
        return Origin(parts.scheme, host, port or (_HTTPS if parts.scheme == "https" else 80))
    if not _NAME.fullmatch(host):
        raise _no_origin()
    if parts.scheme != "https" or port not in (None, _HTTPS):
        raise RequestInvalid(
            "A value leaves this machine by https on port 443 only.",
            "http is for a server on this machine: --host http://127.0.0.1:8000",
        )
    return Origin("https", host, _HTTPS)


def _is_here(host: str) -> bool:
    # Addresses only, and the one name that can mean nothing else (RFC 6761, section 6.3): any other
    # name means whatever its owner's name server says today.
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _no_origin() -> RequestInvalid:
    return RequestInvalid(
        "That is not one host.", "Name it exactly, without a path or *: --host api.example.com"
    )
