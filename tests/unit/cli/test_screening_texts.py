"""What there is to screen in a file."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_agent.cli.screening.files import is_binary
from jupyter_agent.cli.screening.texts import Text, texts_of


def notebook(*cells: dict) -> bytes:
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4}).encode()


@settings(deadline=None)
@given(
    st.text(st.characters(codec="utf-8")).filter(
        lambda text: not text.startswith("\ufeff") and "\0" not in text
    )
)
def test_a_text_file_is_one_text(content):
    assert texts_of("a.txt", content.encode()) == [Text("a.txt", content)]


@settings(deadline=None)
@given(st.binary())
def test_bytes_that_are_no_text_are_still_screened(raw):
    assert len(texts_of("a.bin", raw)) == 1
    assert len(texts_of("a.ipynb", raw)) == 1


@pytest.mark.parametrize("order", ["le", "be"])
@pytest.mark.parametrize("width", ["16", "32"])
def test_wider_encodings_are_read_by_their_mark(width, order):
    raw = "\ufeffdéjà".encode(f"utf-{width}-{order}")
    assert not is_binary(raw)
    assert texts_of("a.txt", raw)[0].content == "déjà"


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_that_was_named_is_read_without_a_mark(encoding):
    text = "déjà 日本 = value\n" * 500
    assert texts_of("a.txt", text.encode(encoding))[0].content == text


def test_every_part_of_a_cell_is_a_text():
    cell = {
        "source": ["a\n", "b"],
        "outputs": [
            {"text": ["c\n"]},
            {"data": {"text/html": "<b>d</b>", "image/png": "e" * 100}, "metadata": {}},
            {"traceback": ["f", "g"]},
        ],
        "metadata": {"note": "h"},
    }
    texts = texts_of("tour.ipynb", notebook({"source": "first"}, cell))
    assert [(text.cell, text.part, text.content) for text in texts] == [
        (1, "source", "first"),
        (2, "source", "a\nb"),
        (2, "output", "c\n"),
        (2, "output", "<b>d</b>"),
        (2, "output", "f\ng"),
        (2, "metadata", '{"note": "h"}'),
    ]
