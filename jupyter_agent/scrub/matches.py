"""Where values stand in a stretch of output."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator

from jupyter_agent.scrub.reading import Reading
from jupyter_agent.scrub.variants import Needle


class Matches:
    """The values in a stretch of output, leftmost first, the longest of these, none overlapping."""

    def __init__(self, raw: bytes, wanted: Iterable[Needle], *, final: bool) -> None:
        self._wanted = list(wanted)
        self._readings: dict[int, Reading] = {}
        for needle in self._wanted:
            view = needle.view
            if id(view) not in self._readings:
                # An escape that the end may have cut off can't be read yet.
                end = len(raw) if final else view.settled(raw)
                self._readings[id(view)] = Reading(view, raw, 0, end)

    def after(self, at: int) -> Iterator[tuple[int, int, str]]:
        """Begin, end and label of each match from ``at`` on."""
        # Leftmost first, then longest, then the first label: the order of these tuples.
        queue: list[tuple[int, int, int, int]] = []

        def look(number: int) -> None:
            needle = self._wanted[number]
            place = self._readings[id(needle.view)].find(needle, at)
            if place is not None:
                heapq.heappush(queue, (place[0], -place[1], needle.order, number))

        for number in range(len(self._wanted)):
            look(number)
        while queue:
            begin, negative_end, _, number = heapq.heappop(queue)
            if begin >= at:
                at = -negative_end
                yield begin, at, self._wanted[number].label
            look(number)
