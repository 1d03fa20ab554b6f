"""Rules are data: one TOML file per family in ``rules/``.

A rule is written either as ``token``, the regular expression of a vendor's token that stands on
its own, or as ``pattern``, any expression with a group ``secret``. Both are tried only where one of
the rule's keywords stands, so a thousand rules cost a clean text nothing.

``window`` is for values that stand before their keyword: how many characters before the keyword
the expression may begin, and how far after it it may reach. Without it the expression begins at
the keyword. ``each`` splits one match into several secrets (a list of backup codes).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

# A vendor's token may not continue a longer word on its left. On its right the greedy character
# class decides: a token with one character too many is still somebody's token.
_FRAGMENT = re.compile(r"<<(\w+)>>")
_ALONE = r"(?<![A-Za-z0-9_])(?P<secret>%s)"


@dataclass(frozen=True)
class Rule:
    """How to recognise one sort of secret, and what to tell people about it.

    Args:
        id: Lower-case kebab-case, stable.
        title: For people: "OpenAI API key".
        kind: One of ``jupyter_agent.secret.KINDS``.
        label: Suggested label, for instance ``OPENAI_API_KEY``.
        keywords: Lower-case literals, one of which stands in every match.
        pattern: Python regular expression, ASCII classes, with a group ``secret``. Every
            repetition is bounded, so that one attempt costs a bounded time.
        rank: Where two findings overlap the higher one stays: 3 vendor, 2 structure, 1 words.
        filters: Names in ``filters.FILTERS`` that can clear a candidate.
        entropy: Least Shannon entropy of the value, in bits per character.
        window: Characters (before, after) the keyword's start in which to search, or None.
        each: Expression of one secret inside the group, or "".
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
    filters: tuple[str, ...] = ("placeholder",)
    entropy: float = 0.0
    window: tuple[int, int] | None = None
    each: str = ""
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
    def from_table(table: dict[str, Any], fragments: dict[str, str]) -> Rule:
        """Read one ``[[rule]]`` table.

        Args:
            table: As tomllib gives it.
            fragments: Named pieces of expressions; ``<<name>>`` in a pattern stands for one.
        """
        entry = dict(table)
        token = entry.pop("token", None)
        if token is not None:
            entry["pattern"] = _ALONE % token
        entry["pattern"] = _expanded(entry["pattern"], fragments)
        entry["each"] = _expanded(entry.get("each", ""), fragments)
        prefix = entry.pop("prefix", [])
        prefixes = (prefix,) if isinstance(prefix, str) else tuple(prefix)
        keywords = entry.pop("keywords", prefixes)
        if "window" in entry:
            entry["window"] = tuple(entry["window"])
        for name in ("filters", "match", "skip"):
            if name in entry:
                entry[name] = tuple(entry[name])
        return Rule(
            **entry,
            prefixes=prefixes,
            # The same folding as the engines': ASCII only.
            keywords=tuple(word.encode().lower().decode() for word in keywords),
        )


def _expanded(pattern: str, fragments: dict[str, str]) -> str:
    # A fragment may use others; a name that is not known stays and fails to compile, loudly.
    while True:
        bigger = _FRAGMENT.sub(lambda name: fragments.get(name[1], name[0]), pattern)
        if bigger == pattern:
            return pattern
        pattern = bigger


def load_rules() -> tuple[Rule, ...]:
    """The catalogue that ships with the package, sorted by id."""
    return tuple(sorted(_read_catalogue(), key=lambda rule: rule.id))


def _read_catalogue() -> Iterator[Rule]:
    # Both here, because a kernel's start should not pay for them.
    import tomllib  # noqa: PLC0415
    from importlib import resources  # noqa: PLC0415

    folder = resources.files("jupyter_agent.screen") / "rules"
    for file in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if file.name.endswith(".toml"):
            document = tomllib.loads(file.read_text(encoding="utf-8"))
            fragments = document.get("fragments", {})
            for table in document["rule"]:
                yield Rule.from_table(table, fragments)
