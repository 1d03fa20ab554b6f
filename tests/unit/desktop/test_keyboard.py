"""The keymap of a desktop."""

from __future__ import annotations

import re

import pytest

from jupyter_agent.desktop.keyboard import keymap
from jupyter_agent.errors import RequestInvalid


@pytest.mark.parametrize("layout", ["us", "ch(fr)", "us(altgr-intl)"])
def test_a_layout_is_included_by_its_own_name(layout: str) -> None:
    assert f'include "pc+{layout}"' in keymap(layout)


@pytest.mark.parametrize("layout", ["", "US", "de nodeadkeys", 'us"', "../de", "us(a)b", "u" * 99])
def test_what_is_no_name_of_a_layout_is_refused(layout: str) -> None:
    with pytest.raises(RequestInvalid):
        keymap(layout)


def test_every_further_key_is_used_once() -> None:
    keys = re.findall(r"key <(J\d+)>", keymap("ru"))
    assert len(keys) == len(set(keys)) > 80


def test_letters_that_a_keyboard_lacks_are_on_keys_of_their_own() -> None:
    assert "[ 0xe9, 0xc9 ]" in keymap("us")  # é
    assert "[ lstroke, Lstroke ]" in keymap("us")
    assert "[ 0x61, 0x41 ]" in keymap("ru")  # a Russian keyboard has no Latin letters
    assert "[ 0x61, 0x41 ]" not in keymap("us")
