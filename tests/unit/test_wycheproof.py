"""The primitives below vault and entry, held against Wycheproof's vectors."""

from __future__ import annotations

import base64
import dataclasses
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from jupyter_agent.entry import new_offer, seal
from jupyter_agent.errors import EntryInvalid, VaultTampered
from jupyter_agent.vault.seal import decrypt, encrypt

VECTORS = Path(__file__).parents[1] / "vectors" / "wycheproof"


def vectors(name: str) -> list[dict[str, Any]]:
    tests: list[dict[str, Any]] = json.loads((VECTORS / name).read_text(encoding="utf-8"))["tests"]
    assert len(tests) > 60
    return tests


@pytest.mark.parametrize("vector", vectors("aes-256-gcm.json"), ids=lambda v: str(v["tcId"]))
def test_records_are_sealed_and_opened_as_wycheproof_says(vector: dict[str, Any]) -> None:
    fields = ("key", "iv", "aad", "msg", "ct", "tag")
    key, nonce, context, plain, ciphertext, tag = (bytes.fromhex(vector[name]) for name in fields)
    if vector["result"] == "valid":
        assert decrypt(key, nonce, ciphertext + tag, context) == plain
        assert encrypt(key, nonce, plain, context) == ciphertext + tag
    else:
        with pytest.raises(VaultTampered):
            decrypt(key, nonce, ciphertext + tag, context)


def test_keys_are_agreed_on_as_wycheproof_says_and_none_without_a_secret() -> None:
    offer, _ = new_offer("DB_PASSWORD", "terminal", datetime(2026, 11, 28, tzinfo=UTC))
    for vector in vectors("x25519.json"):
        private = X25519PrivateKey.from_private_bytes(bytes.fromhex(vector["private"]))
        public = bytes.fromhex(vector["public"])
        if vector["zero"]:
            # Nothing secret could come of it, so nothing is sealed to it.
            pk = base64.urlsafe_b64encode(public).rstrip(b"=").decode()
            with pytest.raises(EntryInvalid):
                seal(dataclasses.replace(offer, pk=pk), b"a value")
        else:
            agreed = private.exchange(X25519PublicKey.from_public_bytes(public))
            assert agreed.hex() == vector["shared"], vector["tcId"]
