"""Checksums that vendors publish.

A right checksum proves a token. A wrong one proves nothing: people paste tokens with a character
missing. So a filter made from a checksum only asks more of a value that fails it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Final
from zlib import crc32

from jupyter_agent.screen.candidate import Candidate, is_varied

_BASE62: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_BASE62_VALUES: Final = {digit: value for value, digit in enumerate(_BASE62)}
_BASE58: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_BECH32: Final = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_BECH32_GENERATOR: Final = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)


def has_crc32_base62(token: str) -> bool:
    """Whether the last six characters are the CRC-32 of those before, in base 62.

    Args:
        token: Random part and checksum, without the prefix.

    GitHub describes the format (github.blog, "Behind GitHub's new authentication token formats");
    npm uses the same one.
    """
    number = crc32(token[:-6].encode())
    # Both orders of the two alphabets are in use.
    return number in (_base62(token[-6:]), _base62(token[-6:].swapcase()))


def _base62(digits: str) -> int:
    """The number that six digits write, or -1."""
    if len(digits) != 6:
        return -1
    number = 0
    for digit in digits:
        number = number * 62 + _BASE62_VALUES.get(digit, -(62**6))
    return max(number, -1)


def has_bech32(text: str) -> bool:
    """Whether it is bech32 with a right checksum, of any length (BIP-173; age keys)."""
    lower = text.lower()
    prefix, separator, data = lower.rpartition("1")
    if not separator or len(data) < 6 or any(char not in _BECH32 for char in data):
        return False
    values = [ord(char) >> 5 for char in prefix] + [0] + [ord(char) & 31 for char in prefix]
    values += [_BECH32.index(char) for char in data]
    check = 1
    for value in values:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ value
        for bit, generator in enumerate(_BECH32_GENERATOR):
            check ^= generator if top >> bit & 1 else 0
    return check == 1


def has_base58check(text: str) -> bool:
    """Whether the last four bytes are the start of the double SHA-256 of the others (Bitcoin)."""
    from hashlib import sha256  # noqa: PLC0415

    number = 0
    for char in text:
        digit = _BASE58.find(char)
        if digit < 0:
            return False
        number = number * 58 + digit
    raw = number.to_bytes(max(5, (number.bit_length() + 7) // 8))
    return sha256(sha256(raw[:-4]).digest()).digest()[:4] == raw[-4:]


@cache
def bip39_words() -> Mapping[str, int]:
    """The 2,048 English words of BIP-39 and their numbers.

    ``rules/bip39_english.txt`` is the list of the Bitcoin improvement proposal, byte for byte.
    """
    from importlib import resources  # noqa: PLC0415

    file = resources.files("jupyter_agent.screen") / "rules" / "bip39_english.txt"
    return {word: number for number, word in enumerate(file.read_text("ascii").split())}


def has_bip39_checksum(said: list[str]) -> bool:
    """Whether the words are a BIP-39 phrase whose last bits are the SHA-256 of the others."""
    from hashlib import sha256  # noqa: PLC0415

    numbers = [bip39_words().get(word, -1) for word in said]
    if len(said) not in (12, 15, 18, 21, 24) or -1 in numbers:
        return False
    bits = "".join(f"{number:011b}" for number in numbers)
    cut = len(bits) * 32 // 33
    digest = sha256(int(bits[:cut], 2).to_bytes(cut // 8)).digest()
    return bits[cut:] == f"{digest[0]:08b}"[: len(bits) - cut]


def _is_weak_crc(candidate: Candidate) -> bool:
    """A token that fails must at least look drawn by a machine."""
    body = candidate.value.rpartition("_")[2]
    return not is_varied(body, 3.0) and not has_crc32_base62(body)


def _is_weak_age_key(candidate: Candidate) -> bool:
    """Only a drawing of a key has hardly any variety in it; typos stay findings."""
    return not has_bech32(candidate.value) and candidate.value.upper().count("X") > 20


def _is_no_wif(candidate: Candidate) -> bool:
    """The format has no prefix to speak of, so here the checksum decides."""
    return not has_base58check(candidate.value)


def _is_no_phrase(candidate: Candidate) -> bool:
    """A phrase with a right checksum is one; otherwise most words come from the list."""
    said = re.findall(r"[a-z]+", candidate.value.lower())
    if has_bip39_checksum(said):
        return False
    known = sum(word in bip39_words() for word in said)
    return len(said) < 12 or known * 5 < len(said) * 3 or len(set(said)) < 9


def _is_unchecked_phrase(candidate: Candidate) -> bool:
    """Without a checksum a phrase has to be announced, and all of its words are from the list.

    People mistype a word, and make up a wallet for a test. But a game's words, a topic's and the
    list itself are common words too.
    """
    said = re.findall(r"[a-z]+", candidate.value.lower())
    if has_bip39_checksum(said):
        return False
    if said == sorted(said) or len(set(said)) < len(said) - 2:
        return True
    if not all(word in bip39_words() for word in said):
        return True
    announced = candidate.match[0].lower()
    if announced.startswith(_PHRASES):
        return False
    return "," in candidate.value or not announced.startswith(_WALLETS)


_PHRASES: Final = (
    *("seed phrase", "seedphrase", "seed-phrase", "seed fras", "seed-fras", "seedfras"),
    *("mnemonic", "recovery", "backup words", "fraza", "frasa", "frase"),
)
_WALLETS: Final = ("wallet", "metamask", "ledger", "trezor")


CHECKSUMS: Final[Mapping[str, Callable[[Candidate], bool]]] = {
    "weak-crc": _is_weak_crc,
    "weak-age-key": _is_weak_age_key,
    "no-wif": _is_no_wif,
    "no-phrase": _is_no_phrase,
    "unchecked-phrase": _is_unchecked_phrase,
}
"""Filters by the name that rules use. True means: harmless, drop the candidate."""
