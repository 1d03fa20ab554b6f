"""Screening of a cell: everything the rules find, and one thing that no rule can know.

What stands behind ``%secret set LABEL`` is a secret whatever it looks like. People type it there
because command lines in other programs take values that way.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final, Protocol

from jupyter_agent.screen.finding import Finding
from jupyter_agent.screen.rule import Rule
from jupyter_agent.screen.spans import apart

# With or without the percent sign (automagic). A path behind --file is no value; the rules look
# at it as at any other text.
_ON_THE_LINE: Final = re.compile(
    r"[ \t]*%?secret[ \t]+(?:set|replace)[ \t]+[^\s#]+[ \t]+(?!--file[ \t]+\S)(\S.*)"
)

ON_THE_LINE: Final = Rule(
    id="value-on-secret-line",
    title="Value behind %secret",
    kind="password",
    label="",
    keywords=(),
    pattern="",
)


class Screens(Protocol):
    """What screens a text: ``Screener``, or ``CellScreener`` around one."""

    def screen(self, text: str) -> list[Finding]:
        """Every secret in the text, sorted and not overlapping."""
        ...

    def doubtful(self, texts: Sequence[str]) -> Sequence[int]:
        """The numbers of those texts that need to be screened, in order; the rest are clean."""
        ...

    def rule(self, rule_id: str) -> Rule:
        """The rule with this id."""
        ...


class CellScreener:
    """A screener for what people type into cells.

    Args:
        screener: Finds what the rules know.
    """

    def __init__(self, screener: Screens) -> None:
        self._screener = screener

    def screen(self, text: str) -> list[Finding]:
        """See ``Screener.screen``.

        Raises:
            ScreenTimeout: It took too long; treat the text as if it held a secret.
        """
        findings = self._screener.screen(text)
        if "secret" not in text:
            return findings
        on_lines = list(_on_lines(text))
        # The whole of such a line's value is the secret, whatever a rule saw in it.
        kept = apart(findings, on_lines)
        # A mask of ours is what masking such a line leaves behind.
        new = [whole for whole in on_lines if not _is_marker(text[whole.start : whole.end])]
        return sorted([*kept, *new], key=lambda finding: finding.start)

    def doubtful(self, texts: Sequence[str]) -> Sequence[int]:
        """See ``Screener.doubtful``."""
        by_rules = set(self._screener.doubtful(texts))
        return [n for n, text in enumerate(texts) if n in by_rules or "secret" in text]

    def rule(self, rule_id: str) -> Rule:
        """See ``Screener.rule``.

        Raises:
            KeyError: There is none.
        """
        return ON_THE_LINE if rule_id == ON_THE_LINE.id else self._screener.rule(rule_id)


def _on_lines(text: str) -> Iterator[Finding]:
    # Only a line with the word is tried, once and from its beginning: an expression that looks for
    # all of this by itself reads a row of blanks anew from each of them.
    begin = 0
    while (at := text.find("secret", begin)) >= 0:
        begin = max(begin, text.rfind("\n", begin, at) + 1)
        end = text.find("\n", at)
        end = len(text) if end < 0 else end
        if match := _ON_THE_LINE.match(text, begin, end):
            value = match[1].rstrip(" \t")
            start = match.start(1)
            yield Finding(ON_THE_LINE.id, ON_THE_LINE.kind, start, start + len(value))
        begin = end + 1


def _is_marker(value: str) -> bool:
    return re.fullmatch(r"\[secret:[A-Za-z0-9_-]{1,64}\]", value) is not None
