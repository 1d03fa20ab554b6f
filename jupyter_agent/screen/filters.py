"""Stage 3: why a candidate is no secret after all.

Most of the precision is here. Each filter answers "is it harmless?" for one candidate, and a rule
names the filters that apply to it. They run on candidates only, so they may take their time.
"""

from __future__ import annotations

import re
from base64 import b64decode, urlsafe_b64decode
from collections import Counter
from json import loads
from math import log2
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class Candidate(NamedTuple):
    """A value that a rule's expression picked out of a text."""

    text: str
    start: int
    end: int
    match: re.Match[str]

    @property
    def value(self) -> str:
        """The value itself; it stays inside this package."""
        return self.text[self.start : self.end]

    @property
    def quoted(self) -> bool:
        """Whether the expression met an opening quote (its group ``q``)."""
        return bool(self.match.groupdict().get("q"))


def entropy(value: str) -> float:
    """Shannon entropy in bits per character."""
    total = len(value)
    return -sum(n / total * log2(n / total) for n in Counter(value).values())


# --- placeholders -------------------------------------------------------------------------------

# One of these among the words of a value makes it an instruction to the reader.
_STAND_INS: Final = frozenset(
    """your yours insert replace placeholder changeme change example examples sample dummy fake
    redacted todo fixme foobar enter paste here put fill removed hidden masked censored secretkey
    mytoken mykey mysecret yourtoken yourkey yourpassword yourapikey xxx xxxx xxxxx xxxxxx
    placeholdertoken notreal invalid undefined""".split()
)
_STAND_IN_PARTS: Final = re.compile(
    r"example|placeholder|changeme|change[_-]me|redacted|replace[_-]?(?:me|with|this)|"
    r"(?:your|my)[_-]?(?:own[_-]?)?(?:api|token|key|secret|pass|access|auth|user|hugging|open)|"
    r"insert[_-]|dummy|<[a-z]|\.\.\.|\u2026|goes[_-]here|to[_-]be[_-]|0123456789|1234567890|"
    r"abcdefgh|deadbeef",
    re.IGNORECASE,
)
# The whole value is a variable, a template field or a bracketed name.
_TEMPLATE: Final = re.compile(
    r"\$\w+|\$\{[^}]*\}.*|\$\([^)]*\)?|\$env:\w+|%\w+%|%\(\w+\)s|%s|@\w+@|<[^>]*>?|\[[^\]]*\]?|"
    r"\{[^}]*\}.*|`[^`]*`?|__\w+__|\W*",
    re.ASCII,
)
_EMBEDDED: Final = re.compile(r"\[secret:|\{\{|\$\{\w|<[A-Za-z_ -]+>|\{[A-Za-z_][\w.\[\]'\"]*\}")
_RUN: Final = re.compile(r"([xX*.\u2022_#0?-])\1{4}|(.)\2{7}")
# Documentation's favourite "passwords": as values they are words, not secrets.
_DEFAULTS: Final = frozenset(
    """password passwd passwort passphrase pass pwd secret secrets token key apikey api_key admin
    root user username guest test tests testing postgres mysql redis default none null nil true
    false empty string str text bytes int bool any object optional required missing incorrect
    wrong correct expired needed unknown unset not-set n/a value values foo bar baz foobar hello
    world abc abc123 xyz demo mock stub local localhost name email input prompt getpass yes no
    on off hunter basic bearer token123 mypassword mypass mypwd mysecret mytoken secret123
    password123 test123 user123 pass123 admin123 1234 12345 123456 abcd encrypted hashed hash
    self this args kwargs config settings environ env""".split()
)


def _is_placeholder(candidate: Candidate) -> bool:
    value = candidate.value
    return bool(
        _TEMPLATE.fullmatch(value)
        or _EMBEDDED.search(value)
        or _RUN.search(value)
        or _STAND_IN_PARTS.search(value)
        or len(set(value)) * 4 <= min(len(value), 20)
        or not _STAND_INS.isdisjoint(re.split(r"[^a-z]+", value.lower()))
    )


def _is_default(candidate: Candidate) -> bool:
    return candidate.value.lower().strip("\"'<>[](){}.,;:!") in _DEFAULTS


# --- references: code that names a secret instead of holding it ---------------------------------

_NAME: Final = r"[A-Za-z_][A-Za-z0-9_]*"
_REFERENCE: Final = re.compile(
    rf"""
      (?:await\s+)?{_NAME}(?:\.{_NAME})*\s*[(\[].*        # call(…), mapping[…]
    | {_NAME}(?:(?:\.|->|::){_NAME})+                     # attribute.of.something
    | [A-Z]{{2,}}(?:_[A-Z0-9]+)+                          # NAME_OF_A_VARIABLE
    | [&*@]{_NAME}                                        # YAML anchor, C pointer, @file
    | (?:op|vault|keyring|secretsmanager|ssm|env|file|gcp|azurekv)://?.*
    | (?:arn:aws:|projects/|secrets?/|/run/secrets/|/etc/|/var/|/home/|\./|~/).*
    """,
    re.VERBOSE | re.DOTALL,
)
# Everyday words in names: with one of them, letters and digits are a name, not a value.
_NAME_WORDS: Final = frozenset(
    """pass password passwd pw pwd secret secrets token tokens key keys user username name names hash
    hashed arg args self conf config param params input data field value values var tmp new old
    val str string auth cred creds credentials text index model encoded decoded encode decode sha
    md bcrypt utf base int float null none true false optional request response client my get set
    db test is has the cls obj result results""".split()
)


def _words_of(name: str) -> set[str]:
    return {word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+", name)}


def _is_reference(candidate: Candidate) -> bool:
    """A call, a lookup, an attribute, a path to where the secret is kept."""
    value = candidate.value
    if _REFERENCE.fullmatch(value):
        return True
    return not candidate.quoted and (value[0] in "([{\"'<&|=+*/\\,;" or "(" in value)


def _is_variable(candidate: Candidate) -> bool:
    """An unquoted word in code is a variable, unless it has digits no name would have."""
    value = candidate.value
    if candidate.quoted or not re.fullmatch(_NAME, value):
        return False
    return (
        not any(c.isdigit() for c in value)
        or re.fullmatch(r"\D+\d", value) is not None
        or not _NAME_WORDS.isdisjoint(_words_of(value))
    )


# --- strength -----------------------------------------------------------------------------------

_TECHNICAL: Final = re.compile(
    r"(?:sha|md|aes|rsa|ecdsa|utf|base|oauth|http|tls|ssl|bcrypt|pbkdf|argon|x\.?509|ed|hmac|v)"
    r"[-_]?\d+(?:[-_/].*)?|\d+(?:[-:./,]\d+)*(?:%|s|ms|min|h|d|px|kb|mb|gb|x|k|m|st|nd|rd|th)?|"
    r"\d+[-\s]?(?:char|digit|bit|byte|day|letter|word|line|token|time|step|letter|minute|hour|fold|"
    r"shot|factor|way|layer|dim)\w*(?:-\w+)*|[(\[{<*`].*|.*\(\)?|https?:.*|\w+\.(?:txt|py|json|ya?ml|csv|"
    r"md|html?|pdf|ipynb|env|ini|cfg|toml|com|org|io|net)(?:\W.*)?|[A-Za-z]+'[a-z]+|"
    r"[A-Za-z]+/[A-Za-z/]+|\w+=.*|-{1,2}[a-z].*|[a-z]+_[a-z_]+\d?|#\d+|\w+@\w+\.\w+|[a-z]*@\d+|"
    r"\W+\w*\W*|[A-Za-z]+[)\]]+.*|\*\*.*|[A-Za-z]+\W+",
    re.IGNORECASE | re.ASCII,
)


def _is_plain(candidate: Candidate) -> bool:
    """In a sentence a password shows by digits, symbols or capitals inside the word."""
    value = candidate.value
    if _TECHNICAL.fullmatch(value):
        return True
    if any(c.isdigit() for c in value):
        # "step2" is a word with a counter; a password has letters and more than that.
        letters = sum(c.isalpha() for c in value)
        return letters == 0 or (value[:-1].isalpha() and not _symbols(value[-1:]))
    if re.fullmatch(r"[A-Za-z]+(?:-[A-Za-z]+)*", value):
        words = value.split("-")
        passphrase = "phrase" in candidate.match[0].lower()
        return len(words) < (3 if passphrase else 4) or min(map(len, words)) < 3
    if _symbols(value[1:-1]) and re.search(r"[!#$%&*+^~?@=|]", value):
        return False
    return True


def _symbols(value: str) -> int:
    return sum(not c.isalnum() and not c.isspace() for c in value)


def _is_bare_word(candidate: Candidate) -> bool:
    """A quoted value that is plain words: an interface text, a column, a type."""
    value = candidate.value
    if re.search(r"\s", value):
        return not (re.search(r"\d", value) and _symbols(value) and len(value.split()) <= 3)
    if re.fullmatch(r"[A-Za-z]+", value):
        inner_capitals = re.search(r"[a-z][A-Z]", value) and re.search(r"[A-Z].*[A-Z]", value)
        return len(value) < 8 or not (value.islower() or inner_capitals)
    if re.fullmatch(r"[a-z]+(?:[_.-][a-z]+){1,2}", value):
        return not _NAME_WORDS.isdisjoint(_words_of(value)) or "_" in value
    return len(value) < 4


_HEX: Final = re.compile(r"(?:0x)?(?:[0-9a-f]{20,}|[0-9A-F]{20,})")


def _is_not_random(candidate: Candidate) -> bool:
    """A token is drawn by a machine: letters and digits mixed, no words joined by dashes."""
    value = candidate.value
    if _HEX.fullmatch(value):
        return not (re.search(r"\d", value) and re.search(r"[a-fA-F]", value))
    if not (re.search(r"\d", value) and re.search(r"[A-Za-z]", value)):
        return True
    pieces = re.findall(r"[A-Za-z0-9]+", value)
    mixed = sum(
        len(piece)
        for piece in pieces
        if len(piece) >= 4
        and len(re.findall(r"[a-z](?=[A-Z0-9])|[A-Z](?=[0-9])|[0-9](?=[A-Za-z])", piece)) >= 2
    )
    return mixed * 2 < len(value) or entropy(value) < 2.8


_UUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def _is_identifier(candidate: Candidate) -> bool:
    """UUIDs and the like are public far more often than secret."""
    return bool(_UUID.fullmatch(candidate.value))


# --- structure ----------------------------------------------------------------------------------


def _is_no_jwt(candidate: Candidate) -> bool:
    """RFC 7519: the first part is a JSON object that names an algorithm."""
    head = candidate.value.partition(".")[0]
    try:
        header = loads(urlsafe_b64decode(head + "=" * (-len(head) % 4)))
    except ValueError:
        return True
    return not (isinstance(header, dict) and ("alg" in header or "enc" in header))


def _is_no_basic(candidate: Candidate) -> bool:
    """RFC 7617: base64 of ``user:password``."""
    value = candidate.value
    try:
        decoded = b64decode(value + "=" * (-len(value) % 4), validate=True)
    except ValueError:
        return True
    return b":" not in decoded


_FUNCTION_WORDS: Final = frozenset(
    """the and for with are was has not from your please its but our their which were would should
    could been have""".split()
)


def _is_no_phrase(candidate: Candidate) -> bool:
    """BIP-39 phrases have 12, 15, 18, 21 or 24 words, none of which is a function word."""
    words = candidate.value.lower().split()
    return len(words) < 12 or not _FUNCTION_WORDS.isdisjoint(words) or len(set(words)) < 9


def _is_no_key_block(candidate: Candidate) -> bool:
    """RFC 7468: a key has lines of base64; a drawing of one has dots or words."""
    lines = re.findall(r"(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{40,}", candidate.value)
    return not lines or entropy("".join(lines)) < 4.0


def _has_no_digit(candidate: Candidate) -> bool:
    return not any(c.isdigit() for c in candidate.value)


def _is_usage(candidate: Candidate) -> bool:
    """``--password PASSWORD`` and "the --password option" talk about an option."""
    value = candidate.value
    return value.isupper() and value.isalpha() or value.rstrip(".,:;").lower() in _TALK


_TALK: Final = frozenset(
    """option options flag flags argument arguments parameter prompt with from and for instead
    which that this when then here there variable flag's must should something""".split()
)


def _is_counted(candidate: Candidate) -> bool:
    """Right beside the word "password", a word with a number behind it is a name: field2."""
    return re.fullmatch(r"[A-Za-z]{1,5}\d{1,3}|[a-z]+\d", candidate.value) is not None or bool(
        re.fullmatch(r"[a-z]+\d+", candidate.value)
        and not _NAME_WORDS.isdisjoint(_words_of(candidate.value))
    )


def _is_url_variable(candidate: Candidate) -> bool:
    """``$PASS``, ``%s`` or a field inside an address."""
    return re.fullmatch(r"[$%].*|.*[{}].*|\*+|:.*", candidate.value) is not None


def _is_date(candidate: Candidate) -> bool:
    """20240131 and friends."""
    return (
        re.fullmatch(
            r"(?:19|20)\d\d-?(?:0[1-9]|1[0-2])(?:-?(?:0[1-9]|[12]\d|3[01]))?|(?:19|20)\d\d-20\d\d|"
            r"(?:19|20)\d\d",
            candidate.value,
        )
        is not None
    )


def _is_year(candidate: Candidate) -> bool:
    return re.fullmatch(r"(?:19|20)\d\d", candidate.value) is not None


FILTERS: Final[Mapping[str, Callable[[Candidate], bool]]] = {
    "placeholder": _is_placeholder,
    "default": _is_default,
    "reference": _is_reference,
    "plain": _is_plain,
    "variable": _is_variable,
    "bare-word": _is_bare_word,
    "not-random": _is_not_random,
    "identifier": _is_identifier,
    "no-jwt": _is_no_jwt,
    "no-basic": _is_no_basic,
    "no-phrase": _is_no_phrase,
    "no-key-block": _is_no_key_block,
    "usage": _is_usage,
    "counted": _is_counted,
    "url-variable": _is_url_variable,
    "date": _is_date,
    "no-digit": _has_no_digit,
    "year": _is_year,
}
"""By the name that rules use. True means: harmless, drop the candidate."""
