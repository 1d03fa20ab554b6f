"""What the rules of a catalogue need beside their keywords."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from jupyter_agent.screen.around import Nearby, around
from jupyter_agent.screen.need import Need
from jupyter_agent.screen.rule import NEEDED_WITHIN

if TYPE_CHECKING:
    from jupyter_agent.screen.rule import Rule

_Sort = tuple[str, tuple[int, int], tuple[str, int], int]
_NEARBY: Final = "nearby"
"""Stands for ``Nearby`` where there is an expression otherwise."""
_BYTES: Final = 4
"""The most that a character takes."""


class Needs:
    """What each rule of a catalogue needs: a few hundred things for a thousand rules.

    Args:
        sorts: What there is to need: the arguments of ``Need``.
        numbers: For each rule which of them it needs, or -1.
        kept: Of each sort the expression's code, or nothing.

    Attributes:
        sorts: What there is to need.
        by_rule: What each rule needs, by its index.
    """

    def __init__(
        self, sorts: Sequence[_Sort], numbers: Sequence[int], kept: Sequence[bytes] = ()
    ) -> None:
        self._packed = (sorts, numbers)
        codes = kept or [b""] * len(sorts)
        self.sorts = [
            Nearby(back, within)
            if expression == _NEARBY
            else around(expression, back, within, code)
            if back
            else Need(expression, within, run, code)
            for (expression, within, run, back), code in zip(sorts, codes, strict=True)
        ]
        needs: list[Need | None] = [*self.sorts, None]
        self.by_rule = [needs[number] for number in numbers]

    @staticmethod
    def of(rules: Sequence[Rule]) -> Needs:
        """What these rules need, by their index."""
        sorts: dict[_Sort, int] = {}
        numbers: list[int] = []
        for rule in rules:
            sort: _Sort
            if rule.told and rule.window:
                before, after = rule.window
                sort = (_NEARBY, (after, after * _BYTES), ("", 0), before)
            elif rule.shape:
                sort = (rule.shape, rule.within, rule.run, 0)
            elif rule.apart and rule.window:
                before, after = rule.window
                sort = (rule.needs, (after, 4 * after), ("", 0), before)
            else:
                sort = (rule.needs, (NEEDED_WITHIN, NEEDED_WITHIN), ("", 0), 0)
            numbers.append(sorts.setdefault(sort, len(sorts)) if sort[0] else -1)
        return Needs(list(sorts), numbers)

    def packed(self) -> tuple[Any, Any]:
        """As JSON."""
        return self._packed

    @staticmethod
    def unpacked(content: list[Any], kept: Sequence[bytes]) -> Needs:
        """From what ``packed`` gave.

        Args:
            content: That.
            kept: Of each sort the expression's code, or nothing.
        """
        sorts, numbers = content
        # JSON has lists where a sort has pairs.
        pairs = [(expression, (*within,), (*run,), back) for expression, within, run, back in sorts]
        return Needs(pairs, numbers, kept)
