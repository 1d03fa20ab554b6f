from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from jupyter_agent.entry import new_offer, open_entry, pad, seal, unpad
from jupyter_agent.errors import EntryInvalid

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
OFFER, PRIVATE_KEY = new_offer("LABEL", "https://hub.example", NOW)
SEALED = seal(OFFER, b"a value")


@given(st.binary(min_size=1, max_size=2000), st.text(max_size=200))
def test_what_was_sealed_opens_again(value: bytes, origin: str) -> None:
    offer, private_key = new_offer("LABEL", origin.encode("utf-8", "ignore").decode(), NOW)
    assert open_entry(offer, private_key, seal(offer, value)) == value


@given(st.binary(max_size=2000))
def test_padding_hides_the_length_up_to_256_bytes_and_comes_off(value: bytes) -> None:
    padded = pad(value)
    assert len(padded) % 256 == 0
    assert len(padded) - len(value) < 260
    assert unpad(padded) == value


@given(st.binary(max_size=1100))
def test_bytes_come_off_their_padding_only_if_they_are_the_one_padded_form(padded: bytes) -> None:
    try:
        value = unpad(padded)
    except ValueError:
        return
    assert pad(value) == padded


@example(255)  # the bit of a point that X25519 itself ignores
@given(st.integers(0, len(SEALED) * 8 - 1))
def test_any_flipped_bit_keeps_an_entry_shut(bit: int) -> None:
    changed = bytearray(SEALED)
    changed[bit // 8] ^= 1 << bit % 8
    with pytest.raises(EntryInvalid):
        open_entry(OFFER, PRIVATE_KEY, bytes(changed))


@given(st.binary(max_size=600))
def test_bytes_from_anywhere_never_open(sealed: bytes) -> None:
    with pytest.raises(EntryInvalid):
        open_entry(OFFER, PRIVATE_KEY, sealed)
