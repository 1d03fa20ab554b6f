"""The three stages together: where may a secret begin, is there one, is it harmless after all?"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Collection, Iterable, Iterator, Sequence
from operator import attrgetter
from typing import Final

from jupyter_agent.screen.again import NEAR, Piece, opened, pieces
from jupyter_agent.screen.anchors import Anchors, Hits, Seen
from jupyter_agent.screen.blobs import blobs
from jupyter_agent.screen.catalogue import Catalogue
from jupyter_agent.screen.deadline import Deadline
from jupyter_agent.screen.disguise import Chosen, stretches
from jupyter_agent.screen.encoding import Encoded, encoded, points
from jupyter_agent.screen.finding import Finding
from jupyter_agent.screen.look import Look
from jupyter_agent.screen.many import ROW
from jupyter_agent.screen.spans import Span, best, covered, merged, uncovered
from jupyter_agent.screen.trial import Trial
from jupyter_agent.screen.view import View

_WHOLE: Final = 2
"""Looks at a whole text, before those behind them look around what the last one has found."""
_start: Final = attrgetter("start")


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

    def judge(self, text: str, inside: Encoded, seen: Seen, deadline: Deadline) -> list[Finding]:
        """What is found at these places of a text, until a masked text is clean.

        Args:
            text: The text.
            inside: The same, encoded.
            seen: What stage 1 says about it.
            deadline: The text's time.
        """
        look = Look(self, text, deadline, inside)
        found, is_simple = self._judged(look, seen)
        if not found:
            return []
        # A mask removes characters that kept a neighbour from being seen. So look again, and
        # translate what turns up back into places of the original text.
        fresh: list[Finding] | None = None
        if is_simple:
            hits = opened(look, found)
            if not hits:
                return found
            fresh = self._once_more(covered(text, found), hits, deadline)
        if fresh is None:
            fresh = self._look(covered(text, found), deadline)
        looks = 2
        while fresh:
            fresh = list(uncovered(fresh, found))
            found = merged(found, fresh)
            if looks > _WHOLE:
                found = self._spread(text, found, fresh, deadline)
            fresh = self._look(covered(text, found), deadline)
            looks += 1
        return found

    def _spread(
        self, text: str, found: list[Finding], fresh: list[Finding], deadline: Deadline
    ) -> list[Finding]:
        """All that is found, with what looks around ``fresh`` find, and around that, and so on."""
        while fresh:
            more: list[Finding] = []
            for piece in pieces(len(text), found, fresh):
                deadline.check_now()
                more += self._close(text, piece, deadline)
            fresh = more
            for finding in fresh:
                insort(found, finding, key=_start)
        return found

    def _close(self, text: str, piece: Piece, deadline: Deadline) -> Iterator[Finding]:
        """What is found close to what was masked last, in a piece of a text."""
        begin = piece.begin
        masked = covered(text[begin : piece.end], piece.masked)
        inside = encoded(masked)
        noticed = self.noticed(inside[0])
        if not noticed:
            return
        seen = self.anchors.seen(inside[0], noticed, deadline)
        found, _ = self._judged(Look(self, masked, deadline, inside, piece), seen)
        # (Farther away a line may look like a told password only because the piece cuts it.)
        least, most = piece.first - NEAR, piece.last + NEAR
        near = [one for one in found if least <= one.start and one.end <= most]
        for one in uncovered(near, piece.masked):
            yield Finding(one.rule, one.kind, begin + one.start, begin + one.end)

    def _look(self, text: str, deadline: Deadline) -> list[Finding]:
        """What is found in a text, in one look."""
        inside = encoded(text)
        noticed = self.noticed(inside[0])
        if not noticed:
            return []
        seen = self.anchors.seen(inside[0], noticed, deadline)
        found, _ = self._judged(Look(self, text, deadline, inside), seen)
        return found

    def _judged(self, look: Look, seen: Seen) -> tuple[list[Finding], bool]:
        """What is found in one look, and whether ``_once_more`` can take the next one."""
        hits, signs = seen
        spans = look.spans(hits) if hits else []
        # Places where the rules themselves met a disguise count like signs.
        is_plain = not signs and not look.suspects
        if not is_plain:
            spans += self._behind_disguises(look, signs)
        if not spans:
            return [], is_plain
        found = best(spans)
        # What lost against a better finding may be there, in part, once that is masked.
        is_whole = len(spans) == len(found) or len({span[:2] for span in spans}) == len(found)
        # A mask may leave so little of a blob that it counts as text.
        return found, is_plain and is_whole and not blobs(look.inside[0])

    def _once_more(
        self, masked: str, hits: Sequence[Hits], deadline: Deadline
    ) -> list[Finding] | None:
        """What is found in a masked text, if only those places are tried that a mask can change.

        None where that is not known: a disguise has turned up.
        """
        again = Look(self, masked, deadline)
        spans = again.tried(hits)
        if again.suspects:
            return None
        return best(spans) if spans else []

    def _behind_disguises(self, look: Look, signs: Collection[tuple[int, int]]) -> Iterable[Span]:
        some: list[tuple[View, int]] = []
        size = 0
        for view, offset in self.undone(look, signs):
            some.append((view, offset))
            size += len(view.text)
            if size > ROW:
                yield from self._undisguised(some, look)
                some, size = [], 0
        if some:
            yield from self._undisguised(some, look)

    def undone(self, look: Look, signs: Collection[tuple[int, int]]) -> Iterator[tuple[View, int]]:
        """The stretches of a text that show a disguise, without it, and where each begins.

        Args:
            look: At the text, with what it noticed.
            signs: What stage 1 saw of disguises.

        Raises:
            ScreenTimeout: The text's time is used up.
        """
        inside = look.inside
        data, _ = inside
        look.deadline.check()
        found = stretches(data, signs, look.suspects)
        befores = points(inside, (begin for begin, _, _ in found))
        joints = sorted(set(look.joints))
        for (begin, end, chosen), before in zip(found, befores, strict=True):
            look.deadline.check()
            piece = data[begin:end].decode("utf-8", "surrogatepass")
            yield _undone(piece, before, chosen, joints), before

    def _undisguised(self, undone: Sequence[tuple[View, int]], look: Look) -> Iterable[Span]:
        """What is found in stretches of a text, each with its offset, without their disguises."""
        # Hardly any shows a keyword that it hid. The rest is passed over in one go.
        several = len(undone) > 1
        texts = [view.text for view, _ in undone]
        for number, reports in self.anchors.among(texts) if several else ((0, None),):
            view, offset = undone[number]
            inside = encoded(view.text)
            noticed = reports or self.noticed(inside[0])
            if not noticed:
                continue
            hits, _ = self.anchors.seen(inside[0], noticed, look.deadline)
            for found in Look(self, view.text, look.deadline, inside).spans(hits):
                start, end = view.place(found.start, found.end)
                yield Span(start + offset, end + offset, found.rule)


def _undone(text: str, offset: int, chosen: Chosen, joints: Sequence[tuple[int, int]]) -> View:
    """A stretch without its disguises; the joints are those of the whole text, in order."""
    stop = offset + len(text)
    here: list[tuple[int, int]] = []
    for number in range(bisect_left(joints, (offset, 0)), len(joints)):
        start, end = joints[number]
        if start >= stop:
            break
        if end <= stop:
            here.append((start - offset, end - offset))
    return View(text, chosen, here)
