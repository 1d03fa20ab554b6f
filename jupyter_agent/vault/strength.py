"""Whether a value is hard enough to guess that recognising it gives nothing away.

A question that is answered differently for right and wrong guesses helps whoever guesses. Weak
values (PINs, short passwords) are therefore recognised only for the person and in runs they were
granted to (docs/architecture.md, "No oracles").
"""

from __future__ import annotations

import math
import re
from itertools import pairwise
from typing import Final

STRONG_BYTES: Final = 16
STRONG_BITS: Final = 64.0

_BITS_A_WORD: Final = 11.0  # of a word list of 2,048, generous for what people think up
_PHRASE: Final = re.compile(rb"[A-Za-z]+(?:[ _.,-]+[A-Za-z]+)+")
# A capital begins another word: people write WordsLikeThis. Three in a thousand random tokens of 32
# characters have no digit, and marks only where a phrase has them; of such words they have many.
_WORD: Final = re.compile(rb"[A-Z]?[a-z]+|[A-Z]+")
_ALPHABETS: Final = (
    (re.compile(rb"[0-9]+"), 10),
    (re.compile(rb"[0-9a-f]+|[0-9A-F]+"), 16),
    (re.compile(rb"[a-z]+|[A-Z]+"), 26),
    (re.compile(rb"[0-9a-z]+|[0-9A-Z]+"), 36),
    (re.compile(rb"[0-9A-Za-z]+"), 62),
    (re.compile(rb"[ -~]+"), 94),
)


def is_weak(value: bytes) -> bool:
    """Shorter than 16 bytes, or an estimate below 64 bits."""
    return len(value) < STRONG_BYTES or estimated_bits(value) < STRONG_BITS


def estimated_bits(value: bytes) -> float:
    """A careful guess at the bits in a value: repeats, runs (``1234``) and words count less."""
    size = next((size for shape, size in _ALPHABETS if shape.fullmatch(value)), 256)
    fresh = 1 + sum(abs(a - b) > 1 for a, b in pairwise(value))
    # A pattern such as "axaxax" is long but has few different bytes.
    bits = min(fresh, 2 * len(set(value))) * math.log2(size)
    if _PHRASE.fullmatch(value):
        bits = min(bits, len(_WORD.findall(value)) * _BITS_A_WORD)
    return bits
