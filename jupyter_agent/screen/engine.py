"""The three stages together: where may a secret begin, is there one, is it harmless after all?"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from jupyter_agent.screen.anchors import NOTHING, Anchors, Hit, Seen
from jupyter_agent.screen.candidate import Candidate, entropy
from jupyter_agent.screen.catalogue import Catalogue
from jupyter_agent.screen.deadline import Deadline
from jupyter_agent.screen.disguise import Sign, stretches
from jupyter_agent.screen.filters import FILTERS
from jupyter_agent.screen.finding import Finding
from jupyter_agent.screen.rule import RUN, RUN_WITHIN, VENDOR_RANK, Rule
from jupyter_agent.screen.spans import Barriers, Span, best
from jupyter_agent.screen.view import View
from jupyter_agent.screen.wrapped import joints

_FEW: Final = 16
_WRITTEN_LINE_ENDS: Final = ("\\n", "\\r", "\\t")


@dataclass(frozen=True, slots=True)
class Engine:
    """A catalogue and what finds the places for it.

    Args:
        catalogue: The rules.
        anchors: Stage 1, made from the same rules.
    """

    catalogue: Catalogue
    anchors: Anchors

    def look(self, text: str, deadline: Deadline) -> list[Finding]:
        """What is found in a text, in one look."""
        data = text.encode("utf-8", "surrogatepass")
        seen = self.anchors.seen(data, deadline)
        return [] if seen is NOTHING else self.judge(text, data, seen, deadline)

    def judge(self, text: str, data: bytes, seen: Seen, deadline: Deadline) -> list[Finding]:
        """What is found at these places of a text.

        Args:
            text: The text.
            data: The same, encoded.
            seen: What stage 1 says about it.
            deadline: The text's time.
        """
        hits, signs = self._promising(seen.hits, data), seen.signs
        if not hits and not signs:
            return []
        look = _Look(self.catalogue.rules, text, data, deadline)
        spans = look.spans(hits)
        deadline.check_now()
        done = before = 0
        # Places where the rules themselves met a disguise count like signs.
        for begin, end, chosen in stretches(data, signs, look.suspects):
            deadline.check()
            before += len(data[done:begin].decode("utf-8", "surrogatepass"))
            done = begin
            piece = data[begin:end].decode("utf-8", "surrogatepass")
            spans += self._undisguised(piece, before, chosen, look.joints, deadline)
        return best(spans)

    def _promising(self, hits: list[Hit], data: bytes) -> list[Hit]:
        """The hits without vendors' names in ordinary text, whose rules need not even be tried."""
        rules = self.catalogue.rules
        return [
            hit
            for hit in hits
            if not rules[hit[0]].follows or RUN.search(data, hit[1], hit[1] + RUN_WITHIN)
        ]

    def _undisguised(
        self,
        text: str,
        offset: int,
        signs: Collection[Sign],
        joints: Iterable[tuple[int, int]],
        deadline: Deadline,
    ) -> Iterable[Span]:
        """What is found in a stretch of a text once its disguises are undone."""
        inside = [
            (start - offset, end - offset)
            for start, end in joints
            if offset <= start and end <= offset + len(text)
        ]
        undone = View(text, signs, sorted(inside))
        data = undone.text.encode("utf-8", "surrogatepass")
        hits = self._promising(self.anchors.seen(data, deadline).hits, data)
        if not hits:
            return
        for found in _Look(self.catalogue.rules, undone.text, data, deadline).spans(hits):
            start, end = undone.place(found.start, found.end)
            yield Span(start + offset, end + offset, found.rule)


class _Look:
    """Stages 2 and 3 for one text, and what they notice on the way."""

    def __init__(self, rules: Sequence[Rule], text: str, data: bytes, deadline: Deadline) -> None:
        self._rules = rules
        self._text = text
        self._data = data
        self._deadline = deadline
        self._barriers = Barriers(text)
        self.suspects: list[int] = []
        self.joints: list[tuple[int, int]] = []

    def spans(self, hits: Sequence[Hit]) -> list[Span]:
        """What the rules accept at these places; the highest rank comes first."""
        text = self._text
        rules = self._rules
        check = self._deadline.check
        found: list[Span] = []
        places = self._places(hits)
        last = -1
        done = 0
        for index, byte in hits:
            check()
            at = places[byte] if places else byte
            if index != last:
                last = index
                done = 0
            # A keyword inside a value that this rule has just found is part of that value.
            if at < done:
                continue
            rule = rules[index]
            if "regex" not in rule.__dict__:
                # Compiling an expression is a cost of the process, not of this text.
                with self._deadline.paused():
                    _ = rule.regex
            if rule.window is None:
                match = rule.regex.match(text, at)
                fresh = self._accepted(rule, match, found) if match else ()
                if not fresh and text[max(0, at - 2) : at] in _WRITTEN_LINE_ENDS:
                    self.suspects.append(byte)
                # Glued to a word on its left a prefix is chance, as in a blob of base64.
                if (
                    rule.rank == VENDOR_RANK
                    and rule.prefixes
                    and not (match is None and at and text[at - 1].isalnum())
                ):
                    cuts = joints(text, at, match, rule.prefixes)
                    if cuts:
                        self.joints += cuts
                        self.suspects.append(byte)
            else:
                fresh = [
                    span
                    for match in _around(rule, text, at)
                    for span in self._accepted(rule, match, found)
                ]
            if fresh:
                found += fresh
                done = fresh[-1].end
        return found

    def _accepted(self, rule: Rule, match: re.Match[str], found: list[Span]) -> Sequence[Span]:
        if self._barriers.cross(*match.span()):
            return ()
        start, end = match.span("secret")
        # What overlaps a finding of a higher rank goes in the end; so it need not be judged.
        for other in found[:_FEW]:
            if other.start < end and start < other.end and other.rule.rank > rule.rank:
                return ()
        if not rule.each:
            secret = _is_secret(rule, Candidate(self._text, start, end, match))
            return (Span(start, end, rule),) if secret else ()
        places = (one.span() for one in rule.each_regex.finditer(self._text, start, end))
        return [
            Span(*place, rule)
            for place in places
            if _is_secret(rule, Candidate(self._text, *place, match))
        ]

    def _places(self, hits: Sequence[Hit]) -> dict[int, int]:
        """Code points of the hits' byte offsets; empty where they are the same."""
        data = self._data
        places: dict[int, int] = {}
        if len(data) == len(self._text):
            return places
        at_byte = at_point = 0
        for byte in sorted({byte for _, byte in hits}):
            # Keywords are whole characters, so a hit always starts on a character's first byte.
            at_point += len(data[at_byte:byte].decode("utf-8", "surrogatepass"))
            at_byte = byte
            places[byte] = at_point
        return places


def _around(rule: Rule, text: str, at: int) -> Iterable[re.Match[str]]:
    before, after = rule.window or (0, 0)
    for match in rule.regex.finditer(text, max(0, at - before), at + after):
        if match.start() <= at < match.end():
            yield match


def _is_secret(rule: Rule, candidate: Candidate) -> bool:
    if rule.entropy and entropy(candidate.value) < rule.entropy:
        return False
    for name in rule.filters:  # noqa: SIM110  (a generator would cost as much as a filter)
        if FILTERS[name](candidate):
            return False
    return True
