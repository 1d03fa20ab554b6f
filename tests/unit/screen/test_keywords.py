"""A keyword with which nothing begins costs each text its look, and finds nothing."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from re import _constants, _parser  # type: ignore[attr-defined]  # how an expression is built
from typing import Any

from jupyter_agent.screen import Rule, load_rules

RULES = load_rules()
# Families of rules look for one list, of which each begins with a part.
SHARED = Counter(rule.keywords for rule in RULES)
_REPEATS = (_constants.MAX_REPEAT, _constants.MIN_REPEAT, _constants.POSSESSIVE_REPEAT)
_ASIDE = (_constants.ASSERT, _constants.ASSERT_NOT, _constants.AT)


class _Beginning:
    """How far a word goes along with an expression.

    Args:
        rule: Whose.
        word: What has to be its beginning.
    """

    def __init__(self, rule: Rule, word: str) -> None:
        self._tree = _parser.parse(rule.pattern, re.ASCII)
        self._word = word
        self._folded = rule.folded

    def is_whole(self) -> bool:
        """Whether the expression can match a text that begins with the word."""
        return len(self._word) in self._behind(self._tree, {0})

    def _behind(self, tree: Iterable[tuple[Any, Any]], places: set[int]) -> set[int]:
        # Where in the word one may be behind the expression, from any of these places.
        most_rounds = len(self._word) + 1
        end = {len(self._word)}
        for item in tree:
            kind, what = item
            if kind is _constants.BRANCH:
                places = set[int]().union(*(self._behind(way, places) for way in what[1]))
            elif kind is _constants.SUBPATTERN:
                places = self._behind(what[-1], places)
            elif kind is _constants.ATOMIC_GROUP:
                places = self._behind(what, places)
            elif kind in _REPEATS:
                least, most, repeated = what
                reached = places if least == 0 else set[int]()
                for count in range(1, min(most, most_rounds) + 1):
                    places = self._behind(repeated, places)
                    reached = reached | places if count >= min(least, most_rounds) else reached
                places = reached
            elif kind in (_constants.GROUPREF, _constants.GROUPREF_EXISTS):
                return places | end  # Nobody begins with one.
            elif kind not in _ASIDE:
                through = {at + 1 for at in places - end if self._takes(item, self._word[at])}
                places = through | (places & end)
        return places

    def _takes(self, item: tuple[Any, Any], character: str) -> bool:
        # The engine itself says whether this one item matches.
        compiled = re._compiler.compile(  # type: ignore[attr-defined]
            _parser.SubPattern(_parser.State(), [item])
        )
        either = {character}
        if self._folded and character.isascii():
            either |= {character.lower(), character.upper()}
        return any(map(compiled.fullmatch, either))


def test_each_keyword_can_begin_what_its_rule_looks_for() -> None:
    alone = [rule for rule in RULES if not rule.window and SHARED[rule.keywords] == 1]
    assert len(alone) > 1000
    useless = [
        (rule.id, keyword)
        for rule in alone
        for keyword in rule.keywords
        if not _Beginning(rule, keyword).is_whole()
    ]
    assert useless == []
