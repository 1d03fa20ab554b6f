"""What words beside a number say about it, from ``rules/code_words.txt``.

Each word has what it says as a set of bits, so that one look decides.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

NOUN: Final = 1
CODE: Final = 2
SORT: Final = 4
OTHER: Final = 8
NAMED: Final = 16
UNIT: Final = 32
LINK: Final = 64
SMALL: Final = 128
USE: Final = 256
OPENS: Final = 512
SOURCE: Final = 1024
FAILED: Final = 2048
PIN: Final = 4096
WIRED: Final = 8192
GIVEN: Final = 16384
AUTH: Final = 32768
WITH: Final = 65536
SENT: Final = 131072
WHOM: Final = 262144
WHEN: Final = 524288

_BITS: Final = {
    "noun": NOUN,
    "code": CODE,
    "sort": SORT,
    "other": OTHER,
    "named": NAMED,
    "unit": UNIT,
    "link": LINK,
    "small": SMALL,
    "use": USE,
    "opens": OPENS,
    "source": SOURCE,
    "failed": FAILED,
    "pin": PIN,
    "wired": WIRED,
    "given": GIVEN,
    "auth": AUTH,
    "with": WITH,
    "sent": SENT,
    "whom": WHOM,
    "when": WHEN,
}


def _sections() -> dict[str, list[str]]:
    # Not through importlib.resources, whose import takes as long as reading all of it.
    file = Path(__file__).with_name("rules") / "code_words.txt"
    sections: dict[str, list[str]] = {}
    words: list[str] = []
    for line in file.read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            words = sections.setdefault(line.removeprefix("## "), [])
        elif not line.startswith("# "):
            # A blank inside a word is written as "_".
            words += (word.replace("_", " ") for word in line.split())
    return sections


_SECTIONS: Final = _sections()


def _words() -> dict[str, int]:
    found: dict[str, int] = {}
    for name, words in _SECTIONS.items():
        kinds = name.split()
        if all(map(_BITS.__contains__, kinds)):
            bits = sum(map(_BITS.__getitem__, kinds))
            for word in words:
                # Which small letter a capital sigma at a word's end becomes depends on who lowers
                # it: Python knows two, machine code one.
                for spelt in {word, word.replace("\u03c2", "\u03c3")}:
                    found[spelt] = found.get(spelt, 0) | bits
    return found


def _either(*names: str) -> str:
    return "|".join(re.escape(word) for name in names for word in _SECTIONS[name])


WORDS: Final = _words()
ENDINGS: Final = (*_SECTIONS["compound"],)
NO_COMPOUNDS: Final = (*_SECTIONS["no-compound"],)
NO_PLURALS: Final = frozenset(_SECTIONS["no-plural"])
QUALIFYING: Final = frozenset(_SECTIONS["qualifying"])
DEVICES: Final = frozenset(_SECTIONS["device"])
OWNING: Final = frozenset(_SECTIONS["owner"])
TAKING: Final = frozenset(_SECTIONS["take"])
PURPOSES: Final = frozenset(_SECTIONS["purpose"])
APPROVING: Final = frozenset(_SECTIONS["approve"])
APPROVED: Final = frozenset(_SECTIONS["approved"])
GLUED_CODES: Final = re.compile(_either("glued-code"))
GLUED_PINS: Final = re.compile(_either("glued-pin"))
GLUED_USES: Final = re.compile(_either("glued-code", "glued-use"))
GLUED_LINKS: Final = (*_SECTIONS["glued-link"],)
GLUED_UNITS: Final = re.compile(_either("glued-unit") + "(?!\u4eab)")
_BETWEEN: Final = "[ \u53f7\u4ee3\u7f16\u306f\u304c\u662f:\uff1a]"
GLUED_OTHERS: Final = re.compile(
    f"(?:{_either('glued-other')})(?:{_either('glued-code')}|{_BETWEEN}){{0,6}}$"
)


SHOWING: Final = frozenset({"shows", "show", "showed", "says", "said", "reads", "gives", "gave"})
"""What a telephone does with a code; its own number *is* something."""
UNLOCKS: Final = (
    *("unlock", "entsperr", "desbloque", "déverrouill", "sblocc", "ontgrendel", "odblok"),
)
"""How words begin that say what a number does."""


def is_compound(word: str) -> bool:
    """``Bestätigungscode``, but not ``Unicode``."""
    return len(word) > 6 and word.endswith(ENDINGS) and not word.startswith(NO_COMPOUNDS)
