"""Which database a way leads to, as who. Pure."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlencode, urlsplit

from jupyter_agent.errors import RequestInvalid

PORT: Final = 5432
_SCHEME: Final = re.compile(r"(?:postgres|postgresql)(?:\+[a-z0-9_]+)?://")
_HOST: Final = re.compile(
    # RFC 1123, section 2.1. One label is enough: a certificate has to be for it, whoever answers.
    r"(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*"
)
_ABOUT_TLS: Final = frozenset(
    # Ours is always the strictest of them: sslmode=verify-full, and bound wherever it can be.
    ("sslmode", "sslnegotiation", "sslrootcert", "channel_binding", "gssencmode")
)
_OF_THE_CALLER: Final = frozenset(
    # What a caller's library does with them concerns itself and its session.
    ("application_name", "fallback_application_name", "options", "connect_timeout")
)


@dataclass(frozen=True, slots=True)
class Database:
    """One database on one server, as one user.

    Attributes:
        host: Small letters; exactly this host.
        plain: Without TLS, which is for a server on this machine only.
        settings: Further parts of an address that a caller's library reads.
    """

    host: str
    port: int
    name: str
    user: str
    plain: bool = False
    settings: Mapping[str, str] = field(default_factory=dict, compare=False, hash=False)

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        where = host if self.port == PORT else f"{host}:{self.port}"
        text = f"postgresql://{quote(self.user, safe='')}@{where}/{quote(self.name, safe='')}"
        return f"{text}?sslmode=disable" if self.plain else text

    def address(self, port: int, password: str) -> str:
        """The address by which a program on this machine reaches it by way of us."""
        who = f"{quote(self.user, safe='')}:{quote(password, safe='')}"
        query = urlencode({**self.settings, "sslmode": "disable"}, quote_via=quote)
        return f"postgresql://{who}@127.0.0.1:{port}/{quote(self.name, safe='')}?{query}"


def read_database(text: str, user: str | None) -> Database:
    """The database that a person named: ``db.example.com/sales``.

    Args:
        text: Host, port (5432 if none) and database (the user's name if none). Before it may stand
            ``postgresql://`` and a user, behind it ``?sslmode=disable``.
        user: As whom, where ``text`` does not say so.

    Raises:
        RequestInvalid: It does not name one database, or has a password in it.
    """
    database, password = _read(text if "://" in text else f"postgresql://{text}", user)
    if password is not None:
        raise RequestInvalid(
            "There is a password in that address.", "Save the password, or all of it, as a secret."
        )
    return database


def read_value(value: bytes) -> tuple[Database, bytes]:
    """The database and the password of a stored connection string.

    Raises:
        RequestInvalid: The value is none, or has no password. Nothing of it is repeated.
    """
    text = value.decode("utf-8", "replace").strip()
    if not is_connection_string(value):
        raise RequestInvalid(
            "The value is not an address of a PostgreSQL database.",
            "Name the database: --postgres db.example.com/sales --user NAME",
        )
    database, password = _read(text, None)
    if not password:
        raise RequestInvalid("The address has no password.", "Save it with its password.")
    return database, password.encode("utf-8")


def is_connection_string(value: bytes) -> bool:
    """Whether a stored value is a whole address, and not only a password."""
    return _SCHEME.match(value.decode("utf-8", "replace").strip()) is not None


def _read(text: str, user: str | None) -> tuple[Database, str | None]:
    try:
        if not _SCHEME.match(text) or not text.isprintable() or " " in text:
            raise _no_database()
        parts = urlsplit(text)
        host, port = (parts.hostname or "").lower(), parts.port or PORT
        query = dict(
            parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query))
        )
    except ValueError:
        raise _no_database() from None
    if not query.keys() <= _ABOUT_TLS | _OF_THE_CALLER or parts.fragment:
        raise RequestInvalid(
            "The address has parts that egress does not know.",
            "Name host, port, database and user, and nothing else.",
        )
    here = is_here(host)
    if not (here or _is_address(host) or _HOST.fullmatch(host)):
        raise _no_database()
    plain = query.get("sslmode") == "disable"
    if plain and not here:
        raise RequestInvalid(
            "A password leaves this machine by verified TLS only.",
            "sslmode=disable is for a server on this machine. Leave it away.",
        )
    who, name = _user(parts, user), unquote(parts.path.removeprefix("/"))
    settings = {key: text for key, text in query.items() if key in _OF_THE_CALLER}
    database = Database(host, port, name or who, who, plain, settings)
    if not all(0 < len(each) <= 255 and each.isprintable() for each in (who, database.name)):
        raise _no_database()
    return database, None if parts.password is None else unquote(parts.password)


def _user(parts: SplitResult, user: str | None) -> str:
    named = unquote(parts.username) if parts.username else None
    if user and named and user != named:
        raise RequestInvalid("Two users are named.", "Name one.")
    if not (user or named):
        raise RequestInvalid("Say as which user.", "--postgres db.example.com/sales --user NAME")
    return user or named or ""


def is_here(host: str) -> bool:
    """Whether that is this machine, whatever a name server says (RFC 6761, section 6.3)."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _no_database() -> RequestInvalid:
    return RequestInvalid(
        "That is not one database.", "Name it: --postgres db.example.com/sales --user NAME"
    )
