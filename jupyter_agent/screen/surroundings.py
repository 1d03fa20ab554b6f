"""Filters that look at what a value is made of and what it stands in: code, an address, base64."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from jupyter_agent.screen import words
from jupyter_agent.screen.candidate import Candidate
from jupyter_agent.screen.columns import COLUMNS
from jupyter_agent.screen.expressions import at_need

_JOINED: Final = re.compile(r"-{0,2}[A-Za-z]{1,20}(?:\\?[_-]+[A-Za-z]{1,20}){1,20}[_-]?")
_PARTS: Final = re.compile("[A-Z][a-z]{2,}|[a-z]{3,}")


def _is_name(candidate: Candidate) -> bool:
    """``M2M100ForConditionalGeneration``, ``read-the-config``: words joined name something."""
    value = candidate.value
    if _JOINED.fullmatch(value):
        return True
    said = _PARTS.findall(value)
    return (
        len(said) > 1
        and any(word[0].isupper() for word in said)
        # Hardly a name begins with a digit.
        and sum(map(len, said)) >= (0.85 if value[0].isdigit() else 0.75) * len(value)
    )


_BASE64_RUN: Final = re.compile(r"[A-Za-z0-9+/]{40}[+/]")
_PICTURE_BEGINS: Final = re.compile(
    r'(?:;base64,|"image/[\w.+-]{1,20}":\s{0,4}")[A-Za-z0-9+/]{0,40}[+/]$'
)
_LINE_OF_BASE64: Final = re.compile(
    # Of keys in a list, one in each line, hardly any has a sign and this length.
    r"(?=[A-Za-z0-9]{0,75}[+/])[A-Za-z0-9+/]{60,76}\r?\n[ \t>]{0,8}[A-Za-z0-9+/]{0,76}$"
)
_DIGEST: Final = re.compile(r"sha(?:1|256|384|512)[=:-][A-Za-z0-9+/_=-]{0,120}$")


def _is_in_blob(candidate: Candidate) -> bool:
    """Inside base64 every prefix turns up by chance: an image, a certificate, a digest."""
    start = candidate.start
    if start > 40 and _BASE64_RUN.fullmatch(candidate.text, start - 41, start):
        return True
    before = max(0, start - 130)
    return bool(
        _PICTURE_BEGINS.search(candidate.text, before, start)
        or _LINE_OF_BASE64.search(candidate.text, max(0, start - 162), start)
        or _DIGEST.search(candidate.text, before, start)
    )


def _is_acronym(candidate: Candidate) -> bool:
    """``APPENDIX`` begins like a vendor's prefix and goes on in capitals only."""
    value = candidate.value
    return value.isalpha() and (value.isupper() or _is_name(candidate))


_OPENING: Final = {")": "(", "]": "[", "}": "{"}


def _is_nested(candidate: Candidate) -> bool:
    """Brackets that pair are code or a template; a password's do not care."""
    if re.search(r"\)\s?\{|\(\)|=>|[A-Za-z]{4,}\(|\(\?", candidate.value):
        return True
    open_ones: list[str] = []
    for char in candidate.value:
        if char in "([{":
            open_ones.append(char)
        elif char in ")]}" and (not open_ones or open_ones.pop() != _OPENING[char]):
            return False
    return True


_PATH: Final = re.compile(r"(?:\.{0,2}/)?[\w.-]*[A-Za-z]{3,}[\w.-]*/.*|.*\.[a-z]{2,7}|https?:.*")


def _is_path(candidate: Candidate) -> bool:
    """``data/2024/part-0001.parquet``, an address or a file name."""
    value = candidate.value
    if "/" not in value and "." not in value and not value.startswith("http"):
        return False
    return "+" not in value and "=" not in value and _PATH.fullmatch(value) is not None


_KEY_PARAMETER: Final = re.compile(
    r"(?:key|token|secret|pass|pwd|auth|access|sig|apikey|appid|id)\w{0,12}=[\"']?$", re.IGNORECASE
)


_UUID: Final = re.compile("[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}")
_DIGEST_NAME: Final = re.compile(
    r"(?<![A-Za-z])(?:commits?|sha-?\d*|rev|revision|md5|digest|checksum|hash|fingerprint|cf-ray|"
    # What a vendor's support asks for.
    r"(?:ray|request|trace|correlation|event|incident|invocation|span|build|run|job)[ _-]?id)"
    r"\W{0,4}$",
    re.IGNORECASE,
)


# What a UUID behind it says which one: AZURE_TENANT_ID.
_ID_NAME: Final = re.compile(
    r"(?:(?:client|tenant|subscription|directory|object|project|org|organi[sz]ation|workspace|account|"
    r"application|app|user|customer|team|site|zone|resource|group|device|installation|campaign|"
    r"channel|location|environment|env|region|database|cluster|index|model|dataset)[ _-]?"
    r"(?:id|uuid|guid))[\"'\]]{0,2}(?:\s?[:=]\s?|\sis\s|\s)[\"'`]?$",
    re.IGNORECASE,
)


# Of a message, number or call at Twilio, of a base, table or record at Airtable.
_VENDORS_IDS: Final = re.compile(
    r"(?:AC|AP|CA|CH|CN|IS|MG|MM|PN|RE|SM|VA|WT)[0-9a-f]{32}|(?:app|fld|rec|tbl|usr|viw|wsp)\w{14}"
)


# What sha256sum and its like print: a digest, and the file's name.
_SUM: Final = re.compile(r"[0-9a-f]{32}(?:[0-9a-f]{8}|[0-9a-f]{32}|[0-9a-f]{96})?")
_SUMMED: Final = re.compile(r" [ *][\w./-]{1,80}\.[A-Za-z0-9]{1,6}(?:\s|$)")


def _is_in_address(candidate: Candidate) -> bool:
    """``vendor.com/photos/a1b2c3``: an address of the vendor's, not a key beside its name."""
    before = candidate.text[candidate.match.start() : candidate.start]
    # (The middle of a public token of Mapbox's, behind MAPBOX_TOKEN, is none of Box's.)
    if _DIGEST_NAME.search(before) or before.endswith("=pk."):
        return True
    if before.endswith("://") and candidate.text[candidate.end : candidate.end + 1] == ".":
        return True  # a cluster's host
    if (
        _VENDORS_IDS.fullmatch(candidate.value)
        or (before.endswith("@") and _SUM.fullmatch(candidate.value))
        or (_SUM.fullmatch(candidate.value) and _SUMMED.match(candidate.text, candidate.end))
    ):
        return True
    if _UUID.fullmatch(candidate.value) and _ID_NAME.search(before):
        return True
    return "/" in before.replace("://", "") and not _KEY_PARAMETER.search(before)


_COPIES: Final = r"(?m)^\s*\[|(?<![\w-])(?:scp|rsync|sshfs|sftp|mount|rclone|git)\s[^\n]*$"
_TICKET: Final = r"v?\d+\.\d.*|[A-Z]{2,4}-?\d{3,}"


def _is_far_folder(candidate: Candidate) -> bool:
    """``scp x.csv ana@host.edu:data_2024``: a folder there. Or a ticket in a talk."""
    begin = candidate.match.start()
    line = candidate.text.rfind("\n", max(0, begin - _MOST_COPIED), begin) + 1
    return bool(
        at_need(_TICKET).fullmatch(candidate.value)
        or at_need(_COPIES).search(candidate.text, max(line, begin - _MOST_COPIED), begin)
    )


_MOST_COPIED: Final = 160


# What stands before "key" or "token" and makes it no secret. A line or a sentence that ends with
# such a word says nothing about the next one ("DEBUG=on", and the token below).
_PUBLIC_NAMES: Final = re.compile(
    r"(?<![A-Za-z])(?:pub|gpg|pgp|gnupg|openpgp|websocket|public|primary|foreign|sort|partition|cache|row|hash|dict|lookup|group|idempotency|object|"
    r"bucket|file|path|host|known|routing|translation|message|event|page|next|prev|cursor|resume|"
    r"sync|csrf|xsrf|continuation|public_key|publishable|anon|site|verify|verification|merge|unique|index|"
    r"join|column|dedup\w*|etag|trace|span|commit|image|model|tokenizer|sha\d*|pad|eos|bos|unk|sep|"
    r"cls|mask|special|added|new|random|prng|rng|seed|blob|s3|object_store|hugging_?face|"
    r"data|input|output|left|right|on|by|spreadsheet|sheet|document|doc)s?(?:[ \t_-]{0,2}|\.)\Z",
    re.IGNORECASE,
)


# Mapbox's public tokens, PostHog's project keys, publishable keys of Stripe, Clerk and Supabase:
# made to stand in pages that everybody loads.
_PUBLIC_PREFIXES: Final = (
    *("pk.eyJ", "phc_", "pk_live_", "pk_test_", "sb_publishable_"),
    "eyJzZXNzaW9uX2lkIjogImRlZmF1bHQifQ",  # Bokeh's session "default", in each output of it
)


def _is_public(candidate: Candidate) -> bool:
    """``public_key``, ``cache_key``, ``next_page_token``: the name says it is no secret.

    Or what the value begins with does.
    """
    if candidate.value.startswith(_PUBLIC_PREFIXES):
        return True
    begin = candidate.match.start()
    return _PUBLIC_NAMES.search(candidate.text[max(0, begin - 24) : begin]) is not None


# RFC 2606 keeps these names for documentation.
_RESERVED_HOST: Final = re.compile(
    r"(?:[\w-]{1,40}\.){0,4}example(?:\\&)?(?:\.(?:com|org|net|edu))?(?![\w-])", re.IGNORECASE
)


def _is_documented(candidate: Candidate) -> bool:
    """``abc:xyz@example.com``, ``machine example.org``: a word for a host that nobody has."""
    value = candidate.value
    host = re.match(r"machine\s{1,4}", candidate.match[0])
    if not (value.isalpha() if host else len(value) <= 3):
        return False
    start = candidate.match.start() + host.end() if host else candidate.end + 1
    return _RESERVED_HOST.match(candidate.text, start) is not None


_OTHER_NUMBER: Final = re.compile(
    r"(?<![^\W\d_])(?:build|version|errors?|fehler|erreur|errore|ошибк\w|ticket|issue|order|invoice|lines?|zeile|"
    r"page|seite|room|step|port|than|about|since|seit|rund|over|über|number of)\W{0,3}$",
    re.IGNORECASE,
)


def _is_numbered(candidate: Candidate) -> bool:
    """``build 482913``: the word before a number says that it is no code."""
    start = candidate.start
    return _OTHER_NUMBER.search(candidate.text, max(0, start - 16), start) is not None


# How no word of four letters begins, goes on or ends.
_NO_WORD: Final = re.compile(
    r"[^aeiouy]+|q(?!u).*|.*[jqv]|.*(?:vv|jj|hh|ww|xx|yy|uu|aa|ii|kk).*|.*[^aeiouy]{4}.*|"
    r"(?!bl|br|ch|cl|cr|dr|dw|fl|fr|gh|gl|gn|gr|kn|ph|pl|pr|ps|rh|sc|sh|sk|sl|sm|sn|sp|sq|st|sw|th|tr|"
    r"ts|tw|wh|wr)[^aeiouy]{2}.*"
)


def _is_everyday(candidate: Candidate) -> bool:
    """``that must work from``: groups of letters of which each may be a word."""
    groups = re.findall(r"[a-z]+", candidate.value.lower())
    return not any(map(_NO_WORD.fullmatch, groups))


def _is_no_variable(candidate: Candidate) -> bool:
    """A name without ``$`` in front of it: not of PHP or Perl."""
    begin = candidate.match.start()
    return re.search(r"\$[A-Za-z_]{0,40}$", candidate.text[max(0, begin - 42) : begin]) is None


def _is_sentence(candidate: Candidate) -> bool:
    """Words that hold a sentence together: a passphrase has none."""
    return not words.JOINING.isdisjoint(candidate.value.lower().split())


_LINKS: Final = frozenset(("a", "an", "the", "of", "and", "in", "on"))
_SAID_ABROAD: Final = frozenset(
    (
        *("misma", "mismo", "siempre", "que", "está", "staat", "dezelfde", "altijd", "steht"),
        *("liegt", "dieselbe", "même", "toujours", "celui", "mesma", "sempre", "stessa", "stesso"),
    )
)
_SAID: Final = words.JOINING - _LINKS | words.TALK | _SAID_ABROAD


def _is_talk(candidate: Candidate) -> bool:
    """What is said about a passphrase, and not one: "see the wiki for more"."""
    said = candidate.value.split()
    return not _SAID.isdisjoint(said) or sum(word in _LINKS for word in said) > 1


_KEYED: Final = re.compile(
    r"(?!(?:api|sk|pk|key|token|secret)-)[a-z][a-z_]{2,40}(?:-[a-z_]{2,40}){0,4}-[0-9a-f]{32}"
)
_SLUG: Final = re.compile(r"(?:[A-Za-z]{2,}|\d{1,4})-[A-Za-z0-9]")


def _is_titled(candidate: Candidate) -> bool:
    """A digest behind a name: ``key: read_csv-49ef…`` of Dask, ``/Token-budget-2024-3e85…``."""
    value = candidate.value
    if _KEYED.fullmatch(value):
        return True
    begin = candidate.match.start()
    return candidate.text[begin - 1 : begin] == "/" and _SLUG.match(value) is not None


def _has_few_symbols(candidate: Candidate) -> bool:
    """Fewer than four kinds of symbols are ordinary code."""
    return len(set(re.sub(r"\w", "", candidate.value))) < 4


_ASKED_BY_A_PROGRAM: Final = re.compile(r"\s*(?:\$.*)?\[sudo\]|.*\S@\S+'s\s$")


def _is_behind_a_prompt(candidate: Candidate) -> bool:
    """The line below a program's question: what was typed there is not shown."""
    text = candidate.text
    asked = candidate.match.start()
    if "\n" not in text[asked : candidate.start]:
        return False
    line = text[text.rfind("\n", 0, asked) + 1 : asked]
    return _ASKED_BY_A_PROGRAM.match(line) is not None


_OF_NO_SECRET: Final = re.compile(
    r"(?<![A-Za-z])(?:public|publishable|anon|site|cache|primary|foreign|sort|partition|row|hash|dict|"
    r"lookup|idempotency|object|bucket|s3|redis|routing|map|join|unique|index|citation|cite|ssh|gpg|"
    r"pgp|host|session|page|next|csrf|xsrf|verify|verification|spreadsheet|sheet|document|playlist|"
    r"video|folder|file|dataset|device|order|tracking|ticket|model)(?:'s|s)?[ _-]{0,2}(?:api )?"
    r"(?:key|token|id)(?![A-Za-z])|"
    r"(?:key|token|id) of (?:the|a|this|our) (?:spreadsheet|sheet|document|playlist|video|folder|"
    r"file|object|row|record|cache|dataset|page)",
    re.IGNORECASE,
)
_HEXADECIMAL: Final = re.compile(r"[0-9a-f]+|[0-9A-F]+")
_DIGESTS: Final = re.compile(
    r"(?<![A-Za-z])(?:commit(?:s|ted)?|git|sha-?\d*|md5|digest|checksum|hash(?:es|ed)?|fingerprint|"
    r"etag|revision|rev|docker|container|image|layer|block|transaction|tx|address|trace)(?![A-Za-z])",
    re.IGNORECASE,
)


def _is_identified(candidate: Candidate) -> bool:
    """The line says that a value is the key of something, or the digest of it, and no secret."""
    text, start, end = candidate.text, candidate.start, candidate.end
    begin = max(text.rfind("\n", 0, start) + 1, start - 120)
    stop = text.find("\n", end, end + 100)
    rest = text[end : end + 100 if stop < 0 else stop]
    line = f"{text[begin:start]}\u00b7{rest}"
    if _OF_NO_SECRET.search(line):
        return True
    return bool(_HEXADECIMAL.fullmatch(candidate.value)) and bool(_DIGESTS.search(line))


_LEAST_DIGITS: Final = 3
_TASK: Final = re.compile(r"[a-z]+(?:_[a-z]+)*-[0-9a-f]{32}")
_LEAST_DRAWN: Final = 14


def _is_worded(candidate: Candidate) -> bool:
    """``gosthash94cp_update``, ``prime192v1``: what is drawn has digits and a long part.

    Nor is a task of Dask's, ``read_csv-…``.
    """
    value = candidate.value
    if sum(map(str.isdecimal, value)) < _LEAST_DIGITS or _TASK.fullmatch(value):
        return True
    parts = value.replace("-", "_").split("_")
    longest = max(map(len, parts))
    if longest == len(value):
        return False
    behind = parts[[len(part) for part in parts].index(longest) + 1 :]
    return longest < _LEAST_DRAWN or any(part.isalpha() and len(part) > 2 for part in behind)


SURROUNDINGS: Final[Mapping[str, Callable[[Candidate], bool]]] = {
    "name": _is_name,
    "blob": _is_in_blob,
    "acronym": _is_acronym,
    "nested": _is_nested,
    "path": _is_path,
    "address": _is_in_address,
    "public": _is_public,
    "documented": _is_documented,
    "numbered": _is_numbered,
    "everyday": _is_everyday,
    "few-symbols": _has_few_symbols,
    "sentence": _is_sentence,
    "talk": _is_talk,
    "prompt": _is_behind_a_prompt,
    "titled": _is_titled,
    "far-folder": _is_far_folder,
    "identified": _is_identified,
    "worded": _is_worded,
    "no-sigil": _is_no_variable,
    **COLUMNS,
}
"""By the name that rules use. True means: harmless, drop the candidate."""

LOOKING_BACK: Final = frozenset(
    (
        "address",
        "blob",
        "default-url",
        "identified",
        "no-code",
        "no-pin",
        "no-sigil",
        "numbered",
        "other-column",
        "other-number",
        "other-place",
        "other-value",
        "prompt",
        "public",
        "titled",
        "unlinked",
        "unsaid",
    )
)
"""Those, of all filters, that look at what stands before the rule's match."""
