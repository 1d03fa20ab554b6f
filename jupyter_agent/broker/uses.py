"""How often each label was used, until that is written down. Pure."""

from __future__ import annotations

from collections.abc import Iterable

Counted = dict[str, tuple[int, str]]
"""Label → how often, and when last (RFC 3339 UTC, which sorts as text)."""


class Uses:
    """What is counted and not yet written."""

    def __init__(self) -> None:
        self._counted: Counted = {}

    def count(self, labels: Iterable[str], now: str) -> None:
        """Count a use of each label."""
        self.give_back(dict.fromkeys(labels, (1, now)))

    def take(self) -> Counted:
        """All of it, to be written."""
        taken, self._counted = self._counted, {}
        return taken

    def give_back(self, taken: Counted) -> None:
        """Count what could not be written for the next time."""
        for label, (often, last) in taken.items():
            more, later = self._counted.get(label, (0, last))
            self._counted[label] = often + more, max(last, later)
