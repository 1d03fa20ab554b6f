"""Checksums against the vectors of the documents that define them."""

from __future__ import annotations

from zlib import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_agent.screen import Screener
from jupyter_agent.screen.checksums import (
    bip39_words,
    has_base58check,
    has_bech32,
    has_bip39_checksum,
    has_crc32_base62,
)
from jupyter_agent.screen.examples import assemble

DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def checksum(body: str) -> str:
    number = crc32(body.encode())
    digits = ""
    for _ in range(6):
        number, digit = divmod(number, 62)
        digits = DIGITS[digit] + digits
    return digits


@given(st.text(DIGITS, min_size=30, max_size=30))
def test_a_token_that_carries_its_crc_is_right_and_one_with_a_typo_is_not(body: str) -> None:
    token = body + checksum(body)
    assert has_crc32_base62(token)
    typo = ("a" if body[0] != "a" else "b") + token[1:]
    assert not has_crc32_base62(typo)


def test_a_token_with_a_typo_stays_a_finding() -> None:
    token = assemble("gh{+}p_{alnum:36}", 4)
    assert not has_crc32_base62(token[4:])
    assert [finding.rule for finding in Screener().screen(token)] == ["github-token"]


def test_a_run_of_one_letter_after_the_prefix_is_no_token() -> None:
    assert Screener().screen("gh" + "p_" + "a" * 36) == []


# Vectors of BIP-173.
@pytest.mark.parametrize(
    "text", ["A12UEL5L", "a12uel5l", "split1checkupstagehandshakeupstreamerranterredcaperred2y9e3w"]
)
def test_bech32_accepts_the_vectors_of_its_document(text: str) -> None:
    assert has_bech32(text)
    assert not has_bech32(text[:-1] + ("q" if text[-1].lower() != "q" else "p"))


@pytest.mark.parametrize("text", ["", "1", "abc", "a1b", "pzry9x0s0muk!"])
def test_bech32_refuses_what_has_no_checksum(text: str) -> None:
    assert not has_bech32(text)


@given(st.integers(0, 1000))
def test_a_wallets_import_format_carries_its_checksum(seed: int) -> None:
    key = assemble("{wif:52}", seed)
    assert has_base58check(key)
    assert not has_base58check(key[:-1] + ("2" if key[-1] != "2" else "3"))
    assert not has_base58check("0" + key)


def test_the_word_list_is_the_one_of_bip_39() -> None:
    words = bip39_words()
    assert len(words) == 2048
    assert (words["abandon"], words["zoo"]) == (0, 2047)
    # Four letters tell the words apart.
    assert len({word[:4] for word in words}) == 2048


# Vectors of BIP-39: all zeros and all ones, for 128 and 256 bits.
@pytest.mark.parametrize(
    ("first", "count", "last"),
    [("abandon", 11, "about"), ("zoo", 11, "wrong"), ("abandon", 23, "art"), ("zoo", 23, "vote")],
)
def test_a_recovery_phrase_carries_its_checksum(first: str, count: int, last: str) -> None:
    assert has_bip39_checksum([first] * count + [last])
    assert not has_bip39_checksum([first] * count + ["ability"])
    assert not has_bip39_checksum([first] * count)
    assert not has_bip39_checksum([first] * count + ["tokenizer"])


def test_a_recovery_phrase_with_typos_stays_a_finding() -> None:
    said = assemble("{phrase:12}", 7).split()
    said[3] += "x"
    text = "my seed phrase is " + " ".join(said)
    assert [finding.rule for finding in Screener().screen(text)] == ["seed-phrase"]


def test_a_recovery_phrase_is_found_whole_whichever_words_it_has() -> None:
    said = list(bip39_words())
    screener = Screener()
    for begin in range(0, len(said), 24):
        phrase = " ".join((said * 2)[begin : begin + 24])
        text = f"the recovery phrase is {phrase}\nplease restore it"
        assert [text[f.start : f.end] for f in screener.screen(text)] == [phrase]


def test_twelve_words_of_another_text_are_no_recovery_phrase() -> None:
    words = "sampler batches tensors gradients epochs losses optimizer metrics logits shards ranks"
    assert Screener().screen(f"seed: {words} devices") == []
