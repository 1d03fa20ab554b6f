"""The look at a masked text: which of the places that were tried before can a mask change?

No match may reach into a mask, so whatever a rule finds in the masked text begins at a keyword that
stood in the text before, outside of every finding. Of these places only those are tried again from
which a rule can see a mask: to their right, or close to their left. And nothing is found from a
name on from which only signs lead to the mask (``password = '[…]``): what it names is the mask.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from jupyter_agent.screen.spans import COVER

if TYPE_CHECKING:
    from jupyter_agent.screen.anchors import Hits
    from jupyter_agent.screen.finding import Finding
    from jupyter_agent.screen.look import Look

_SIGNS: Final = " \t\r\n\"'=:<>()[]{},"
_IN_NAMES: Final = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"
_LONGEST_NAME: Final = 32
_MOST_SIGNS: Final = 12


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
