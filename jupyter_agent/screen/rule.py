"""Rules are data: one TOML file per family in ``rules/``.

A rule is written as ``token``, the regular expression of a vendor's token that stands on its own;
or as ``near`` and ``value``, a value that says nothing by itself but stands beside a vendor's name;
or as ``pattern``, any expression with a group ``secret``. All are tried only where one of the
rule's keywords stands, so a thousand rules cost a clean text nothing.

``window`` is for values that stand before their keyword: how many characters before the keyword
the expression may begin, and how far after it it may reach. Without it the expression begins at
the keyword. With ``behind`` as well the window is there for what stands before a name, and the
value stands behind the keyword as usual. ``apart`` is for values that stand somewhere in the
keyword's line, before it or behind it, whatever lies between. ``each`` splits one match into
several secrets (a list of backup codes).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from jupyter_agent.screen.shapes import SHAPES, WIDTH, shape_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

# A vendor's token may not continue a longer word on its left. On its right the greedy character
# class decides: a token with one character too many is still somebody's token.
_FRAGMENT = re.compile(r"<<(\w+)>>")
VENDOR_RANK = 3
WORDS_RANK = 1
GATE_REACH = 208
"""Bytes that a gate may match."""
NEEDED_WITHIN: Final = 320
"""Bytes from a keyword on within which lies what ``Rule.needs``."""
_ALONE = r"(?<![A-Za-z0-9_])(?P<secret>%s)"
# What may stand between a vendor's name and the value: "_TOKEN = '", ">\\n  ", " key is ".
_GAP: Final = 40
_BESIDE = r"%s[\s\S]{0,40}?(?<![A-Za-z0-9])(?P<secret>%s)(?![A-Za-z0-9])"
# For names that are everyday words the gap has to say that this is a credential.
_NOUN = (
    r"%s[^\n]{0,24}?(?i:key|token|secret|passw|pwd|auth|cred|access|private|pat|sdk|licen[cs]e)"
    r"[\s\S]{0,24}?(?<![A-Za-z0-9])(?P<secret>%s)(?![A-Za-z0-9])"
)
_NOUN_GAP: Final = 24 + 7 + 24
# A name does not begin inside a word ("tenable" in getenabled), and a short one is a whole word or
# a part of a camelCase one: box, boxToken, but not boxplot.
_SHORT = 6
_WORD = r"(?:(?<![A-Za-z])|(?<=[a-z])(?=[A-Z]))(?i:%s)"
_SHORT_PREFIX = re.compile(r"([A-Za-z0-9_-]{2,4})(\[[A-Za-z0-9_-]+\])\{(\d+)")


@dataclass(frozen=True)
class Rule:
    """How to recognise one sort of secret, and what to tell people about it.

    Args:
        id: Lower-case kebab-case, stable.
        title: For people: "OpenAI API key".
        kind: One of ``jupyter_agent.secret.KINDS``.
        label: Suggested label, for instance ``OPENAI_API_KEY``.
        keywords: Literals, one of which stands in every match.
        pattern: Python regular expression, ASCII classes, with a group ``secret``. Every
            repetition is bounded, so that one attempt costs a bounded time.
        rank: Where two findings overlap the higher one stays: 3 vendor, 2 structure, 1 words.
        filters: Names in ``filters.FILTERS`` that can clear a candidate.
        entropy: Least Shannon entropy of the value, in bits per character.
        window: Characters (before, after) the keyword's start in which to search, or None.
        behind: Whether a rule with a window finds what the keyword names, behind it.
        each: Expression of one secret inside the group, or "".
        apart: "line" or "text", if the value stands anywhere in the keyword's line, or in the text,
            as far as the window goes. The expression is the value's alone.
        told: Whether the group is a line, in which ``told.Line`` finds the secrets. Then the line
            needs a word that is more than letters (``needs.Nearby``).
        gate: How every match begins, for keywords that stand in ordinary text too, or "". A bytes
            expression that ``re`` and hyperscan read alike, at most ``GATE_REACH`` bytes long.
        folded: Whether keywords count in upper and lower case, of ASCII letters.
        needs: What stands in every match, within ``NEEDED_WITHIN`` bytes from the keyword on, or
            "". A bytes expression; trying it costs less than trying the pattern. With ``apart`` it
            stands within the window.
        shape: The same for a value beside a vendor's name; see ``shapes.shape_of``.
        run: Some characters, and how many of them stand in a row wherever that shape matches.
        within: Bytes from the keyword on within which that shape is to be seen, in ASCII and in any
            text.
        prefixes: The vendor's public prefixes, which a preview may show.
        docs: The vendor's page about the format, or "".
        revoke: The vendor's page to rotate or revoke it, or "".
        match: Templates (``examples.assemble``) that must be found.
        skip: Templates that must not be found by this rule.
    """

    id: str
    title: str
    kind: str
    label: str
    keywords: tuple[str, ...]
    pattern: str
    rank: int = 3
    filters: tuple[str, ...] = ("stand-in", "blob")
    entropy: float = 0.0
    window: tuple[int, int] | None = None
    behind: bool = False
    each: str = ""
    apart: str = ""
    told: bool = False
    gate: str = ""
    folded: bool = True
    needs: str = ""
    shape: str = ""
    run: tuple[str, int] = ("", 0)
    within: tuple[int, int] = (0, 0)
    prefixes: tuple[str, ...] = ()
    docs: str = ""
    revoke: str = ""
    match: tuple[str, ...] = field(default=(), repr=False)
    skip: tuple[str, ...] = field(default=(), repr=False)

    @property
    def prefix(self) -> str:
        """The vendor's public prefix, or ""."""
        return self.prefixes[0] if self.prefixes else ""

    @cached_property
    def regex(self) -> re.Pattern[str]:
        """Compiled on first use: most texts meet a handful of rules at most."""
        return re.compile(self.pattern, re.ASCII)

    @cached_property
    def each_regex(self) -> re.Pattern[str]:
        """See ``each``."""
        return re.compile(self.each, re.ASCII)

    @staticmethod
    def from_table(
        table: dict[str, Any], fragments: dict[str, str], lists: dict[str, list[str]]
    ) -> Rule:
        """Read one ``[[rule]]`` table.

        Args:
            table: As tomllib gives it.
            fragments: Named pieces of expressions; ``<<name>>`` in a pattern stands for one.
            lists: Named keywords; ``<<name>>`` among keywords stands for all of one's.
        """
        entry = dict(table)
        prefix = entry.pop("prefix", [])
        prefixes = (prefix,) if isinstance(prefix, str) else tuple(prefix)
        near = entry.pop("near", [])
        names = (near,) if isinstance(near, str) else tuple(near)
        own = [word for name in entry.pop("keywords", ()) for word in _listed(name, lists)]
        keywords = own or prefixes or names
        if "token" in entry:
            token = entry.pop("token")
            entry["pattern"] = _ALONE % token
            entry.setdefault("gate", _gate_of(token))
        elif names:
            entry.setdefault("rank", 2)
            entry.setdefault("filters", ("stand-in", "blob", "name", "address"))
            beside, gap = (_NOUN, _NOUN_GAP) if entry.pop("noun", False) else (_BESIDE, _GAP)
            entry["shape"], entry["run"] = shape_of(entry["value"])
            # A written line end takes two bytes, any character four at most.
            most = max(map(len, names)) + WIDTH
            entry["within"] = (most + 2 * gap, most + 4 * gap)
            entry["pattern"] = beside % (_named(names), entry.pop("value"))
        fragments = SHAPES | fragments
        entry["pattern"] = _expanded(entry["pattern"], fragments)
        for name in ("each", "gate"):
            entry[name] = _expanded(entry.get(name, ""), fragments)
        if "window" in entry:
            entry["window"] = tuple(entry["window"])
        for name in ("filters", "match", "skip"):
            if name in entry:
                entry[name] = tuple(entry[name])
        # A prefix is written as the vendor writes it; a word in capitals is meant that way too.
        as_written = keywords is prefixes or any(map(str.isupper, "".join(keywords)))
        entry.setdefault("folded", not as_written or "(?i" in entry["pattern"])
        return Rule(**entry, prefixes=prefixes, keywords=tuple(keywords))


def _listed(keyword: str, lists: dict[str, list[str]]) -> list[str]:
    named = _FRAGMENT.fullmatch(keyword)
    return lists[named[1]] if named else [keyword]


def _gate_of(token: str) -> str:
    """A gate for a token that is a short prefix and characters of one class: ``hf_[a-z]{34}``."""
    simple = _SHORT_PREFIX.match(token)
    if simple is None:
        return ""
    prefix, character, least = simple.groups()
    # Few, because the rest may stand on the next line.
    return f"{re.escape(prefix)}{character}{{{min(int(least), 4)}}}"


def _named(names: tuple[str, ...]) -> str:
    either = "|".join(re.escape(name) + ("(?![a-z])" if name.isalpha() else "") for name in names)
    if min(map(len, names)) >= _SHORT:
        return f"(?:(?<![a-z])|(?=[A-Z]))(?i:{'|'.join(map(re.escape, names))})"
    return _WORD % either.replace("(?![a-z])", "(?-i:(?![a-z]))")


def _expanded(pattern: str, fragments: dict[str, str]) -> str:
    # A fragment may use others; a name that is not known stays and fails to compile, loudly.
    while True:
        bigger = _FRAGMENT.sub(lambda name: fragments.get(name[1], name[0]), pattern)
        if bigger == pattern:
            return pattern
        pattern = bigger


def load_rules(families: Collection[str] = ()) -> tuple[Rule, ...]:
    """The catalogue that ships with the package, sorted by id.

    Args:
        families: Names of its files without ``.toml``; all of them, if none is named.
    """
    return tuple(sorted(_read_catalogue(families), key=lambda rule: rule.id))


def read_rule_files() -> Iterator[tuple[str, str]]:
    """Name and text of each file of rules that ships with the package, sorted."""
    # Not through importlib.resources, whose import takes as long as reading all of them.
    folder = Path(__file__).with_name("rules")
    for file in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if file.name.endswith(".toml"):
            yield file.name, file.read_text(encoding="utf-8")


def _read_catalogue(families: Collection[str]) -> Iterator[Rule]:
    import tomllib  # noqa: PLC0415  (as above)

    for name, text in read_rule_files():
        if families and name.removesuffix(".toml") not in families:
            continue
        document = tomllib.loads(text)
        fragments = document.get("fragments", {})
        for table in document["rule"]:
            yield Rule.from_table(table, fragments, document.get("keywords", {}))
