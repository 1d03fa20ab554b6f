"""Stages 2 and 3 for one text: is there a secret at these places, is it harmless after all?"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from jupyter_agent.screen.again import Piece, close, name_begins
from jupyter_agent.screen.anchors import Hits
from jupyter_agent.screen.deadline import STEPS, Deadline
from jupyter_agent.screen.encoding import LONG, Encoded, points
from jupyter_agent.screen.rule import VENDOR_RANK
from jupyter_agent.screen.spans import Places, Span, has_marker, reaches_marker
from jupyter_agent.screen.trial import NEARBY, Trial
from jupyter_agent.screen.wrapped import goes_on, joints, rest

if TYPE_CHECKING:
    from jupyter_agent.screen.engine import Engine

_WRITTEN_LINE_END: Final = "nrt"
_BLANKS: Final = ("\n", "\r\n", " \n", "  \n")
_MOST_NAMES: Final = 16
_FEW: Final = 16
"""Findings that are looked through sooner than they are sorted by where they stand."""
_MOST_JUDGED: Final = 300
"""Values apart from their keyword that a rule judges. A text with more of them is a table or a log,
and judging a number takes longer than the lines of one may take."""


class Look:
    """Stages 2 and 3 for one text, and what they notice on the way.

    Args:
        engine: The rules.
        text: The text.
        deadline: Its time.
        inside: The same, encoded; ``tried`` needs none.
        piece: What of a masked text this is, or None if it is a whole text.

    Attributes:
        hits: The places that were tried, as byte offsets.
        points: Their code points, or None where these are the same.
        suspects: Where a rule met a disguise, as byte offsets.
        joints: Line ends inside a token.
        names: Of values that were found: where the name begins, where all that the rule matched
            does, and where the value does.
    """

    __slots__ = (
        *("_cuts", "_data", "_engine", "_has_marker", "_piece", "_places"),
        *("deadline", "hits", "inside", "joints", "names", "points", "suspects", "text"),
    )

    def __init__(
        self,
        engine: Engine,
        text: str,
        deadline: Deadline,
        inside: Encoded = (b"", ()),
        piece: Piece | None = None,
    ) -> None:
        self._engine = engine
        self._cuts: dict[tuple[int, bool], set[int]] = {}
        self._data = inside[0]
        self._has_marker: bool | None = None
        self._piece = piece
        self._places: Places | None = None
        self.text = text
        self.deadline = deadline
        self.inside = inside
        self.hits: Sequence[Hits] = ()
        self.points: Mapping[int, int] | None = None
        self.suspects: list[int] = []
        self.joints: list[tuple[int, int]] = []
        self.names: list[tuple[int, int, int]] = []

    def spans(self, hits: Sequence[Hits]) -> list[Span]:
        """What the rules accept at these places; the highest rank comes first."""
        is_ascii = len(self._data) == len(self.text)
        self.hits = self._in_need(hits, is_ascii=is_ascii)
        if not is_ascii:
            self.points = self._points(self.hits)
        if self._piece is not None:
            self.hits = close(self, self._piece)
        return self.tried(self.hits, self.points)

    def tried(  # noqa: C901, PLR0912, PLR0915  (the hot loop)
        self, hits: Sequence[Hits], points: Mapping[int, int] | None = None
    ) -> list[Span]:
        """``spans`` without asking what stands near these places.

        Args:
            hits: The places.
            points: Code points of their byte offsets, or None where they are code points.
        """
        text = self.text
        trials = self._engine.trials
        found: list[Span] = []
        unmatched: list[tuple[int, list[tuple[int, int]]]] = []
        names = self.names
        has_escapes = "\\" in text
        steps = STEPS
        for index, places in hits:
            trial = trials[index] or self._prepared(index)
            match_at = trial.match
            has_window = trial.window is not None
            prefixes = trial.prefixes
            # Tried at one place only, a rule that finds what is known already changes nothing.
            once = len(places) == 1
            done = 0
            known = judged = 0
            for byte in places:
                at = byte if points is None else points[byte]
                # A keyword inside a value that this rule has just found is part of that value.
                if at < done:
                    continue
                steps -= 1
                if not steps:
                    steps = STEPS
                    self.deadline.check_now()
                if trial.apart:
                    known, judged = self._beside(trial, at, (known, judged), found)
                    if judged > _MOST_JUDGED:
                        break
                    continue
                is_escaped = has_escapes and at > 1 and text[at - 2] == "\\"
                # A name has one value. What is only words adds nothing to one that is known.
                if names and trial.is_words and not is_escaped and _is_named(at, names):
                    continue
                if has_window:
                    done = self._around(trial, at, found, done)
                    continue
                match = match_at(text, at)
                if match is not None and (
                    fresh := self._accepted(trial, match, found, once=once and not is_escaped)
                ):
                    found += fresh
                    done = fresh[-1].end
                    if trial.has_rest and text.startswith(_BLANKS, done):
                        self._note_rest(byte, fresh[-1])
                    if len(names) < _MOST_NAMES:
                        value = fresh[0].start
                        name = name_begins(text, value)
                        names.append((name, min(name, match.start()), value))
                elif is_escaped and text[at - 1] in _WRITTEN_LINE_END:
                    self.suspects.append(byte)
                # Glued to a word on its left a prefix is chance, as in a blob of base64.
                if prefixes and not (match is None and at and text[at - 1].isalnum()):
                    cuts = self._cuts_behind(index, at, match, prefixes)
                    if cuts and match is None:
                        unmatched.append((byte, cuts))
                    elif cuts:
                        self.joints += cuts
                        self.suspects.append(byte)
        if unmatched:
            self._join(unmatched, found)
        return found

    def _cuts_behind(
        self, index: int, at: int, match: re.Match[str] | None, prefixes: tuple[str, ...]
    ) -> list[tuple[int, int]]:
        """Line ends inside the vendor's token that begins at a place, but for those known before.

        Args:
            index: The rule's.
            at: The place.
            match: What the rule's expression matches there.
            prefixes: The rule's.
        """
        # A list of tokens goes on from each of its lines to its end.
        same = (index, match is None)
        cuts = joints(self.text, at, match, prefixes, self._cuts.get(same, ()))
        if cuts:
            self._cuts.setdefault(same, set()).update(start for start, _ in cuts)
        return cuts

    def _note_rest(self, byte: int, span: Span) -> None:
        """Note line ends behind which a value that a rule has found goes on.

        Args:
            byte: Where the rule was tried.
            span: The value.
        """
        if cuts := rest(self.text, span.start, span.end):
            self.joints += cuts
            self.suspects.append(byte)

    def _join(
        self, unmatched: Sequence[tuple[int, list[tuple[int, int]]]], found: Sequence[Span]
    ) -> None:
        """Note line ends behind which what a rule lacks may stand.

        What one vendor's rule lacks may be another one's whole token, with a word below it.

        Args:
            unmatched: Where rules did not match, as byte offsets, with the line ends behind.
            found: What all rules have found.
        """
        ends = {span.end for span in found if span.rule.rank == VENDOR_RANK}
        for byte, cuts in unmatched:
            if cuts[0][0] not in ends or goes_on(self.text, cuts[0]):
                self.joints += cuts
                self.suspects.append(byte)

    def trial(self, index: int) -> Trial:
        """What trying the rule with this index needs."""
        return self._engine.trials[index] or self._prepared(index)

    def _in_need(self, hits: Sequence[Hits], *, is_ascii: bool) -> list[Hits]:
        """The places near which each rule finds what it needs; in ordinary text these are few."""
        needs = self._engine.needs
        kept: list[Hits] = []
        for hit in hits:
            need = needs[hit[0]]
            if need is None:
                kept.append(hit)
            elif places := need.kept(self._data, hit[1], is_ascii, self.deadline):
                kept.append((hit[0], places))
        return kept

    def _prepared(self, index: int) -> Trial:
        # Compiling an expression is a cost of the process, not of this text.
        with self.deadline.paused():
            trial = Trial(self._engine.catalogue[index])
        self._engine.trials[index] = trial
        return trial

    def _around(self, trial: Trial, at: int, found: list[Span], done: int) -> int:
        """Try a rule whose keyword may stand behind the value.

        Args:
            trial: The rule.
            at: Where the keyword stands.
            found: What has been found before, to which is added.
            done: Where the rule's next keyword may stand.

        Returns:
            The same, then: behind the last secret.
        """
        fresh: list[Span] = []
        # A told password's match is its line, and a marker may stand anywhere in that.
        parted = trial.is_told and self._may_reach_marker()
        for match in trial.around(self.text, at, parted=parted):
            fresh += self._accepted(trial, match, found)
        found += fresh
        if fresh:
            done = fresh[-1].end
        # A line that was read from one keyword on is known a little further.
        near = at + NEARBY
        if (
            trial.is_told
            and self._piece is None
            and done < near
            and self.text.find("\n", at, near) < 0
            and not (parted and reaches_marker(self.text, at, near))
        ):
            done = near
        return done

    def _beside(
        self, trial: Trial, at: int, so_far: tuple[int, int], found: list[Span]
    ) -> tuple[int, int]:
        """Try a rule whose value stands anywhere in the line.

        Args:
            trial: The rule.
            at: Where a keyword stands.
            so_far: Up to where values have been tried, and how many.
            found: What has been found before, to which is added.

        Returns:
            The same as ``so_far``, then.
        """
        known, judged = so_far
        if self._may_reach_marker() and reaches_marker(self.text, at, at + 1):
            return so_far  # the marker's own words say nothing
        matches, known = trial.beside(self.text, at, known)
        for match in matches:
            found += self._accepted(trial, match, found, once=True)
        return known, judged + len(matches)

    def _accepted(
        self, trial: Trial, match: re.Match[str], found: Sequence[Span], *, once: bool = False
    ) -> Sequence[Span]:
        if self._may_reach_marker():
            begin, end = match.span()
            # A list with a masked entry is one still.
            if reaches_marker(
                self.text, begin, match.start("secret") if trial.has_several else end
            ):
                return ()
        if trial.is_told:
            return self._told(trial, match, found)
        return trial.accepted(self.text, match, found, once=once)

    def _told(self, trial: Trial, match: re.Match[str], found: Sequence[Span]) -> Sequence[Span]:
        if len(found) > _FEW:
            self._places = self._places or Places()
            found = self._places.near(found, *match.span("secret"))
        words = trial.words(self.text, match, found)
        if not words:
            return ()
        if not trial.can_tell:
            # Expressions are a cost of the process, not of this text.
            with self.deadline.paused():
                trial.prepare()
        return trial.told(self.text, match, words)

    def _may_reach_marker(self) -> bool:
        """Whether there may be a marker or cover near a match."""
        if self._has_marker is None:
            # In a long text few places are near a match, and looking there only costs less.
            self._has_marker = len(self.text) >= LONG or has_marker(self.text)
        return self._has_marker

    def _points(self, hits: Sequence[Hits]) -> dict[int, int]:
        """Code points of the hits' byte offsets."""
        # Keywords are whole characters, so a hit always starts on a character's first byte.
        places = sorted(set().union(*(places for _, places in hits)))
        return dict(zip(places, points(self.inside, places), strict=True))


def _is_named(at: int, names: Iterable[tuple[int, int, int]]) -> bool:
    """Whether a place lies between the name of a value that was found and the value."""
    for _, begin, value in names:  # noqa: SIM110  (a generator would cost as much)
        if begin <= at < value:
            return True
    return False
