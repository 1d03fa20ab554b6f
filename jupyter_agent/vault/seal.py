"""The vault's cryptography, format 1: keys, envelopes, manifest. Pure: bytes in, bytes out.

    tier secret ‖ machine hash ── HKDF ──> KEK ── AES-256-GCM ──> root (32 random bytes)
    root ── HKDF ──> record key base, manifest key, purpose key base
    record key base + 32 fresh bytes ── HKDF ──> one key for one write of one record

One integer names the whole suite. No algorithm stands in the file, so nothing can be downgraded.
HKDF is RFC 5869 with SHA-256. Randomness is drawn in the public functions and handed to private
twins, so that tests/vectors/seal can pin the bytes. docs/vault-format.md describes the format.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from jupyter_agent.entry import pad, unpad
from jupyter_agent.errors import VaultTampered

FORMAT: Final = 1
KEY_BYTES: Final = 32

_SALT_BYTES: Final = 32
_NONCE_BYTES: Final = 12  # AES-GCM's own size; random is fine, because every key seals once
_TAG_BYTES: Final = 16

_KEK: Final = b"jupyter_agent/kek/v1"
_MACHINE: Final = b"jupyter_agent/machine/v1"
_RECORDS: Final = b"jupyter_agent/records/v1"
_MANIFEST: Final = b"jupyter_agent/manifest/v1"
_PURPOSES: Final = b"jupyter_agent/purposes/v1"
_PROVIDED: Final = b"jupyter_agent/provided/v1"


@dataclass(frozen=True, slots=True)
class RecordId:
    """What an envelope is bound to; moving it to any other place makes it useless.

    Attributes:
        kind: ``secret`` (a value), ``about`` (what is known of it), ``grant``, ``allowance``
            or ``policy``.
        name: The label, or the grant's or allowance's id.
        version: 1 for the first write of this record, one more for each further write.
        policy: What the record may be used for, as text. Format 1 knows only "".
    """

    kind: str
    name: str
    version: int
    policy: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class Keys:
    """What an open vault works with. The root itself is not among them."""

    store_id: bytes
    records: bytes
    manifest: bytes
    purposes: bytes

    @classmethod
    def of(cls, root: bytes, store_id: bytes) -> Keys:
        """Derive an open vault's keys from its root."""
        derive = (hkdf(root, store_id, info) for info in (_RECORDS, _MANIFEST, _PURPOSES))
        return cls(store_id, *derive)

    def __repr__(self) -> str:
        return "Keys(hidden)"

    def for_purpose(self, purpose: str) -> bytes:
        """A 32-byte key for something outside the store, such as the audit chain."""
        return hkdf(self.purposes, self.store_id, purpose.encode())


def machine_hash(identity: bytes) -> bytes:
    """The machine's identity, hashed with a constant of ours, because the raw one is confidential.

    https://www.freedesktop.org/software/systemd/man/latest/machine-id.html asks for exactly this.
    """
    return hashlib.sha256(_MACHINE + identity).digest()


def machine_tag(store_id: bytes, machine: bytes) -> bytes:
    """Tells, without any key, whether a store was made on this machine.

    It only chooses the better error: what keeps a copied store shut is the machine hash in the KEK.
    """
    return hashlib.sha256(joined(b"machine-tag", number(FORMAT), store_id, machine)).digest()


def wrapping_key(tier_secret: bytes, machine: bytes, store_id: bytes) -> bytes:
    """The KEK. The tier secret gives the strength; the machine hash makes a moved copy fail.

    Args:
        tier_secret: 32 random bytes from a key source.
        machine: ``machine_hash`` of this machine.
        store_id: 16 random bytes, public.
    """
    return hkdf(tier_secret + machine, store_id, _KEK)


def provided_secret(content: bytes, store_id: bytes) -> bytes:
    """The tier secret that a provided key gives a store.

    Args:
        content: At least 32 random bytes, in whatever spelling they were provided.
        store_id: 16 random bytes, public.
    """
    return hkdf(content, store_id, _PROVIDED)


def wrap_root(root: bytes, kek: bytes, store_id: bytes, source: str) -> bytes:
    """Seal the root key under the KEK, bound to the store and the name of its key source."""
    return _wrap_root(root, kek, store_id, source, nonce=secrets.token_bytes(_NONCE_BYTES))


def _wrap_root(root: bytes, kek: bytes, store_id: bytes, source: str, *, nonce: bytes) -> bytes:
    return nonce + encrypt(kek, nonce, root, _root_context(store_id, source))


def unwrap_root(wrapped: bytes, kek: bytes, store_id: bytes, source: str) -> bytes:
    """Open the root key.

    Raises:
        VaultTampered: Wrong key or changed bytes; which one, nobody can tell.
    """
    context = _root_context(store_id, source)
    root = bytes(decrypt(kek, wrapped[:_NONCE_BYTES], wrapped[_NONCE_BYTES:], context))
    if len(root) != KEY_BYTES:
        raise tampered()
    return root


def seal_record(keys: Keys, record: RecordId, content: bytes) -> bytes:
    """Seal one record: salt (32), nonce (12), ciphertext and tag.

    The key is new for every write, so a nonce can't meet the same key twice, however often a
    process is killed or a machine restored.
    """
    salt, nonce = secrets.token_bytes(_SALT_BYTES), secrets.token_bytes(_NONCE_BYTES)
    return _seal_record(keys, record, content, salt=salt, nonce=nonce)


def _seal_record(
    keys: Keys, record: RecordId, content: bytes, *, salt: bytes, nonce: bytes
) -> bytes:
    key = hkdf(keys.records, salt, b"record")
    context = _record_context(keys.store_id, record)
    return salt + nonce + encrypt(key, nonce, pad(content), context)


def open_record(keys: Keys, record: RecordId, envelope: bytes) -> bytes:
    """Open one record.

    Raises:
        VaultTampered: It was changed, or belongs to another label, version, policy or store.
    """
    salt, rest = envelope[:_SALT_BYTES], envelope[_SALT_BYTES:]
    nonce, ciphertext = rest[:_NONCE_BYTES], rest[_NONCE_BYTES:]
    key = hkdf(keys.records, salt, b"record")
    padded = decrypt(key, nonce, ciphertext, _record_context(keys.store_id, record))
    try:
        return unpad(memoryview(padded))
    except ValueError:  # sealed with our key, yet not by this code
        raise tampered() from None
    finally:
        padded[:] = bytes(len(padded))  # one copy less of the value in memory


def row_digest(record: RecordId, envelope: bytes) -> bytes:
    """What the manifest says of one row."""
    parts = (record.kind.encode(), record.name.encode(), number(record.version))
    return hashlib.sha256(joined(*parts, record.policy.encode(), envelope)).digest()


def head_digest(source: str, tag: bytes, wrapped_root: bytes) -> bytes:
    """What the manifest says of the head, so that damage to it shows while the keys are still here.

    Args:
        source: Name of the key source.
        tag: ``machine_tag``.
        wrapped_root: From ``wrap_root``.
    """
    return hashlib.sha256(joined(source.encode(), tag, wrapped_root)).digest()


def manifest(keys: Keys, epoch: int, head: bytes, digests: Iterable[bytes]) -> bytes:
    """One tag over the whole store: it catches a deleted row, and an old row put back.

    Args:
        keys: The open vault's.
        epoch: Number of the store's last write.
        head: ``head_digest``.
        digests: ``row_digest`` of every row; their order does not matter.
    """
    rows = sorted(digests)
    parts = (b"manifest", number(FORMAT), keys.store_id, number(epoch), head, number(len(rows)))
    return hmac.digest(keys.manifest, joined(*parts, *rows), "sha256")


def tampered() -> VaultTampered:
    """The one error for everything that does not authenticate."""
    return VaultTampered(
        "The vault is damaged, was changed by something else, or its key is not the right one.",
        "Put back the newest copy of the vault file together with its key.",
    )


def _record_context(store_id: bytes, record: RecordId) -> bytes:
    return joined(
        record.kind.encode(),
        number(FORMAT),
        store_id,
        record.name.encode(),
        number(record.version),
        record.policy.encode(),
    )


def _root_context(store_id: bytes, source: str) -> bytes:
    return joined(b"root", number(FORMAT), store_id, source.encode())


def decrypt(key: bytes, nonce: bytes, ciphertext: bytes, context: bytes) -> bytearray:
    """Undo ``encrypt``.

    Raises:
        VaultTampered: Wrong key or changed bytes.
    """
    from cryptography.exceptions import InvalidTag  # noqa: PLC0415
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415

    if len(nonce) != _NONCE_BYTES or len(ciphertext) < _TAG_BYTES:
        raise tampered()
    plain = bytearray(len(ciphertext) - _TAG_BYTES)
    try:
        AESGCM(key).decrypt_into(nonce, ciphertext, context, plain)
    except InvalidTag:
        raise tampered() from None
    return plain


def encrypt(key: bytes, nonce: bytes, plain: bytes, context: bytes) -> bytes:
    """AES-256-GCM; the key seals once.

    Args:
        key: 32 bytes that seal nothing else.
        nonce: 12 bytes.
        plain: What is sealed.
        context: What it is bound to.
    """
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415

    return AESGCM(key).encrypt(nonce, plain, context)


def joined(*parts: bytes) -> bytes:
    """Parts behind their lengths, so that no two lists of parts give the same bytes."""
    return b"".join([len(part).to_bytes(4, "big") + part for part in parts])


def number(value: int) -> bytes:
    """A whole number as 8 bytes, big-endian."""
    return value.to_bytes(8, "big")


def hkdf(secret: bytes, salt: bytes, info: bytes) -> bytes:
    """HKDF (RFC 5869) with SHA-256: 32 bytes from a secret that is strong already."""
    from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF  # noqa: PLC0415

    return HKDF(SHA256(), KEY_BYTES, salt, info).derive(secret)
