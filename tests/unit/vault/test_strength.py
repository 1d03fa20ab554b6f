from __future__ import annotations

import base64
import random

import pytest

from jupyter_agent.vault.strength import estimated_bits, is_weak

CHANCE = random.Random(20261122)


@pytest.mark.parametrize(
    "value",
    [
        b"1234",
        b"hunter2",
        b"correct horse",
        b"fifteen bytes..",
        b"a" * 100,
        b"abcdefghijklmnopqrstuvwxyz",
        b"0123456789012345678901234567890",
        b"axaxaxaxaxaxaxaxaxaxaxax",
        b"4111111111111111",
        b"summer winter spring autumn",
        b"SummerWinter springAutumn",
        b"my-very-own-pass",
        b"\0" * 32,
    ],
)
def test_what_could_be_guessed_is_weak(value: bytes) -> None:
    assert is_weak(value)


@pytest.mark.parametrize("count", range(20))
def test_generated_tokens_are_strong(count: int) -> None:  # twenty different ones
    noise = CHANCE.randbytes(24 + count)
    assert not is_weak(noise)
    assert not is_weak(noise.hex().encode())
    assert not is_weak(base64.b64encode(noise))
    assert not is_weak(base64.b64encode(noise)[:20])


@pytest.mark.parametrize(
    "value", [b"vUwmCtfuMRWHFQqCEICkbVLeCADTG_-lD", b"qRtYpLmKxWvZcNb-sDfGhJkQwErTyUi"]
)
def test_a_token_is_no_phrase_for_having_marks_and_no_digits(value: bytes) -> None:
    assert not is_weak(value)


def test_a_private_key_file_is_strong() -> None:
    body = base64.encodebytes(CHANCE.randbytes(400))
    assert not is_weak(b"-----BEGIN " + b"PRIVATE KEY-----\n" + body)


def test_an_empty_value_has_no_bits_to_speak_of() -> None:
    assert estimated_bits(b"x") < 10
    assert is_weak(b"x")
