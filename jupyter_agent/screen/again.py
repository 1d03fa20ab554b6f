"""The looks at a masked text: which of the places that were tried before can a mask change?

No match may reach into a mask, so whatever a rule finds in the masked text begins at a keyword that
stood in the text before, outside of every finding. Of these places only those are tried again from
which a rule can see a mask: to their right, or close to their left. And nothing is found from a
name on from which only signs lead to the mask (``password = '[…]``): what it names is the mask.

That is the second look. Hardly any text takes more than three, but for a line of told passwords: it
ends at a mask, so with each look one more of them may be the only one in what is left of it. As
many looks as passwords, each of which takes as long as the text, would hang a cell. So these look
at ``pieces``, around what was masked last.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from operator import attrgetter
from typing import TYPE_CHECKING, Final, NamedTuple

from jupyter_agent.screen.finding import Finding
from jupyter_agent.screen.spans import COVER

if TYPE_CHECKING:
    from jupyter_agent.screen.anchors import Hits
    from jupyter_agent.screen.look import Look

_SIGNS: Final = " \t\r\n\"'=:<>()[]{},"
_IN_NAMES: Final = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"
_LONGEST_NAME: Final = 32
_MOST_SIGNS: Final = 12
_AHEAD: Final = 320
"""Characters before a mask from which most rules may see it."""
NEAR: Final = 512
"""Characters around what was masked last in which a look at a piece finds anything."""
_REACH: Final = 768
"""Characters around what was masked last that are in a piece. What a line says may depend on those
before and behind, and a piece's end is not the text's."""
_start: Final = attrgetter("start")


class Piece(NamedTuple):
    """A part of a masked text.

    Args:
        begin: Where in the text as it was it begins.
        end: Where in the text as it was it ends.
        masked: The findings in it, from its beginning on.
        first: Where in the masked piece the first cover begins that is new.
        last: Where in the masked piece the last such cover ends.
    """

    begin: int
    end: int
    masked: list[Finding]
    first: int
    last: int


def name_begins(text: str, start: int) -> int:
    """Where the name of a value begins, if nothing but signs stands between them; else ``start``.

    Args:
        text: The text.
        start: Where the value begins.
    """
    before = text[max(0, start - _LONGEST_NAME - _MOST_SIGNS) : start]
    to_signs = before.rstrip(_SIGNS)
    name = len(to_signs) - len(to_signs.rstrip(_IN_NAMES))
    signs = len(before) - len(to_signs)
    # What is longer may be a value itself; what is glued to this one may be its beginning.
    if not 0 < signs <= _MOST_SIGNS or name > _LONGEST_NAME:
        return start
    return start - signs - name


def opened(look: Look, found: Sequence[Finding]) -> list[Hits]:
    """The places to try again, as code points of the masked text.

    Args:
        look: At the text as it was.
        found: What is masked now.
    """
    names = {value: name for name, _, value in look.names}
    begins: list[int] = []
    starts: list[int] = []
    ends: list[int] = []
    # How far what follows so many findings has moved.
    moved = [0]
    for finding in found:
        start, end = finding.start, finding.end
        begins.append(names.get(start, start))
        starts.append(start)
        ends.append(end)
        moved.append(moved[-1] + len(COVER) - (end - start))
    last = ends[-1]
    is_alone = len(found) == 1
    points = look.points
    hits: list[Hits] = []
    for index, places in look.hits:
        kept: list[int] = []
        for byte in places:
            at = byte if points is None else points[byte]
            if at >= last:
                if at - last < look.trial(index).looks_back:
                    kept.append(at + moved[-1])
                continue
            before = 0 if is_alone else bisect_right(ends, at)
            # Neither in a finding nor in the name of one.
            if at < begins[before] or (at < starts[before] and look.trial(index).looks_on):
                kept.append(at + moved[before])
        if kept:
            hits.append((index, kept))
    return hits


def pieces(length: int, found: Sequence[Finding], fresh: Sequence[Finding]) -> Iterator[Piece]:
    """What stands around what was masked last; none of them overlap.

    Args:
        length: Of the text as it was.
        found: All that is masked now, sorted.
        fresh: What of that was masked last, sorted.
    """
    number = 0
    while number < len(fresh):
        first = last = bisect_left(found, fresh[number].start, key=_start)
        number += 1
        end = -1
        # Those whose pieces would meet share one.
        while number < len(fresh):
            at = bisect_left(found, fresh[number].start, key=_start)
            # (This shows it for most, in no time.)
            if at > last + 1 or found[at].start - found[last].end > _REACH:
                end = _behind(found, last, length)
                if _before(found, at) > end:
                    break
            last = at
            end = -1
            number += 1
        if end < 0:
            end = _behind(found, last, length)
        yield _piece(found, (_before(found, first), end), (first, last))


def _piece(found: Sequence[Finding], around: tuple[int, int], new: tuple[int, int]) -> Piece:
    begin, end = around
    masked: list[Finding] = []
    # How far what follows so many findings has moved.
    moved = first = last = 0
    for number in range(bisect_left(found, begin, key=_start), bisect_left(found, end, key=_start)):
        finding = found[number]
        start, stop = finding.start - begin, finding.end - begin
        masked.append(Finding(finding.rule, finding.kind, start, stop))
        if number == new[0]:
            first = start + moved
        moved += len(COVER) - (stop - start)
        if number == new[1]:
            last = stop + moved
    return Piece(begin, end, masked, first, last)


def _before(found: Sequence[Finding], number: int) -> int:
    """Where what stands before a finding begins, as far as ``_REACH`` goes in the masked text.

    It is in no finding.
    """
    left = _REACH
    start = found[number].start
    while left > 0 and number:
        number -= 1
        gap = start - found[number].end
        if gap >= left:
            return start - left
        start = found[number].start
        left -= gap + len(COVER)
    return max(0, start - max(0, left))


def _behind(found: Sequence[Finding], number: int, length: int) -> int:
    """Where what stands behind a finding ends, in the same way."""
    left = _REACH
    end = found[number].end
    while left > 0 and number + 1 < len(found):
        number += 1
        gap = found[number].start - end
        if gap >= left:
            return end + left
        end = found[number].end
        left -= gap + len(COVER)
    return min(length, end + max(0, left))


def close(look: Look, piece: Piece) -> list[Hits]:
    """The places of a look at a piece from which a rule can see what was masked last.

    Args:
        look: The look.
        piece: The piece.
    """
    points = look.points
    kept: list[Hits] = []
    for index, places in look.hits:
        trial = look.trial(index)
        begin = piece.first - (trial.window[1] if trial.window else _AHEAD)
        end = piece.last + trial.looks_back
        if points is None:
            close = [at for at in places if begin < at < end]
        else:
            close = [byte for byte in places if begin < points[byte] < end]
        if close:
            kept.append((index, close))
    return kept
