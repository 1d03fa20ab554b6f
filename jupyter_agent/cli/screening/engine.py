"""The screener of one call, made fast where that pays.

Compiling the rules costs more than a short text does, and is kept for the next process; without it
the plain engine finds the same, but would need more than its time for a text of megabytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from jupyter_agent import rulecache
from jupyter_agent.folders import Folders
from jupyter_agent.screen import Finding, Rule, Screener
from jupyter_agent.screen.cell import CellScreener, Screens
from jupyter_agent.screen.patient import Patient

_LONG: Final = 100_000
"""Characters from which on a text is worth the compiled rules."""


def screener(folders: Folders, *, many: bool, patient: bool = True) -> Screens:
    """A screener with the compiled rules, if they are there.

    Args:
        folders: Where the compiled rules are kept.
        many: Have them in any case: a whole folder is about to be screened.
        patient: Give a text more time than a cell gets. Not for a host that goes on, with the text,
            once it has lost its patience.
    """
    rules = Screener()
    rulecache.load(folders, rules)
    warming = _Warming(rules, folders, Patient(rules) if patient else rules)
    if many:
        warming.warm()
    return CellScreener(warming)


class _Warming:
    """A screener that compiles the rules when the first long text comes."""

    def __init__(self, rules: Screener, folders: Folders, screens: Screens) -> None:
        self._rules = rules
        self._screens = screens
        self._folders = folders
        self._is_warm = rules.compiled

    def warm(self) -> None:
        """Compile now. Where hyperscan is missing the plain engine stays, once and for all."""
        if not self._is_warm:
            self._is_warm = True
            rulecache.warm(self._folders, self._rules)

    def screen(self, text: str) -> list[Finding]:
        """See ``Screener.screen``."""
        if len(text) > _LONG:
            self.warm()
        return self._screens.screen(text)

    def doubtful(self, texts: Sequence[str]) -> Sequence[int]:
        """See ``Screener.doubtful``."""
        if sum(map(len, texts)) > _LONG:
            self.warm()
        return self._rules.doubtful(texts)

    def rule(self, rule_id: str) -> Rule:
        """See ``Screener.rule``."""
        return self._rules.rule(rule_id)
