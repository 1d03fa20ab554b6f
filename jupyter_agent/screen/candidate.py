"""A value that a rule's expression picked out of a text, before anybody has judged it."""

from __future__ import annotations

from collections import Counter
from functools import cache
from math import log2
from typing import TYPE_CHECKING, Final

from jupyter_agent.screen.generated import is_generated

if TYPE_CHECKING:
    import re


class Candidate:
    """What the filters judge. It holds the text, so it never leaves this package.

    Args:
        text: The whole text.
        start: First code point of the value.
        end: One past its last one.
        match: Of the rule's expression.
        quoted: Whether the expression met an opening quote (its group ``q``).

    Attributes:
        value: The value itself.
    """

    __slots__ = ("_drawn", "end", "match", "quoted", "start", "text", "value")

    def __init__(
        self,
        text: str,
        start: int,
        end: int,
        match: re.Match[str],
        quoted: bool,  # noqa: FBT001  (a hot loop)
    ) -> None:
        self.text = text
        self.start = start
        self.end = end
        self.match = match
        self.quoted = quoted
        self.value = text[start:end]
        self._drawn: bool | None = None

    def was_drawn(self) -> bool:
        """See ``is_generated``. Several filters ask."""
        if self._drawn is None:
            self._drawn = is_generated(self.value)
        return self._drawn


def entropy(value: str) -> float:
    """Shannon entropy in bits per character."""
    total = len(value)
    return log2(total) - sum(map(_n_log_n, Counter(value).values())) / total


def is_varied(value: str, least: float) -> bool:
    """Whether the entropy of a value is at least so many bits per character."""
    total = len(value)
    # No value with as many different characters has less than one in which all but one stand once.
    # This shows it for most secrets, in a fifth of the time.
    commonest = total - len(set(value)) + 1
    return log2(total) - _n_log_n(commonest) / total > least + _ROUNDING or entropy(value) >= least


_ROUNDING: Final = 1e-9


@cache
def _n_log_n(count: int) -> float:
    return count * log2(count)
