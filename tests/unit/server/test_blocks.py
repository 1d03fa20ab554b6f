"""What was stopped is remembered without its text."""

from __future__ import annotations

import pytest

from jupyter_agent.errors import RequestInvalid
from jupyter_agent.server.blocks import Blocks


def test_a_finding_of_a_block_is_known_by_its_number():
    blocks = Blocks()
    name = blocks.remember([("a-rule", "11"), ("another-rule", "22")], "/home/ana/a.ipynb")
    assert blocks.finding(name, 1) == ("another-rule", "22", "/home/ana/a.ipynb")


def test_an_unknown_block_and_a_stored_value_are_refused():
    blocks = Blocks()
    name = blocks.remember([("stored-value", "")], "")
    for wrong in ((name, 0), (name, 1), (name, -1), ("another", 0)):
        with pytest.raises(RequestInvalid):
            blocks.finding(*wrong)


def test_old_blocks_are_forgotten():
    blocks = Blocks()
    first = blocks.remember([("a-rule", "11")], "")
    last = [blocks.remember([("a-rule", "11")], "") for _ in range(1000)][-1]
    assert blocks.finding(last, 0)[0] == "a-rule"
    with pytest.raises(RequestInvalid):
        blocks.finding(first, 0)
