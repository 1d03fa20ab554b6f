"""Suggested labels are labels, free, and never a secret."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from jupyter_agent.screen import Screener
from jupyter_agent.secret import MAX_LABEL, check_label
from jupyter_agent.server.labels import suggest

SCREENER = Screener()


@given(st.text(max_size=80), st.text(max_size=80), st.sets(st.text(max_size=5), max_size=5))
def test_whatever_is_asked_the_answer_is_a_free_label(rule, name, taken):
    taken = taken | {"SECRET"}

    label = suggest(rule, name, taken, SCREENER)

    assert check_label(label) == label
    assert label not in taken


def test_a_variable_that_says_nothing_leaves_the_word_to_the_rule():
    for name in ("token", "my_api_key", "ACCESS_TOKEN"):
        assert suggest("github-token", name, set(), SCREENER) == "GITHUB_TOKEN"
    assert suggest("github-token", "release_token", set(), SCREENER) == "RELEASE_TOKEN"
    assert suggest("none", "access_token", set(), SCREENER) == "ACCESS_TOKEN"


def test_a_long_label_stays_within_its_length_when_it_is_made_free():
    longest = "A" * MAX_LABEL

    assert suggest("none", longest, {longest}, SCREENER) == "A" * (MAX_LABEL - 2) + "_2"


def test_a_name_that_is_itself_a_secret_is_not_used():
    key = "BZMCUTX5RDIRGE3QAIKA"[::-1]

    assert suggest("none", key, set(), SCREENER) == "SECRET"
