"""The three stages together: where may a secret begin, is there one, is it harmless after all?"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from typing import Final

from jupyter_agent.screen.anchors import Anchors, Hits, Seen
from jupyter_agent.screen.catalogue import Catalogue
from jupyter_agent.screen.deadline import STEPS, Deadline
from jupyter_agent.screen.disguise import Sign, stretches
from jupyter_agent.screen.encoding import LONG, Encoded, encoded, points
from jupyter_agent.screen.finding import Finding
from jupyter_agent.screen.spans import Span, best, has_marker, reaches_marker
from jupyter_agent.screen.trial import Trial
from jupyter_agent.screen.view import View
from jupyter_agent.screen.wrapped import joints

_WRITTEN_LINE_END: Final = "nrt"


class Engine:
    """A catalogue and what finds the places for it.

    Args:
        catalogue: The rules.
        anchors: Stage 1, made from the same rules.
    """

    __slots__ = ("anchors", "catalogue", "needs", "noticed", "trials")

    def __init__(self, catalogue: Catalogue, anchors: Anchors) -> None:
        self.catalogue = catalogue
        self.anchors = anchors
        self.noticed = anchors.noticed
        self.needs = catalogue.needs.by_rule
        self.trials: list[Trial | None] = [None] * len(catalogue)

    def look(self, text: str, deadline: Deadline) -> list[Finding]:
        """What is found in a text, in one look."""
        inside = encoded(text)
        noticed = self.noticed(inside[0])
        if not noticed:
            return []
        return self.judge(text, inside, self.anchors.seen(inside[0], noticed, deadline), deadline)

    def judge(self, text: str, inside: Encoded, seen: Seen, deadline: Deadline) -> list[Finding]:
        """What is found at these places of a text.

        Args:
            text: The text.
            inside: The same, encoded.
            seen: What stage 1 says about it.
            deadline: The text's time.
        """
        hits, signs = seen
        if not hits and not signs:
            return []
        look = _Look(self, text, inside, deadline)
        spans = look.spans(hits) if hits else []
        # Places where the rules themselves met a disguise count like signs.
        if signs or look.suspects:
            spans += self._behind_disguises(inside, signs, look, deadline)
        return best(spans) if spans else []

    def _behind_disguises(
        self,
        inside: Encoded,
        signs: Collection[tuple[int, int]],
        look: _Look,
        deadline: Deadline,
    ) -> Iterable[Span]:
        data, _ = inside
        deadline.check_now()
        found = stretches(data, signs, look.suspects)
        befores = points(inside, (begin for begin, _, _ in found))
        for (begin, end, chosen), before in zip(found, befores, strict=True):
            deadline.check()
            piece = data[begin:end].decode("utf-8", "surrogatepass")
            yield from self._undisguised(piece, before, chosen, look.joints, deadline)

    def _undisguised(
        self,
        text: str,
        offset: int,
        signs: Collection[Sign],
        joints: Iterable[tuple[int, int]],
        deadline: Deadline,
    ) -> Iterable[Span]:
        """What is found in a stretch of a text once its disguises are undone."""
        here = [
            (start - offset, end - offset)
            for start, end in joints
            if offset <= start and end <= offset + len(text)
        ]
        undone = View(text, signs, sorted(here))
        inside = encoded(undone.text)
        noticed = self.noticed(inside[0])
        if not noticed:
            return
        hits, _ = self.anchors.seen(inside[0], noticed, deadline)
        for found in _Look(self, undone.text, inside, deadline).spans(hits):
            start, end = undone.place(found.start, found.end)
            yield Span(start + offset, end + offset, found.rule)


class _Look:
    """Stages 2 and 3 for one text, and what they notice on the way."""

    __slots__ = (
        "_data",
        "_deadline",
        "_engine",
        "_has_marker",
        "_inside",
        "_text",
        "joints",
        "suspects",
    )

    def __init__(self, engine: Engine, text: str, inside: Encoded, deadline: Deadline) -> None:
        self._engine = engine
        self._text = text
        self._inside = inside
        self._data = inside[0]
        self._deadline = deadline
        self._has_marker: bool | None = None
        self.suspects: list[int] = []
        self.joints: list[tuple[int, int]] = []

    def spans(self, hits: Sequence[Hits]) -> list[Span]:  # noqa: C901  (the hot loop)
        """What the rules accept at these places; the highest rank comes first."""
        text = self._text
        trials = self._engine.trials
        if len(self._data) == len(text):
            points, hits = None, self._in_need(hits, is_ascii=True)
        else:
            hits = self._in_need(hits, is_ascii=False)
            points = self._points(hits)
        found: list[Span] = []
        steps = STEPS
        for index, places in hits:
            trial = trials[index] or self._prepared(index)
            match_at = trial.match
            has_window = trial.window is not None
            prefixes = trial.prefixes
            # Tried at one place only, a rule that finds what is known already changes nothing.
            once = len(places) == 1
            done = 0
            for byte in places:
                at = byte if points is None else points[byte]
                # A keyword inside a value that this rule has just found is part of that value.
                if at < done:
                    continue
                steps -= 1
                if not steps:
                    steps = STEPS
                    self._deadline.check_now()
                if has_window:
                    done = self._around(trial, at, found) or done
                    continue
                match = match_at(text, at)
                if match is not None and (
                    fresh := self._accepted(
                        trial, match, found, once=once and text[at - 2 : at - 1] != "\\"
                    )
                ):
                    found += fresh
                    done = fresh[-1].end
                elif at > 1 and text[at - 2] == "\\" and text[at - 1] in _WRITTEN_LINE_END:
                    self.suspects.append(byte)
                # Glued to a word on its left a prefix is chance, as in a blob of base64.
                if prefixes and not (match is None and at and text[at - 1].isalnum()):
                    cuts = joints(text, at, match, prefixes)
                    if cuts:
                        self.joints += cuts
                        self.suspects.append(byte)
        return found

    def _in_need(self, hits: Sequence[Hits], *, is_ascii: bool) -> list[Hits]:
        """The places near which each rule finds what it needs; in ordinary text these are few."""
        needs = self._engine.needs
        kept: list[Hits] = []
        for hit in hits:
            need = needs[hit[0]]
            if need is None:
                kept.append(hit)
            elif places := need.kept(self._data, hit[1], is_ascii, self._deadline):
                kept.append((hit[0], places))
        return kept

    def _prepared(self, index: int) -> Trial:
        # Compiling an expression is a cost of the process, not of this text.
        with self._deadline.paused():
            trial = Trial(self._engine.catalogue[index])
        self._engine.trials[index] = trial
        return trial

    def _around(self, trial: Trial, at: int, found: list[Span]) -> int:
        """Try a rule whose keyword may stand behind the value; where the last secret ends, or 0."""
        fresh: list[Span] = []
        for match in trial.around(self._text, at):
            fresh += self._accepted(trial, match, found)
        found += fresh
        return fresh[-1].end if fresh else 0

    def _accepted(
        self, trial: Trial, match: re.Match[str], found: Sequence[Span], *, once: bool = False
    ) -> Sequence[Span]:
        if self._has_marker is None:
            # In a long text few places are near a match, and looking there only costs less.
            self._has_marker = len(self._text) >= LONG or has_marker(self._text)
        if self._has_marker and reaches_marker(self._text, *match.span()):
            return ()
        return trial.accepted(self._text, match, found, once=once)

    def _points(self, hits: Sequence[Hits]) -> dict[int, int]:
        """Code points of the hits' byte offsets."""
        # Keywords are whole characters, so a hit always starts on a character's first byte.
        places = sorted(set().union(*(places for _, places in hits)))
        return dict(zip(places, points(self._inside, places), strict=True))
