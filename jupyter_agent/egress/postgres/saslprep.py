"""SASLprep (RFC 4013): how a password is written before it is hashed. Pure."""

from __future__ import annotations

import stringprep
import unicodedata
from collections.abc import Callable
from typing import Final

_PROHIBITED: Final[tuple[Callable[[str], bool], ...]] = (
    # RFC 4013, section 2.3, and what was unassigned in Unicode 3.2 (section 2.5).
    stringprep.in_table_c12,
    stringprep.in_table_c21_c22,
    stringprep.in_table_c3,
    stringprep.in_table_c4,
    stringprep.in_table_c5,
    stringprep.in_table_c6,
    stringprep.in_table_c7,
    stringprep.in_table_c8,
    stringprep.in_table_c9,
    stringprep.in_table_a1,
)


def prepared(password: bytes) -> bytes:
    """The password as both sides hash it.

    What SASLprep does not allow is hashed as it is: PostgreSQL does so, too, because its passwords
    need not be in UTF-8 ("SASL Authentication" in its documentation of the protocol).
    """
    try:
        text = password.decode("utf-8")
    except UnicodeDecodeError:
        return password
    if text.isascii() and text.isprintable():
        return password
    mapped = "".join(
        " " if stringprep.in_table_c12(character) else character
        for character in text
        if not stringprep.in_table_b1(character)
    )
    # The Unicode that RFC 3454 is about: a later one composes more.
    normal = unicodedata.ucd_3_2_0.normalize("NFKC", mapped)
    if not normal or any(forbids(each) for each in normal for forbids in _PROHIBITED):
        return password
    return normal.encode("utf-8") if _is_one_way(normal) else password


def _is_one_way(text: str) -> bool:
    """Whether the text runs in one direction (RFC 3454, section 6)."""
    leftwards = [stringprep.in_table_d1(character) for character in text]
    if not any(leftwards):
        return True
    return leftwards[0] and leftwards[-1] and not any(map(stringprep.in_table_d2, text))
