"""The browser's tabs: which there are, which is in front, and a session of our own in one of them.

These sessions live for one question. None of them enables the network's events or a page's console,
so that nothing a person types passes through them.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from jupyter_agent.desktop.cdp import Cdp, CommandRefused
from jupyter_agent.errors import DesktopError

_LOOK: Final = 1.0  # seconds for a tab to say whether it is seen; one that hangs is not asked again
_CLOSING: Final = 15.0  # seconds for a tab to close, on a machine that is busy
_AGAIN: Final = 1.0  # seconds; asked while it goes to another page, Chromium may forget it
_OFTEN: Final = 0.01  # seconds between looks whether it has


@dataclass(frozen=True, slots=True, repr=False)
class Tab:
    """One page that a person would call a tab.

    Attributes:
        target: As the browser names it.
        url: What it shows. May hold a token: it is for whoever drives.
    """

    target: str
    url: str

    @property
    def host(self) -> str:
        """The real host of it, with a port that is not the usual one; "" for the browser's own."""
        return host_of(self.url)


def host_of(url: str) -> str:
    """The host that an http or https address is on, and its port if it has one."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https"):
        return ""
    shown = f"[{host}]" if ":" in host else host
    return f"{shown}:{port}" if port is not None else shown


async def tabs(cdp: Cdp) -> list[Tab]:
    """All of them, oldest first."""
    targets = (await cdp.send("Target.getTargets"))["targetInfos"]
    return [Tab(t["targetId"], t["url"]) for t in targets if t["type"] == "page"]


async def front(cdp: Cdp) -> Tab | None:
    """The one in front: of those that are seen the one with the focus, or else the newest."""
    there = await tabs(cdp)
    if len(there) <= 1:
        return there[0] if there else None
    ranks = await asyncio.gather(*(_rank(cdp, tab) for tab in there))
    return max(zip(ranks, range(len(there)), there, strict=True), key=lambda one: one[:2])[2]


async def _rank(cdp: Cdp, tab: Tab) -> int:
    asked = "(document.visibilityState === 'visible') + document.hasFocus()"
    try:
        async with session(cdp, tab.target) as ours:
            answer = await cdp.send(
                "Runtime.evaluate",
                {"expression": asked, "returnByValue": True},
                ours,
                patience=_LOOK,
            )
    except DesktopError:
        return 0  # it hangs or has gone, and the others can be asked
    value = answer.get("result", {}).get("value")
    return value if isinstance(value, int) else 0


async def _closed(cdp: Cdp, old: list[Tab]) -> list[Tab]:
    """Ask tabs to close, and look for a while whether they have; those that are still there."""
    for tab in old:
        with contextlib.suppress(CommandRefused):  # it has closed by itself
            await cdp.send("Target.closeTarget", {"targetId": tab.target})
    clock = asyncio.get_running_loop().time
    until = clock() + _AGAIN
    # Chromium tells of it only those who ask to hear of every target there is.
    while old and clock() < until:
        there = {tab.target for tab in await tabs(cdp)}
        old = [tab for tab in old if tab.target in there]
        await asyncio.sleep(_OFTEN)
    return old


@asynccontextmanager
async def session(cdp: Cdp, target: str) -> AsyncIterator[str]:
    """Attach to a target for as long as the block lasts.

    Raises:
        CommandRefused: It is gone.
    """
    attached = await cdp.send("Target.attachToTarget", {"targetId": target, "flatten": True})
    ours: str = attached["sessionId"]
    try:
        yield ours
    finally:
        with contextlib.suppress(DesktopError):  # the target is gone, and the session with it
            await cdp.send("Target.detachFromTarget", {"sessionId": ours})


async def frames_apart(cdp: Cdp, ours: str) -> list[dict[str, Any]]:
    """The frames of other sites in a target; those run apart, and are targets below it.

    Args:
        cdp: The browser's pipe.
        ours: A session in the target that they are in.

    Returns:
        What the browser says of each: ``targetId``, ``url``.

    Raises:
        DesktopError: The target is gone.
    """
    found: list[dict[str, Any]] = []
    stop = cdp.listen(
        lambda event: (
            found.append(event.params["targetInfo"])
            if event.method == "Target.attachedToTarget"
            else None
        ),
        ours,
    )
    try:
        # The browser tells of those that are there before it answers.
        await cdp.send(
            "Target.setAutoAttach",
            {"autoAttach": True, "waitForDebuggerOnStart": False, "flatten": True},
            ours,
        )
    finally:
        stop()
    return [target for target in found if target["type"] == "iframe"]


async def renew(cdp: Cdp) -> None:
    """Put a new tab in the place of each one, at the same address, and close the old ones.

    Scripts that a program has left in a page, in whatever world, live until the page ends, and
    would see what is typed into it; a page in another tab of the same site can reach into it. So
    they all end. A new tab, unlike loading again, posts no form twice and can't be held up by the
    page. What it loses: what was filled in, the tab's own history and session storage.

    Raises:
        DesktopError: One did not close.
    """
    old = await tabs(cdp)
    seen = await front(cdp)
    for tab in sorted(old, key=lambda one: one == seen):  # what was in front is again, as the last
        again = tab.url if urlsplit(tab.url).scheme in ("http", "https") else "about:blank"
        await cdp.send("Target.createTarget", {"url": again})
    try:
        async with asyncio.timeout(_CLOSING):
            while old := await _closed(cdp, old):
                pass
    except TimeoutError:
        raise DesktopError(
            "A page that the agent's program has opened does not close.",
            "Close the desktop, and open another.",
        ) from None
