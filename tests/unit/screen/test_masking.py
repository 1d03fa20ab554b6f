"""Masking of documents: nothing slips through, nothing clean changes, and it stays fast."""

from __future__ import annotations

import copy
import json

from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_agent.screen import Screener
from jupyter_agent.screen.cell import CellScreener
from jupyter_agent.screen.examples import assemble
from jupyter_agent.screen.masking import Masker

SCREENER = CellScreener(Screener())
TOKEN = assemble("sk-{+}ant-api03-{word:93}AA", 6)


class _Counting:
    def __init__(self):
        self.screened = []

    def screen(self, text):
        self.screened.append(text)
        return SCREENER.screen(text)

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
