"""Findings that no rule can make: values that are stored already, as the broker's match tells."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from jupyter_agent.screen.box import Found
from jupyter_agent.screen.cell import Screens
from jupyter_agent.screen.finding import Finding, Utf16, to_json
from jupyter_agent.screen.rule import Rule
from jupyter_agent.screen.spans import apart

STORED: Final = "stored-value"
"""The rule id of such findings."""

MOST: Final = 1000
"""Findings of a text that are told. Of a text with more none can be allowed."""

_SOME_KIND: Final = "access-token"
"""Of a value whose owner has not said what it is."""


@dataclass(frozen=True, slots=True)
class StoredFinding(Finding):
    """A stored value in a text.

    Args:
        label: Under which it is stored.
        exact: Whether it stands there as it is, and not encoded or taken apart.
    """

    label: str
    exact: bool = True

    @property
    def name(self) -> str:
        """What its mask calls it: the label, as in a command's output."""
        return self.label


def stored(
    label: str, kind: str, start: int = 0, end: int = 0, *, exact: bool = True
) -> StoredFinding:
    """A finding for a match.

    Args:
        label: The value's.
        kind: Its kind, or "".
        start: First code point; 0 and 0 where the broker tells no place.
        end: One past its last code point.
        exact: See ``StoredFinding``.
    """
    return StoredFinding(STORED, kind or _SOME_KIND, start, end, label, exact)


def rule_of(finding: Finding, screener: Screens) -> Rule:
    """What there is to tell about a finding, whether a rule found it or the broker."""
    if not isinstance(finding, StoredFinding):
        return screener.rule(finding.rule)
    return Rule(
        id=STORED,
        title=f"Stored secret {finding.label}",
        kind=finding.kind,
        label=finding.label,
        keywords=(),
        pattern="",
    )


def found(findings: Iterable[Finding], text: str, screener: Screens) -> tuple[Found, ...]:
    """The findings of a text as the box shows them: the first ``MOST`` of them."""
    units = Utf16(text)
    some = islice(findings, MOST)
    return tuple(_found(finding, text, screener, units) for finding in some)


def _found(finding: Finding, text: str, screener: Screens, units: Utf16) -> Found:
    rule = rule_of(finding, screener)
    body: dict[str, Any] = to_json(finding, text, rule, units)
    if isinstance(finding, StoredFinding):
        body |= {"label": finding.label, "exact": finding.exact}
    return Found(body, rule.label)


def combined(by_rules: Iterable[Finding], matches: Iterable[StoredFinding]) -> list[Finding]:
    """Both, sorted and not overlapping. Where they do, what is known for certain stays."""
    certain = sorted(matches, key=lambda finding: finding.start)
    others = apart(by_rules, certain)
    return sorted([*certain, *others], key=lambda finding: finding.start)
