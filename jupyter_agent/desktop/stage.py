"""What of a browser without a screen is shown: the tab in front, as pictures, and which tabs exist.

The session in that tab is ours, not the agent's. It hears of pictures, dialogs and file fields, and
of nothing that is typed: neither the network's events nor a page's console are turned on.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from jupyter_agent.desktop.cdp import Cdp, CommandRefused, Event
from jupyter_agent.desktop.stillness import STEADY_CARET, Stillness
from jupyter_agent.desktop.tabs import front
from jupyter_agent.errors import DesktopError

_MEASURE: Final = "Emulation.setDeviceMetricsOverride"
QUALITY: Final = 80
"""Of a JPEG: letters stay sharp; 135 KB for a full page of text."""

_STEADY: Final = {
    "source": STEADY_CARET,
    # Apart from the page's own scripts: nothing that these have redefined is called.
    "worldName": "jupyter_agent: caret",
    "runImmediately": True,  # the page is there already
}


@dataclass(frozen=True, slots=True, repr=False)
class Frame:
    """One picture.

    Attributes:
        width: CSS pixels of the page that it shows.
        height: The same.
        jpeg: The picture.
    """

    width: int
    height: int
    jpeg: bytes


class Stage:
    """Follows the tab in front. Made by ``begin``.

    Args:
        cdp: The browser's pipe.
        size: Of a page, in CSS pixels.

    Attributes:
        session: In the tab that is shown; "" while there is none.
        target: That tab.
        frame: The newest picture.
        changed: Called after a new picture, tab, address or title.
        heard: Called with the shown tab's own events.
        entered: Called when another tab is shown, with whatever page it has by then.
        steered: Whether somebody else than a person may act in it now: pictures are made all the
            time then, because nothing tells of each thing that is done.
    """

    def __init__(self, cdp: Cdp, size: tuple[int, int]) -> None:
        self.session = ""
        self.target = ""
        self.frame: Frame | None = None
        self.changed: Callable[[], None] = lambda: None
        self.heard: Callable[[Event], None] = lambda _: None
        self.entered: Callable[[], None] = lambda: None
        self.steered: Callable[[], bool] = lambda: False
        self._still = Stillness(self._make, self._make_none)
        self._cdp = cdp
        self._size = size
        self._tabs: dict[str, dict[str, Any]] = {}
        self._stop: Callable[[], None] = lambda: None
        self._moving = asyncio.Lock()
        self._begun = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._watched = 0

    async def begin(self) -> None:
        """Show the tab that is there."""
        self._cdp.listen(self._hear_browser)
        # Tells at once of all there are, and from then on of each that comes, changes or goes.
        await self._cdp.send("Target.setDiscoverTargets", {"discover": True})
        tab = await front(self._cdp)
        self._begun = True
        if tab is not None:
            await self.show(tab.target)

    def tabs(self) -> list[dict[str, str]]:
        """What there is to choose from: ``id``, ``title``, ``url``, oldest first."""
        return [
            {"id": target, "title": str(tab["title"]), "url": str(tab["url"])}
            for target, tab in self._tabs.items()
        ]

    async def show(self, target: str) -> None:
        """Bring a tab to the front, and show it."""
        async with self._moving:
            await self._turn_to(target)
        self.changed()

    async def watch(self) -> None:
        """A viewer has come: pictures are made."""
        self._watched += 1
        if self._watched == 1 and self.session:
            self._still.begin()

    async def unwatch(self) -> None:
        """A viewer is gone; with the last one, no pictures are made."""
        self._watched -= 1
        if not self._watched:
            self._still.end()
            self._make_none()

    def stir(self) -> None:
        """Something is about to be done in it: what changes is shown at once."""
        self._still.stir()

    def resize(self, width: int, height: int) -> None:
        """Give pages another size.

        Not waited for: a page that shows a dialog answers once a person has answered that, and the
        person's answer would wait behind this.
        """
        self._size = (width, height)
        session = self.session

        def measured(_: object) -> None:
            if session == self.session:
                self._still.anew()

        if session:
            with contextlib.suppress(DesktopError):  # the browser is gone
                self._cdp.post(_MEASURE, self._measures(), session, measured)

    def taken(self, frame_number: int, session: str) -> None:
        """A picture was sent on: the browser makes the next one."""
        self._post("Page.screencastFrameAck", {"sessionId": frame_number}, session)

    async def _turn_to(self, target: str) -> None:
        if target not in self._tabs or (target == self.target and self.session):
            return
        await self._leave()
        try:
            await self._enter(target)
        except CommandRefused:  # it is gone, and it may have been told of before it was shown
            self._tabs.pop(target, None)
            self._soon(self._another(target))

    async def _enter(self, target: str) -> None:
        self.target = target
        await self._cdp.send("Target.activateTarget", {"targetId": target})
        attached = await self._cdp.send(
            "Target.attachToTarget", {"targetId": target, "flatten": True}
        )
        self.session = str(attached["sessionId"])
        self._stop = self._cdp.listen(self._hear, self.session)
        await self._cdp.send("Page.enable", {}, self.session)
        await self._cdp.send("Page.setInterceptFileChooserDialog", {"enabled": True}, self.session)
        self._post("Page.addScriptToEvaluateOnNewDocument", _STEADY, self.session)
        await self._cdp.send(_MEASURE, self._measures(), self.session)
        if self._watched:
            self._still.begin()
        self.entered()

    async def _leave(self) -> None:
        self._stop()
        self._still.end()
        left, self.session, self.target = self.session, "", ""
        if left:
            with contextlib.suppress(DesktopError):
                await self._cdp.send("Target.detachFromTarget", {"sessionId": left})

    def _measures(self) -> dict[str, Any]:
        width, height = self._size
        return {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}

    def _make(self) -> None:
        self._post("Page.startScreencast", {"format": "jpeg", "quality": QUALITY}, self.session)

    def _make_none(self) -> None:
        self._post("Page.stopScreencast", {}, self.session)

    def _post(self, method: str, params: dict[str, Any], session: str) -> None:
        if session:
            with contextlib.suppress(DesktopError):  # the browser is gone
                self._cdp.post(method, params, session, lambda _: None)

    def _hear(self, event: Event) -> None:
        if event.method == "Page.screencastFrame":
            about, number = event.params["metadata"], event.params["sessionId"]
            jpeg = base64.b64decode(event.params["data"])
            self.frame = Frame(int(about["deviceWidth"]), int(about["deviceHeight"]), jpeg)
            self.taken(number, event.session)
            if self.steered():
                self._still.stir()
            else:
                self._still.seen(jpeg)
            self.changed()
        elif event.method == "Page.screencastVisibilityChanged":
            if not event.params.get("visible"):
                self._soon(self._follow(event.session))
        else:
            self._still.stir()
            self.heard(event)

    def _hear_browser(self, event: Event) -> None:
        about = event.params.get("targetInfo", {})
        if event.method in ("Target.targetCreated", "Target.targetInfoChanged"):
            if about.get("type") != "page":
                return
            new = about["targetId"] not in self._tabs
            self._tabs[about["targetId"]] = about
            if about["targetId"] == self.target:
                self._still.stir()
            if new and self._begun:
                self._soon(self.show(about["targetId"]))  # a page opened it, or the agent
        elif event.method in ("Target.targetDestroyed", "Target.targetCrashed"):
            gone = str(event.params.get("targetId"))
            self._tabs.pop(gone, None)
            if gone == self.target:
                self._soon(self._another(gone))
        self.changed()

    async def _follow(self, hidden: str) -> None:
        """The shown tab is seen no longer: the agent may have brought another one to the front."""
        if hidden != self.session:  # it was left, and is hidden for that
            return
        tab = await front(self._cdp)
        async with self._moving:
            # Asked again: what was in front before another move is not what is wanted after it.
            if tab is not None and hidden == self.session:
                await self._turn_to(tab.target)
        self.changed()

    async def _another(self, gone: str) -> None:
        """The tab that was to be shown is gone."""
        async with self._moving:
            if gone != self.target:  # it was left meanwhile, for one that is there
                return
            self._stop()
            self._still.end()
            self.session = self.target = ""
            if self._tabs:
                await self._turn_to(next(reversed(self._tabs)))
                self.changed()
                return
        # A person has closed the last one: there is always a page to look at.
        made = await self._cdp.send("Target.createTarget", {"url": "about:blank"})
        await self.show(str(made["targetId"]))

    def _soon(self, work: Any) -> None:
        task = asyncio.ensure_future(_quiet(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _quiet(work: Any) -> None:
    with contextlib.suppress(DesktopError):  # the tab, or the browser, has gone meanwhile
        await work
