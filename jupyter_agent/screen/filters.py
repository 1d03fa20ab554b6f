"""Stage 3: why a candidate is no secret after all.

Most of the precision is here. Each filter answers "is it harmless?" for one candidate, and a rule
names the filters that apply to it. They run on candidates only, so they may take their time.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from jupyter_agent.screen import words
from jupyter_agent.screen.candidate import Candidate, is_varied
from jupyter_agent.screen.checksums import CHECKSUMS
from jupyter_agent.screen.structure import STRUCTURE
from jupyter_agent.screen.surroundings import SURROUNDINGS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

# --- placeholders -------------------------------------------------------------------------------

_STAND_IN_PARTS: Final = re.compile(
    r"example|placeholder|fake(?:key|pass|token|secret|api)|changeme|change[_-]me|redacted|replace[_-]?(?:me|with|this)|"
    r"(?:your|(?<![a-z])my)[_-]?(?:own[_-]?)?(?:api|token|key|secret|pass|access|auth|user|hugging|open)|"
    r"(?<![a-z])my[_-][a-z]{2,10}[_-](?:password|secret|token|key)|insert[_-]|dummy|<[a-z]|\.\.\.|\u2026|goes[_-]here|to[_-]be[_-]",
)
# What the expression above finds begins with one of these. Looking for them first costs a tenth.
_STAND_IN_HINTS: Final = (
    *(
        "example",
        "placeholder",
        "change",
        "redacted",
        "replace",
        "your",
        "my",
        "insert",
        "dummy",
        "fake",
    ),
    *("<", "...", "\u2026", "goes", "to_be", "to-be"),
)
# The whole value is a variable, a template field, a bracketed name, or nothing but punctuation.
_TEMPLATE: Final = re.compile(
    r"\$\w+|\$\{[^}]*\}.*|\$\(.*|\$env:\w+|%\w+%|%\(\w+\)s|(?:%s\W?)+|@\w+@|<[^>]*>?|\[[^\]]*\]?|"
    r"\{[^}]*\}.*|`[^`]*`|__\w+__|\W*",
    re.ASCII,
)
# Only a field that is closed is a field: a password may hold any bracket.
_EMBEDDED: Final = re.compile(
    r"\{\{[^{}]{1,80}\}\}|\$\{[A-Za-z_][\w.:?@/|+-]{0,80}\}|<[A-Za-z_ -]+>|"
    r"(?<!\{)\{[A-Za-z_][\w.\[\]'\"]*\}(?!\})"
)
_STARS: Final = re.compile(r"([xX*.\u2022_#?-])\1{4}")


def _is_drawn_around(value: str) -> bool:
    """Whether a long random run goes on around the word "example".

    Vendors print such tokens, and nobody can tell them from a pasted one. ``sk-example-key`` and
    Amazon's example keys have no such run.
    """
    rest, count = re.subn(r"(?i)(?<![\W_])example|example(?![\W_])", "", value)
    return (
        count > 0
        and not _STAND_IN_PARTS.search(rest.lower())
        and all(
            len(re.findall(sort, rest)) >= least
            for sort, least in (("[A-Za-z0-9]", 24), ("[0-9]", 4), ("[A-Z]", 4), ("[a-z]", 4))
        )
    )


def _is_template(candidate: Candidate) -> bool:
    """Nothing but a variable, a field or stars."""
    value = candidate.value
    return bool(
        _TEMPLATE.fullmatch(value)
        or _EMBEDDED.search(value)
        or _STARS.search(value)
        or "your" in value.lower()
    )


def _is_stand_in(candidate: Candidate) -> bool:
    """``YOUR_API_KEY``, ``sk-...``, ``<token>``, ``xxxx``, ``{{LABEL}}``, ``$NAME``."""
    value = candidate.value
    lower = value.lower()
    if (
        _TEMPLATE.fullmatch(value)
        or (("{" in value or "<" in value) and _EMBEDDED.search(value))
        or _STARS.search(value)
    ):
        return True
    if not any(map(lower.__contains__, _SHORTEST_HINTS)):
        return False
    said: frozenset[str] = frozenset()
    if any(map(lower.__contains__, words.STAND_INS)):
        said = words.STAND_INS.intersection(_NO_LETTERS.split(lower))
        if not ("xxx" in value or "XXX" in value):
            said -= _CROSSES  # who draws "XXx" is chance, and not a person
    return bool(said or _has_stand_in_part(lower)) and not (
        said <= {"example"} and _is_drawn_around(value)
    )


def _has_stand_in_part(lower: str) -> bool:
    for hint in _STAND_IN_HINTS:
        at = lower.find(hint)
        while at >= 0:
            if _STAND_IN_PARTS.match(lower, at):
                return True
            at = lower.find(hint, at + 1)
    return False


_EVERY_HINT: Final = words.STAND_INS.union(_STAND_IN_HINTS)
# The hints and words in which no other one stands.
_SHORTEST_HINTS: Final = tuple(
    hint for hint in _EVERY_HINT if not any(map(hint.__contains__, _EVERY_HINT - {hint}))
)
_CROSSES: Final = frozenset(word for word in words.STAND_INS if set(word) == {"x"})
_NO_LETTERS: Final = re.compile(r"[^a-z]+")
_SERIES: Final = ("0123456789", "1234567890", "abcdefgh", "deadbeef")


def _is_placeholder(candidate: Candidate) -> bool:
    """A stand-in, or typed by running a finger over the keys: ``1234567890``, ``00000000``.

    Where a vendor's name or prefix stands beside it, the first half ("stand-in") is enough: people
    do paste tokens with such a run, and nobody but the vendor can tell.
    """
    value = candidate.value
    letters = set(value)
    if (
        len(letters) * 4 <= min(len(value), 20)
        or "00000" in value
        or any(map(value.lower().__contains__, _SERIES))
    ):
        return True
    # Eight times the same leave seven letters fewer than characters, and one of them every eighth.
    if len(value) - len(letters) >= 7 and any(
        letter * 8 in value for letter in set(value[7::8]) - {"\n"}
    ):
        return True
    return _is_stand_in(candidate)


_PARTED: Final = re.compile(r"[:/@,]")


def _is_default(candidate: Candidate) -> bool:
    """``password="password"``."""
    said = _PARTED.split(candidate.value.lower().strip("\"'<>[](){}.,;:!?"))
    return words.DEFAULTS.issuperset(said)


# --- references: code that names a secret instead of holding it ---------------------------------

_NAME: Final = r"[A-Za-z_][A-Za-z0-9_]*"
_ATTRIBUTE: Final = re.compile(rf"{_NAME}(?:(?:\.|->|::){_NAME})+")
_REFERENCE: Final = re.compile(
    rf"""
      (?:await\s+)?{_NAME}(?:\.{_NAME})*\s*[(\[].*        # call(…), mapping[…]
    | [A-Z]{{2,}}(?:_[A-Z0-9]+)+                          # NAME_OF_A_VARIABLE
    | [&*@]{_NAME}                                        # YAML anchor, C pointer, @file
    | vault:\S+
    | (?:op|vault|keyring|secretsmanager|ssm|env|file|gcp|azurekv)://?.*
    | (?:arn:aws:|projects/|secrets?/|/run/secrets/|/etc/|/var/|/home/|\./|~/).*
    """,
    re.VERBOSE | re.DOTALL,
)


def _is_reference(candidate: Candidate) -> bool:
    """A call, a lookup, an attribute, a path to where the secret is kept."""
    value = candidate.value
    called = candidate.text[candidate.end : candidate.end + 1] == "("
    if _ATTRIBUTE.fullmatch(value):
        # A token in two parts has the same dot: Xk29fLq81mZ.a8Kd03Lpw7
        short = min(map(len, re.split(r"\W+", value))) < 8
        if candidate.quoted and len(re.findall(r"\d", value)) > 2 and value.lower() != value:
            # Between quotation marks, with digits and capitals, it names nothing: n83.bat47Fy4
            return False
        return called or short or _is_not_random(candidate)
    if _REFERENCE.fullmatch(value):
        return True
    if candidate.quoted:
        return False
    return (
        called or "&&" in value or "||" in value or value[0] in "([{\"'<&|=+*/\\,;" or "(" in value
    )


def _is_variable(candidate: Candidate) -> bool:
    """An unquoted word in code is a variable, unless it has digits no name would have."""
    value = candidate.value
    if candidate.quoted or not re.fullmatch(_NAME, value):
        return False
    return (
        not (any(map(str.isdigit, value)) or _is_drawn(value))
        or re.fullmatch(r"\D+\d", value) is not None
        # A long random value may contain any short word by chance.
        or (not words.IN_NAMES.isdisjoint(_words_of(value)) and _is_not_random(candidate))
    )


def _words_of(name: str) -> set[str]:
    return {word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+", name)}


def _is_naming(candidate: Candidate) -> bool:
    """``new_password``: an identifier with an everyday word for data in it."""
    value = candidate.value
    return bool(re.fullmatch(_NAME, value)) and not words.IN_NAMES.isdisjoint(_words_of(value))


def _is_url_variable(candidate: Candidate) -> bool:
    """``$PASS``, ``%s`` or a field inside an address."""
    return re.fullmatch(r"[$%].*|.*[{}].*|\*+|:.*", candidate.value) is not None


_WEB_SCHEME: Final = re.compile(r"(?:https?|ftps?|sftp)$", re.IGNORECASE)
_AT_HOME: Final = re.compile(r"(?:localhost|127\.|host\b|hostname|server\b|proxy)", re.IGNORECASE)


def _is_default_url(candidate: Candidate) -> bool:
    """``user:password@localhost``: a recipe. On the web the same words open somebody's door."""
    before = candidate.text[max(0, candidate.match.start() - 6) : candidate.match.start()]
    after = candidate.text[candidate.end + 1 : candidate.end + 12]
    on_the_web = _WEB_SCHEME.search(before) and not _AT_HOME.match(after)
    return _is_default(candidate) and not on_the_web


# --- strength -----------------------------------------------------------------------------------

# What stands after "password is" and has digits or symbols, yet is no password: algorithms,
# amounts, file names, addresses, options, brackets.
_TECHNICAL: Final = re.compile(
    r"(?:sha|md|aes|rsa|ecdsa|utf|base|oauth|http|tls|ssl|bcrypt|pbkdf|argon|x\.?509|ed|hmac|v)"
    r"[-_]?\d+(?:[-_/].*)?|0x[0-9a-f]+|"
    r"\d+(?:[-:./,]\d+)*(?:%|s|ms|min|h|d|px|kb|mb|gb|x|k|m|st|nd|rd|th)?|"
    r"\d+[-\s]?(?:char|digit|bit|byte|day|letter|word|line|token|time|step|minute|hour|fold|"
    r"shot|factor|way|layer|dim)\w*(?:-\w+)*|[(\[{<*`].*|.*\(\)?|https?:.*|"
    r"\w+\.(?:txt|py|json|ya?ml|csv|md|html?|pdf|ipynb|env|ini|cfg|toml|com|org|io|net)(?:\W.*)?|"
    r"[A-Za-z]+'[a-z]+|[A-Za-z]+/[A-Za-z/]+|\w+=.*|-{1,2}[a-z].*|(?-i:[a-z]+_[a-z_]+\d?)|#\d+|"
    r"\w+@\w+\.\w+|[a-z]*@\d+|\W+(?:[A-Za-z_]*|\w{1,4}|\d+)\W*|[A-Za-z]+[)\]]+.*|[A-Za-z]+\W+|"
    # The next field of an object, as in a minified script: !0,range:!0
    r"[^,\s]{1,40},[\w$-]+[:=].*|[A-Za-z]+\.?&(?:quot|amp|lt|gt|nbsp|apos);?",
    re.IGNORECASE | re.ASCII,
)


def _is_plain(candidate: Candidate) -> bool:
    """In a sentence a password shows by digits, symbols or capitals inside the word."""
    value = candidate.value
    if _TECHNICAL.fullmatch(value) or (
        # password = password1: a variable is given to another.
        "=" in candidate.match[0] and re.fullmatch(r"[a-z_]*pass(?:word|wd)?\d?", value)
    ):
        return True
    if any(map(str.isdigit, value)):
        # "step2" is a word with a counter; a password has more than that.
        return not any(map(str.isalpha, value)) or (
            value[:-1].replace("-", "").isalpha() and value[-1].isdigit() and len(value) < 7
        )
    if _is_drawn(value):
        return False
    if re.fullmatch(r"[A-Za-z]+(?:-[A-Za-z]+)*", value):
        said = value.split("-")
        passphrase = re.search(r"phrase|\w\s?=\s?", candidate.match[0].lower())
        return len(said) < (3 if passphrase else 4) or min(map(len, said)) < 3
    return not re.search(r"[!#$%&*+^~?@=|]", value[1:-1])


def _is_counted(candidate: Candidate) -> bool:
    """Right beside the word "password", a word with a number behind it is a name: field2."""
    value = candidate.value
    if re.fullmatch(r"[A-Za-z]{1,5}\d{1,3}|[A-Za-z]{7,}\d", value):
        return True
    return bool(re.fullmatch(r"[a-z]+\d+", value)) and not words.IN_NAMES.isdisjoint(
        _words_of(value)
    )


def _is_bare_word(candidate: Candidate) -> bool:
    """A quoted value that is plain words: an interface text, a column, a type."""
    value = candidate.value
    listed = re.match(r"[\w-]{1,60}[\"']\s{0,2},", candidate.match[0])
    if listed and re.fullmatch(r"[A-Za-z_.-]+\d?", value):
        # Two neighbours in a list of words: "pass", "pixel".
        return True
    if value[0] in ",.+)" or value != value.strip():
        # The quotes belong to two neighbours: "Password:", label: "…".
        return True
    if re.search(r"\s", value):
        strong = re.search(r"\d", value) and re.search(r"[^\w\s]", value)
        return not (strong and len(value.split()) <= 3)
    if re.fullmatch(r"[A-Za-z]+", value):
        inner_capitals = re.search(r"[a-z][A-Z]", value) and re.search(r"[A-Z].*[A-Z]", value)
        names = not words.IN_NAMES.isdisjoint(_words_of(value))
        return names or len(value) < 8 or not (value.islower() or inner_capitals)
    if re.fullmatch(r"[a-z]+(?:[_.-][a-z]+){1,2}", value):
        return not words.IN_NAMES.isdisjoint(_words_of(value)) or "_" in value
    # "#add-password" is a CSS selector, "/account/password" a route.
    # So is "text/html" the kind of something.
    return len(value) < 4 or bool(
        re.fullmatch(r"[#.][a-z]+(?:-[a-z]+)*|/[^/]+/.*|[a-z]+/[a-z.+-]+|v?\d+(?:\.\d+)+", value)
    )


_HEX: Final = re.compile(r"(?:0x)?(?:[0-9a-f]{20,}|[0-9A-F]{20,})")
_CHANGES: Final = re.compile(r"[a-z](?=[A-Z0-9])|[A-Z](?=[0-9])|[0-9](?=[A-Za-z])")


def _is_drawn(value: str) -> bool:
    """Letters alone: capitals that begin no words, or hardly a vowel."""
    if not (len(value) >= 20 and value.isascii() and value.isalpha()):
        return False
    changes = sum(a.isupper() != b.isupper() for a, b in pairwise(value))
    vowels = len(re.findall(r"[aeiou]", value, re.IGNORECASE))
    jam = re.search(r"[^aeiouy]{6}", value, re.IGNORECASE)
    if value.islower() or value.isupper():
        return bool(jam) and vowels * 10 < len(value) * 3
    return changes * 10 >= len(value) * 4 and bool(jam)


def _is_not_random(candidate: Candidate) -> bool:
    """A token is drawn by a machine: letters and digits mixed, no words joined by dashes."""
    value = candidate.value
    if not (re.search(r"\d", value) and re.search(r"[A-Za-z]", value)):
        return not _is_drawn(value)
    if _HEX.fullmatch(value):
        return False
    mixed = sum(
        len(piece)
        for piece in re.findall(r"[A-Za-z0-9]{4,}", value)
        if (one := _CHANGES.search(piece)) and _CHANGES.search(piece, one.end())
    )
    return mixed * 2 < len(value) or not is_varied(value, 2.8)


def _has_no_digit(candidate: Candidate) -> bool:
    """Letters only are a word."""
    return not any(map(str.isdigit, candidate.value))


def _is_verdict(candidate: Candidate) -> bool:
    """``the password is "incorrect"``."""
    return candidate.value.lower().strip(" .!") in words.VERDICTS


def _is_prose(candidate: Candidate) -> bool:
    """Blanks between plain words."""
    return bool(re.search(r"\s", candidate.value)) or len(candidate.value) < 5


def _is_usage(candidate: Candidate) -> bool:
    """``--password PASSWORD`` and "the --password option" talk about an option."""
    value = candidate.value
    return (value.isupper() and value.isalpha()) or (
        value.rstrip(".,:;").lower() in words.ABOUT_OPTIONS
    )


FILTERS: Final[Mapping[str, Callable[[Candidate], bool]]] = {
    "stand-in": _is_stand_in,
    "template": _is_template,
    "placeholder": _is_placeholder,
    "default": _is_default,
    "reference": _is_reference,
    "variable": _is_variable,
    "default-url": _is_default_url,
    "url-variable": _is_url_variable,
    "plain": _is_plain,
    "counted": _is_counted,
    "bare-word": _is_bare_word,
    "not-random": _is_not_random,
    "naming": _is_naming,
    "prose": _is_prose,
    "verdict": _is_verdict,
    "no-digit": _has_no_digit,
    "usage": _is_usage,
    **SURROUNDINGS,
    **STRUCTURE,
    **CHECKSUMS,
}
"""By the name that rules use. True means: harmless, drop the candidate."""
