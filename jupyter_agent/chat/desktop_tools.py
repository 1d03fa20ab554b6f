"""The tools with which a model uses the secure desktop, while no person drives it.

A person signs in there, with the model detached; afterwards the model reads and clicks. Pictures
are not given to a model: nothing can look through them for a value.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from jupyter_agent.chat import arguments as schemas
from jupyter_agent.chat.door import Told

Make = Callable[..., Any]


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
        return {**opened, "note": "The user sees it in the panel and can sign in there."}

    async def read(_given: dict[str, Any], _told: Told) -> Any:
        return {**await door.desktop("text"), **await door.desktop("status")}

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
            "never type a password there; once the user has signed in and handed the desktop "
            "back, use it with the other desktop tools.",
            schemas.parameters(
                ("url", "why"),
                url=url,
                why=schemas.text("Why you need it, in one sentence.", maxLength=500),
            ),
            open_desktop,
        ),
        make(
            "desktop_read",
            "Read the text of the page on the desktop, and who drives it.",
            schemas.parameters(),
            read,
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
