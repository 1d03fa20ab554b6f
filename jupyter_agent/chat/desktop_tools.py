"""The tools with which a model uses the secure desktop, while no person drives it.

A person signs in there, with the model detached; afterwards the model reads and clicks. Pictures
are not given to a model: nothing can look through them for a value.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final, Protocol

from jupyter_agent.chat import arguments as schemas
from jupyter_agent.chat.door import Told

Make = Callable[..., Any]

MOST_WAITED: Final = 600
USUALLY_WAITED: Final = 50
"""Seconds: hosts of MCP give up on a tool after a minute."""
_AT_ONCE: Final = 50.0
"""Seconds of one question to the server, which answers as soon as the desktop is handed back."""

_NOTES: Final = {
    "mine": "It is yours: read it.",
    "agent": "The user has not taken it over yet. Wait again, or tell them what you asked for.",
    "human": "The user drives, and has not handed it back yet. Wait again.",
    "idle": "Nobody drives. The user lets you with a click in its panel: tell them, or wait again.",
    "starting": "It still starts. Wait again.",
}


class DesktopDoor(Protocol):
    """The way to the desktops of this notebook's server."""

    async def desktop(self, do: str, **fields: Any) -> dict[str, Any]:
        """One operation of `desktop` (docs/protocol.md)."""
        ...


def desktop_tools(door: DesktopDoor, make: Make) -> list[Any]:
    """Every tool for desktops.

    Args:
        door: The way to them.
        make: Makes a tool of a name, a description, a schema, and what it does.
    """

    async def open_desktop(given: dict[str, Any], _told: Told) -> Any:
        opened = await door.desktop("open", url=given["url"])
        note = "The user sees it in the panel and can sign in there; then desktop_wait."
        return {**opened, "note": note}

    async def wait(given: dict[str, Any], told: Told) -> Any:
        told("running")
        loop = asyncio.get_running_loop()
        until = loop.time() + given.get("seconds", USUALLY_WAITED)
        handed_back = False
        while not handed_back and (left := until - loop.time()) > 0:
            answer = await door.desktop("wait", seconds=min(left, _AT_ONCE))
            handed_back, seen = answer["handed_back"], answer["desktop"]
        note = _NOTES["mine" if handed_back else seen["state"]]
        return {"handed_back": handed_back, "host": seen["host"], "note": note}

    async def read(_given: dict[str, Any], _told: Told) -> Any:
        return {**await door.desktop("text"), **await door.desktop("status")}

    async def ask(given: dict[str, Any], _told: Told) -> Any:
        await door.desktop("ask", why=given["why"])
        note = "Nothing changes until the user clicks. desktop_wait until they have handed it back."
        return {"asked": True, "note": note}

    def doing(do: str) -> Callable[[dict[str, Any], Told], Any]:
        async def act(given: dict[str, Any], _told: Told) -> Any:
            fields = {name: value for name, value in given.items() if name != "why"}
            return await door.desktop(do, **fields) or {"done": True}

        return act

    url = schemas.text("The whole address, https.", maxLength=8000)
    point = [schemas.number(f"Pixels from the {side}.", 0, 10_000) for side in ("left", "top")]
    return [
        make(
            "open_desktop",
            "Open a website in a real browser beside the notebook, for the user to sign in. You "
            "never type a password there. desktop_wait until the user has signed in and handed the "
            "desktop back; then use it with the other desktop tools.",
            schemas.parameters(
                ("url", "why"),
                url=url,
                why=schemas.text("Why you need it, in one sentence.", maxLength=500),
            ),
            open_desktop,
        ),
        make(
            "desktop_wait",
            "Wait until the user has handed the desktop to you; after desktop_ask, until they have "
            "done what you asked for. Until then you can't see it.",
            schemas.parameters(
                seconds=schemas.number(
                    f"The longest wait; {USUALLY_WAITED} if left out.", 1, MOST_WAITED
                )
            ),
            wait,
        ),
        make(
            "desktop_read",
            "Read the text of the page on the desktop, and who drives it.",
            schemas.parameters(),
            read,
        ),
        make(
            "desktop_ask",
            "Ask the user to take the desktop over, for a login, a code, or a decision that is "
            "theirs. They see your reason; you are detached while they drive. Then desktop_wait, "
            "and read the page again.",
            schemas.parameters(
                ("why",),
                why=schemas.text("What they should do there, in one sentence.", maxLength=500),
            ),
            ask,
        ),
        make(
            "desktop_navigate",
            "Go to another address on the desktop.",
            schemas.parameters(("url",), url=url),
            doing("navigate"),
        ),
        make(
            "desktop_click",
            "Click on the desktop.",
            schemas.parameters(("x", "y"), x=point[0], y=point[1]),
            doing("click"),
        ),
        make(
            "desktop_type",
            "Type text on the desktop. Never a password or a code: the user types those.",
            schemas.parameters(("text",), text=schemas.text("The text.", maxLength=5000)),
            doing("type"),
        ),
        make(
            "desktop_press",
            "Press a key on the desktop, such as Enter or Control+a.",
            schemas.parameters(("key",), key=schemas.text("The key.", maxLength=60)),
            doing("press"),
        ),
    ]
