"""A place in a cell leads to its line in the file."""

from __future__ import annotations

import json
import sys
from types import FrameType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from notebooks_made import notebooks

from jupyter_agent.cli.screening.positions import Positions
from jupyter_agent.cli.screening.texts import Lines, texts_of


@given(notebooks, st.sampled_from([None, 1, "\t"]), st.booleans(), st.data())
@settings(max_examples=100, deadline=None)
def test_the_place_of_a_character_shows_that_character(notebook, indent, is_ascii, data):
    raw = json.dumps(notebook, indent=indent, ensure_ascii=is_ascii)
    # What UTF-8 can't hold never comes out of a file.
    raw = raw.encode("utf-8", "replace").decode()
    texts = texts_of("a.ipynb", raw.encode())
    numbers = [n for n, text in enumerate(texts) if text.content and not _is_tree(text.content)]
    if not numbers:
        return
    number = data.draw(st.sampled_from(numbers))
    at = data.draw(st.integers(0, len(texts[number].content) - 1))

    line, column = Positions(raw).place(number, at)

    rest = "\n".join(raw.split("\n")[line - 1 :])[column - 1 :]
    wanted = texts[number].content[at]
    spelled = json.dumps(wanted)[1:-1]
    assert (
        rest.startswith((wanted, spelled, '"'))  # a quote: between the entries of a traceback
        or rest[:2] == "\\" + wanted
    )


def test_each_entry_of_a_traceback_has_its_own_line():
    output = {"output_type": "error", "traceback": ["one \\ 1", "two", "three"]}
    cell = {"cell_type": "code", "outputs": [output]}
    raw = json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4}, indent=1)
    (text,) = texts_of("a.ipynb", raw.encode())

    for word in ("one", "1", "two", "three", "ree"):
        line, column = Positions(raw).place(0, text.content.index(word))
        assert raw.splitlines()[line - 1][column - 1 :].startswith(word)


@pytest.mark.parametrize("as_list", [False, True], ids=["text", "lines"])
def test_places_of_a_text_are_work_in_proportion_to_its_length(as_list):
    def steps(number: int) -> int:
        lines = [f"line {one}\n" for one in range(number)]
        cell = {"cell_type": "code", "source": lines if as_list else "".join(lines)}
        raw = json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4})
        (text,) = texts_of("a.ipynb", raw.encode())
        begins = [0, *(at + 1 for at, char in enumerate(text.content[:-1]) if char == "\n")]
        positions = Positions(raw)
        taken = 0

        def note(_frame: FrameType, event: str, _argument: object) -> None:
            nonlocal taken
            taken += event in ("call", "c_call")

        before = sys.getprofile()
        sys.setprofile(note)
        try:
            places = [positions.place(0, at) for at in begins]
        finally:
            sys.setprofile(before)
        assert all(raw[column - 1 :].startswith("line ") for _, column in places)
        return taken

    assert steps(400) <= 6 * steps(100)


@settings(deadline=None)
@given(st.text(), st.data())
def test_a_place_leads_back_to_the_character(content, data):
    at = data.draw(st.integers(0, len(content)))
    line, column = Lines(content).place(at)
    lines = content.split("\n")
    assert sum(len(one) + 1 for one in lines[: line - 1]) + column - 1 == at


def _is_tree(content: str) -> bool:
    """Whether this may be a tree of JSON: its place is where the tree begins."""
    return content.startswith(("{", "["))
