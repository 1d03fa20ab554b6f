"""The keyboard of a desktop's X server: the viewer's layout, and what else a person may type.

A viewer sends characters, and Xvnc looks for a key that gives each. For one that no key gives it
makes up a key at that moment, and programs that have not heard of it yet read another character or
none: in a password field nobody sees it. So the letters and signs that the layouts of Europe have
between them are on keys from the beginning that no keyboard has, two to a key.

The text is XKB's keymap format, see xkbcomp(1); names of keys are those of its "evdev" keycodes.
"""

from __future__ import annotations

import re
from typing import Final

from jupyter_agent.errors import RequestInvalid

_LAYOUT: Final = re.compile(r"([a-z]{2,8})(?:\(([A-Za-z0-9_-]{1,32})\))?")

_LATIN: Final = "abcdefghijklmnopqrstuvwxyz"
_LETTERS: Final = "àáâãäåæçèéêëìíîïðñòóôõöøùúûüýþ"
_SIGNS: Final = (  # the rest of Latin-1
    "ß£¥¢§°²³µ´`^~¨¿¡«»ªº·ø±×÷¬¦©®¹¼½¾¸¯¶"  # noqa: RUF001  (they look like others)
)
_FURTHER: Final = (
    ("EuroSign", "U1E9E"),
    ("doublelowquotemark", "singlelowquotemark"),
    ("leftdoublequotemark", "endash"),
    ("rightdoublequotemark", "emdash"),
    ("leftsinglequotemark", "rightsinglequotemark"),
    ("ellipsis", "trademark"),
    ("ydiaeresis", "Ydiaeresis"),
    ("aogonek", "Aogonek"),
    ("cacute", "Cacute"),
    ("eogonek", "Eogonek"),
    ("lstroke", "Lstroke"),
    ("nacute", "Nacute"),
    ("sacute", "Sacute"),
    ("zacute", "Zacute"),
    ("zabovedot", "Zabovedot"),
    ("ccaron", "Ccaron"),
    ("dcaron", "Dcaron"),
    ("ecaron", "Ecaron"),
    ("ncaron", "Ncaron"),
    ("rcaron", "Rcaron"),
    ("scaron", "Scaron"),
    ("tcaron", "Tcaron"),
    ("uring", "Uring"),
    ("zcaron", "Zcaron"),
    ("lcaron", "Lcaron"),
    ("odoubleacute", "Odoubleacute"),
    ("udoubleacute", "Udoubleacute"),
    ("gbreve", "Gbreve"),
    ("idotless", "Iabovedot"),
    ("scedilla", "Scedilla"),
)
"""By their old names, because that is what viewers send: signs, then letters of Polish,
Czech, Slovak, Hungarian and Turkish."""

_ASCII_SIGNS: Final = "@#$^&[]{}'<>|;"
_DIGITS: Final = "0123456789"

_NO_LATIN: Final = frozenset(
    (
        "ara",
        "am",
        "bd",
        "bg",
        "by",
        "ge",
        "gr",
        "il",
        "in",
        "iq",
        "ir",
        "kg",
        "kh",
        "kz",
        "la",
        "lk",
        "me",
        "mk",
        "mn",
        "mv",
        "np",
        "pk",
        "rs",
        "ru",
        "sy",
        "th",
        "tj",
        "ua",
    )
)
"""Layouts whose keys give other letters than Latin ones. With those there are fewer keys than
characters: what is in ``_FURTHER`` has none then."""

_OWN_DIGITS: Final = frozenset(("ara", "bd", "in", "ir", "kh", "la", "lk", "mv", "np", "pk", "th"))

_FREE: Final = (
    *range(149, 166),
    *range(168, 191),
    *range(208, 219),
    *range(227, 254),
    126,
    128,
    129,
    147,
    148,
)
"""Key codes that no layout of XKB uses for letters. 166 and 167 are Chromium's "back" and
"forward", whatever letter is on them."""


def keymap(layout: str) -> str:
    """The keymap of a layout, with the further characters on keys of their own.

    Args:
        layout: As XKB names it: ``de``, ``ch(fr)``.

    Raises:
        RequestInvalid: That can't be a layout's name. One that does not exist is xkbcomp's to
            refuse.
    """
    found = _LAYOUT.fullmatch(layout)
    if found is None:
        raise RequestInvalid("That is no name of a keyboard layout.", "As XKB has it: us, de, fr.")
    keys = "\n".join(
        f'    key <J{number}> {{ type= "TWO_LEVEL", symbols[Group1]= [ {", ".join(pair)} ] }};'
        for number, pair in zip(_FREE, _pairs(found[1]), strict=False)
    )
    numbers = "\n".join(f"    <J{number}> = {number};" for number in _FREE)
    return f"""xkb_keymap {{
  xkb_keycodes {{
    include "evdev"
{numbers}
  }};
  xkb_types {{ include "complete" }};
  xkb_compat {{ include "complete" }};
  xkb_symbols {{
    include "pc+{layout}"
{keys}
  }};
}};
"""


def _pairs(layout: str) -> list[tuple[str, ...]]:
    """Two symbols a key, the most needed first: there are more than keys where Latin is missing."""
    pairs: list[tuple[str, ...]] = []
    if layout in _NO_LATIN:
        pairs += [(_symbol(letter), _symbol(letter.upper())) for letter in _LATIN]
        pairs += _by_two(_ASCII_SIGNS)
        pairs += _by_two(_DIGITS) if layout in _OWN_DIGITS else []
    pairs += _by_two(_SIGNS)
    pairs += [(_symbol(letter), _symbol(letter.upper())) for letter in _LETTERS]
    return [*pairs, *_FURTHER]


def _by_two(signs: str) -> list[tuple[str, ...]]:
    return [tuple(map(_symbol, signs[i : i + 2])) for i in range(0, len(signs), 2)]


def _symbol(character: str) -> str:
    """The keysym of a character of Latin-1 is its number (X11 protocol, appendix A)."""
    return f"0x{ord(character):02x}"
