"""A text with very many findings is work in proportion to its length."""

from __future__ import annotations

import sys
from types import FrameType

import pytest

from jupyter_agent.screen import Screener
from jupyter_agent.screen.examples import assemble


def calls(text: str) -> int:
    """How many functions of Python are entered, or gone on with, while a text is screened."""
    entered = 0

    def note(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal entered
        entered += event == "call"

    screener = Screener(clock=lambda: 0.0)
    screener.screen(text)
    before = sys.getprofile()
    sys.setprofile(note)
    try:
        screener.screen(text)
    finally:
        sys.setprofile(before)
    return entered


@pytest.mark.parametrize(
    "line",
    [
        # Each word of a line compared with each finding would make it sixteen times as many.
        "pw gr33n{+}4x ",
        # So would each of these, were it tried whether all those behind it go on with it.
        "rz{+}p_live_{alnum:14}\n",
    ],
)
def test_very_many_findings_are_work_in_proportion_to_their_number(line: str) -> None:
    # (Machine code takes the same steps, and enters next to nothing.)
    text = assemble(line, 0)
    assert calls(text * 1_200) <= 6 * calls(text * 300)
