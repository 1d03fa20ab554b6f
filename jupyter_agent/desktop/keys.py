"""Keys by their DOM names, as the browser's protocol wants them.

Names: https://www.w3.org/TR/uievents-key/. Numbers: the Windows virtual key codes that
``keyCode`` has in every browser, https://www.w3.org/TR/uievents/#fixed-virtual-key-codes.
"""

from __future__ import annotations

from typing import Any, Final

from jupyter_agent.errors import RequestInvalid

_CODES: Final = {
    "Backspace": 8,
    "Tab": 9,
    "Enter": 13,
    "Shift": 16,
    "Control": 17,
    "Alt": 18,
    "Escape": 27,
    " ": 32,
    "PageUp": 33,
    "PageDown": 34,
    "End": 35,
    "Home": 36,
    "ArrowLeft": 37,
    "ArrowUp": 38,
    "ArrowRight": 39,
    "ArrowDown": 40,
    "Insert": 45,
    "Delete": 46,
    "Meta": 91,
    **{f"F{n}": 111 + n for n in range(1, 13)},
}
_TEXTS: Final = {"Enter": "\r", "Tab": "\t", " ": " "}
_MODIFIERS: Final = {"Alt": 1, "Control": 2, "Meta": 4, "Shift": 8}  # Input.dispatchKeyEvent
_OTHER_NAMES: Final = {"Space": " ", "Return": "Enter", "Esc": "Escape", "Ctrl": "Control"}

Stroke = dict[str, Any]


def strokes(key: str) -> list[Stroke]:
    """The events of one key, pressed and let go, for ``Input.dispatchKeyEvent``.

    Args:
        key: A DOM name, or a character; with modifiers in front of it: ``Control+a``.

    Raises:
        RequestInvalid: There is no such key.
    """
    *held, last = key.split("+") if len(key) > 1 and not key.endswith("+") else [key]
    named = [_OTHER_NAMES.get(name, name) for name in held]
    if not last or any(name not in _MODIFIERS for name in named):
        raise _unknown()
    modifiers = sum({_MODIFIERS[name] for name in named})
    down = [_stroke(name, "rawKeyDown", modifiers) for name in named]
    up = [_stroke(name, "keyUp", 0) for name in reversed(named)]
    return [*down, *_pressed(_OTHER_NAMES.get(last, last), modifiers), *up]


def typed(text: str) -> list[Stroke]:
    """The events of a text, as if each character had a key of its own."""
    keys = ("Enter" if c == "\n" else "Tab" if c == "\t" else c for c in text.replace("\r\n", "\n"))
    return [stroke for key in keys for stroke in _pressed(key, 0)]


def _pressed(key: str, modifiers: int) -> list[Stroke]:
    # With Control, Alt or Meta held, a key is a command and puts no text.
    text = "" if modifiers & ~_MODIFIERS["Shift"] else _TEXTS.get(key, key if len(key) == 1 else "")
    down = _stroke(key, "keyDown" if text else "rawKeyDown", modifiers)
    if text:
        down |= {"text": text, "unmodifiedText": text}
    return [down, _stroke(key, "keyUp", modifiers)]


def _stroke(key: str, sort: str, modifiers: int) -> Stroke:
    if len(key) != 1 and key not in _CODES:
        raise _unknown()
    code = _CODES.get(key, 0)
    name = key if key in _CODES and key != " " else ""
    if key.isascii() and key.isalnum() and len(key) == 1:
        code, name = ord(key.upper()), f"{'Digit' if key.isdigit() else 'Key'}{key.upper()}"
    return {
        "type": sort,
        "key": key,
        "code": "Space" if key == " " else name,
        "windowsVirtualKeyCode": code,
        "modifiers": modifiers,
    }


def _unknown() -> RequestInvalid:
    return RequestInvalid(
        "There is no such key.", "Use a DOM name: Enter, Tab, ArrowDown, Control+a."
    )
