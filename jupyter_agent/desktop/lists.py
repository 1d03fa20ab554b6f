"""Lists to choose from (``select``): found in the page, shown by the viewer, chosen in the page.

Looked for in frames of the same site and open shadow roots. In a frame of another site a list is
not found; there the arrow keys choose without a popup.
"""

from __future__ import annotations

from typing import Any, Final

from jupyter_agent.desktop.cdp import Cdp
from jupyter_agent.desktop.stage import Stage
from jupyter_agent.errors import DesktopError

_PATIENCE: Final = 0.5  # seconds; a page that is busy gets the click all the same
_WORLD: Final = "jupyter_agent: lists"

_FIND: Final = """
(() => {
  const inside = (root, x, y, left, top) => {
    const found = x === null ? root.activeElement : root.elementFromPoint(x - left, y - top);
    if (!found) return null;
    const deeper = found.shadowRoot && found.shadowRoot !== root ? found.shadowRoot : null;
    if (deeper) return inside(deeper, x, y, left, top);
    if (found.tagName === 'IFRAME') {
      const box = found.getBoundingClientRect();
      const [l, t] = [left + box.left + found.clientLeft, top + box.top + found.clientTop];
      return found.contentDocument ? inside(found.contentDocument, x, y, l, t) : null;
    }
    return {list: found.closest('select'), left, top};
  };
  const found = inside(document, X, Y, 0, 0);
  const list = found && found.list;
  if (!list || list.disabled || list.multiple || list.size > 1) return null;
  globalThis.list = list;
  list.focus();
  const box = list.getBoundingClientRect();
  return {
    box: [box.left + found.left, box.top + found.top, box.width, box.height],
    chosen: list.selectedIndex,
    options: [...list.options].slice(0, 2000).map(o => ({
      label: o.label,
      group: o.parentElement.tagName === 'OPTGROUP' ? o.parentElement.label : '',
      disabled: o.disabled || (o.parentElement.tagName === 'OPTGROUP' && o.parentElement.disabled),
    })),
  };
})()
"""

_CHOOSE: Final = """
(() => {
  const list = globalThis.list;
  globalThis.list = undefined;
  if (!list || !list.isConnected || list.selectedIndex === N || !list.options[N]) return;
  list.selectedIndex = N;
  list.dispatchEvent(new Event('input', {bubbles: true, composed: true}));
  list.dispatchEvent(new Event('change', {bubbles: true}));
})()
"""


class Lists:
    """Lists in the tab that is shown."""

    def __init__(self, cdp: Cdp, stage: Stage) -> None:
        self._cdp = cdp
        self._stage = stage
        self._session = ""
        self._world = 0

    async def at(self, x: float, y: float) -> dict[str, Any] | None:
        """The list at a place in CSS pixels, if there is one."""
        return await self._find(f"{x!r}", f"{y!r}")

    async def with_focus(self) -> dict[str, Any] | None:
        """The list that has the focus, if one has."""
        return await self._find("null", "null")

    async def choose(self, index: int) -> None:
        """Choose in the list that was found last; what is no option changes nothing.

        Raises:
            DesktopError: The page has gone.
        """
        if self._session and self._session == self._stage.session:
            await self._run(_CHOOSE.replace("N", str(int(index))))

    async def _find(self, x: str, y: str) -> dict[str, Any] | None:
        self._session = self._stage.session
        if not self._session:
            return None
        try:
            tree = await self._cdp.send("Page.getFrameTree", {}, self._session, patience=_PATIENCE)
            world = await self._cdp.send(
                "Page.createIsolatedWorld",
                {"frameId": tree["frameTree"]["frame"]["id"], "worldName": _WORLD},
                self._session,
                patience=_PATIENCE,
            )
            self._world = world["executionContextId"]
            found = await self._run(_FIND.replace("X", x).replace("Y", y))
        except DesktopError:
            return None  # it hangs or is just gone: the click is for what comes
        return found if isinstance(found, dict) else None

    async def _run(self, expression: str) -> Any:
        asked = {"expression": expression, "contextId": self._world, "returnByValue": True}
        answer = await self._cdp.send("Runtime.evaluate", asked, self._session, patience=_PATIENCE)
        return answer["result"].get("value")
