"""What screening says about a text: where, by which rule; never what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from jupyter_agent.screen.rule import Rule

HIDDEN: Final = "\u2022" * 8
"""Stands for any value, however long: a length would be a hint."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One secret in a text.

    Args:
        rule: Id of the rule that found it.
        kind: What it is, one of ``jupyter_agent.secret.KINDS``.
        start: First code point of the secret.
        end: One past its last code point.
    """

    rule: str
    kind: str
    start: int
    end: int

    @property
    def name(self) -> str:
        """What its mask calls it."""
        return self.rule


def mask(text: str, findings: Iterable[Finding]) -> str:
    """The text with ``[secret:RULE-ID]``, or ``[secret:LABEL]``, where each secret stood.

    Rule ids are lower-case and labels are upper-case, so that a mask for something unknown is never
    taken for a stored label.

    Args:
        text: The text that was screened.
        findings: Sorted and not overlapping, as ``Screener.screen`` returns them.
    """
    pieces: list[str] = []
    done = 0
    for finding in findings:
        pieces += (text[done : finding.start], f"[secret:{finding.name}]")
        done = finding.end
    pieces.append(text[done:])
    return "".join(pieces)


def preview(text: str, finding: Finding, rule: Rule) -> str:
    """What may be shown of a secret: at most the vendor's public prefix, then eight dots."""
    for prefix in rule.prefixes:
        # A value that is hardly longer than the prefix would be shown whole.
        if finding.end - finding.start >= 2 * len(prefix) and text.startswith(
            prefix, finding.start, finding.end
        ):
            return prefix + HIDDEN
    return HIDDEN


class Utf16:
    """Counts a text's UTF-16 code units, as browsers do: those before places in order, each once.

    Args:
        text: The text.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._place = self._units = 0

    def before(self, place: int) -> int:
        """How many stand before a code point."""
        if place < self._place:
            self._place = self._units = 0
        self._units += _utf16_length(self._text[self._place : place])
        self._place = place
        return self._units


def to_json(finding: Finding, text: str, rule: Rule, units: Utf16 | None = None) -> dict[str, Any]:
    """The finding as browsers get it: ``start`` and ``end`` count UTF-16 code units.

    Args:
        finding: The finding.
        text: The text it was made in.
        rule: That made it.
        units: The text's; the same one for all findings of a text that has many.
    """
    units = units or Utf16(text)
    return {
        "rule": finding.rule,
        "kind": finding.kind,
        "title": rule.title,
        "start": units.before(finding.start),
        "end": units.before(finding.end),
        "preview": preview(text, finding, rule),
    }


def _utf16_length(text: str) -> int:
    if text.isascii():
        return len(text)
    # surrogatepass: a lone surrogate is one unit in a browser's string too.
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
