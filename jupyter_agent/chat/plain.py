"""Texts of models and agents as people and rules are to read them. Pure."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from jupyter_agent.chat.halves import whole

_STEERS: Final = re.compile(
    "[\0-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]"
)
"""Control characters but for tabs and line breaks, and what turns the direction of writing."""


def plain(text: str) -> str:
    """A text that steers no terminal.

    A model repeats what it was given. An escape sequence in that could repaint the question that a
    person answers below it, or write into the clipboard.
    """
    return _STEERS.sub("\ufffd", whole(text).replace("\r\n", "\n"))


def seen(text: str) -> str:
    """A text as eyes see it: wide and styled letters as plain ones, and what is invisible gone.

    With it go the zero bytes of texts in UTF-16, as programs from Windows write them.
    """
    text = text.replace("\0", "")
    if text.isascii():
        return text
    return "".join(
        each for each in unicodedata.normalize("NFKC", text) if unicodedata.category(each) != "Cf"
    )
