"""A text in which disguises are undone, and the way back to the original."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from functools import lru_cache

from jupyter_agent.screen.disguise import EVERY, Chosen, Sign


class View:
    """What a stretch of a text looks like without its disguises.

    Most views hold no secret, so the way back is worked out when it is first asked for.

    Args:
        original: The stretch.
        chosen: What to undo; something.
        joints: Places that are left out, such as line ends inside a token; in order.
    """

    def __init__(self, original: str, chosen: Chosen, joints: Sequence[tuple[int, int]]) -> None:
        self._original = original
        self._signs, self._expression, only_removes = _undoing(chosen)
        self._joints = joints
        self._begins: list[int] = []
        self._pieces: list[tuple[int, int, bool]] = []
        if joints:
            self.text = self._pieced()
        elif only_removes:
            self.text = self._expression.sub("", original)
        else:
            self.text = self._expression.sub(self._replacement, original)

    def place(self, start: int, end: int) -> tuple[int, int]:
        """The place in the original of a place in ``text`` that is not empty."""
        if not self._begins:
            self._pieced()
        return self._origin(start)[0], self._origin(end - 1)[1]

    def _replacement(self, match: re.Match[str]) -> str:
        return self._signs[(match.lastindex or 1) - 1].replacement(match[0])

    def _edits(self) -> list[tuple[int, int, str]]:
        edits = [(start, end, "") for start, end in self._joints]
        edits += [
            (*match.span(), self._replacement(match))
            for match in self._expression.finditer(self._original)
        ]
        return sorted(edits)

    def _pieced(self) -> str:
        """The view's text, remembering where each piece of it begins and came from."""
        original = self._original
        pieces: list[str] = []
        length = done = 0
        for start, end, replacement in [*self._edits(), (len(original), len(original), "")]:
            if start < done:
                continue  # inside a joint
            # What lies between corresponds character by character; a replacement as a whole.
            for piece, begin, stop, one_by_one in (
                (original[done:start], done, start, True),
                (replacement, start, end, False),
            ):
                if piece:
                    self._begins.append(length)
                    self._pieces.append((begin, stop, one_by_one))
                    pieces.append(piece)
                    length += len(piece)
            done = end
        return "".join(pieces)

    def _origin(self, at: int) -> tuple[int, int]:
        index = bisect_right(self._begins, at) - 1
        start, end, one_by_one = self._pieces[index]
        if not one_by_one:
            return start, end
        offset = start + at - self._begins[index]
        return offset, offset + 1


@lru_cache(maxsize=64)
def _undoing(chosen: Chosen) -> tuple[Sequence[Sign], re.Pattern[str], bool]:
    """What to undo, an expression with a group for each of it, and whether all of it goes away."""
    signs = tuple(sign for number, sign in enumerate(EVERY) if chosen >> number & 1)
    first = "".join(sign.first for sign in signs)
    rest = "|".join(f"({sign.rest})" for sign in signs)
    expression = re.compile(f"[{first}](?:{rest})", re.ASCII)
    return signs, expression, all(sign.removed for sign in signs)
