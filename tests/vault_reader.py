"""Another program that reads a vault, written from docs/vault-format.md and nothing else.

It imports nothing of the product (a test sees to that): what it can't do from the page, the page
does not say. Standard library and ``cryptography`` only.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

_HEAD = (
    "CREATE TABLE head (one INTEGER PRIMARY KEY CHECK (one = 1), store_id BLOB NOT NULL, source "
    "TEXT NOT NULL, machine_tag BLOB NOT NULL, root BLOB NOT NULL, epoch INTEGER NOT NULL, "
    "manifest BLOB NOT NULL) STRICT"
)
_RECORD = (
    "CREATE TABLE record (kind TEXT NOT NULL, name TEXT NOT NULL, version INTEGER NOT NULL, policy "
    "TEXT NOT NULL, envelope BLOB NOT NULL, PRIMARY KEY (kind, name)) STRICT, WITHOUT ROWID"
)


class Refused(Exception):
    """What the page says must not be read. Its text is the page's word for it."""


# --- Notation ---


def u64(number: int) -> bytes:
    return number.to_bytes(8, "big")


def joined(*parts: bytes) -> bytes:
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)


def hkdf(ikm: bytes, salt: bytes, info: bytes) -> bytes:
    """RFC 5869 with SHA-256 and 32 bytes of output, which is one block."""
    return hmac.digest(hmac.digest(salt, ikm, "sha256"), info + b"\x01", "sha256")


def opened(key: bytes, nonce: bytes, sealed: bytes, aad: bytes) -> bytes:
    try:
        return AESGCM(key).decrypt(nonce, sealed, aad)
    except (InvalidTag, ValueError):
        raise Refused("tampered") from None


def unpadded(padded: bytes) -> bytes:
    length = int.from_bytes(padded[:4], "big")
    if len(padded) != -(-(4 + length) // 256) * 256 or any(padded[4 + length :]):
        raise Refused("tampered")
    return padded[4 : 4 + length]


# --- Keys ---


@dataclass(frozen=True)
class Keys:
    store_id: bytes
    records: bytes
    manifest: bytes
    purposes: bytes


def machine_hash(machine_id: bytes) -> bytes:
    return hashlib.sha256(b"jupyter_agent/machine/v1" + machine_id).digest()


def machine_tag(store_id: bytes, machine_id: bytes) -> bytes:
    parts = joined(b"machine-tag", u64(1), store_id, machine_hash(machine_id))
    return hashlib.sha256(parts).digest()


def unwrapped(
    wrapped: bytes, tier_secret: bytes, machine_id: bytes, store_id: bytes, source: str
) -> bytes:
    kek = hkdf(tier_secret + machine_hash(machine_id), store_id, b"jupyter_agent/kek/v1")
    aad = joined(b"root", u64(1), store_id, source.encode())
    return opened(kek, wrapped[:12], wrapped[12:], aad)


def keys_of(root: bytes, store_id: bytes) -> Keys:
    names = ("records", "manifest", "purposes")
    infos = (f"jupyter_agent/{name}/v1".encode() for name in names)
    return Keys(store_id, *(hkdf(root, store_id, info) for info in infos))


def tier_secret(
    state: Path, source: str, store_id: bytes, *, passphrase: bytes = b"", elsewhere: bytes = b""
) -> bytes:
    """From the key source that the head names; ``elsewhere`` is what a keyring or a chip holds."""
    if source == "file":
        lines = [line.split() for line in (state / "vault.key").read_bytes().splitlines()]
        own = {bytes.fromhex(each[0].decode()): each[1] for each in lines if len(each) == 2}
        (shared,) = [each[0] for each in lines if len(each) == 1] or [b""]
        return base64.b64decode(own.get(store_id, shared))
    if source == "provided":
        way = json.loads((state / "vault.provided").read_bytes())[store_id.hex()]
        mark = base64.b64decode(way["mark"])
        if way["way"] == "passphrase":
            context = base64.b64decode(way["salt"])
            secret = key = stretched(passphrase, context, way["work"])
        else:
            context, key = store_id, Path(way["path"]).read_bytes().removesuffix(b"\n")
            secret = hkdf(key, store_id, b"jupyter_agent/provided/v1")
        expected = hmac.digest(key, b"jupyter_agent/provided-mark/v1" + context, "sha256")[:16]
        if not hmac.compare_digest(mark, expected):
            raise Refused("key_source_unavailable")
        return secret
    return elsewhere


def stretched(passphrase: bytes, salt: bytes, work: Mapping[str, int]) -> bytes:
    if work["memory"] > 1024 * 1024 or work["passes"] > 16 or work["lanes"] > 16:
        raise Refused("request_invalid")
    kdf = Argon2id(
        salt=salt, length=32, iterations=work["passes"], lanes=work["lanes"],
        memory_cost=work["memory"],
    )  # fmt: skip
    return kdf.derive(passphrase)


# --- Store ---


def record_digest(kind: str, name: str, version: int, policy: str, envelope: bytes) -> bytes:
    parts = (kind.encode(), name.encode(), u64(version), policy.encode(), envelope)
    return hashlib.sha256(joined(*parts)).digest()


def manifest(keys: Keys, epoch: int, head: bytes, digests: list[bytes]) -> bytes:
    parts = (b"manifest", u64(1), keys.store_id, u64(epoch), head, u64(len(digests)))
    return hmac.digest(keys.manifest, joined(*parts, *sorted(digests)), "sha256")


def head_digest(source: str, tag: bytes, root: bytes) -> bytes:
    return hashlib.sha256(joined(source.encode(), tag, root)).digest()


def open_envelope(  # noqa: PLR0917  (a row of the table, column by column)
    keys: Keys, kind: str, name: str, version: int, policy: str, envelope: bytes
) -> bytes:
    salt, nonce, sealed = envelope[:32], envelope[32:44], envelope[44:]
    parts = (kind.encode(), u64(1), keys.store_id, name.encode(), u64(version), policy.encode())
    return unpadded(opened(hkdf(keys.records, salt, b"record"), nonce, sealed, joined(*parts)))


@dataclass(frozen=True)
class Read:
    """A vault that was read.

    Attributes:
        keys: For the audit.
        records: Kind and name → content.
    """

    keys: Keys
    records: dict[tuple[str, str], bytes]

    def secrets(self) -> dict[str, bytes]:
        """Label → value."""
        return {name: each for (kind, name), each in self.records.items() if kind == "secret"}

    def audit(self, state: Path) -> list[dict[str, Any]]:
        """The events of the record of uses, earlier files first."""
        chain = json.loads(self.records["audit", "chain"])
        now = {
            "file": chain["file"],
            "key": hkdf(self.keys.purposes, self.keys.store_id, b"audit").hex(),
            "head": chain["head"],
        }
        events = []
        for each in (*chain["past"], now):
            before, key = "0" * 64, bytes.fromhex(each["key"])
            lines = (state / each["file"]).read_bytes().splitlines(keepends=True)
            for number, raw in enumerate(lines, start=1):
                line = json.loads(raw)
                event = json.dumps(line["event"], sort_keys=True, separators=(",", ":")).encode()
                expected = hmac.new(key, before.encode() + event, "sha256").hexdigest()
                if not hmac.compare_digest(expected, line["mac"]):
                    raise Refused("tampered")
                before = line["mac"]
                if number == each["head"]["lines"] and before != each["head"]["mac"]:
                    raise Refused("tampered")
                events.append(line["event"])
            if len(lines) < each["head"]["lines"]:
                raise Refused("tampered")
        return events


def read_vault(
    data: Path, state: Path, machine_id: bytes, *, passphrase: bytes = b"", elsewhere: bytes = b""
) -> Read:
    """Open a vault, with every check that the page asks for, in its order."""
    for path in (data, state, *(state / each for each in ("vault.anchor",)), data / "vault.db"):
        if path.is_symlink() or path.stat().st_mode & 0o077:
            raise Refused("vault_unsafe")
    with closing(sqlite3.connect(f"{(data / 'vault.db').as_uri()}?mode=ro", uri=True)) as file:
        if file.execute("PRAGMA user_version").fetchone()[0] > 1:
            raise Refused("vault_too_new")
        schema = [sql for (sql,) in file.execute("SELECT sql FROM sqlite_schema")]
        application = file.execute("PRAGMA application_id").fetchone()[0]
        if application != 0x6A617661 or sorted(schema) != [_HEAD, _RECORD]:
            raise Refused("tampered")
        (head,) = file.execute(
            "SELECT store_id, source, machine_tag, root, epoch, manifest FROM head"
        )
        rows = file.execute("SELECT kind, name, version, policy, envelope FROM record").fetchall()
    store_id, source, tag, wrapped, epoch, vouched = head
    if tag != machine_tag(store_id, machine_id):
        raise Refused("wrong_machine")
    secret = tier_secret(state, source, store_id, passphrase=passphrase, elsewhere=elsewhere)
    keys = keys_of(unwrapped(wrapped, secret, machine_id, store_id, source), store_id)
    digests = [record_digest(*row) for row in rows]
    expected = manifest(keys, epoch, head_digest(source, tag, wrapped), digests)
    if not hmac.compare_digest(expected, vouched):
        raise Refused("tampered")
    anchor = json.loads((state / "vault.anchor").read_bytes())
    known = {anchor["store"], anchor.get("rekeying", {}).get("store")}
    if store_id.hex() not in known or epoch < anchor["epoch"]:
        raise Refused("rolled_back")
    return Read(keys, {(row[0], row[1]): open_envelope(keys, *row) for row in rows})


# --- Exports and sealed entries ---


def read_export(file: bytes, passphrase: bytes) -> list[dict[str, Any]]:
    """The secrets of an export, each with ``label`` and ``value``."""
    body = json.loads(file)
    if body["jupyter_agent_export"] > 1:
        raise Refused("vault_too_new")
    salt, nonce, sealed = (base64.b64decode(body[each]) for each in ("salt", "nonce", "sealed"))
    work = body["work"]
    key = hkdf(stretched(passphrase, salt, work), salt, b"jupyter_agent/export/v1")
    numbers = (u64(work[each]) for each in ("memory", "passes", "lanes"))
    try:
        plain = opened(key, nonce, sealed, joined(b"export", u64(1), salt, *numbers))
    except Refused:
        raise Refused("request_invalid") from None
    found: list[dict[str, Any]] = json.loads(unpadded(plain))["secrets"]
    return [{**each, "value": base64.b64decode(each["value"])} for each in found]


def open_sealed_entry(offer: Mapping[str, str], private_key: bytes, sealed: bytes) -> bytes:
    """The value of a sealed entry."""
    texts = ["jupyter_agent/seal/v1", *(offer[each] for each in ("kid", "ticket", "label"))]
    info = ",".join(f"{len(each.encode())}:{each}" for each in (*texts, offer["origin"])).encode()
    suite = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
    try:
        key = X25519PrivateKey.from_private_bytes(private_key)
        value = unpadded(suite.decrypt(sealed, key, info=info))
    except (InvalidTag, ValueError, Refused):
        raise Refused("entry_invalid") from None
    if not 0 < len(value) <= 65536:
        raise Refused("entry_invalid")
    return value
