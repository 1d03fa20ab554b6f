"""What a person took out of a field is not put back: each page forgets what "undo" would bring.

A password that was typed wrong and emptied stands in no field, and one "undo" of a script puts it
back. Chromium keeps the last thousand steps of each frame and has no command to drop them. So the
page takes that many others, in a box of our own that is gone at once, and what a person did before
falls off the end.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from jupyter_agent.desktop.cdp import Cdp
from jupyter_agent.desktop.tabs import Tab, frames_apart, host_of, session, tabs

PATIENCE: Final = 15.0
"""Seconds for one tab: a page of many elements on a busy machine takes one or two."""

_WORLD: Final = "jupyter_agent: undo"

# A modal dialog, because all else is inert while the page shows one, and because it gives the focus
# back to where it was when it closes. "bold" is the quickest step that is never joined to the last.
_FORGET: Final = """(() => {
  const kept = () => ['undo', 'redo'].some(name => document.queryCommandEnabled(name));
  if (!(document instanceof HTMLDocument) || !kept()) return true;
  const events = ['focus', 'focusin', 'blur', 'focusout', 'beforeinput', 'input', 'change',
    'selectstart', 'selectionchange', 'beforetoggle', 'toggle', 'close'];
  const hush = event => event.stopImmediatePropagation();
  for (const name of events) addEventListener(name, hush, true);
  const box = document.createElement('dialog');
  try {
    for (const rule of ['all: initial', 'display: block', 'position: fixed', 'opacity: 0',
      'left: -99px', 'width: 9px', 'height: 9px', 'contain: strict', 'user-select: text']) {
      const [name, value] = rule.split(': ');
      box.style.setProperty(name, value, 'important');
    }
    box.contentEditable = 'true';
    box.textContent = 'x';
    document.documentElement.append(box);
    box.showModal();
    getSelection().selectAllChildren(box);
    for (let step = 0; step < 1001; step++) document.execCommand('bold');
  } finally {
    if (box.open) box.close();
    box.remove();
    for (const name of events) removeEventListener(name, hush, true);
  }
  return !kept();
})()"""


async def forget(cdp: Cdp) -> str:
    """Have each page of each tab forget it; one sentence where one does not.

    Raises:
        TimeoutError: A tab did not answer.
        DesktopError: A tab refused.
    """
    there = await tabs(cdp)
    reasons = await asyncio.gather(*(_in_tab(cdp, tab) for tab in there))
    return next((reason for reason in reasons if reason), "")


async def _in_tab(cdp: Cdp, tab: Tab) -> str:
    async with asyncio.timeout(PATIENCE):
        if await _forgotten(cdp, tab.target):
            return ""
    where = f" on {host_of(tab.url)}" if host_of(tab.url) else ""
    return f"What you took out of a field{where} could be put back: load the page anew."


async def _forgotten(cdp: Cdp, target: str) -> bool:
    async with session(cdp, target) as ours:
        tree = await cdp.send("Page.getFrameTree", {}, ours)
        for frame in _frames(tree["frameTree"]):
            if not await _frame_forgets(cdp, ours, frame):
                return False
        for apart in await frames_apart(cdp, ours):
            if not await _forgotten(cdp, apart["targetId"]):
                return False
    return True


async def _frame_forgets(cdp: Cdp, ours: str, frame: str) -> bool:
    world = await cdp.send(
        "Page.createIsolatedWorld", {"frameId": frame, "worldName": _WORLD}, ours
    )
    asked = {
        "expression": _FORGET,
        "contextId": world["executionContextId"],
        "returnByValue": True,
    }
    answer = await cdp.send("Runtime.evaluate", asked, ours, patience=PATIENCE)
    return answer["result"].get("value") is True


def _frames(tree: Mapping[str, Any]) -> list[str]:
    """The frames of a target itself; those of other sites are targets of their own."""
    inner = (name for child in tree.get("childFrames") or () for name in _frames(child))
    return [str(tree["frame"]["id"]), *inner]
