"""Pages behind HTTP authentication (RFC 7617 and its like): asked by the viewer, told the browser.

A browser without a screen shows the refusal instead of asking. So it is looked at which status a
page came with, and only where a person has answered are the requests of that one load stopped, to
give the browser the name and the password when it asks. It keeps them as it always does.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any, Final

from jupyter_agent.desktop.cdp import Cdp, Event
from jupyter_agent.desktop.stage import Stage
from jupyter_agent.errors import DesktopError

_LOADING: Final = 20.0  # seconds
_REFUSED: Final = 401
_STATUS: Final = "(performance.getEntriesByType('navigation')[0] || {}).responseStatus || 0"


class HttpLogin:
    """HTTP authentication in the tab that is shown."""

    def __init__(self, cdp: Cdp, stage: Stage) -> None:
        self._cdp = cdp
        self._stage = stage

    async def is_asked(self) -> bool:
        """Whether the page was refused for want of a name and a password.

        Raises:
            DesktopError: It is gone.
        """
        session = self._stage.session
        asked = {"expression": _STATUS, "returnByValue": True}
        answer = await self._cdp.send("Runtime.evaluate", asked, session)
        return bool(answer["result"].get("value") == _REFUSED)

    async def give(self, user: str, password: str) -> None:
        """Load the page again with them. They are given once: what is wrong is asked again.

        Raises:
            DesktopError: The page is gone.
        """
        session = self._stage.session
        loaded, given = asyncio.Event(), False

        def hear(event: Event) -> None:
            nonlocal given
            if event.method == "Fetch.authRequired":
                answer: dict[str, Any] = {"response": "CancelAuth"}
                # A proxy's question is another one's; and what was refused is not said again.
                if not given and event.params["authChallenge"].get("source") != "Proxy":
                    answer = {"response": "ProvideCredentials"}
                    answer |= {"username": user, "password": password}
                    given = True
                self._post("Fetch.continueWithAuth", event, {"authChallengeResponse": answer})
            elif event.method == "Fetch.requestPaused":
                self._post("Fetch.continueRequest", event, {})
            elif event.method == "Page.loadEventFired":
                loaded.set()

        stop = self._cdp.listen(hear, session)
        try:
            patterns = [{"urlPattern": "*", "resourceType": "Document"}]
            asked = {"handleAuthRequests": True, "patterns": patterns}
            await self._cdp.send("Fetch.enable", asked, session)
            await self._cdp.send("Page.reload", {}, session)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(loaded.wait(), _LOADING)
        finally:
            stop()
            with contextlib.suppress(DesktopError):
                await self._cdp.send("Fetch.disable", {}, session)

    def _post(self, method: str, event: Event, more: dict[str, Any]) -> None:
        with contextlib.suppress(DesktopError):
            params = {"requestId": event.params["requestId"], **more}
            self._cdp.post(method, params, event.session, lambda _: None)
