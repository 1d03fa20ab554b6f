"""Masking of documents: nothing slips through, nothing clean changes, and it stays fast."""

from __future__ import annotations

import copy
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from notebooks_made import with_value

from jupyter_agent.screen import Finding, Screener
from jupyter_agent.screen.cell import CellScreener
from jupyter_agent.screen.examples import assemble
from jupyter_agent.screen.masking import Masker, mask_notebook

SCREENER = CellScreener(Screener())
TOKEN = assemble("sk-{+}ant-api03-{word:93}AA", 6)


class _Counting:
    def __init__(self):
        self.screened = []
        self.asked_about = []

    def screen(self, text):
        self.screened.append(text)
        return SCREENER.screen(text)

    def doubtful(self, texts):
        self.asked_about += texts
        return [number for number, text in enumerate(texts) if TOKEN in text]

    def rule(self, rule_id):
        return SCREENER.rule(rule_id)


def test_a_clean_text_is_screened_once_and_a_dirty_one_every_time():
    counting = _Counting()
    masker = Masker(counting)

    for _ in range(3):
        masker.text("clean")
        masker.text(f"x = '{TOKEN}'")

    assert counting.screened.count("clean") == 1
    assert counting.screened.count(f"x = '{TOKEN}'") == 3


def test_a_notebook_s_texts_are_asked_about_together_and_only_the_doubtful_ones_screened():
    counting = _Counting()
    masker = Masker(counting)
    cells = [
        {"cell_type": "code", "source": source} for source in ("a", f"x = '{TOKEN}'", ["b", "c"])
    ]
    notebook = {"cells": cells, "metadata": {}}

    mask_notebook(notebook, masker)
    mask_notebook(notebook, masker)

    assert masker.count == 1
    assert TOKEN not in json.dumps(notebook)
    assert set(counting.screened) == {f"x = '{TOKEN}'"}
    # What was clean the first time is not asked about again.
    assert counting.asked_about == ["a", f"x = '{TOKEN}'", "bc", notebook["cells"][1]["source"]]


def test_the_memory_of_clean_texts_is_bounded_and_forgets_the_oldest():
    counting = _Counting()
    masker = Masker(counting, remembered=2)

    for text in ("one", "two", "one", "three", "one", "two"):
        masker.text(text)

    assert counting.screened == ["one", "two", "three", "two"]


def test_lines_keep_their_form():
    masker = Masker(SCREENER)

    assert masker.lines(["a = 1\n", "b = 2"]) == ["a = 1\n", "b = 2"]
    assert masker.lines([f"a = '{TOKEN}'\n", "b = 2"]) == [
        "a = '[secret:anthropic-api-key]'\n",
        "b = 2",
    ]
    split = [f"a = '{TOKEN[:30]}", f"{TOKEN[30:]}'\n"]
    assert masker.lines(split) == ["a = '[secret:anthropic-api-key]'\n"]


def test_a_value_behind_the_secret_magic_is_masked_once_and_for_all():
    masker = Masker(SCREENER)

    masked = masker.text("%secret set DOOR open sesame")

    assert masked == "%secret set DOOR [secret:value-on-secret-line]"
    assert masker.text(masked) == masked


def test_the_memory_holds_no_text():
    masker = Masker(SCREENER)
    masker.text("a clean but private text")

    assert b"private" not in b"".join(masker._clean)
    assert len(next(iter(masker._clean))) == 16
    other = Masker(SCREENER)
    other.text("a clean but private text")
    assert masker._clean.keys() != other._clean.keys()  # keyed by process


_trees = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def test_a_clean_tree_is_known_as_a_whole_and_not_walked_again(monkeypatch):
    counting = _Counting()
    masker = Masker(counting)
    tree = {"plot": [{"name": "with\nlines"}] * 3, "title": 'in "quotes"'}
    looked_at = []
    text = masker.text
    monkeypatch.setattr(masker, "text", lambda part: looked_at.append(part) or text(part))

    masker.tree(tree)
    walked = len(looked_at)
    again = masker.tree(copy.deepcopy(tree))

    assert (walked, len(looked_at)) == (5, 5)  # the whole, and four texts
    assert len(counting.screened) == 3  # three of them are one
    assert again == tree


def test_only_what_changed_in_a_notebook_is_screened_again():
    counting = _Counting()
    masker = Masker(counting)
    notebook = with_value("nothing to see here")
    mask_notebook(notebook, masker)
    counting.asked_about.clear()

    notebook["cells"][0]["outputs"][0]["text"] = ["another output\n"]
    mask_notebook(notebook, masker)

    assert counting.asked_about == ["another output\n"]


def test_a_masked_notebook_holds_the_value_nowhere_and_is_clean():
    notebook = with_value(TOKEN)
    mask_notebook(notebook, Masker(SCREENER))
    again, masker = copy.deepcopy(notebook), Masker(SCREENER)
    mask_notebook(again, masker)

    assert TOKEN not in json.dumps(notebook)
    assert (again, masker.count) == (notebook, 0)


def test_a_finding_over_quotes_leaves_an_object_an_object():
    class Greedy:
        def screen(self, text):
            return [Finding("demo", "password", 2, len(text) - 1)] if "two" in text else []

    masked = Masker(Greedy()).tree({"one": "two", "three": "four"})

    assert masked == {"masked": "[secret:demo]"}
    assert Masker(Greedy()).tree(["one", "two"]) == ["[secret:demo]"]


@pytest.mark.parametrize(
    ("tree", "masked"),
    [
        ({"otp": 482133, "rows": [1, 2]}, {"otp": "[secret:login-code]", "rows": [1, 2]}),
        ({"a": "x, [1]", "otp": 482133}, {"a": "x, [1]", "otp": "[secret:login-code]"}),
    ],
)
def test_a_code_that_is_a_number_costs_what_stands_around_it_nothing(tree, masked):
    assert Masker(SCREENER).tree(tree) == masked


def test_no_half_of_a_pair_is_left_in_a_text_that_json_spells_with_escapes():
    key, secret, token = (assemble(f"{{alnum:{length}}}", length) for length in (64, 63, 32))
    code = f'from binance.client import Client\ncl = Client("{key}", "{secret}x")'
    command = f"curl https://api.acme.test/v1/charges -u {token}:\nls"

    masked = json.dumps(Masker(SCREENER).tree({"a": {"b": [code, command]}}))

    assert [value for value in (key, secret, token) if value in masked] == []


@given(_trees)
@settings(max_examples=60, deadline=None)
def test_a_clean_tree_comes_back_equal(tree):
    assert Masker(SCREENER).tree(copy.deepcopy(tree)) == tree


@given(_trees, st.sampled_from(["{}", '"{}"', "\n{}\n", "é{}", "\\{}", "key={}"]))
@settings(max_examples=60, deadline=None)
def test_no_place_in_a_tree_keeps_a_secret(tree, around):
    planted = {"before": tree, "in": [{"here": around.format(TOKEN)}], "after": tree}

    masked = Masker(SCREENER).tree(planted)

    assert TOKEN not in json.dumps(masked, ensure_ascii=False)


@pytest.mark.parametrize("value", ["green-kettle", "x", 'a"b\\c', "gr33nK1x!", "7"])
@pytest.mark.parametrize("name", ["model_name", "_model_name"])
def test_what_a_password_widget_holds_is_masked_in_the_state_that_is_saved(value, name):
    """ipywidgets saves all that its widgets hold, where somebody has asked JupyterLab for that."""
    state = {"_dom_classes": [], "layout": "IPY_MODEL_0a1b", "value": value}
    if name == "_model_name":
        state, outside = {name: "PasswordModel", **state}, {}
    else:
        outside = {name: "PasswordModel"}
    model = {**outside, "model_module": "@jupyter-widgets/controls", "state": state}
    other = {"model_name": "TextModel", "state": {"value": "hello"}}
    widgets = {"state": {"a44cf4": model, "b55cf4": other}, "version_major": 2}
    saved = {"application/vnd.jupyter.widget-state+json": widgets}
    notebook = {"cells": [], "metadata": {"widgets": saved}, "nbformat": 4, "nbformat_minor": 5}
    mask_notebook(notebook, Masker(SCREENER))
    kept = notebook["metadata"]["widgets"]["application/vnd.jupyter.widget-state+json"]["state"]
    assert kept["a44cf4"]["state"]["value"].startswith("[secret")
    assert kept["b55cf4"] == other
