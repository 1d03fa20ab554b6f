"""Long runs of base64: pictures, sound and archives, in which every keyword turns up by chance.

In a picture of three megabytes some vendor's prefix stands behind a slash with the right number of
letters and digits behind it. Nothing in the middle of such a run is a secret that somebody typed,
so no rule is tried there. A value that begins with a run, or that a name in front of it gives away,
is found by what stands around its beginning, and that is looked at.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import Final

from jupyter_agent.screen.rule import GATE_REACH

MARGIN: Final = 4 * GATE_REACH
"""Bytes of a run, at either end, that are looked at like any others."""
_STRIDE: Final = 4_096
_LEAST: Final = 2 * _STRIDE
"""Bytes of a run that counts. No vendor's key comes near; a picture of 6 kB is a small one."""
_FEW: Final = 32
_CHARACTERS: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_RUN: Final = re.compile(rb"[A-Za-z0-9+/]+")


def blobs(data: bytes) -> Sequence[tuple[int, int]]:
    """The middles of long runs of base64: where each begins and ends, in order.

    Which bytes these are depends on the run alone and not on where in the text it stands.

    Args:
        data: The text, in UTF-8.
    """
    if len(data) < _LEAST:
        return ()
    found: list[tuple[int, int]] = []
    done = 0
    # A run that counts goes on for a stride from one of these places. Between them ordinary text
    # is not looked at: its words end at once.
    for probe in range(0, len(data), _STRIDE):
        # (Of most places a few bytes tell.)
        if probe < done or data[probe : probe + _FEW].lstrip(_CHARACTERS):
            continue
        run = _RUN.match(data, probe)
        if run is None or run.end() - probe < _STRIDE:
            continue
        end = done = run.end()
        before = data[max(0, probe - _STRIDE) : probe]
        begin = probe - len(before) + len(before.rstrip(_CHARACTERS))
        if end - begin >= _LEAST:
            found.append((begin + MARGIN, end - MARGIN))
    return found


def outside(places: Sequence[int], middles: Sequence[tuple[int, int]]) -> Sequence[int]:
    """The places that are in none of these middles.

    Args:
        places: Byte offsets, in order.
        middles: From ``blobs``.
    """
    if len(middles) > len(places):
        begins = [begin for begin, _ in middles]
        numbers = [bisect_right(begins, at) for at in places]
        return [
            at
            for at, number in zip(places, numbers, strict=True)
            if not number or at >= middles[number - 1][1]
        ]
    # Few pictures and many places, as a rule.
    for begin, end in middles:
        first = bisect_left(places, begin)
        if first < len(places) and places[first] < end:
            places = [*places[:first], *places[bisect_left(places, end, first) :]]
    return places
