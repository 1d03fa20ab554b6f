"""Filters that know a published format: a value that breaks it is something else."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from jupyter_agent.screen import words
from jupyter_agent.screen.candidate import Candidate, is_varied

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


_SAMPLES: Final = (
    "SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c",
    "KMUFsIDTnFmyG3nMiGM6H9FNFUROf3wh7SmqJp-QV30",
    "TJVA95OrM7E2cBab30RMHrHDcEfxjoYZgeFONFh7HgQ",
)
"""How the tokens end that jwt.io shows to everybody, and articles copy from there."""


def _is_no_jwt(candidate: Candidate) -> bool:
    """RFC 7519: the first part is a JSON object that names an algorithm."""
    from base64 import urlsafe_b64decode  # noqa: PLC0415  (rare; import time)
    from json import loads  # noqa: PLC0415

    head, _, rest = candidate.value.partition(".")
    if rest.endswith(_SAMPLES):
        return True
    try:
        header = loads(urlsafe_b64decode(head + "=" * (-len(head) % 4)))
    except (ValueError, RecursionError):
        return True
    return not (isinstance(header, dict) and ("alg" in header or "enc" in header))


def _is_no_basic(candidate: Candidate) -> bool:
    """RFC 7617: base64 of ``user:password``."""
    from base64 import b64decode  # noqa: PLC0415

    value = candidate.value
    try:
        decoded = b64decode(value + "=" * (-len(value) % 4), validate=True)
    except ValueError:
        return True
    user, colon, password = decoded.partition(b":")
    # "user:password" is what every manual encodes.
    return not colon or (
        user.lower() in (b"user", b"username", b"foo")
        and password.lower() in (b"pass", b"password", b"bar")
    )


def _is_encoded_word(candidate: Candidate) -> bool:
    """Not base64, or that of "password"."""
    from base64 import urlsafe_b64decode  # noqa: PLC0415  (rare; import time)

    value = candidate.value.translate(_URL_SAFE)
    try:
        decoded = urlsafe_b64decode(value + "=" * (-len(value) % 4))
    except ValueError:
        return True
    return decoded.decode("latin-1").strip().lower() in words.DEFAULTS


_URL_SAFE: Final = str.maketrans("+/", "-_")


def _is_no_key_block(candidate: Candidate) -> bool:
    """RFC 7468: a key has lines of base64; a drawing of one has dots or words."""
    lines = re.findall(r"(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{30,}", candidate.value)
    return not lines or not is_varied("".join(lines), 4.0)


def _is_no_encoded_key(candidate: Candidate) -> bool:
    """Certificates are written in base64 of PEM too; the first line says which it is."""
    from base64 import b64decode  # noqa: PLC0415

    return b"PRIVATE KEY" not in b64decode(candidate.value[:80])


_UUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def _is_uuid(candidate: Candidate) -> bool:
    """RFC 9562; public far more often than secret."""
    return _UUID.fullmatch(candidate.value) is not None


_DATE: Final = re.compile(
    r"(?:19|20)\d\d(?:-?(?:0[1-9]|1[0-2])(?:-?(?:0[1-9]|[12]\d|3[01]))?)?|(?:19|20)\d\d-20\d\d"
)


def _is_date(candidate: Candidate) -> bool:
    """A year, a span of years, or ISO 8601 with and without dashes: 20240131."""
    return _DATE.fullmatch(candidate.value) is not None


STRUCTURE: Final[Mapping[str, Callable[[Candidate], bool]]] = {
    "no-jwt": _is_no_jwt,
    "no-basic": _is_no_basic,
    "encoded-word": _is_encoded_word,
    "no-key-block": _is_no_key_block,
    "no-encoded-key": _is_no_encoded_key,
    "uuid": _is_uuid,
    "date": _is_date,
}
