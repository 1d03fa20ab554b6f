"""``Screener``: text in, findings out.

One property matters more than any rule: a masked text is clean. Guards and saves rely on it, so
``screen`` does not stop at the first look but looks at its own masked text until nothing is left.
"""

from __future__ import annotations

import re
import time
from bisect import bisect_left, bisect_right
from collections import deque
from operator import attrgetter
from typing import TYPE_CHECKING, Final, NamedTuple

from jupyter_agent.errors import ScreenTimeout
from jupyter_agent.screen.anchors import (
    Anchors,
    CompiledAnchors,
    PlainAnchors,
    compile_keywords,
    fingerprint_keywords,
)
from jupyter_agent.screen.filters import FILTERS, Candidate, entropy
from jupyter_agent.screen.finding import Finding, mask
from jupyter_agent.screen.rule import Rule, load_rules

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

BUDGET: Final = 0.05
"""Seconds of CPU time for each 100,000 characters, and at least this much for a text."""

_MARKER = re.compile(r"\[secret:[A-Za-z0-9_-]{1,64}\]")


_start = attrgetter("start")


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
        deadline = _Deadline(self._clock, len(text))
        found = self._look(text, deadline)
        fresh = found
        while fresh:
            # A mask removes characters that kept a neighbour from being seen. So look again, and
            # translate what turns up back into places of the original text.
            fresh = _translated(self._look(mask(text, found), deadline), found)
            found = sorted(found + fresh, key=_start)
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

    def _look(self, text: str, deadline: _Deadline) -> list[Finding]:
        of_keyword = self._catalogue.of_keyword
        if self._anchors is None:
            self._anchors = PlainAnchors(self._catalogue.keywords)
        data = text.encode("utf-8", "surrogatepass")
        hits = self._anchors.hits(data, deadline.check)
        if not hits:
            return []
        # Compiling an expression is a cost of the process, not of this text.
        with deadline.paused():
            for index in {index for _, index in hits}:
                for rule in of_keyword[index]:
                    _ = rule.regex
        barriers = _Barriers(text)
        candidates: list[tuple[int, int, int, Rule]] = []
        tried_until: dict[str, int] = {}
        for at, index in _in_code_points(hits, data, text):
            for rule in of_keyword[index]:
                deadline.check()
                # Keywords inside a value that was just found by the same rule are part of it.
                if at < tried_until.get(rule.id, 0):
                    continue
                for match in _matches(rule, text, at):
                    if barriers.crossed_by(match.start(), match.end()):
                        continue
                    for start, end in _secrets(rule, match):
                        if _accepted(rule, Candidate(text, start, end, match)):
                            candidates.append((-rule.rank, start, -end, rule))
                            tried_until[rule.id] = max(end, tried_until.get(rule.id, 0))
        return _without_overlaps(candidates)


class _Deadline:
    """A text's time. Checked often, so a hostile text is given up on instead of hanging a cell."""

    def __init__(self, clock: Callable[[], float], length: int) -> None:
        self._clock = clock
        self._left = BUDGET * max(1.0, length / 100_000)
        self._started = clock()
        self._checks = 0

    def check(self) -> None:
        self._checks += 1
        # Reading the clock costs more than most checks are worth.
        if self._checks % 32 == 0 and self._clock() - self._started > self._left:
            raise ScreenTimeout(
                "A text could not be screened in its time, so it counts as blocked.",
                "Split it into smaller pieces.",
            )

    def paused(self) -> _Pause:
        return _Pause(self)

    def add(self, seconds: float) -> None:
        self._left += seconds


class _Pause:
    def __init__(self, deadline: _Deadline) -> None:
        self._deadline = deadline

    def __enter__(self) -> None:
        self._from = self._deadline._clock()

    def __exit__(self, *_: object) -> None:
        self._deadline.add(self._deadline._clock() - self._from)


class _Barriers:
    """Markers already in the text. No match reaches into or across one."""

    def __init__(self, text: str) -> None:
        # In order and apart, so starts and ends are both sorted.
        self._starts: list[int] = []
        self._ends: list[int] = []
        if "[secret:" in text:
            for match in _MARKER.finditer(text):
                self._starts.append(match.start())
                self._ends.append(match.end())

    def crossed_by(self, start: int, end: int) -> bool:
        # Some marker starts before the end of the match and ends after its start.
        return bisect_left(self._starts, end) > bisect_right(self._ends, start)


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


def _secrets(rule: Rule, match: re.Match[str]) -> Iterator[tuple[int, int]]:
    start, end = match.span("secret")
    if not rule.each:
        yield start, end
        return
    for one in rule.each_regex.finditer(match.string, start, end):
        yield one.span()


def _accepted(rule: Rule, candidate: Candidate) -> bool:
    if rule.entropy and entropy(candidate.value) < rule.entropy:
        return False
    return not any(FILTERS[name](candidate) for name in rule.filters)


def _without_overlaps(candidates: list[tuple[int, int, int, Rule]]) -> list[Finding]:
    """The best-ranked of overlapping candidates; among equals the first, then the longest."""
    kept: list[Finding] = []
    for _, start, minus_end, rule in sorted(candidates, key=lambda c: (*c[:3], c[3].id)):
        end = -minus_end
        at = bisect_left(kept, start, key=_start)
        free_before = at == 0 or kept[at - 1].end <= start
        free_after = at == len(kept) or end <= kept[at].start
        if free_before and free_after:
            kept.insert(at, Finding(rule.id, rule.kind, start, end))
    return kept


def _translated(fresh: list[Finding], masked: list[Finding]) -> list[Finding]:
    """Findings in ``mask(text, masked)``, as places of ``text``."""
    moved: list[Finding] = []
    others = deque(masked)
    shift = 0
    for finding in fresh:
        while others:
            other = others[0]
            marker = len(f"[secret:{other.rule}]")
            if other.start + shift + marker > finding.start:
                break
            shift += marker - (other.end - other.start)
            others.popleft()
        moved.append(
            Finding(finding.rule, finding.kind, finding.start - shift, finding.end - shift)
        )
    return moved
