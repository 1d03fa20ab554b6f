"""Masked entry, both ends: a value is sealed where it is typed and opened only by the broker.

The broker makes an offer with a one-time X25519 key, a form seals the value to it (a page in
TypeScript, the terminal with ``seal``), and the broker opens it once. What travels in between is
ciphertext, so relays, logs and kernels may see it.

HPKE (RFC 9180) in base mode with DHKEM(X25519, HKDF-SHA256), HKDF-SHA256 and AES-256-GCM. All
context stands in ``info``: an entry made for one label, origin or form does not open for another.
The plaintext is padded to 256 bytes, so that the length says little. The bytes are described in
docs/vault-format.md and pinned by tests/vectors/entry.
"""

from __future__ import annotations

import base64
import binascii
import secrets
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timedelta
from typing import Any, Final

from jupyter_agent import wire
from jupyter_agent.errors import EntryInvalid
from jupyter_agent.secret import MAX_VALUE, check_label

PURPOSE: Final = "jupyter_agent/seal/v1"
PAD_TO: Final = 256
"""Plaintexts are a multiple of this many bytes."""
LIFETIME: Final = timedelta(minutes=5)
"""How long a form may stay open before it needs another offer."""

_KEY_BYTES: Final = 32  # X25519: private key, public key and encapsulated key alike
_TAG_BYTES: Final = 16  # AES-GCM
_MAX_FIELD: Final = 2048  # characters in a field of an offer; a long notebook path fits


@dataclass(frozen=True, slots=True)
class Offer:
    """What a form needs to seal one value. Public: it holds no secret.

    Attributes:
        kid: Names the one-time key in the broker.
        pk: The one-time public key, 32 bytes in unpadded base64url.
        ticket: Says which form may answer, 32 random bytes in unpadded base64url.
        label: The label that the value will be stored under.
        origin: Where the form was shown: a page's origin, or ``terminal``.
        expires: RFC 3339, UTC. The broker decides; forms only show it.
    """

    kid: str
    pk: str
    ticket: str
    label: str
    origin: str
    expires: str

    def to_json(self) -> dict[str, Any]:
        """The offer as it goes to a form."""
        return asdict(self)

    @classmethod
    def from_json(cls, body: dict[str, Any]) -> Offer:
        """Read what ``to_json`` wrote.

        Raises:
            EntryInvalid: A field is missing, of another type or too long.
            LabelInvalid: The label is none.
        """
        values = {}
        for field in fields(cls):
            value = body.get(field.name)
            if not isinstance(value, str) or len(value) > _MAX_FIELD:
                raise EntryInvalid("That is not an offer for a sealed entry.", _AGAIN)
            values[field.name] = value
        check_label(values["label"])
        return cls(**values)

    def expired(self, now: datetime) -> bool:
        """Whether the form was open for too long."""
        return now >= datetime.fromisoformat(self.expires)


_AGAIN: Final = "Open the form again and enter the value once more."


def new_offer(label: str, origin: str, now: datetime) -> tuple[Offer, bytes]:
    """Make an offer and its one-time private key (32 bytes; keep it in memory only).

    Args:
        label: What the value will be stored under.
        origin: Where the form is shown.
        now: The time, with a zone.

    Raises:
        LabelInvalid: The label is none.
    """
    return _new_offer(
        check_label(label),
        origin,
        now,
        private_key=secrets.token_bytes(_KEY_BYTES),
        kid=secrets.token_hex(8),
        ticket=secrets.token_bytes(32),
    )


def _new_offer(  # noqa: PLR0913  (the randomness comes in from outside, so that vectors can pin it)
    label: str, origin: str, now: datetime, *, private_key: bytes, kid: str, ticket: bytes
) -> tuple[Offer, bytes]:
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey  # noqa: PLC0415

    public_key = X25519PrivateKey.from_private_bytes(private_key).public_key().public_bytes_raw()
    expires = wire.timestamp(now + LIFETIME)
    return Offer(kid, _to_text(public_key), _to_text(ticket), label, origin, expires), private_key


def seal(offer: Offer, value: bytes) -> bytes:
    """Seal a value to an offer: 32 bytes of encapsulated key, then the ciphertext.

    Args:
        offer: From the broker.
        value: 1 byte to 64 KiB.

    Raises:
        EntryInvalid: The value is empty or too long, or the offer's key is none.
    """
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey  # noqa: PLC0415

    if not 0 < len(value) <= MAX_VALUE:
        state = "too long" if value else "empty"
        raise EntryInvalid(
            f"The value for {offer.label} is {state}.", f"A value has 1 to {MAX_VALUE} bytes."
        )
    try:
        public_key = X25519PublicKey.from_public_bytes(_from_text(offer.pk))
        return bytes(_suite().encrypt(pad(value), public_key, info=_info(offer)))
    except ValueError:  # not 32 bytes, or a point of small order: nothing secret could come of it
        raise EntryInvalid(f"The offer for {offer.label} holds no usable key.", _AGAIN) from None


def open_entry(offer: Offer, private_key: bytes, sealed: bytes) -> bytes:
    """Open a sealed entry and return the value.

    The caller uses an offer once and checks its time; this function does neither.

    Args:
        offer: The one that was made, not one that came back.
        private_key: The offer's 32 bytes.
        sealed: What ``seal`` (or the page) made.

    Raises:
        EntryInvalid: It was sealed for another offer, label or origin, or was changed on the way.
            One error for every cause: which one it was would help only an attacker.
    """
    from cryptography.exceptions import InvalidTag  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey  # noqa: PLC0415

    failure = EntryInvalid(f"The sealed entry for {offer.label} did not open.", _AGAIN)
    if len(sealed) > _KEY_BYTES + _padded_length(MAX_VALUE) + _TAG_BYTES:
        raise failure
    try:
        key = X25519PrivateKey.from_private_bytes(private_key)
        value = unpad(_suite().decrypt(sealed, key, info=_info(offer)))
    except (InvalidTag, ValueError):
        raise failure from None
    if not 0 < len(value) <= MAX_VALUE:
        raise failure
    return value


def pad(value: bytes) -> bytes:
    """The value behind its length (4 bytes, big-endian), with zeros up to a multiple of 256."""
    return (len(value).to_bytes(4, "big") + value).ljust(_padded_length(len(value)), b"\0")


def unpad(padded: bytes | memoryview) -> bytes:
    """Undo ``pad``; there is exactly one padded form of each value.

    A memoryview leaves no copy of the value behind but the one that is returned.

    Raises:
        ValueError: ``pad`` did not make this.
    """
    length = int.from_bytes(padded[:4], "big")
    if len(padded) != _padded_length(length) or any(padded[4 + length :]):
        raise ValueError("not padded as it should be")
    return bytes(padded[4 : 4 + length])


def _padded_length(length: int) -> int:
    return -(-(4 + length) // PAD_TO) * PAD_TO


def _info(offer: Offer) -> bytes:
    """The context of an entry. Length prefixes keep ``a,b`` + ``c`` apart from ``a`` + ``b,c``."""
    parts = (PURPOSE, offer.kid, offer.ticket, offer.label, offer.origin)
    return ",".join(f"{len(part.encode())}:{part}" for part in parts).encode()


def _suite() -> Any:
    # Imported late: kernels and terminals import this module and mostly never seal anything.
    from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite  # noqa: PLC0415

    return Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


def _to_text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _from_text(text: str) -> bytes:
    try:
        padded = text + "=" * (-len(text) % 4)
        return base64.b64decode(padded, altchars=b"-_", validate=True)
    except (binascii.Error, UnicodeEncodeError):
        raise ValueError("not base64url") from None
