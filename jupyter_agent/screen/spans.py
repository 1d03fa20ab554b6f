"""Arithmetic of places in a text: what overlaps, and where it lies after masking."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from operator import attrgetter
from typing import Final, NamedTuple

from jupyter_agent.screen.finding import Finding
from jupyter_agent.screen.rule import Rule

COVER: Final = "[\x00]"
"""Stands for a finding while its neighbours are looked at. Brackets, as in the marker that will
stand there, and nothing that a rule could take for its keyword."""
_MARKER: Final = re.compile(r"\[(?:secret:[A-Za-z0-9_-]{1,64}|\x00)\]")
_BLOCK: Final = 256
"""Characters. Spans are told apart by such blocks only."""
_MARKER_BEGINS: Final = "[secret:"
MARKER_LENGTH: Final = 73
"""The most characters of a marker."""
_start = attrgetter("start")


class Span(NamedTuple):
    """Where a rule saw a secret, in code points."""

    start: int
    end: int
    rule: Rule


class Places:
    """Where the spans of a look stand, for texts with so many that nobody can ask each of them."""

    __slots__ = ("_blocks", "_taken")

    def __init__(self) -> None:
        self._blocks: dict[int, list[Span]] = {}
        self._taken = 0

    def near(self, spans: Sequence[Span], begin: int, end: int) -> list[Span]:
        """All that overlap a stretch of the text, and some that do not; some of them twice.

        Args:
            spans: The same as before, and what has been added to them since.
            begin: Where the stretch begins.
            end: One past its end.
        """
        blocks = self._blocks
        for span in spans[self._taken :]:
            for number in range(span.start // _BLOCK, span.end // _BLOCK + 1):
                blocks.setdefault(number, []).append(span)
        self._taken = len(spans)
        near: list[Span] = []
        for number in range(begin // _BLOCK, end // _BLOCK + 1):
            near += blocks.get(number, ())
        return near


def has_marker(text: str) -> bool:
    """Whether there may be a marker or cover in a text: hardly ever, and this is seen at once."""
    return COVER in text or _MARKER_BEGINS in text


def reaches_marker(text: str, start: int, end: int) -> bool:
    """Whether a marker or cover stands across, or partly across, a stretch of a text.

    No match may reach into one.
    """
    at = text.find("[", max(0, start - MARKER_LENGTH), end)
    while at >= 0:
        marker = _MARKER.match(text, at)
        if marker is not None and marker.end() > start:
            return True
        at = text.find("[", at + 1, end)
    return False


def between_markers(text: str, at: int, begin: int, end: int) -> tuple[int, int]:
    """Of a stretch of a text the part around a place that no marker or cover parts from it.

    Nothing is left where the place is in a marker itself.
    """
    found = text.find("[", max(0, begin - MARKER_LENGTH), end)
    while found >= 0:
        marker = _MARKER.match(text, found)
        if marker is not None:
            if found > at:
                return begin, found
            if marker.end() > at:
                return at, at
            begin = max(begin, marker.end())
        found = text.find("[", found + 1, end)
    return begin, end


def best(spans: Sequence[Span]) -> list[Finding]:
    """Of overlapping spans the best-ranked; among equals the first, then the longest."""
    if len(spans) == 1:
        ((start, end, rule),) = spans
        return [Finding(rule.id, rule.kind, start, end)]
    kept: list[Finding] = []
    for start, end, rule in sorted(
        spans, key=lambda span: (-span.rule.rank, span.start, -span.end, span.rule.id)
    ):
        at = bisect_left(kept, start, key=_start)
        free_before = at == 0 or kept[at - 1].end <= start
        free_after = at == len(kept) or end <= kept[at].start
        if free_before and free_after:
            kept.insert(at, Finding(rule.id, rule.kind, start, end))
    return kept


def merged(found: list[Finding], fresh: list[Finding]) -> list[Finding]:
    """Both together, sorted."""
    return sorted(found + fresh, key=_start)


def covered(text: str, found: Iterable[Finding]) -> str:
    """The text with every finding covered."""
    pieces: list[str] = []
    done = 0
    for finding in found:
        pieces += (text[done : finding.start], COVER)
        done = finding.end
    pieces.append(text[done:])
    return "".join(pieces)


def apart(findings: Iterable[Finding], others: Sequence[Finding]) -> list[Finding]:
    """Those of the findings that overlap none of the others, which are sorted and do not either."""
    starts = [other.start for other in others]
    kept: list[Finding] = []
    for finding in findings:
        before = bisect_left(starts, finding.end)
        if not before or others[before - 1].end <= finding.start:
            kept.append(finding)
    return kept


def uncovered(fresh: list[Finding], found: list[Finding]) -> Iterator[Finding]:
    """Findings in ``covered(text, found)``, as places of ``text``."""
    others = deque(found)
    shift = 0
    for finding in fresh:
        while others and others[0].start + shift + len(COVER) <= finding.start:
            other = others.popleft()
            shift += len(COVER) - (other.end - other.start)
        yield Finding(finding.rule, finding.kind, finding.start - shift, finding.end - shift)
