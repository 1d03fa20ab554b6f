"""Examples in rule files are templates, so that no vendor-shaped token stands in the repository.

``{alnum:48}`` becomes 48 random letters and digits when a test or a benchmark needs them. Doubled
braces stand for themselves.
"""

from __future__ import annotations

import re
import string
from base64 import b64encode, urlsafe_b64encode
from hashlib import sha256
from random import Random
from typing import Final

from jupyter_agent.screen.checksums import bip39_words

_ALPHABETS: Final = {
    "alnum": string.ascii_letters + string.digits,
    "lower": string.ascii_lowercase,
    "lowernum": string.ascii_lowercase + string.digits,
    "upper": string.ascii_uppercase,
    "uppernum": string.ascii_uppercase + string.digits,
    "base32": string.ascii_uppercase + "234567",
    "bech32": "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L",
    "digit": string.digits,
    "hex": "0123456789abcdef",
    "modhex": "cbdefghijklnrtuv",
    "word": string.ascii_letters + string.digits + "_-",
    "base58": "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz",
    "base64": string.ascii_letters + string.digits + "+/",
}
_FIELD = re.compile(r"\{(\w+):(\d+)\}|\{\+\}|\{\{|\}\}")


def assemble(template: str, seed: int = 0) -> str:
    """Fill a template.

    Fields: ``{ALPHABET:N}`` N random characters (see the table above; at least one digit and one
    letter where the alphabet has both), ``{jwt:N}``, ``{basic:N}``, ``{pem:N}``, ``{phrase:N}``,
    ``{seed:N}``, ``{wif:52}``, and ``{+}``, which is nothing: it breaks a token in two for whoever
    reads this repository.

    Args:
        template: Text with fields.
        seed: The same seed gives the same characters, so that a test can repeat itself.
    """
    random = Random(seed)  # noqa: S311  (made-up examples, not secrets)

    def fill(field: re.Match[str]) -> str:
        whole = field[0]
        if whole in ("{{", "}}"):
            return whole[0]
        if whole == "{+}":
            return ""
        return _draw(field[1], int(field[2]), random)

    return _FIELD.sub(fill, template)


def _draw(name: str, count: int, random: Random) -> str:  # noqa: PLR0911  (a list of cases)
    if name == "jwt":
        head = urlsafe_b64encode(b'{"alg":"HS256","typ":"JWT"}').decode().rstrip("=")
        body = urlsafe_b64encode(b'{"sub":"%d"}' % random.randrange(10**9)).decode().rstrip("=")
        return f"{head}.{body}.{_draw('word', count, random)}"
    if name == "basic":
        return b64encode(f"deploy:{_draw('alnum', count, random)}".encode()).decode()
    if name == "pem":
        return "\n".join(_draw("base64", 64, random) for _ in range(count))
    if name == "phrase":
        return " ".join(random.sample(list(bip39_words()), count))
    if name == "seed":
        return _seed(count, random)
    if name == "wif":
        return _wif(random)
    alphabet = _ALPHABETS[name]
    # Drawn again until it looks drawn by a machine: no run that a filter may take for a blank.
    while True:
        value = "".join(random.choices(alphabet, k=count))
        mixed = any(c.isdigit() for c in value) and any(c.isalpha() for c in value)
        has_both = any(c.isdigit() for c in alphabet) and any(c.isalpha() for c in alphabet)
        if (mixed or not has_both or count < 2) and value[0].isalnum() and value[-1].isalnum():
            return value


def _seed(count: int, random: Random) -> str:
    # A phrase with a right checksum, of bytes that nobody owns.
    raw = random.randbytes(count * 4 // 3)
    bits = "".join(f"{byte:08b}" for byte in (*raw, sha256(raw).digest()[0]))
    words = list(bip39_words())
    return " ".join(words[int(bits[at : at + 11], 2)] for at in range(0, count * 11, 11))


def _wif(random: Random) -> str:
    # Wallet import format of 32 bytes that nobody owns.
    raw = b"\x80" + random.randbytes(32) + b"\x01"
    number = int.from_bytes(raw + sha256(sha256(raw).digest()).digest()[:4])
    digits = ""
    while number:
        number, digit = divmod(number, 58)
        digits = _ALPHABETS["base58"][digit] + digits
    return digits
