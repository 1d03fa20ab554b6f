"""git's notebook filter: nothing that is clean changes, nothing that is masked is lost."""

from __future__ import annotations

import json

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from notebooks_made import notebooks, with_value

from jupyter_agent.cli.screening.clean import clean, readable
from jupyter_agent.cli.screening.texts import texts_of
from jupyter_agent.errors import RequestInvalid
from jupyter_agent.screen import Screener
from jupyter_agent.screen.cell import CellScreener
from jupyter_agent.screen.examples import assemble
from jupyter_agent.screen.masking import Masker
from jupyter_agent.screen.notebook import Form, fields

SCREENER = CellScreener(Screener())
TOKEN = assemble("sk-{+}ant-api03-{word:93}AA", 9)

_styles = st.fixed_dictionaries(
    {
        "indent": st.sampled_from([None, 0, 1, 2, "\t"]),
        "ensure_ascii": st.booleans(),
    }
)
_tails = st.sampled_from(["", "\n", "\r\n", "\n\n"])
_marks = st.sampled_from([b"", b"\xef\xbb\xbf"])


def cleaned(raw: bytes) -> bytes:
    return clean(raw, Masker(SCREENER))


def written(notebook, style, tail, mark) -> bytes:
    text = json.dumps(notebook, **style)
    if tail == "\r\n":
        text = text.replace("\n", "\r\n")
    return mark + (text + tail).encode("utf-8", "surrogatepass")


def planted(notebook, data):
    """The notebook with the token somewhere in it, if it has a place for one."""
    places = [field for field in fields(notebook) if field.form is not Form.TREE]
    if places:
        around = data.draw(st.sampled_from(["{}", "key = '{}'\n", "é{}", "\n{}\n", '"{}"']))
        data.draw(st.sampled_from(places)).put([around.format(TOKEN)])
    return notebook


@given(notebooks, _styles, _tails, _marks)
@settings(max_examples=80, deadline=None)
def test_a_clean_notebook_comes_back_byte_for_byte(notebook, style, tail, mark):
    raw = written(notebook, style, tail, mark)
    masker = Masker(SCREENER)

    out = clean(raw, masker)

    assert masker.count or out == raw


@pytest.mark.parametrize(
    "raw",
    [
        b'{"cells":[],"metadata":{},"nbformat":4,  "nbformat_minor":5}',
        b'{"cells": [], "metadata": {"a": 1e5, "a": 1.50, "b": NaN}, "nbformat": 4}',
        b' \t{"nbformat": 4,\r\n"cells": [ ], "metadata": {"e": "\\u00e9 \xc3\xa9"}}\n\n\n',
    ],
)
def test_a_clean_notebook_in_nobodys_style_comes_back_byte_for_byte(raw):
    assert cleaned(raw) == raw


@given(st.binary(max_size=200))
@example(b"{")
@example(b'{"cells": [')
@example(b"<<<<<<< HEAD\n{}\n=======\n")
@settings(max_examples=80, deadline=None)
def test_what_is_no_notebook_comes_back_byte_for_byte(raw):
    if b"\0" not in raw and not raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        assert cleaned(raw) == raw


@given(notebooks, _styles, _tails, _marks, st.data())
@settings(max_examples=80, deadline=None)
def test_masked_is_valid_and_clean_and_in_the_style_of_the_file(notebook, style, tail, mark, data):
    raw = written(planted(notebook, data), style, tail, mark)

    out = cleaned(raw)

    assert TOKEN.encode() not in out
    assert cleaned(out) == out
    after = json.loads(out.decode("utf-8-sig"))
    assert len(after["cells"]) == len(notebook["cells"])
    assert out.startswith(mark)
    assert out.endswith(tail.encode())
    if tail == "\r\n":
        assert b"\n" not in out.replace(b"\r\n", b"")


@pytest.mark.parametrize("indent", [None, 1, 2, "\t"])
@pytest.mark.parametrize("is_ascii", [True, False])
def test_a_mask_changes_no_line_but_its_own(indent, is_ascii):
    notebook = with_value("é and nothing more")
    notebook["cells"][1]["source"] = ["é\n", "key = 'TOKEN'\n", "x = 1"]
    text = json.dumps(notebook, indent=indent, ensure_ascii=is_ascii) + "\n"

    out = cleaned(text.replace("TOKEN", TOKEN).encode())

    assert out == text.replace("TOKEN", "[secret:anthropic-api-key]").encode()


def test_every_place_of_a_notebook_is_masked():
    out = cleaned(json.dumps(with_value(TOKEN), indent=1).encode())

    assert TOKEN.encode() not in out
    assert json.loads(out)["cells"][0]["outputs"][1]["data"]["application/json"] == {
        "token": "[secret:anthropic-api-key]",
        "note": "a line\n[secret:anthropic-api-key]\n",
    }


def test_half_a_notebook_is_masked_as_a_text():
    out = cleaned(b'{"cells": [{"source": "' + TOKEN.encode() + b'", \xff')

    assert out == b'{"cells": [{"source": "[secret:anthropic-api-key]", \xff'


def test_a_value_behind_an_escape_in_half_a_notebook_is_masked():
    half = json.dumps(with_value(TOKEN))[:-9]

    out = cleaned(half.encode())

    assert TOKEN.encode() not in out
    assert b'"a line\\n[secret:anthropic-api-key]\\n"' in out
    assert TOKEN.encode() not in readable(half.encode(), Masker(SCREENER))


@pytest.mark.parametrize(
    "content",
    [
        '{"cells": [{"source": "t = \'%s\'", "source": "x"}], "nbformat": 4}',
        '{"cells": [{"source": "t = \'%s\'"}], "cells": [], "nbformat": 4}',
    ],
)
def test_of_two_fields_with_one_name_both_are_masked_and_told(content):
    # As a conflict that was resolved by hand leaves them. Who reads JSON sees the last one only.
    raw = (content % TOKEN).encode()

    assert TOKEN.encode() not in cleaned(raw)
    assert TOKEN.encode() not in readable(raw, Masker(SCREENER))
    assert any(SCREENER.screen(text.content) for text in texts_of("a.ipynb", raw))


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32-be"])
def test_utf_16_is_refused_and_not_passed_through(encoding):
    with pytest.raises(RequestInvalid):
        cleaned(TOKEN.encode(encoding))


def test_the_text_conversion_shows_cells_and_no_value():
    shown = readable(json.dumps(with_value(TOKEN)).encode(), Masker(SCREENER)).decode()

    assert shown.startswith("# ── cell 1 · code\nimport os\ntoken = '[secret:anthropic-api-key]'\n")
    assert "# ── cell 2 · markdown\nMy key is [secret:anthropic-api-key].\n" in shown
    assert TOKEN not in shown


@given(notebooks)
@settings(max_examples=40, deadline=None)
def test_the_text_conversion_takes_every_notebook(notebook):
    assert isinstance(readable(json.dumps(notebook).encode(), Masker(SCREENER)), bytes)
