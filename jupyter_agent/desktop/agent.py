"""The agent's hands and eyes: what it does on the page in front, one request at a time.

None of it takes a script from the agent: what runs in a page here is ours, in a world of its own.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

from jupyter_agent.desktop import allowed, keys
from jupyter_agent.desktop.cdp import Cdp, Event
from jupyter_agent.desktop.tabs import Tab, front
from jupyter_agent.desktop.turn import Turn
from jupyter_agent.errors import DesktopError, RequestInvalid

_LOADING: Final = 15.0  # seconds; a page that loads longer is there, and still loads
_QUALITIES: Final = (80, 60, 40, 20)  # of a JPEG
_SMALLER: Final = (0.7, 0.5, 0.3)  # what is left of its sides, where quality alone does not do
_LONGEST_TEXT: Final = 200_000  # characters
_LONGEST_TYPED: Final = 10_000  # characters

_TEXT: Final = "document.body ? document.body.innerText : ''"
_ENDS_A_DIALOG: Final = ("alert", "beforeunload")  # "OK"; anything else is answered with "Cancel"


class Hands:
    """An ``AgentChannel`` over the browser's pipe.

    Args:
        cdp: The browser's pipe.
        turn: While it lasts, so does this.
        publish: Makes the one-time address for a program.
    """

    def __init__(self, cdp: Cdp, turn: Turn, publish: Callable[[], Awaitable[str]]) -> None:
        self._cdp = cdp
        self._turn = turn
        self._publish = publish
        self._root = ""
        self._sessions: dict[str, str] = {}
        self._attaching = asyncio.Lock()

    async def screenshot(self, *, limit: int = 700_000) -> bytes:
        """See ``AgentChannel``."""
        return await self._turn.during(self._screenshot(limit))

    async def click(self, x: float, y: float) -> None:
        """See ``AgentChannel``."""
        moved: dict[str, Any] = {"x": x, "y": y, "button": "none", "type": "mouseMoved"}
        left = moved | {"button": "left", "clickCount": 1}
        events = [moved, left | {"type": "mousePressed"}, left | {"type": "mouseReleased"}]
        await self._turn.during(self._dispatch("Input.dispatchMouseEvent", events))

    async def type(self, text: str) -> None:
        """See ``AgentChannel``."""
        if len(text) > _LONGEST_TYPED:
            raise RequestInvalid(
                f"At most {_LONGEST_TYPED} characters are typed at once.", "Type it in parts."
            )
        await self._turn.during(self._dispatch("Input.dispatchKeyEvent", keys.typed(text)))

    async def press(self, key: str) -> None:
        """See ``AgentChannel``."""
        await self._turn.during(self._dispatch("Input.dispatchKeyEvent", keys.strokes(key)))

    async def navigate(self, url: str) -> None:
        """See ``AgentChannel``."""
        if not url or not allowed.permitted_address(url):
            raise RequestInvalid(
                "An agent opens http and https addresses without credentials, and no others."
            )
        await self._turn.during(self._navigate(url))

    async def text(self) -> str:
        """See ``AgentChannel``."""
        return await self._turn.during(self._text())

    async def endpoint(self) -> str:
        """See ``AgentChannel``."""
        return await self._turn.during(_published(self._publish))

    async def _dispatch(self, method: str, events: Sequence[dict[str, Any]]) -> None:
        session = await self._page()
        for event in events:
            await self._cdp.send(method, event, session)

    async def _screenshot(self, limit: int) -> bytes:
        session = await self._page()
        for quality in _QUALITIES:
            if len(picture := await self._capture(session, quality)) <= limit:
                return picture
        metrics = await self._cdp.send("Page.getLayoutMetrics", {}, session)
        seen = metrics["cssVisualViewport"]
        area = {
            "x": seen["pageX"],
            "y": seen["pageY"],
            "width": seen["clientWidth"],
            "height": seen["clientHeight"],
        }
        for scale in _SMALLER:
            clip = area | {"scale": scale}
            if len(picture := await self._capture(session, _QUALITIES[-1], clip=clip)) <= limit:
                return picture
        raise DesktopError(f"No picture of the page has at most {limit} bytes.", "Allow for more.")

    async def _capture(self, session: str, quality: int, **more: Any) -> bytes:
        asked = {"format": "jpeg", "quality": quality, **more}
        answer = await self._cdp.send("Page.captureScreenshot", asked, session)
        return base64.b64decode(answer["data"])

    async def _navigate(self, url: str) -> None:
        tab = await front(self._cdp)
        if tab is None or not _is_a_site(tab):
            created = await self._cdp.send("Target.createTarget", {"url": "about:blank"})
            tab = Tab(created["targetId"], "about:blank")
        session = await self._session(tab)
        loaded = asyncio.Event()
        stop = self._cdp.listen(
            lambda event: loaded.set() if event.method == "Page.loadEventFired" else None, session
        )
        try:
            answer = await self._cdp.send("Page.navigate", {"url": url}, session)
            if error := answer.get("errorText"):
                raise DesktopError(f"The page could not be opened ({error}).")
            if "loaderId" in answer:  # or else it is the same page, at another place in it
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(loaded.wait(), _LOADING)
        finally:
            stop()

    async def _text(self) -> str:
        session = await self._page()
        tree = await self._cdp.send("Page.getFrameTree", {}, session)
        texts = []
        for frame in _frames(tree["frameTree"]):
            world = await self._cdp.send(
                "Page.createIsolatedWorld",
                {"frameId": frame, "worldName": "jupyter_agent: text"},
                session,
            )
            answer = await self._cdp.send(
                "Runtime.evaluate",
                {
                    "expression": _TEXT,
                    "contextId": world["executionContextId"],
                    "returnByValue": True,
                },
                session,
            )
            texts.append(str(answer["result"].get("value", "")))
        return "\n".join(text for text in texts if text)[:_LONGEST_TEXT]

    async def _page(self) -> str:
        """A session in the page in front."""
        tab = await front(self._cdp)
        if tab is None:
            raise DesktopError("No page is open.", "Navigate to one.")
        if not _is_a_site(tab):
            raise DesktopError("The page in front is the browser's own.", "Navigate to another.")
        return await self._session(tab)

    async def _session(self, tab: Tab) -> str:
        async with self._attaching:
            if tab.target not in self._sessions:
                self._sessions[tab.target] = await self._attach(tab)
            return self._sessions[tab.target]

    async def _attach(self, tab: Tab) -> str:
        if not self._root:
            self._root = await self._turn.attach()
        attached = await self._cdp.send(
            "Target.attachToTarget", {"targetId": tab.target, "flatten": True}, self._root
        )
        session: str = attached["sessionId"]
        self._cdp.listen(lambda event: self._hear(tab, session, event), session)
        await self._cdp.send("Page.enable", {}, session)
        return session

    def _hear(self, tab: Tab, session: str, event: Event) -> None:
        if event.method == "Page.javascriptDialogOpening":
            # Nobody else can answer it while an agent is attached, and the page waits for it.
            accept = event.params.get("type") in _ENDS_A_DIALOG
            answer = {"accept": accept}
            self._cdp.post("Page.handleJavaScriptDialog", answer, session, lambda _: None)
        elif event.method == "Inspector.detached":
            self._sessions.pop(tab.target, None)


def _is_a_site(tab: Tab) -> bool:
    return allowed.visible({"type": "page", "url": tab.url})


def _frames(tree: dict[str, Any]) -> list[str]:
    frames = [str(tree["frame"]["id"])]
    for child in tree.get("childFrames") or ():
        frames += _frames(child)
    return frames


async def _published(publish: Callable[[], Awaitable[str]]) -> str:
    return await publish()
