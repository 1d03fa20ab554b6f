"""The vault's cryptography, held against HKDF by hand and against stored vectors."""

from __future__ import annotations

import dataclasses
import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from jupyter_agent.errors import VaultTampered
from jupyter_agent.vault import seal
from jupyter_agent.vault.seal import Keys, RecordId

VECTORS = Path(__file__).parents[2] / "vectors" / "seal"
STORE_ID = bytes(range(16))
ROOT = bytes(range(32))
KEYS = Keys.of(ROOT, STORE_ID)
RECORD = RecordId("secret", "DEMO_TOKEN", 1)


def hkdf_by_hand(secret: bytes, salt: bytes, info: bytes) -> bytes:
    """RFC 5869 with SHA-256, for 32 bytes of output."""
    return hmac.digest(hmac.digest(salt, secret, "sha256"), info + b"\x01", "sha256")


def joined_by_hand(*parts: bytes) -> bytes:
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)


# --- Stored vectors ---


def _outcome(vector: dict[str, Any]) -> str:
    keys = Keys.of(bytes.fromhex(vector["root"]), bytes.fromhex(vector["store_id"]))
    record = RecordId(**vector["record"])
    return seal.open_record(keys, record, bytes.fromhex(vector["envelope"])).hex()


@pytest.mark.parametrize("path", sorted(VECTORS.glob("record-*.json")), ids=lambda path: path.stem)
def test_stored_record_behaves_as_its_file_says(path: Path) -> None:
    vector = json.loads(path.read_text(encoding="utf-8"))
    if "error" in vector["expect"]:
        with pytest.raises(VaultTampered) as caught:
            _outcome(vector)
        assert caught.value.code == vector["expect"]["error"]
    else:
        assert _outcome(vector) == vector["expect"]["content"]


@pytest.mark.parametrize("path", sorted(VECTORS.glob("root-*.json")), ids=lambda path: path.stem)
def test_stored_root_behaves_as_its_file_says(path: Path) -> None:
    vector = json.loads(path.read_text(encoding="utf-8"))
    store_id = bytes.fromhex(vector["store_id"])
    machine = seal.machine_hash(vector["machine"].encode())
    kek = seal.wrapping_key(bytes.fromhex(vector["tier_secret"]), machine, store_id)
    wrapped = bytes.fromhex(vector["wrapped"])
    if "error" in vector["expect"]:
        with pytest.raises(VaultTampered):
            seal.unwrap_root(wrapped, kek, store_id, vector["source"])
        return
    assert (
        seal.unwrap_root(wrapped, kek, store_id, vector["source"]).hex() == vector["expect"]["root"]
    )
    assert seal.machine_tag(store_id, machine).hex() == vector["expect"]["machine_tag"]


def test_pinned_randomness_gives_pinned_bytes() -> None:
    vector = json.loads((VECTORS / "record-secret.json").read_text(encoding="utf-8"))
    envelope = bytes.fromhex(vector["envelope"])
    keys = Keys.of(bytes.fromhex(vector["root"]), bytes.fromhex(vector["store_id"]))
    again = seal._seal_record(
        keys,
        RecordId(**vector["record"]),
        bytes.fromhex(vector["expect"]["content"]),
        salt=envelope[:32],
        nonce=envelope[32:44],
    )
    assert again == envelope


def test_stored_manifest_is_what_its_file_says() -> None:
    vector = json.loads((VECTORS / "manifest-two-rows.json").read_text(encoding="utf-8"))
    keys = Keys.of(bytes.fromhex(vector["root"]), bytes.fromhex(vector["store_id"]))
    digests = [
        seal.row_digest(RecordId(**row["record"]), bytes.fromhex(row["envelope"]))
        for row in vector["rows"]
    ]
    head = vector["head"]
    head_digest = seal.head_digest(
        head["source"], bytes.fromhex(head["machine_tag"]), bytes.fromhex(head["root"])
    )
    for order in (digests, reversed(digests)):
        tag = seal.manifest(keys, vector["epoch"], head_digest, order)
        assert tag.hex() == vector["expect"]["manifest"]


# --- By hand, from docs/vault-format.md ---


def test_an_envelope_can_be_opened_from_the_written_format_alone() -> None:
    envelope = seal.seal_record(KEYS, RECORD, b"a value")
    salt, nonce, ciphertext = envelope[:32], envelope[32:44], envelope[44:]
    records = hkdf_by_hand(ROOT, STORE_ID, b"jupyter_agent/records/v1")
    key = hkdf_by_hand(records, salt, b"record")
    number = (1).to_bytes(8, "big")
    context = joined_by_hand(b"secret", number, STORE_ID, b"DEMO_TOKEN", number, b"")
    plain = AESGCM(key).decrypt(nonce, ciphertext, context)
    assert plain == (7).to_bytes(4, "big") + b"a value" + bytes(245)


def test_the_root_can_be_unwrapped_from_the_written_format_alone() -> None:
    machine = hashlib.sha256(b"jupyter_agent/machine/v1" + b"some id").digest()
    assert seal.machine_hash(b"some id") == machine
    tier_secret = bytes(range(100, 132))
    kek = hkdf_by_hand(tier_secret + machine, STORE_ID, b"jupyter_agent/kek/v1")
    assert seal.wrapping_key(tier_secret, machine, STORE_ID) == kek
    wrapped = seal.wrap_root(ROOT, kek, STORE_ID, "file")
    context = joined_by_hand(b"root", (1).to_bytes(8, "big"), STORE_ID, b"file")
    assert AESGCM(kek).decrypt(wrapped[:12], wrapped[12:], context) == ROOT


# --- What an envelope is bound to ---


@pytest.mark.parametrize(
    "change",
    [{"kind": "about"}, {"name": "OTHER"}, {"version": 2}, {"policy": "any"}],
    ids=lambda change: next(iter(change)),
)
def test_a_record_in_another_place_does_not_open(change: dict[str, Any]) -> None:
    envelope = seal.seal_record(KEYS, RECORD, b"a value")
    with pytest.raises(VaultTampered):
        seal.open_record(KEYS, dataclasses.replace(RECORD, **change), envelope)


def test_a_record_of_another_store_does_not_open() -> None:
    envelope = seal.seal_record(KEYS, RECORD, b"a value")
    for other in (Keys.of(ROOT, bytes(16)), Keys.of(bytes(32), STORE_ID)):
        with pytest.raises(VaultTampered):
            seal.open_record(other, RECORD, envelope)


@pytest.mark.parametrize("length", [0, 31, 32, 43, 44, 59, 60])
def test_an_envelope_that_is_cut_short_does_not_open(length: int) -> None:
    envelope = seal.seal_record(KEYS, RECORD, b"a value")
    with pytest.raises(VaultTampered):
        seal.open_record(KEYS, RECORD, envelope[:length])


def test_the_same_value_never_looks_the_same_twice() -> None:
    envelopes = [seal.seal_record(KEYS, RECORD, b"a value") for _ in range(50)]
    assert len({envelope[:32] for envelope in envelopes}) == 50
    assert len({envelope[44:] for envelope in envelopes}) == 50


def test_the_size_of_an_envelope_does_not_tell_a_pin_from_a_token() -> None:
    pin, token = (seal.seal_record(KEYS, RECORD, bytes(n)) for n in (4, 200))
    assert len(pin) == len(token)


def test_a_root_is_bound_to_its_store_and_key_source() -> None:
    wrapped = seal.wrap_root(ROOT, bytes(32), STORE_ID, "file")
    for key, store_id, source in (
        (bytes(32), STORE_ID, "os-keyring"),
        (bytes(32), bytes(16), "file"),
        (ROOT, STORE_ID, "file"),
    ):
        with pytest.raises(VaultTampered):
            seal.unwrap_root(wrapped, key, store_id, source)


def test_wrong_key_and_changed_bytes_look_alike() -> None:
    envelope = seal.seal_record(KEYS, RECORD, b"a value")
    changed = envelope[:-1] + bytes([envelope[-1] ^ 1])
    errors = []
    for keys, bytes_ in ((Keys.of(bytes(32), STORE_ID), envelope), (KEYS, changed)):
        with pytest.raises(VaultTampered) as caught:
            seal.open_record(keys, RECORD, bytes_)
        errors.append((str(caught.value), caught.value.code, caught.value.__cause__))
    assert errors[0] == errors[1]


def test_the_manifest_depends_on_the_head_every_row_and_the_epoch() -> None:
    one, two = hashlib.sha256(b"1").digest(), hashlib.sha256(b"2").digest()
    tags = [
        seal.manifest(KEYS, 1, one, []),
        seal.manifest(KEYS, 1, two, []),
        seal.manifest(KEYS, 2, one, []),
        seal.manifest(KEYS, 1, one, [one]),
        seal.manifest(KEYS, 1, one, [two]),
        seal.manifest(KEYS, 1, one, [one, two]),
        seal.manifest(KEYS, 1, one, [one, one]),
    ]
    assert len(set(tags)) == len(tags)


def test_purposes_have_keys_of_their_own() -> None:
    purposes = {KEYS.for_purpose(purpose) for purpose in ("audit", "commands", "")}
    assert len(purposes | {KEYS.records, KEYS.manifest, KEYS.purposes, ROOT}) == 7
    assert KEYS.for_purpose("audit") == Keys.of(ROOT, STORE_ID).for_purpose("audit")


def test_keys_do_not_print() -> None:
    assert repr(KEYS) == str(KEYS) == "Keys(hidden)"
