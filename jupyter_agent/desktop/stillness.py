"""Whether a picture stands still: then it is looked at once in a while, and not all the time.

A caret that blinks is two pictures a second that are drawn, packed and sent, for nothing: most of
what an idle browser costs. One without a screen asks no toolkit whether its caret is to blink, and
it is told so page by page (``STEADY_CARET``). What blinks all the same, as a caret in a frame of
another site, or on a page that has put our style away, is left to blink: pictures are no longer
made once the last few show the same one or two, and nobody has done anything. From then on a look
once in a while sees what a page does by itself; whatever a person does, and a page that loads, ends
it at once.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final

STEADY_CARET: Final = """{
  const steady = new CSSStyleSheet();
  steady.replaceSync(':root { caret-animation: manual }');
  document.adoptedStyleSheets.push(steady);
}"""
"""A script that lets a page's caret stand, see https://drafts.csswg.org/css-ui-4/#caret-animation.
It is inherited, into shadow trees too. A page can see that sheet, as it sees that it is steered."""

QUIET: Final = 2.0
"""Seconds without anything done before a picture is still."""

SOONEST: Final = 2.0
LATEST: Final = 5.0
"""Seconds between two looks at a still picture, a tenth of the time for which nothing was done: so
late is what a page shows by itself without loading anything."""

_PICTURES: Final = 4  # a caret has shown both of its two by then, twice


class Stillness:
    """Starts and stops the making of pictures.

    Args:
        start: Makes pictures from now on, the first one at once.
        stop: Makes none.
    """

    def __init__(self, start: Callable[[], None], stop: Callable[[], None]) -> None:
        self._start = start
        self._stop = stop
        self._last: deque[bytes] = deque(maxlen=_PICTURES)
        self._making = False
        self._still = False
        self._stirred = 0.0
        self._next: asyncio.TimerHandle | None = None

    def begin(self) -> None:
        """Somebody looks: make pictures."""
        self.end()
        self._make()
        self.stir()

    def end(self) -> None:
        """Nobody looks, or at something else."""
        self._still = self._making = False
        self._last.clear()
        if self._next is not None:
            self._next.cancel()
            self._next = None

    def stir(self) -> None:
        """Something was done, or is about to be: look all the time."""
        self._stirred = asyncio.get_running_loop().time()
        self._last.clear()
        if self._still:
            self._still = False
            if self._next is not None:
                self._next.cancel()
            self._make()

    def anew(self) -> None:
        """What is shown has another size: begin again, where pictures are made.

        Of a page that got another size and changes nothing else, Chromium made no picture in 10 of
        20 cases (a blank page, Chromium 156); it makes one whenever it is asked to begin.
        """
        if self._making:
            self._stop()
            self._start()

    def seen(self, picture: bytes) -> None:
        """A picture has come."""
        if self._still:
            if picture in self._last:
                self._rest()
            else:  # also one that was on its way while it was stopped: none is taken for still
                self.stir()
            return
        self._last.append(picture)
        now = asyncio.get_running_loop().time()
        if (
            now - self._stirred >= QUIET
            and len(self._last) == _PICTURES
            and len(set(self._last)) <= 2  # with the caret, and without
        ):
            self._still = True
            self._rest()

    def _make(self) -> None:
        if not self._making:
            self._making = True
            self._start()

    def _rest(self) -> None:
        if self._making:
            self._making = False
            self._stop()
            loop = asyncio.get_running_loop()
            pause = min(LATEST, max(SOONEST, (loop.time() - self._stirred) / 10))
            self._next = loop.call_later(pause, self._make)
