"""A value that a rule's expression picked out of a text, before anybody has judged it."""

from __future__ import annotations

from collections import Counter
from functools import cache
from math import log2
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import re


class Candidate(NamedTuple):
    """What the filters judge. It holds the text, so it never leaves this package."""

    text: str
    start: int
    end: int
    match: re.Match[str]

    @property
    def value(self) -> str:
        """The value itself."""
        return self.text[self.start : self.end]

    @property
    def quoted(self) -> bool:
        """Whether the expression met an opening quote (its group ``q``)."""
        return bool(self.match.groupdict().get("q"))


def entropy(value: str) -> float:
    """Shannon entropy in bits per character."""
    total = len(value)
    return log2(total) - sum(map(_n_log_n, Counter(value).values())) / total


@cache
def _n_log_n(count: int) -> float:
    return count * log2(count)
