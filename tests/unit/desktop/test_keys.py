"""Keys by their DOM names."""

from __future__ import annotations

import pytest

from jupyter_agent.desktop.keys import strokes, typed
from jupyter_agent.errors import RequestInvalid


def _short(key: str) -> list[tuple[str, str, int, str]]:
    return [
        (s["type"], s["key"], s["windowsVirtualKeyCode"], s.get("text", "")) for s in strokes(key)
    ]


def test_a_key_is_pressed_and_let_go_with_the_text_that_it_puts() -> None:
    assert _short("Enter") == [("keyDown", "Enter", 13, "\r"), ("keyUp", "Enter", 13, "")]
    assert _short("ArrowDown") == [
        ("rawKeyDown", "ArrowDown", 40, ""),
        ("keyUp", "ArrowDown", 40, ""),
    ]
    assert _short("é") == [("keyDown", "é", 0, "é"), ("keyUp", "é", 0, "")]
    assert _short("+") == [("keyDown", "+", 0, "+"), ("keyUp", "+", 0, "")]


def test_with_control_held_a_letter_is_a_command_and_puts_no_text() -> None:
    assert _short("Control+a") == [
        ("rawKeyDown", "Control", 17, ""),
        ("rawKeyDown", "a", 65, ""),
        ("keyUp", "a", 65, ""),
        ("keyUp", "Control", 17, ""),
    ]
    assert {s["modifiers"] for s in strokes("Control+Shift+a")} == {10, 0}


@pytest.mark.parametrize("name", ["", "Enterr", "Hyper+a", "Control+", "ab"])
def test_a_key_that_is_none_is_refused_without_its_name(name: str) -> None:
    with pytest.raises(RequestInvalid, match="There is no such key"):
        strokes(name)


def test_a_text_is_typed_key_by_key_with_enter_for_a_new_line() -> None:
    down = [s for s in typed("aé\r\n\t漢") if s["type"] != "keyUp"]
    assert [s["text"] for s in down] == ["a", "é", "\r", "\t", "漢"]
