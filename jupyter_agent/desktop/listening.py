"""Whether a desktop's browser takes what a person types, and what is kept back until it does.

A browser that has just been started loses keys, and in a password field nobody sees it: those that
come before its window has the focus go nowhere, and Chromium throws away those that come before a
page has painted for the first time (its feature DropInputEventsBeforeFirstPaint, so that nobody
answers what they have not seen yet). So they wait here, in their order.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from jupyter_agent.desktop.cdp import Cdp
from jupyter_agent.desktop.tabs import front, session
from jupyter_agent.errors import DesktopClosed, DesktopError

LONGEST: Final = 60.0
"""Seconds that keys are kept back: whatever the page does, a person can use the browser then."""

_ASKED: Final = 5.0  # seconds for one page to paint, before it is asked whether it still is there
_AGAIN: Final = 0.05  # seconds; another page is on its way

_PAINTED: Final = """new Promise(painted => new PerformanceObserver((entries, observer) => {
  observer.disconnect();
  painted(true);
}).observe({type: 'paint', buffered: true}))"""
"""See https://www.w3.org/TR/paint-timing/. The entry comes once the picture is on the screen."""


class Listening:
    """Whether what is typed arrives. It does not at the beginning.

    Attributes:
        focused: Whether the window has the focus: a click arrives, though perhaps no key yet.
    """

    def __init__(self) -> None:
        self.focused = False
        self._open = asyncio.Event()
        self._told: list[Callable[[], None]] = []

    @property
    def is_open(self) -> bool:
        """Whether it arrives now."""
        return self._open.is_set()

    def open(self) -> None:
        """From now on it does; whoever wants to know is told."""
        self.focused = True
        self._open.set()
        for told in tuple(self._told):
            told()

    def shut(self) -> None:
        """The browser is started anew: it does not."""
        self.focused = False
        self._open.clear()

    async def wait(self) -> None:
        """Wait until it does."""
        await self._open.wait()

    def tell(self, told: Callable[[], None]) -> Callable[[], None]:
        """Call ``told`` whenever it begins to; returns what ends that."""
        self._told.append(told)
        return lambda: self._told.remove(told)


async def painted(cdp: Cdp) -> None:
    """Wait until the page in front has painted for the first time.

    It is asked in a world of its own, of which the page sees nothing, and without turning any of
    the protocol's events on.

    Raises:
        DesktopClosed: The browser is gone.
    """
    while True:
        try:
            tab = await front(cdp)
            if tab is not None and await _has_painted(cdp, tab.target):
                return
        except DesktopClosed:
            raise
        except DesktopError:
            pass  # another page has come, as the first one after an empty one does, or none yet
        await asyncio.sleep(_AGAIN)


async def _has_painted(cdp: Cdp, target: str) -> bool:
    async with session(cdp, target) as ours:
        tree = await cdp.send("Page.getFrameTree", {}, ours)
        world = await cdp.send(
            "Page.createIsolatedWorld",
            {"frameId": tree["frameTree"]["frame"]["id"], "worldName": "jupyter_agent: painted"},
            ours,
        )
        asked = {
            "expression": _PAINTED,
            "contextId": world["executionContextId"],
            "awaitPromise": True,
            "returnByValue": True,
        }
        answer = await cdp.send("Runtime.evaluate", asked, ours, patience=_ASKED)
    return answer["result"].get("value") is True
