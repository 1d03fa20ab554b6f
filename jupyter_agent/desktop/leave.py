"""What a person leaves behind in the browser besides fields, taken away before the agent is let in.

history     "back" would lead to a form, and the browser fills in again what stood there; an
address may hold a token. Each tab keeps the page that it shows
console     what a page has logged while the person drove is told to whoever listens later
clipboard   what was copied could be pasted into a field, and read there

What "undo" would put back is ``undo``'s; what a middle button would paste no agent gets, because no
agent has that button (``allowed``): Chromium keeps what was selected last, and nothing empties it.
"""

from __future__ import annotations

import asyncio
from typing import Final

from jupyter_agent.desktop.cdp import Cdp
from jupyter_agent.desktop.tabs import Tab, front, session, tabs

PATIENCE: Final = 3.0
"""Seconds for one tab."""

_EMPTY_CLIPBOARD: Final = """new Promise(done => {
  const put = event => {
    event.clipboardData.setData('text/plain', ' ');
    event.preventDefault();
    event.stopImmediatePropagation();
  };
  addEventListener('copy', put, {capture: true, once: true});
  document.execCommand('copy');
  removeEventListener('copy', put, {capture: true});
  done();
})"""


async def leave_nothing(cdp: Cdp) -> None:
    """Take it away, in every tab.

    Raises:
        TimeoutError: A tab did not answer.
        DesktopError: A tab refused.
    """
    there = await tabs(cdp)
    shown = await front(cdp)
    async with asyncio.timeout(PATIENCE):
        await asyncio.gather(*(_leave(cdp, tab, clipboard=tab == shown) for tab in there))


async def _leave(cdp: Cdp, tab: Tab, *, clipboard: bool) -> None:
    async with session(cdp, tab.target) as ours:
        await cdp.send("Page.enable", {}, ours)
        await cdp.send("Page.resetNavigationHistory", {}, ours)
        for method in ("Runtime.discardConsoleEntries", "Log.clear"):
            await cdp.send(method, {}, ours)
        if clipboard:
            await _empty_clipboard(cdp, ours)


async def _empty_clipboard(cdp: Cdp, ours: str) -> None:
    tree = await cdp.send("Page.getFrameTree", {}, ours)
    world = await cdp.send(
        "Page.createIsolatedWorld",
        {"frameId": tree["frameTree"]["frame"]["id"], "worldName": "jupyter_agent: clipboard"},
        ours,
    )
    await cdp.send(
        "Runtime.evaluate",
        {
            "expression": _EMPTY_CLIPBOARD,
            "contextId": world["executionContextId"],
            "userGesture": True,
            "awaitPromise": True,
        },
        ours,
    )
