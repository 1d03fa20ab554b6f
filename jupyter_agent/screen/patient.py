"""The rules for whoever can wait longer than a cell does.

A cell's time is short, because somebody looks at it and because a hostile one must not hang. Where
giving up costs more than waiting, as for a notebook that could not be saved any more, the same text
gets more of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from jupyter_agent.screen.finding import Finding
from jupyter_agent.screen.rule import Rule
from jupyter_agent.screen.screener import Screener

BUDGETS: Final = 30.0
"""How many times a cell's time: a table in which every field is a secret takes a dozen as plain
Python, where a machine does something else besides twice as many."""


class Patient:
    """A screener that gives each text more time.

    Args:
        screener: Finds the secrets; what it adopts later counts here too.
    """

    def __init__(self, screener: Screener) -> None:
        self._screener = screener

    def screen(self, text: str) -> list[Finding]:
        """See ``Screener.screen``.

        Raises:
            ScreenTimeout: It took too long even so.
        """
        return self._screener.screen(text, BUDGETS)

    def doubtful(self, texts: Sequence[str]) -> Sequence[int]:
        """See ``Screener.doubtful``; what takes long is left to ``screen`` there."""
        return self._screener.doubtful(texts)

    def rule(self, rule_id: str) -> Rule:
        """See ``Screener.rule``."""
        return self._screener.rule(rule_id)
