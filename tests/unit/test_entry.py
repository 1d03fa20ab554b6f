"""Sealed entry, held against an HPKE written by hand from RFC 9180 and against stored vectors."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from jupyter_agent.entry import Offer, new_offer, open_entry, pad, seal, unpad
from jupyter_agent.errors import EntryInvalid, LabelInvalid

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
VECTORS = Path(__file__).parents[1] / "vectors" / "entry"


# --- HPKE base mode by hand (RFC 9180, sections 4 and 5), for DHKEM(X25519, HKDF-SHA256) ---


def _extract(salt: bytes, suite: bytes, label: bytes, secret: bytes) -> bytes:
    return hmac.digest(salt or bytes(32), b"HPKE-v1" + suite + label + secret, "sha256")


def _expand(key: bytes, suite: bytes, label: bytes, info: bytes, length: int) -> bytes:
    labeled = length.to_bytes(2, "big") + b"HPKE-v1" + suite + label + info
    return hmac.digest(key, labeled + b"\x01", "sha256")[:length]  # 32 bytes are never exceeded


def _key_and_nonce(
    shared: bytes, enc: bytes, public: bytes, info: bytes, aead: int
) -> tuple[bytes, bytes]:
    kem = b"KEM" + (0x20).to_bytes(2, "big")
    eae = _extract(b"", kem, b"eae_prk", shared)
    secret = _expand(eae, kem, b"shared_secret", enc + public, 32)
    suite = b"HPKE" + b"".join(each.to_bytes(2, "big") for each in (0x20, 1, aead))
    psk_id, info_hash = (
        _extract(b"", suite, name, data)
        for name, data in ((b"psk_id_hash", b""), (b"info_hash", info))
    )
    context = b"\x00" + psk_id + info_hash
    base = _extract(secret, suite, b"secret", b"")
    size = {1: 16, 2: 32}[aead]
    return _expand(base, suite, b"key", context, size), _expand(
        base, suite, b"base_nonce", context, 12
    )


def seal_by_hand(
    plain: bytes, public: bytes, ephemeral: bytes, info: bytes, *, aad: bytes = b"", aead: int = 2
) -> bytes:
    private = X25519PrivateKey.from_private_bytes(ephemeral)
    enc = private.public_key().public_bytes_raw()
    shared = private.exchange(X25519PublicKey.from_public_bytes(public))
    key, nonce = _key_and_nonce(shared, enc, public, info, aead)
    return enc + AESGCM(key).encrypt(nonce, plain, aad)


def info_by_hand(offer: Offer) -> bytes:
    parts = ["jupyter_agent/seal/v1", offer.kid, offer.ticket, offer.label, offer.origin]
    return b",".join(b"%d:%s" % (len(part.encode()), part.encode()) for part in parts)


def test_hpke_by_hand_gives_the_bytes_of_rfc_9180_appendix_a_1_1() -> None:
    vector = json.loads((VECTORS.parent / "hpke" / "rfc9180-a-1-1.json").read_text("utf-8"))
    fields = ("plaintext", "public_key", "ephemeral_key", "info", "aad")
    plain, public, ephemeral, info, aad = (bytes.fromhex(vector[name]) for name in fields)
    sealed = seal_by_hand(plain, public, ephemeral, info, aad=aad, aead=1)
    assert sealed.hex() == vector["enc"] + vector["ciphertext"]


def test_an_entry_sealed_by_hand_opens() -> None:
    offer, private_key = new_offer("DB_PASSWORD", "https://hub.example", NOW)
    public = X25519PrivateKey.from_private_bytes(private_key).public_key().public_bytes_raw()
    padded = (5).to_bytes(4, "big") + b"a\0b\xffc" + bytes(256 - 9)
    sealed = seal_by_hand(padded, public, hashlib.sha256(b"once").digest(), info_by_hand(offer))
    assert open_entry(offer, private_key, sealed) == b"a\0b\xffc"


def test_our_own_seal_gives_the_bytes_made_by_hand() -> None:
    offer, private_key = new_offer("DB_PASSWORD", "terminal", NOW)
    private = X25519PrivateKey.from_private_bytes(private_key)
    public = private.public_key().public_bytes_raw()
    sealed = seal(offer, b"a value")
    enc, ciphertext = sealed[:32], sealed[32:]
    shared = private.exchange(X25519PublicKey.from_public_bytes(enc))
    key, nonce = _key_and_nonce(shared, enc, public, info_by_hand(offer), 2)
    assert AESGCM(key).decrypt(nonce, ciphertext, b"") == pad(b"a value")


# --- Stored vectors: the page in TypeScript reads the same files ---


@pytest.mark.parametrize("path", sorted(VECTORS.glob("*.json")), ids=lambda path: path.stem)
def test_stored_entry_behaves_as_its_file_says(path: Path) -> None:
    vector = json.loads(path.read_text(encoding="utf-8"))
    offer = Offer.from_json(vector["offer"])
    private_key = bytes.fromhex(vector["private_key"])
    sealed = base64.b64decode(vector["sealed"], validate=True)
    if "error" in vector["expect"]:
        with pytest.raises(EntryInvalid) as caught:
            open_entry(offer, private_key, sealed)
        assert caught.value.code == vector["expect"]["error"]
    else:
        assert open_entry(offer, private_key, sealed).hex() == vector["expect"]["value"]


def test_there_are_stored_entries_of_both_kinds() -> None:
    expected = {
        "error" in json.loads(path.read_text(encoding="utf-8"))["expect"]
        for path in VECTORS.glob("*.json")
    }
    assert expected == {True, False}


# --- What an entry is bound to ---


@pytest.mark.parametrize(
    "change",
    [{"kid": "0"}, {"ticket": "0"}, {"label": "OTHER"}, {"origin": "https://evil.example"}],
    ids=lambda change: next(iter(change)),
)
def test_an_entry_for_another_offer_does_not_open(change: dict[str, str]) -> None:
    offer, private_key = new_offer("DB_PASSWORD", "https://hub.example", NOW)
    sealed = seal(offer, b"a value")
    with pytest.raises(EntryInvalid):
        open_entry(dataclasses.replace(offer, **change), private_key, sealed)


def test_fields_can_not_be_shifted_into_each_other() -> None:
    offer, private_key = new_offer("A", "x,1:y", NOW)
    sealed = seal(offer, b"a value")
    for label, origin in (("A,5:x", "1:y"), ("A,", "x,1:y")):
        moved = dataclasses.replace(offer, label=label, origin=origin)
        with pytest.raises(EntryInvalid):
            open_entry(moved, private_key, sealed)


def test_a_truncated_or_lengthened_entry_does_not_open() -> None:
    offer, private_key = new_offer("DB_PASSWORD", "terminal", NOW)
    sealed = seal(offer, b"a value")
    for bad in (b"", sealed[:31], sealed[:32], sealed[:47], sealed[:-1], sealed + b"\0"):
        with pytest.raises(EntryInvalid):
            open_entry(offer, private_key, bad)


def test_a_key_of_small_order_is_refused_at_both_ends() -> None:
    offer, private_key = new_offer("DB_PASSWORD", "terminal", NOW)
    with pytest.raises(EntryInvalid):
        open_entry(offer, private_key, bytes(32) + seal(offer, b"a value")[32:])
    with pytest.raises(EntryInvalid):
        seal(dataclasses.replace(offer, pk="A" * 43), b"a value")


def test_the_error_of_a_failed_entry_never_names_its_cause() -> None:
    offer, private_key = new_offer("DB_PASSWORD", "terminal", NOW)
    sealed = seal(offer, b"a value")
    texts = set()
    for bad in (b"", sealed[:-1], bytes(32) + sealed[32:], bytes(200_000)):
        with pytest.raises(EntryInvalid) as caught:
            open_entry(offer, private_key, bad)
        assert caught.value.__cause__ is None
        texts.add(str(caught.value))
    assert len(texts) == 1


@pytest.mark.parametrize("wrong", [b"", bytes(255), bytes(512), b"\0\0\1\0" + bytes(252)])
def test_bytes_that_pad_did_not_make_are_refused(wrong: bytes) -> None:
    with pytest.raises(ValueError, match="padded"):
        unpad(wrong)


def test_padding_that_is_not_zero_is_refused() -> None:
    with pytest.raises(ValueError, match="padded"):
        unpad(pad(b"abc")[:-1] + b"\1")


# --- Offers ---


def test_every_offer_has_a_key_and_a_ticket_of_its_own() -> None:
    offers = [new_offer("A", "terminal", NOW)[0] for _ in range(20)]
    assert len({offer.pk for offer in offers}) == 20
    assert len({offer.ticket for offer in offers}) == 20
    assert len({offer.kid for offer in offers}) == 20


def test_an_offer_expires_after_five_minutes() -> None:
    offer, _ = new_offer("A", "terminal", NOW)
    assert offer.expires == "2026-11-22T12:05:00Z"
    assert not offer.expired(NOW + timedelta(minutes=4, seconds=59))
    assert offer.expired(NOW + timedelta(minutes=5))


def test_an_offer_goes_through_json_unchanged() -> None:
    offer, _ = new_offer("A", "https://hub.example", NOW)
    assert Offer.from_json(json.loads(json.dumps(offer.to_json()))) == offer


@pytest.mark.parametrize("broken", [{}, {"kid": 3}, {"origin": "x" * 3000}, {"pk": None}])
def test_an_offer_with_a_broken_field_is_refused(broken: dict[str, object]) -> None:
    offer, _ = new_offer("A", "terminal", NOW)
    body = offer.to_json() | broken if broken else {}
    with pytest.raises(EntryInvalid):
        Offer.from_json(body)


def test_an_offer_needs_a_label() -> None:
    with pytest.raises(LabelInvalid):
        new_offer("not a label", "terminal", NOW)


@pytest.mark.parametrize("value", [b"", bytes(64 * 1024 + 1)])
def test_an_empty_or_oversized_value_is_not_sealed(value: bytes) -> None:
    offer, _ = new_offer("A", "terminal", NOW)
    with pytest.raises(EntryInvalid):
        seal(offer, value)


def test_the_largest_value_goes_through() -> None:
    offer, private_key = new_offer("A", "terminal", NOW)
    value = bytes(range(256)) * 256
    assert open_entry(offer, private_key, seal(offer, value)) == value
