"""What a person does in the viewer, carried out in the tab that is shown.

    {"mouse": "mousePressed" | "mouseReleased" | "mouseMoved", "x", "y", "button", "buttons",
     "clicks", "modifiers"}             CSS pixels of the page
    {"wheel": [dx, dy], "x", "y"}
    {"key": "keyDown" | "keyUp", "name", "code", "number", "text", "modifiers"}
    {"text": "…"}                       composed by an input method, or pasted
    {"go": "back" | "forward" | "reload" | "stop" | address}
    {"tab": id}, {"close": id}, {"new": true}
    {"size": [width, height]}
    {"permit": name, "origin", "given"} what the site in front may do, see ``Permits``
    {"answer": id, …}                   to what a page asks, see ``Asks``
    {"file": id, "name", "data", "more"}   a piece of a file, base64

Nothing of it is kept or logged. A value of the wrong kind ends the viewer's connection.
"""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlsplit

from jupyter_agent.desktop.asks import Asks
from jupyter_agent.desktop.cdp import Cdp
from jupyter_agent.desktop.permits import Permits
from jupyter_agent.desktop.stage import Stage
from jupyter_agent.errors import RequestInvalid

LARGEST_TEXT: Final = 4096
"""Characters of a paste."""

_MICE: Final = ("mousePressed", "mouseReleased", "mouseMoved")
_BUTTONS: Final = ("none", "left", "middle", "right", "back", "forward")
_KEYS: Final = ("keyDown", "keyUp")
_OPENS_A_LIST: Final = (" ", "Enter", "ArrowDown", "ArrowUp")
_ALT: Final = 1
_SMALLEST, _LARGEST = 200, 4096  # CSS pixels of a page's side


class PersonHands:
    """Carries out a viewer's messages.

    Args:
        cdp: The browser's pipe.
        stage: The tab that is shown.
        asks: What pages ask.
        permits: What sites may do.
    """

    def __init__(self, cdp: Cdp, stage: Stage, asks: Asks, permits: Permits) -> None:
        self._cdp = cdp
        self._stage = stage
        self._asks = asks
        self.permits = permits
        self._list_opened = False

    async def do(self, message: dict[str, Any]) -> None:
        """Carry out one message.

        Raises:
            RequestInvalid: It is none.
            DesktopError: The page, or the browser, is gone.
        """
        for kind, act in self._deeds.items():
            if kind in message:
                await act(self, message)
                return
        raise _invalid()

    async def _mouse(self, message: dict[str, Any]) -> None:
        kind = _one_of(message["mouse"], _MICE)
        x, y = _number(message, "x"), _number(message, "y")
        button = _one_of(message.get("button", "none"), _BUTTONS)
        if kind == "mousePressed" and button == "left":
            # A list's own popup is a window of the browser's, and in no picture.
            self._list_opened = await self._asks.list_at(x, y)
        if self._list_opened:
            self._list_opened = kind != "mouseReleased"
            return
        self._send(
            "Input.dispatchMouseEvent",
            type=kind,
            x=x,
            y=y,
            button=button,
            buttons=_whole(message, "buttons"),
            clickCount=_whole(message, "clicks"),
            modifiers=_whole(message, "modifiers"),
        )

    async def _wheel(self, message: dict[str, Any]) -> None:
        across, down = _pair(message["wheel"])
        x, y = _number(message, "x"), _number(message, "y")
        wheel = {"type": "mouseWheel", "deltaX": across, "deltaY": down, "x": x, "y": y}
        self._send("Input.dispatchMouseEvent", **wheel)

    async def _key(self, message: dict[str, Any]) -> None:
        kind, name, text = _one_of(message["key"], _KEYS), _text(message, "name", 32), ""
        modifiers = _whole(message, "modifiers")
        if kind == "keyDown":
            text = _text(message, "text", 16)
            opens = name in (" ", "Enter") or modifiers & _ALT
            if opens and name in _OPENS_A_LIST and await self._asks.list_with_focus():
                return
        self._send(
            "Input.dispatchKeyEvent",
            type="rawKeyDown" if kind == "keyDown" and not text else kind,
            key=name,
            code=_text(message, "code", 32),
            windowsVirtualKeyCode=_whole(message, "number"),
            modifiers=modifiers,
            **({"text": text, "unmodifiedText": text} if text else {}),
        )

    async def _type(self, message: dict[str, Any]) -> None:
        self._send("Input.insertText", text=_text(message, "text", LARGEST_TEXT))

    async def _go(self, message: dict[str, Any]) -> None:
        where = _text(message, "go", 2000)
        if where in ("back", "forward"):
            await self._go_by(-1 if where == "back" else 1)
        elif where == "reload":
            self._send("Page.reload")
        elif where == "stop":
            self._send("Page.stopLoading")
        else:
            self._send("Page.navigate", url=_address(where))

    async def _go_by(self, step: int) -> None:
        if not (session := self._stage.session):
            return
        history = await self._cdp.send("Page.getNavigationHistory", {}, session)
        number = int(history["currentIndex"]) + step
        if 0 <= number < len(history["entries"]):
            entry = history["entries"][number]["id"]
            self._send("Page.navigateToHistoryEntry", entryId=entry)

    async def _tab(self, message: dict[str, Any]) -> None:
        await self._stage.show(_text(message, "tab", 64))

    async def _close(self, message: dict[str, Any]) -> None:
        target = _text(message, "close", 64)
        if target in {tab["id"] for tab in self._stage.tabs()}:
            await self._cdp.send("Target.closeTarget", {"targetId": target})

    async def _new(self, _: dict[str, Any]) -> None:
        await self._cdp.send("Target.createTarget", {"url": "about:blank"})

    async def _size(self, message: dict[str, Any]) -> None:
        sides = [min(max(round(side), _SMALLEST), _LARGEST) for side in _pair(message["size"])]
        self._stage.resize(*sides)

    async def _permit(self, message: dict[str, Any]) -> None:
        origin, name = _text(message, "origin", 300), _text(message, "permit", 32)
        self.permits.change(origin, name, given=message.get("given") is True)

    async def _answer(self, message: dict[str, Any]) -> None:
        await self._asks.answer(_text(message, "answer", 64), message)

    async def _file(self, message: dict[str, Any]) -> None:
        await self._asks.take_file(_text(message, "file", 64), message)

    def _send(self, method: str, **params: Any) -> None:
        """In order, and without waiting: what opens a dialog is answered after the dialog is."""
        if self._stage.session:  # or else it is between two tabs, and meant for neither
            self._cdp.post(method, params, self._stage.session, lambda _: None)

    _deeds: Final = {
        "answer": _answer,  # first: an answer may have a text, too
        "file": _file,
        "permit": _permit,
        "mouse": _mouse,
        "wheel": _wheel,
        "key": _key,
        "text": _type,
        "go": _go,
        "tab": _tab,
        "close": _close,
        "new": _new,
        "size": _size,
    }


def _address(typed: str) -> str:
    """What a person means by what is typed into the address field: a site, never a search."""
    address = typed if "://" in typed else f"https://{typed}"
    try:
        parts = urlsplit(address)
        if parts.scheme in ("http", "https") and parts.hostname:
            return address
    except ValueError:
        pass
    raise _invalid()


def _invalid() -> RequestInvalid:
    return RequestInvalid("That is no message of a viewer.")


def _text(message: dict[str, Any], name: str, longest: int) -> str:
    value = message.get(name, "")
    if not isinstance(value, str) or len(value) > longest:
        raise _invalid()
    return value


def _number(message: dict[str, Any], name: str) -> float:
    value = message.get(name, 0)
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > 1e6:
        raise _invalid()
    return float(value)


def _whole(message: dict[str, Any], name: str) -> int:
    return int(_number(message, name))


def _pair(value: object) -> tuple[float, float]:
    if not isinstance(value, list) or len(value) != 2:
        raise _invalid()
    return _number({"": value[0]}, ""), _number({"": value[1]}, "")


def _one_of(value: object, permitted: tuple[str, ...]) -> str:
    if not isinstance(value, str) or value not in permitted:
        raise _invalid()
    return value
