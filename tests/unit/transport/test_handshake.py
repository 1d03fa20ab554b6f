"""The proof that one side of a loopback connection gives to the other."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from jupyter_agent.transport import handshake

KEY, OURS, THEIRS = bytes(range(32)), b"\x11" * 32, b"\x22" * 32

bytes32 = st.binary(min_size=32, max_size=32)
said = st.tuples(
    bytes32, st.sampled_from(("broker", "client")), st.integers(0, 65535), bytes32, bytes32
)


def _proof(key, role, port, client_nonce, broker_nonce):
    return handshake.proof(key, role, port, client_nonce=client_nonce, broker_nonce=broker_nonce)


def _by_hand(key: bytes, text: bytes) -> bytes:
    """HMAC as RFC 2104 writes it down, with two hashes."""
    key = key.ljust(64, b"\0")
    inner = hashlib.sha256(bytes(b ^ 0x36 for b in key) + text).digest()
    return hashlib.sha256(bytes(b ^ 0x5C for b in key) + inner).digest()


@pytest.mark.parametrize("role", ["broker", "client"])
def test_a_proof_is_what_the_page_says(role):
    text = b"jupyter_agent handshake 1 " + role.encode() + b"\0" + b"\x1f\x90" + OURS + THEIRS
    assert _proof(KEY, role, 8080, OURS, THEIRS) == _by_hand(KEY, text)


@given(one=said, other=said)
def test_a_proof_fits_one_key_role_port_and_pair_of_nonces(one, other):
    assert handshake.holds(_proof(*one), _proof(*other)) == (one == other)


@given(one=said, place=st.integers(0, 4), data=st.data())
def test_a_proof_with_one_thing_changed_is_refused(one, place, data):
    kinds = [bytes32, st.sampled_from(("broker", "client")), st.integers(0, 65535)]
    kinds += [bytes32, bytes32]
    changed = list(one)
    changed[place] = data.draw(kinds[place])
    assume(changed != list(one))
    assert not handshake.holds(_proof(*changed), _proof(*one))


@pytest.mark.parametrize("sizes", [(31, 32, 32), (32, 33, 32), (32, 32, 0)])
def test_what_has_another_length_is_no_key_and_no_nonce(sizes):
    key, ours, theirs = (b"a" * size for size in sizes)
    with pytest.raises(ValueError, match="length"):
        _proof(key, "client", 1, ours, theirs)
