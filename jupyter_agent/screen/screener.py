"""``Screener``: text in, findings out.

One property matters more than any rule: a masked text is clean. Guards and saves rely on it, so
``screen`` does not stop at the first look but looks at its own masked text until nothing is left.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

from jupyter_agent.screen.anchors import (
    Anchors,
    CompiledAnchors,
    PlainAnchors,
    compile_keywords,
    fingerprint_keywords,
)
from jupyter_agent.screen.candidate import Candidate, entropy
from jupyter_agent.screen.deadline import Deadline
from jupyter_agent.screen.filters import FILTERS
from jupyter_agent.screen.finding import Finding, mask
from jupyter_agent.screen.rule import Rule, load_rules
from jupyter_agent.screen.spans import Barriers, Span, best, merged, unmasked

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Iterator, Sequence


class _Catalogue(NamedTuple):
    rules: dict[str, Rule]
    keywords: tuple[bytes, ...]
    of_keyword: tuple[tuple[Rule, ...], ...]


class Screener:
    """Finds secrets that nobody has stored yet.

    It works at once, without hyperscan and without any preparation; ``adopt`` makes it faster and
    changes no finding. One screener may be used from several threads.

    Args:
        database: A compiled database to adopt (see ``adopt``), or None.
        rules: The catalogue, or None for the one that ships with the package.
        clock: Seconds this thread has used, for the time budget. CPU time, so that a busy machine
            does not turn into blocked cells.
    """

    def __init__(
        self,
        database: bytes | None = None,
        *,
        rules: Sequence[Rule] | None = None,
        clock: Callable[[], float] = time.thread_time,
    ) -> None:
        self._given_rules = rules
        self._clock = clock
        self._loaded: _Catalogue | None = None
        self._anchors: Anchors | None = None
        if database is not None:
            self.adopt(database)

    def screen(self, text: str) -> list[Finding]:
        """Every secret in the text, sorted and not overlapping.

        Raises:
            ScreenTimeout: It took too long; treat the text as if it held a secret.
        """
        deadline = Deadline(self._clock, len(text))
        found = self._look(text, deadline)
        fresh = found
        while fresh:
            # A mask removes characters that kept a neighbour from being seen. So look again, and
            # translate what turns up back into places of the original text.
            fresh = list(unmasked(self._look(mask(text, found), deadline), found))
            found = merged(found, fresh)
        return found

    def rule(self, rule_id: str) -> Rule:
        """The rule with this id.

        Raises:
            KeyError: There is none.
        """
        return self._catalogue.rules[rule_id]

    @property
    def compiled(self) -> bool:
        """Whether the fast engine is in use."""
        return isinstance(self._anchors, CompiledAnchors)

    @property
    def fingerprint(self) -> str:
        """Tells whether a database compiled earlier, or elsewhere, fits this screener."""
        return fingerprint_keywords(self._catalogue.keywords)

    def compile(self) -> bytes:
        """Compile the fast engine's database; about 20 ms, never done by ``screen``.

        Raises:
            ImportError: hyperscan can't be imported here.
        """
        return compile_keywords(self._catalogue.keywords)

    def adopt(self, database: bytes) -> None:
        """Use a compiled database from now on.

        Args:
            database: From ``compile`` of a screener with the same ``fingerprint``. The
                deserializer trusts these bytes: bytes that were on a disk must have been
                authenticated first (``jupyter_agent.rulecache``).

        Raises:
            ImportError: hyperscan can't be imported here.
            ValueError: hyperscan does not accept it; the engine in use stays.
        """
        self._anchors = CompiledAnchors(self._catalogue.keywords, database)

    @property
    def _catalogue(self) -> _Catalogue:
        # Read on first use, because importing this package must stay cheap. Two threads may both
        # read it; they read the same.
        if self._loaded is None:
            rules = load_rules() if self._given_rules is None else tuple(self._given_rules)
            of_keyword: dict[bytes, list[Rule]] = {}
            for rule in rules:
                for keyword in rule.keywords:
                    of_keyword.setdefault(keyword.encode(), []).append(rule)
            keywords = tuple(sorted(of_keyword))
            self._loaded = _Catalogue(
                {rule.id: rule for rule in rules},
                keywords,
                tuple(tuple(of_keyword[keyword]) for keyword in keywords),
            )
        return self._loaded

    def _look(self, text: str, deadline: Deadline) -> list[Finding]:
        of_keyword = self._catalogue.of_keyword
        anchors = self._anchors or PlainAnchors(self._catalogue.keywords)
        data = text.encode("utf-8", "surrogatepass")
        hits = anchors.hits(data, deadline.check)
        if not hits:
            return []
        # Compiling an expression is a cost of the process, not of this text.
        with deadline.paused():
            for index in {index for _, index in hits}:
                for rule in of_keyword[index]:
                    _ = rule.regex
        barriers = Barriers(text)
        spans: list[Span] = []
        done: dict[str, int] = {}
        for at, index in _in_code_points(hits, data, text):
            for rule in of_keyword[index]:
                deadline.check()
                # A keyword inside a value that this rule has just found is part of that value.
                if at >= done.get(rule.id, 0):
                    fresh = list(_spans(rule, text, at, barriers))
                    if fresh:
                        spans += fresh
                        done[rule.id] = fresh[-1].end
        return best(spans)


def _in_code_points(
    hits: list[tuple[int, int]], data: bytes, text: str
) -> Iterator[tuple[int, int]]:
    if len(data) == len(text):
        yield from hits
        return
    at_byte = at_point = 0
    for byte, index in hits:
        # Keywords are whole characters, so a hit always starts on a character's first byte.
        at_point += len(data[at_byte:byte].decode("utf-8", "surrogatepass"))
        at_byte = byte
        yield at_point, index


def _matches(rule: Rule, text: str, at: int) -> Iterator[re.Match[str]]:
    if rule.window is None:
        match = rule.regex.match(text, at)
        if match is not None:
            yield match
        return
    before, after = rule.window
    for match in rule.regex.finditer(text, max(0, at - before), at + after):
        if match.start() <= at < match.end():
            yield match


def _spans(rule: Rule, text: str, at: int, barriers: Barriers) -> Iterator[Span]:
    for match in _matches(rule, text, at):
        if barriers.cross(match.start(), match.end()):
            continue
        start, end = match.span("secret")
        places = [(start, end)]
        if rule.each:
            places = [one.span() for one in rule.each_regex.finditer(text, start, end)]
        for place in places:
            if _accepted(rule, Candidate(text, *place, match)):
                yield Span(*place, rule)


def _accepted(rule: Rule, candidate: Candidate) -> bool:
    if rule.entropy and entropy(candidate.value) < rule.entropy:
        return False
    return not any(FILTERS[name](candidate) for name in rule.filters)
