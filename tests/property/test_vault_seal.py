from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_agent.errors import VaultTampered
from jupyter_agent.vault.seal import Keys, RecordId, open_record, seal_record

KEYS = Keys.of(bytes(range(32)), bytes(range(16)))
RECORDS = st.builds(
    RecordId,
    kind=st.sampled_from(["secret", "about", "grant"]),
    name=st.text(alphabet="ABC_", min_size=1, max_size=6),
    version=st.integers(1, 2**63 - 1),
    policy=st.text(alphabet="ab", max_size=3),
)


@given(RECORDS, st.binary(max_size=2000))
def test_what_was_sealed_opens_again(record: RecordId, content: bytes) -> None:
    assert open_record(KEYS, record, seal_record(KEYS, record, content)) == content


@given(RECORDS, RECORDS, st.binary(max_size=300))
def test_it_opens_in_no_other_place(record: RecordId, other: RecordId, content: bytes) -> None:
    envelope = seal_record(KEYS, record, content)
    if record != other:
        with pytest.raises(VaultTampered):
            open_record(KEYS, other, envelope)


@given(RECORDS, st.binary(max_size=300), st.data())
def test_any_flipped_bit_keeps_it_shut(
    record: RecordId, content: bytes, data: st.DataObject
) -> None:
    envelope = bytearray(seal_record(KEYS, record, content))
    bit = data.draw(st.integers(0, len(envelope) * 8 - 1))
    envelope[bit // 8] ^= 1 << bit % 8
    with pytest.raises(VaultTampered):
        open_record(KEYS, record, bytes(envelope))


@given(RECORDS, st.binary(max_size=400))
def test_bytes_from_anywhere_never_open(record: RecordId, envelope: bytes) -> None:
    with pytest.raises(VaultTampered):
        open_record(KEYS, record, envelope)
