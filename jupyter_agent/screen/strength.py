"""Filters that ask how strong a value is: people choose words, machines draw characters."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from jupyter_agent.screen import words
from jupyter_agent.screen.candidate import Candidate, is_varied
from jupyter_agent.screen.looks import shape
from jupyter_agent.screen.spoken import is_mine
from jupyter_agent.screen.words import words_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_DIGIT: Final = re.compile(r"\d")
_LETTER: Final = re.compile("[A-Za-z]")


# What stands after "password is" and has digits or symbols, yet is no password: algorithms,
# amounts, file names, addresses, options, brackets.
# But one sign may stand inside a password: Kanelbulle=fika4, beta=max19x.
_EQUATED: Final = (
    r"(?!(?:min|max|len|length|size|type|mode|user|usr|username|uid|id|key|value|val|host|port|db|"
    r"dbname|name|algo|alg|hash|salt|rounds|cost|path|file|url|env|var|default|login|email|mail)=)"
    r"[a-z]{4,}=(?=[a-z]*[a-z]\d|\d+[a-z])[a-z\d!]{5,}(?![^\s])"
)
_TECHNICAL: Final = re.compile(
    r"1password|(?:sha|md|aes|rsa|ecdsa|utf|base|oauth|http|tls|ssl|bcrypt|pbkdf|argon|x\.?509|ed|hmac|v)"
    r"[-_]?\d+(?:[-_/].*)?|0x[0-9a-f]+|"
    r"\d+(?:[-:./,]\d+)*(?:%|s|ms|min|h|d|px|kb|mb|gb|x|k|m|st|nd|rd|th|:[ae])?|"
    r"\d+[-\s]?(?:char|digit|bit|byte|day|letter|word|line|token|time|step|minute|hour|fold|"
    r"shot|factor|way|layer|dim)\w*(?:-\w+)*|[(\[{<*`].*|.*\(\)?|https?:.*|0x[0-9a-f]+\)+|"
    r"\w+\.(?:txt|py|json|ya?ml|csv|md|html?|pdf|ipynb|env|ini|cfg|toml|com|org|io|net)(?:\W.*)?|"
    r"[A-Za-z0-9_/]+-v\d|[A-Za-z]+'[a-z]+|[A-Za-z]+/[A-Za-z/]+|"
    rf"(?!{_EQUATED})\w+=.+|"
    r"-{1,2}[a-z].*|(?-i:[a-z]+_[a-z_]+\d?)|#\d+|"
    r"\w+@\w+\.\w+|(?:p|r|f1?|k|hr|acc|map|mrr|top|pass|hits?|n?dcg|recall|precision|success)?@\d{1,3}|\W+(?:[A-Za-z_]*|\w{1,4}|\d+)\W*|[A-Za-z]+[)\]]+.*|[A-Za-z]+\W+|"
    # The next field of an object, as in a minified script: !0,range:!0
    r"[^,\s]{1,40},[\w$-]+[:=].*|[A-Za-z]+\.?&(?:quot|amp|lt|gt|nbsp|apos);?",
    re.IGNORECASE | re.ASCII,
)


_PASSWORD_NAME: Final = re.compile(r"[a-z_]*pass(?:word|wd)?\d?")
_JOINED_WORDS: Final = re.compile("[A-Za-z]++(?:-[A-Za-z]++)*")
_ABOUT_PHRASE: Final = re.compile(r"phrase|\w\s?=\s?")
_ARROW: Final = re.compile("[-=]>|\u2192")
"""Nobody says with an arrow how a password is."""
_SYMBOL: Final = re.compile(r"[!#$%&*+^~?@=|]")
# thetaDecay>vega, Walnut_Harbor: two words as people join them, and one of them with a capital.
_COMPARED: Final = re.compile(r"(?=.*[a-z][A-Z]|[A-Z])[A-Za-z]{4,}[<>~][A-Za-z]{4,}")
_TWO_NAMES: Final = re.compile(r"[A-Z][a-z]{2,}_[A-Z][a-z]{2,}")
_SAID: Final = re.compile(
    r"\s(?:is|was|ist|lautet|war|est|es|\u00e8|\u00e9|\u00e4r|er|jest|to|je)"
    r"(?: (?:now|still|jetzt))?\s[\"'`]?$"
)
_NO_NAMES: Final = words.IN_NAMES | words.VERDICTS | words.JOINING | words.TALK | words.DEFAULTS


def _is_plain(candidate: Candidate) -> bool:  # noqa: PLR0911  (one question after another)
    """In a sentence a password shows by digits, symbols or capitals inside the word."""
    value = candidate.value
    if candidate.was_drawn() or is_mine(candidate):
        return False
    if _TECHNICAL.fullmatch(value) or (
        # password = password1: a variable is given to another.
        "=" in candidate.match[0] and _PASSWORD_NAME.fullmatch(value)
    ):
        return True
    if any(map(str.isdigit, value)):
        # "step2" is a word with a counter; a password has more than that.
        return not any(map(str.isalpha, value)) or (
            value[:-1].replace("-", "").isalpha() and value[-1].isdigit() and len(value) < 7
        )
    if is_drawn(value):
        return False
    if _JOINED_WORDS.fullmatch(value):
        said = value.split("-")
        if len(said) > 2 and said[0].islower() and any(map(str.istitle, said)):
            return any(map(str.isupper, said))  # kettle-Nine-Barn; but my-API-key
        before = candidate.match[0].lower()
        led = _ABOUT_PHRASE.search(before) or (
            _ARROW.search(before) and words.IN_NAMES.isdisjoint(said)
        )
        return len(said) < (3 if led else 4) or min(map(len, said)) < 3
    if _TWO_NAMES.fullmatch(value):
        before = candidate.text[candidate.match.start() : candidate.start]
        return not (_SAID.search(before) and _NO_NAMES.isdisjoint(words_of(value)))
    if _COMPARED.fullmatch(value):
        return False
    return not _SYMBOL.search(value[1:-1])


_COUNTED: Final = re.compile(r"[A-Za-z]{1,5}\d{1,3}|[A-Za-z]{7,}\d")
_WORD_AND_NUMBER: Final = re.compile(r"[a-z]+\d+")


def _is_counted(candidate: Candidate) -> bool:
    """Right beside the word "password", a word with a number behind it is a name: field2."""
    value = candidate.value
    if _COUNTED.fullmatch(value):
        return True
    return bool(_WORD_AND_NUMBER.fullmatch(value)) and not words.IN_NAMES.isdisjoint(
        words_of(value)
    )


_GOOD: Final = 2.5
_LISTED: Final = re.compile(r"[\w-]{1,60}[\"']\s{0,2},")
_LISTED_WORD: Final = re.compile(r"[A-Za-z_.-]+\d?")
_NEXT_SETTING: Final = re.compile(r"[A-Z][A-Z0-9_]{2,40}=")
_BLANK: Final = re.compile(r"\s")
_MARK: Final = re.compile(r"[^\w\s]")
_INNER_CAPITAL: Final = re.compile("[a-z][A-Z]")
_TWO_CAPITALS: Final = re.compile("[A-Z].*[A-Z]")
_JOINED_LOWER: Final = re.compile("[a-z]++(?:[_.-][a-z]++){1,2}")
_SELECTOR: Final = re.compile(
    r"\^?\(\?[=!:].*|\^.*\$|[#.][a-z]+(?:-[a-z]+)*|/[^/]+/.*|[a-z]+/[a-z.+-]+|v?\d+(?:\.\d+)+"
)


_ABOUT: Final = words.JOINING | words.TALK | words.IN_NAMES | words.ABROAD | words.ABROAD_WITH


def _is_phrase(said: list[str]) -> bool:
    """``Quercus robur 212cm``: a few words side by side, of which none says something."""
    return 3 <= len(said) <= 5 and _ABOUT.isdisjoint(map(str.lower, said))


def _is_bare_word(candidate: Candidate) -> bool:
    """A quoted value that is plain words: an interface text, a column, a type."""
    value = candidate.value
    listed = _LISTED.match(candidate.match[0])
    if listed and (_LISTED_WORD.fullmatch(value) or _NEXT_SETTING.match(value)):
        # Two neighbours in a list of words: "pass", "pixel". But 'Password', 'dhow-Lantern3'.
        # Or of settings: "DB_PASSWORD_FILE=/run/db_pass", "DB_NAME=kc".
        return (
            "=" in value or shape(value) < _GOOD or not words.IN_NAMES.isdisjoint(words_of(value))
        )
    begins = value[0] in ",.)" or (
        value[0] == "+" and (value[-1] == "+" or not _DIGIT.search(value))
    )
    if (begins or value != value.strip()) and not candidate.was_drawn():
        # The quotes belong to two neighbours: "Password:", label: "…".
        return True
    if _BLANK.search(value):
        said = value.split()
        strong = _DIGIT.search(value) and _MARK.search(value) and len(said) <= 3
        return not (strong or (_DIGIT.search(value) and _is_phrase(said)))
    if value.isascii() and value.isalpha():
        inner_capitals = _INNER_CAPITAL.search(value) and _TWO_CAPITALS.search(value)
        names = not words.IN_NAMES.isdisjoint(words_of(value))
        return names or len(value) < 8 or not (value.islower() or inner_capitals)
    if _JOINED_LOWER.fullmatch(value):
        return not words.IN_NAMES.isdisjoint(words_of(value)) or "_" in value
    # "#add-password" is a CSS selector, "/account/password" a route.
    # So is "text/html" the kind of something.
    return len(value) < 4 or _SELECTOR.fullmatch(value) is not None


_HEX: Final = re.compile(r"(?:0x)?(?:[0-9a-f]{20,}|[0-9A-F]{20,})")
_RUNS: Final = re.compile("[A-Za-z0-9]{4,}")
_CHANGES: Final = re.compile(r"[a-z](?=[A-Z0-9])|[A-Z](?=[0-9])|[0-9](?=[A-Za-z])")


_GROUP: Final = re.compile("[A-Z0-9]*(?:[A-Z][0-9]|[0-9][A-Z])[A-Z0-9]*")
_GROUPS: Final = re.compile("[A-Z0-9]{4,8}(?:-[A-Z0-9]{4,8}){3,9}")
"""As licences are printed; three groups of them with letters and digits are no words."""
_VOWEL: Final = re.compile("[aeiou]", re.IGNORECASE)
_JAM: Final = re.compile("[^aeiouy]{6}", re.IGNORECASE)


_LEAST_DRAWN: Final = 16
_SURE: Final = 20


def is_drawn(value: str) -> bool:
    """Letters alone: capitals that begin no words, or hardly a vowel."""
    if not (len(value) >= _LEAST_DRAWN and value.isascii() and value.isalpha()):
        return False
    changes = sum(a.isupper() != b.isupper() for a, b in pairwise(value))
    vowels = len(_VOWEL.findall(value))
    jam = _JAM.search(value)
    if len(value) < _SURE:  # such as Google's app passwords
        return value.islower() and bool(jam) and vowels * 5 < len(value)
    if value.islower() or value.isupper():
        return bool(jam) and vowels * 10 < len(value) * 3
    return changes * 10 >= len(value) * 4 and bool(jam)


def is_not_random(candidate: Candidate) -> bool:
    """A token is drawn by a machine: letters and digits mixed, no words joined by dashes."""
    value = candidate.value
    if not (_DIGIT.search(value) and _LETTER.search(value)):
        return not is_drawn(value)
    if _HEX.fullmatch(value):
        return False
    if _GROUPS.fullmatch(value) and len(_GROUP.findall(value)) >= 3:
        return False
    mixed = 0
    for piece in _RUNS.findall(value):
        one = _CHANGES.search(piece)
        if one and _CHANGES.search(piece, one.end()):
            mixed += len(piece)
    return mixed * 2 < len(value) or not is_varied(value, 2.8)


def _is_spoken(candidate: Candidate) -> bool:
    """More words than one or two: what somebody says about a password."""
    value = candidate.value
    return len(value.split()) > _MOST_WORDS or (
        " " in value and not (_DIGIT.search(value) and _MARK.search(value.replace(" ", "")))
    )


_MOST_WORDS: Final = 2


def _has_no_digit(candidate: Candidate) -> bool:
    """Letters only are a word."""
    return not any(map(str.isdigit, candidate.value))


def _is_verdict(candidate: Candidate) -> bool:
    """``the password is "incorrect"``."""
    return candidate.value.lower().strip(" .!") in words.VERDICTS


def _is_prose(candidate: Candidate) -> bool:
    """Blanks between plain words."""
    return bool(_BLANK.search(candidate.value)) or len(candidate.value) < 5


def _is_usage(candidate: Candidate) -> bool:
    """``--password PASSWORD`` and "the --password option" talk about an option."""
    value = candidate.value
    return (value.isupper() and value.isalpha()) or (
        value.rstrip(".,:;").lower() in words.ABOUT_OPTIONS
    )


def _is_undrawn(candidate: Candidate) -> bool:
    """Anything but a password from a password manager."""
    return not candidate.was_drawn()


def _is_unlikely(candidate: Candidate) -> bool:
    """Where a list or a table says what it holds: more like something else than a password."""
    return shape(candidate.value) < _LIKELY


_LIKELY: Final = 1.5

STRENGTH: Final[Mapping[str, Callable[[Candidate], bool]]] = {
    "plain": _is_plain,
    "counted": _is_counted,
    "bare-word": _is_bare_word,
    "not-random": is_not_random,
    "prose": _is_prose,
    "spoken": _is_spoken,
    "verdict": _is_verdict,
    "no-digit": _has_no_digit,
    "usage": _is_usage,
    "unlikely": _is_unlikely,
    "undrawn": _is_undrawn,
}
"""By the name that rules use. True means: harmless, drop the candidate."""
