"""One program's connection to the browser: the permitted part of its protocol, in messages.

The program (Playwright's ``connect_over_cdp``) believes that it speaks with the browser. It speaks
with one session of it, sees the sessions that were made from this one and no others, and each of
its messages goes through ``allowed``. When the turn ends, nothing passes any more in that instant.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final

from jupyter_agent.desktop import allowed
from jupyter_agent.desktop.allowed import Answered, Denied
from jupyter_agent.desktop.cdp import Cdp, CommandRefused, Event
from jupyter_agent.desktop.turn import Turn
from jupyter_agent.errors import DesktopClosed, DesktopError

MOST_UNANSWERED: Final = 64 * 1024 * 1024
"""Bytes of a program's commands that the browser has not answered. They are kept in this process,
so one that goes on while the browser does not come along is cut off."""

_OF_EACH: Final = 1024
"""Bytes that a command takes here beside its own."""

_DENIED: Final = -32601  # JSON-RPC: there is no such method; what Chromium says of unknown ones
_INVALID: Final = -32600
_NO_SESSION: Final = -32001


class Conversation:
    """What is between a program and the browser.

    Args:
        cdp: The browser's pipe.
        turn: The agent's, which it ends with.
        say: Sends the program a message; must not block.
        end: Ends the program's connection, with a sentence that says why; called once.
    """

    def __init__(
        self, cdp: Cdp, turn: Turn, say: Callable[[str], None], end: Callable[[str], None]
    ) -> None:
        self._cdp = cdp
        self._turn = turn
        self._say = say
        self._end = end
        self._root = ""
        self._sessions: set[str] = set()
        self._open = True
        self._unanswered = 0
        self._stop: Callable[[], None] = lambda: None

    async def begin(self) -> None:
        """Attach to the browser. Messages are taken from here on.

        Raises:
            PersonDrives: The turn has ended.
        """
        self._turn.scripted = True
        self._root = await self._turn.attach()
        self._sessions.add(self._root)
        self._stop = self._cdp.listen(self._hear, None)
        self._turn.when_ended(lambda why: self._shut(str(why)))

    def take(self, raw: str | bytes) -> None:
        """Take a message of the program's.

        What can't be read ends the connection: there is nobody to tell what was wrong with it.
        """
        if not self._open:
            return
        try:
            message = json.loads(raw)
            number, method = int(message["id"]), str(message["method"])
            params, session = message.get("params") or {}, str(message.get("sessionId") or "")
        except (ValueError, KeyError, TypeError, RecursionError):
            self._shut("That is not a message of the browser's protocol.")
            return
        answer = {"id": number} | ({"sessionId": session} if session else {})
        if not isinstance(params, dict):
            self._refuse(answer, _INVALID, "The parameters are no object.")
        elif session and session not in self._sessions - {self._root}:
            self._refuse(answer, _NO_SESSION, "Session with given id not found.")
        else:
            self._decide(method, params, session, answer, size=len(raw) + _OF_EACH)

    async def close(self) -> None:
        """The program has gone: detach from the browser."""
        self._shut("")
        await self._turn.release(self._root)

    def _decide(
        self,
        method: str,
        params: dict[str, Any],
        session: str,
        answer: dict[str, Any],
        *,
        size: int,
    ) -> None:
        ruling = allowed.command(method, params, to_browser=not session)
        if isinstance(ruling, Answered):
            self._tell(answer | {"result": ruling.result})
            return
        if isinstance(ruling, Denied):
            self._refuse(answer, _DENIED, f"{method}: {ruling.reason}")
            return
        if method == "Target.detachFromTarget" and not self._may_detach(ruling.params):
            self._refuse(answer, _NO_SESSION, "Session with given id not found.")
            return

        self._unanswered += size
        if self._unanswered > MOST_UNANSWERED:
            self._shut("The program says more than the browser takes.")
            return

        def answered(result: dict[str, Any] | DesktopError) -> None:
            self._unanswered -= size
            if isinstance(result, CommandRefused):
                # The browser's own sentence: Playwright goes by it, and it is about the program's
                # own command.
                self._refuse(answer, result.number, result.said)
            elif isinstance(result, DesktopError):
                self._shut(str(result))
            else:
                self._tell(answer | {"result": allowed.result(method, result)})

        try:
            self._cdp.post(method, ruling.params, session or self._root, answered)
        except DesktopClosed as closed:
            self._shut(str(closed))

    def _may_detach(self, params: dict[str, Any]) -> bool:
        return params.get("sessionId") in self._sessions - {self._root}

    def _hear(self, event: Event) -> None:
        if not self._open or event.session not in self._sessions:
            return
        if event.method == "Target.attachedToTarget" and not self._takes_in(event):
            return
        told = allowed.event(event.method, event.params)
        if told is None:
            return
        whose = {} if event.session == self._root else {"sessionId": event.session}
        self._tell({"method": event.method, "params": told} | whose)
        if event.method == "Target.detachedFromTarget":
            self._sessions.discard(str(event.params.get("sessionId")))

    def _takes_in(self, event: Event) -> bool:
        """Whether a target that was attached is one for the program. If not, let go of it."""
        made = str(event.params["sessionId"])
        if allowed.visible(event.params["targetInfo"]):
            self._sessions.add(made)
            return True
        self._cdp.post("Runtime.runIfWaitingForDebugger", {}, made, _ignored)
        self._cdp.post("Target.detachFromTarget", {"sessionId": made}, event.session, _ignored)
        return False

    def _refuse(self, answer: dict[str, Any], number: int, sentence: str) -> None:
        self._tell(answer | {"error": {"code": number, "message": sentence}})

    def _tell(self, message: dict[str, Any]) -> None:
        if self._open:
            self._say(json.dumps(message))

    def _shut(self, why: str) -> None:
        if self._open:
            self._open = False
            self._stop()
            self._end(why)


def _ignored(_: dict[str, Any] | DesktopError) -> None:
    """There is nothing to do about it: the target has gone by itself."""
