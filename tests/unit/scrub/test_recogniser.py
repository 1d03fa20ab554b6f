"""Recognising stored values in a text: complete ones, in all forms, with their places."""

from __future__ import annotations

import base64
import traceback

import pytest
from carriers import made_up_secrets

from jupyter_agent.scrub import Recogniser, forms

SECRETS = made_up_secrets(7)
TOKEN = SECRETS["token"]


def test_each_value_is_named_with_its_place():
    text = b"a " + TOKEN + b" and " + SECRETS["password"] + b"."
    spans = Recogniser(SECRETS).spans(text)
    assert [(label, text[begin:end]) for label, begin, end in spans] == [
        ("token", TOKEN),
        ("password", SECRETS["password"]),
    ]


@pytest.mark.parametrize("name", sorted(set(forms(TOKEN)) - {"UTF-16"}))
def test_a_value_is_recognised_in_its_forms(name):
    form = forms(TOKEN)[name]
    ((label, begin, end),) = Recogniser(SECRETS).spans(b"<<\n" + form + b"\n>>")
    assert label == "token"
    assert begin <= 3 + len(form) // 4
    assert end >= 3 + len(form) * 3 // 4


def test_nothing_but_a_complete_value_is_recognised():
    recogniser = Recogniser({"A": TOKEN})
    for cut in range(1, len(TOKEN)):
        assert recogniser.spans(b"x " + TOKEN[:cut] + b". " + TOKEN[cut + 1 :]) == []
    assert recogniser.spans(base64.b64encode(TOKEN[:-3])) == []


def test_the_leftmost_value_wins_of_these_the_longest_and_of_equal_ones_the_first():
    recogniser = Recogniser(
        {"SHORT": b"abcdefgh", "LONG": b"abcdefghij", "SAME": b"abcdefgh", "LATER": b"ghijklmnop"}
    )
    assert recogniser.spans(b"-abcdefghijklmnop-abcdefgh") == [("LONG", 1, 11), ("SHORT", 18, 26)]


def test_an_empty_value_is_refused_by_label():
    with pytest.raises(ValueError, match="EMPTY"):
        Recogniser({"FULL": TOKEN, "EMPTY": b""})


def test_neither_its_repr_nor_a_traceback_shows_a_value():
    recogniser = Recogniser({"A": TOKEN})
    try:
        recogniser.spans(None)
    except (AttributeError, TypeError):
        shown = traceback.format_exc()
    shown += repr(recogniser)
    assert not any(form in shown.encode() for form in forms(TOKEN).values())
