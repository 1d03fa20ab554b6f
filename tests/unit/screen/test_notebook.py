"""One walk sees all of a notebook."""

from __future__ import annotations

import copy
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from notebooks_made import notebooks, with_value

from jupyter_agent.screen.notebook import Form, fields, is_notebook

MARK = "planted-in-this-place"


def test_each_place_is_walked_once_and_in_the_order_of_the_cells():
    walked = [(field.cell, field.part, field.key) for field in fields(with_value(MARK))]

    assert len(walked) == len(set(walked)) == 18
    assert [cell for cell, _, _ in walked] == sorted(
        (cell for cell, _, _ in walked), key=lambda cell: cell or 0
    )
    assert {part for _, part, _ in walked} == {"source", "output", "metadata", "attachment"}


def test_every_place_that_can_hold_a_text_is_walked():
    notebook = with_value(MARK)
    for field in list(fields(notebook)):
        field.put("seen" if field.form is not Form.TREE else None)

    assert MARK not in json.dumps(notebook)


@given(notebooks, st.data())
@settings(max_examples=60, deadline=None)
def test_what_is_planted_anywhere_stands_in_some_text(notebook, data):
    places = list(fields(notebook))
    if not places:
        return
    field = data.draw(st.sampled_from(places))
    field.put({"deep": [MARK]} if field.form is Form.TREE else [MARK])

    assert any(MARK in text for walked in fields(notebook) for text in walked.texts())


@pytest.mark.parametrize("kind", ["image/png", "audio/mpeg", "video/mp4", "application/pdf"])
def test_pictures_and_the_like_are_not_walked(kind):
    bundle = {kind: "aGVsbG8=", "text/plain": "shown"}
    cell = {"cell_type": "code", "outputs": [{"data": bundle}]}

    walked = [field.key for field in fields({"cells": [cell]})]

    assert walked == ["text/plain"]


def test_a_type_nobody_knows_is_walked_unless_it_is_base64():
    bundle = {"application/x-one": "QUJD" * 50, "application/x-two": "a sentence, and a value"}
    cell = {"cell_type": "code", "outputs": [{"data": bundle}]}

    assert [field.key for field in fields({"cells": [cell]})] == ["application/x-two"]


@pytest.mark.parametrize("text", ["the pin is 4829", "Q" * 40, "gate\nopens\nwith\n4829\n"])
def test_words_and_a_key_of_a_type_nobody_knows_are_no_base64(text):
    cell = {"cell_type": "code", "outputs": [{"data": {"application/x-one": text}}]}

    assert [field.value for field in fields({"cells": [cell]})] == [text]


def test_lines_of_json_are_lines_and_json_is_a_tree():
    bundle = {"application/x-ndjson": ["a\n", "b"], "application/x+json": ["a", "b"]}
    cell = {"cell_type": "code", "outputs": [{"data": bundle}]}

    forms = [field.form for field in fields({"cells": [cell]})]

    assert forms == [Form.LINES, Form.TREE]


def test_what_json_spells_with_escapes_is_a_text_of_its_own():
    cell = {"cell_type": "raw", "metadata": {"a": 'one\n"two"', "b": "plain"}}

    (field,) = fields({"cells": [cell]})

    assert list(field.texts())[1:] == ['one\n"two"']


@pytest.mark.parametrize(
    "content",
    [
        None,
        [],
        {},
        {"cells": {}},
        {"cells": ["x"]},
        {"cells": [{"outputs": {"text": "x"}}]},
        {"cells": [{"outputs": ["x"]}]},
        {"worksheets": [{"cells": []}]},
    ],
)
def test_what_would_not_be_walked_whole_is_no_notebook(content):
    assert not is_notebook(content)


@pytest.mark.parametrize(
    ("place", "key", "usual"),
    [
        ("cell", "id", "a1b2-c3_d4"),
        ("cell", "cell_type", "code"),
        ("output", "output_type", "stream"),
        ("output", "name", "stdout"),
        ("notebook", "nbformat", 4),
    ],
)
def test_what_the_format_would_not_put_there_is_a_text_like_any_other(place, key, usual):
    def walked(value):
        output = {"output_type": "stream", "name": "stdout", "text": "1"}
        cell = {"cell_type": "code", "id": "a", "source": "1", "outputs": [output]}
        notebook = {"nbformat": 4, "cells": [cell]}
        {"cell": cell, "output": output, "notebook": notebook}[place][key] = value
        return [field.value for field in fields(notebook)]

    planted = f"{MARK} {'x' * 64}"
    assert planted in walked(planted)
    assert usual not in walked(usual)


def test_a_cell_without_outputs_is_fine():
    assert is_notebook({"cells": [{"source": "", "outputs": None}]})


@given(notebooks)
@settings(max_examples=60, deadline=None)
def test_the_walk_changes_nothing(notebook):
    before = copy.deepcopy(notebook)

    for field in fields(notebook):
        list(field.texts())

    assert notebook == before
