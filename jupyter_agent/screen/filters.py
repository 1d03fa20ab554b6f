"""Stage 3: why a candidate is no secret after all.

Most of the precision is here. Each filter answers "is it harmless?" for one candidate, and a rule
names the filters that apply to it. They run on candidates only, so they may take their time.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from jupyter_agent.screen import words
from jupyter_agent.screen.candidate import Candidate
from jupyter_agent.screen.checksums import CHECKSUMS
from jupyter_agent.screen.codes import CODES
from jupyter_agent.screen.looks import shape
from jupyter_agent.screen.spoken import is_mine, is_said
from jupyter_agent.screen.strength import STRENGTH, is_drawn, is_not_random
from jupyter_agent.screen.structure import STRUCTURE
from jupyter_agent.screen.surroundings import SURROUNDINGS
from jupyter_agent.screen.words import words_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

# --- placeholders -------------------------------------------------------------------------------

_STAND_IN_PARTS: Final = re.compile(
    r"example|placeholder|fake(?:key|pass|token|secret|api)|changeme|change[_-]me|redacted|replace[_-]?(?:me|with|this)|"
    r"(?:your|(?<![a-z])my)[_-]?(?:own[_-]?)?(?:api|token|key|secret|pass|access|auth|user|hugging|open)|"
    r"(?<![a-z])my[_-][a-z]{2,10}[_-](?:password|secret|token|key)|insert[_-]|dummy|<[a-z]|base32[_-]?(?:secret|key|enc|str)|jbswy3dpehpk3pxp(?![a-z2-7])|gezdgnbvgy3tqojq|\.\.\.|\u2026|goes[_-]here|to[_-]be[_-]",
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
        "base32",
        # "Hello!" and ten digits, as every manual of one-time codes has them.
        "jbswy3",
        "gezdgn",
    ),
    *("<", "...", "\u2026", "goes", "to_be", "to-be"),
)
# The whole value is a variable, a template field, a bracketed name, or nothing but punctuation.
_TEMPLATE: Final = re.compile(
    r"\$\w+|\$\{[^}]*\}.*|\$\(.*|\$env:\w+|%\w+%|%\(\w+\)s|(?:%s\W?)+|@{1,2}\w+@{1,2}|<[^>]*>?|\[[^\]]*\]?|"
    r"\((?:sensitive|known after)[^)]*\)|\{[^}]*\}.*|`[^`]*[`']|__\w+__|_[a-z]+_|\W*",
    re.ASCII,
)
# Only a field that is closed is a field: a password may hold any bracket.
_EMBEDDED: Final = re.compile(
    r"\{\{[^{}]{1,80}\}\}|\$\{[A-Za-z_][\w.:?@/|+-]{0,80}\}|<[A-Za-z_ -]+>|"
    r"(?<!\{)\{[A-Za-z_][\w.\[\]'\"]*\}(?!\})"
)
_STARS: Final = re.compile(r"([xX*.\u2022_#?-])\1{4}")


def _is_drawn_around(value: str, said: frozenset[str]) -> bool:
    """Whether a long random run goes on around the words that make it a stand-in.

    Vendors print tokens with "example" in them, and nobody can tell them from a pasted one; "put"
    and "here" stand between two digits of one in ten thousand tokens by chance. ``sk-example-key``,
    ``sk-put-yours-here`` and Amazon's example keys have no such run.
    """
    rest = value
    for word in said:
        rest = re.sub(rf"(?i)(?<![\W_]){word}|{word}(?![\W_])", "", rest)
    return (
        rest != value
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


def _holds_one_of(value: str, parts: tuple[str, ...]) -> bool:
    # Machine code looks for each without a call, and ``any(map(…))`` calls for each.
    for part in parts:  # noqa: SIM110
        if part in value:
            return True
    return False


def _is_stand_in(candidate: Candidate) -> bool:
    """``YOUR_API_KEY``, ``sk-...``, ``<token>``, ``xxxx``, ``{{LABEL}}``, ``$NAME``."""
    value = candidate.value
    if _holds_one_of(value, words.PUBLISHED):
        return True
    # SOPS writes ENC[AES256_GCM,data:…,iv:…] in the place of a value.
    if candidate.text.endswith("ENC[AES256_GCM,data:", 0, candidate.start):
        return True
    if candidate.was_drawn():
        return False
    lower = value.lower()
    if (
        _TEMPLATE.fullmatch(value)
        or (("{" in value or "<" in value) and _EMBEDDED.search(value))
        or _STARS.search(value)
        or "EXAMPLEKEY" in value  # how Amazon ends the secret keys in its manuals
    ):
        return True
    if not (_HINT.search(lower) if len(lower) < _LONG else _holds_one_of(lower, _SHORTEST_HINTS)):
        return False
    said: frozenset[str] = frozenset()
    if any(map(lower.__contains__, words.STAND_INS)):
        said = words.STAND_INS.intersection(_NO_LETTERS.split(lower))
        if not ("xxx" in value or "XXX" in value):
            said -= _CROSSES  # who draws "XXx" is chance, and not a person
    return bool(said or _has_stand_in_part(lower)) and not (
        said <= _BY_CHANCE and _is_drawn_around(value, said or _PRINTED)
    )


def _has_stand_in_part(lower: str) -> bool:
    for hint in _STAND_IN_HINTS:
        at = lower.find(hint)
        while at >= 0:
            if _STAND_IN_PARTS.match(lower, at):
                return True
            at = lower.find(hint, at + 1)
    return False


def _one_of(hints: Iterable[str]) -> re.Pattern[str]:
    """Finds any of them. Hints that begin alike share a branch: fewer are tried at each place."""
    branches: dict[str, list[str]] = {}
    for hint in sorted(hints):
        branches.setdefault(hint[0], []).append(re.escape(hint[1:]))
    begins = (f"{re.escape(first)}(?:{'|'.join(rest)})" for first, rest in branches.items())
    return re.compile("|".join(begins))


_EVERY_HINT: Final = words.STAND_INS.union(_STAND_IN_HINTS)
# The hints and words in which no other one stands.
_SHORTEST_HINTS: Final = tuple(
    hint for hint in _EVERY_HINT if not any(map(hint.__contains__, _EVERY_HINT - {hint}))
)
# In a short value one search for all of them takes half of the time of a search for each.
_LONG: Final = 48
_HINT: Final = _one_of(_SHORTEST_HINTS)
_CROSSES: Final = frozenset(word for word in words.STAND_INS if set(word) == {"x"})
_PRINTED: Final = frozenset({"example"})
# Short enough to be drawn. Crosses are not among them: people draw those over part of a token.
_BY_CHANCE: Final = _PRINTED.union(w for w in words.STAND_INS if len(w) <= 4) - _CROSSES
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
        or _holds_one_of(value.lower(), _SERIES)
    ):
        return True
    # Eight times the same leave seven letters fewer than characters, and one of them every eighth.
    if len(value) - len(letters) >= 7:
        for letter in value[7::8]:
            if letter * 8 in value and letter != "\n":
                return True
    return _is_stand_in(candidate)


_PARTED: Final = re.compile(r"[:/@,]")
_JOINED: Final = re.compile(r"[_.-]\d{1,4}$|[\s_.-]+")


def _is_default(candidate: Candidate) -> bool:
    """``password="password"``, ``VOTRE_MOT_DE_PASSE``."""
    value = candidate.value.lower().strip("\"'<>[](){}.,;:!?*")
    if words.DEFAULTS.issuperset(_PARTED.split(value)):
        return True
    said = set(_JOINED.split(value)) - {""}
    return not words.ABROAD.isdisjoint(said) and said - words.ABROAD <= words.ABROAD_WITH


# --- references: code that names a secret instead of holding it ---------------------------------

# Possessive: no shorter name would be followed by anything else that these look for.
_NAME: Final = r"[A-Za-z_][A-Za-z0-9_]*+"
_WHOLE_NAME: Final = re.compile(_NAME)
_DIGIT: Final = re.compile(r"\d")
_NO_WORD: Final = re.compile(r"\W+")
_NUMBERED: Final = re.compile(r"\D+\d")
_ATTRIBUTE: Final = re.compile(rf"{_NAME}(?:(?:\.|->|::){_NAME})+")
_REFERENCE: Final = re.compile(
    rf"""
      (?:await\s+)?{_NAME}(?:\.{_NAME})*\s*[(\[].*        # call(…), mapping[…]
    | [A-Z]{{2,}}+(?:_[A-Z0-9]+)+                         # NAME_OF_A_VARIABLE
    | [&*@]{_NAME}                                        # YAML anchor, C pointer, @file
    | vault:\S+
    | env:[A-Z_][A-Z0-9_]* | @Microsoft\.KeyVault\(.*
    | (?:op|vault|keyring|secretsmanager|ssm|env|file|gcp|azurekv)://?.*
    | (?:arn:aws:|projects/|secrets?/|/run/secrets/|/etc/|/var/|/home/|\./|~/).*
    """,
    re.VERBOSE | re.DOTALL,
)


_WORDS_AND_YEAR: Final = re.compile(r"[A-Za-z]{3,12}\.[A-Za-z]{3,12}\d{2,4}")  # masa.madre33
_LEET: Final = re.compile(
    r"[A-Za-z]{2}[013457][A-Za-z]{2}|\b[a-z][0134][a-z]{2,3}|[A-Z][013457][a-z]{2}"
)


def _is_misspelt(value: str) -> bool:
    """``Hazel.dorm0use``: one of the words has digits for letters, as no program has them."""
    return (
        value.count(".") in (1, 2)
        and value.lower() != value
        and "_" not in value
        and "->" not in value
        and "::" not in value
        and _LEET.search(value) is not None
        and shape(value) >= _GOOD
        and words.IN_NAMES.isdisjoint(words_of(value))
    )


_GOOD: Final = 2.5
_JUMBLE: Final = r"(?=[a-zA-Z]*\d)(?=[a-z\d]*[A-Z])(?=[A-Z\d]*[a-z])[A-Za-z\d]{5,}"
# Two parts, each with all that a machine draws from: hWSn6wQ.RWUC2n
_JUMBLED: Final = re.compile(rf"{_JUMBLE}\.{_JUMBLE}")
_NAMED_WITHIN: Final = 80
_UNSPACED: Final = re.compile(r"(?:\w=|--[\w-]{2,30}[ =])\Z")
_AFTER: Final = frozenset(("", " ", "\n", "\r", '"', "'"))


def _is_in_file(candidate: Candidate) -> bool:
    """``ansible_ssh_pass=Tarn.Bracken6``: a file of settings or a shell has no attributes.

    Without blanks a program has such a thing between brackets only, and its names are others.
    """
    text, start, end = candidate.text, candidate.start, candidate.end
    return (
        _UNSPACED.search(text, max(0, start - 34), start) is not None
        and text[end : end + 1] in _AFTER
        and text.find("(", max(text.rfind("\n", 0, start), start - _NAMED_WITHIN, 0), start) < 0
        and words.IN_NAMES.isdisjoint(words_of(candidate.value))
        and (shape(candidate.value) >= _GOOD or "ansible_" in text[max(0, start - 32) : start])
    )


_SIGNED: Final = re.compile(
    r"[&*@+](?=\D*\d\D*\d)(?=.*[A-Z])(?=.*[a-z])[A-Za-z][A-Za-z0-9!#$%]{5,}"
)


def _is_signed(value: str) -> bool:
    """``@Kettle42``, ``+Harbor1975``: a sign before what hardly any program has for a name."""
    return _SIGNED.fullmatch(value) is not None and words.IN_NAMES.isdisjoint(words_of(value))


def _is_reference(candidate: Candidate) -> bool:
    """A call, a lookup, an attribute, a path to where the secret is kept."""
    value = candidate.value
    called = candidate.text[candidate.end : candidate.end + 1] == "("
    if _ATTRIBUTE.fullmatch(value):
        # A token in two parts has the same dot: Xk29fLq81mZ.a8Kd03Lpw7
        short = min(map(len, _NO_WORD.split(value))) < 8
        if candidate.quoted and (
            (len(_DIGIT.findall(value)) > 2 and value.lower() != value)
            or (not called and _WORDS_AND_YEAR.fullmatch(value))
        ):
            # Between quotation marks, with digits and capitals, it names nothing: n83.bat47Fy4
            return False
        if not called and (
            _is_misspelt(value)
            or _JUMBLED.fullmatch(value)
            or is_said(candidate)
            or is_mine(candidate)
            or _is_in_file(candidate)
        ):
            return False
        return called or (value.isascii() and (short or is_not_random(candidate)))
    drawn = candidate.was_drawn() or (value[0] in "&*@+" and not called and _is_signed(value))
    if not drawn and _REFERENCE.fullmatch(value):
        return True
    if candidate.quoted or drawn:
        return False
    return (
        called
        or ("$" in value and "<-" in candidate.match[0])  # a column of R: pass <- df$qc
        or "&&" in value
        or "||" in value
        or value[0] in "([{\"'<&|=+*/\\,;"
        or "(" in value
    )


def _is_variable(candidate: Candidate) -> bool:
    """An unquoted word in code is a variable, unless it has digits no name would have."""
    value = candidate.value
    if candidate.quoted or not _WHOLE_NAME.fullmatch(value):
        return False
    return (
        not (_DIGIT.search(value) or is_drawn(value))
        or _NUMBERED.fullmatch(value) is not None
        # A long random value may contain any short word by chance.
        or (not words.IN_NAMES.isdisjoint(words_of(value)) and is_not_random(candidate))
    )


def _is_naming(candidate: Candidate) -> bool:
    """``new_password``: an identifier with an everyday word for data in it."""
    value = candidate.value
    return bool(_WHOLE_NAME.fullmatch(value)) and not words.IN_NAMES.isdisjoint(words_of(value))


_URL_VARIABLE: Final = re.compile(r"[$%].*|.*[{}].*|\*+|:.*")


def _is_url_variable(candidate: Candidate) -> bool:
    """``$PASS``, ``%s`` or a field inside an address."""
    return _URL_VARIABLE.fullmatch(candidate.value) is not None


_WEB_SCHEME: Final = re.compile(r"(?:https?|ftps?|sftp)$", re.IGNORECASE)
_AT_HOME: Final = re.compile(r"(?:localhost|127\.|host\b|hostname|server\b|proxy)", re.IGNORECASE)


def _is_default_url(candidate: Candidate) -> bool:
    """``user:password@localhost``: a recipe. On the web the same words open somebody's door."""
    before = candidate.text[max(0, candidate.match.start() - 6) : candidate.match.start()]
    after = candidate.text[candidate.end + 1 : candidate.end + 12]
    # GitHub's token stands in front of this; and RFC 2606: nobody's door.
    if candidate.value == "x-oauth-basic" or (
        candidate.value == "password" and after.startswith("example.")
    ):
        return True
    on_the_web = _WEB_SCHEME.search(before) and not _AT_HOME.match(after)
    return _is_default(candidate) and not (on_the_web and not candidate.value.isupper())


_ALL: Final[Mapping[str, Callable[[Candidate], bool]]] = {
    "stand-in": _is_stand_in,
    "template": _is_template,
    "placeholder": _is_placeholder,
    "default": _is_default,
    "reference": _is_reference,
    "variable": _is_variable,
    "default-url": _is_default_url,
    "url-variable": _is_url_variable,
    "naming": _is_naming,
    **STRENGTH,
    **SURROUNDINGS,
    **STRUCTURE,
    **CHECKSUMS,
    **CODES,
}
# Less than a microsecond each; the others take up to ten.
_CHEAP: Final = (
    *("date", "uuid", "prose", "verdict", "usage", "no-digit", "path", "default", "counted"),
    *("variable", "acronym", "address", "blob", "numbered", "documented", "sentence", "no-sigil"),
    *("url-variable", "reference", "bare-word"),
)
FILTERS: Final = {name: _ALL[name] for name in (*_CHEAP, *_ALL)}
"""By the name that rules use, the cheapest first. True means: harmless, drop the candidate."""
