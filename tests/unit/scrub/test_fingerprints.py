"""Values recognised by their fingerprints: complete, and nothing else."""

from __future__ import annotations

import json

import pytest
from carriers import ESCAPES, made_up_secrets
from hypothesis import given
from hypothesis import strategies as st

from jupyter_agent.scrub import Fingerprints

TOKEN = made_up_secrets(1)["token"].decode()
KEY = made_up_secrets(1)["ssh-key"].decode()
VALUES = {"TOKEN": TOKEN.encode(), "KEY": KEY.encode()}


@pytest.fixture(params=["plain", "hastened"])
def known(request: pytest.FixtureRequest) -> Fingerprints:
    made = Fingerprints.of(VALUES)
    if request.param == "hastened":
        made.hasten()
    return Fingerprints.from_json(json.loads(json.dumps(made.to_json())))


def found(known: Fingerprints, text: str) -> list[str]:
    return [f"{span.label}:{text[span.begin : span.end]}" for span in known.spans(text)]


@pytest.mark.parametrize("around", ["%s", "x = '%s'\n", "äöü\U0001f511 %s,", "\n%s\t", "a\\n %s"])
def test_a_complete_value_is_found_in_text_and_suspected_in_its_json(known, around):
    for label, value in (("TOKEN", TOKEN), ("KEY", KEY)):
        text = around.replace("%s", value)
        assert found(known, text) == [f"{label}:{value}"]
        for ascii_only in (True, False):
            known.hasten()
            assert known.possible(json.dumps({"t": text}, ensure_ascii=ascii_only).encode())


@pytest.mark.parametrize("escape", [escape.decode() for escape in ESCAPES])
def test_an_escape_in_front_of_a_value_hides_it_no_more_than_a_space(escape):
    made = Fingerprints.of(VALUES)
    made.hasten()
    for label, value in (("TOKEN", TOKEN), ("KEY", KEY)):
        for text in (escape + value, f"x{escape}{value}\x1b[0m", f"{escape}{escape}{value}\\n"):
            assert found(made, text) == [f"{label}:{value}"]
            for ascii_only in (True, False):
                assert made.possible(json.dumps({"t": text}, ensure_ascii=ascii_only).encode())


def test_a_value_that_begins_with_an_escapes_letter_is_found_behind_a_backslash():
    value = "n" + TOKEN  # a folder's name on Windows, say
    assert found(Fingerprints.of({"A": value.encode()}), f"C:\\{value} ") == [f"A:{value}"]


def test_nothing_that_is_nearly_a_value_is_found(known):
    near = [TOKEN[:-1], TOKEN[1:], TOKEN + "x", "x" + TOKEN, TOKEN[::-1], TOKEN.upper(), KEY[:-40]]
    assert [found(known, text) for text in near] == [[] for _ in near]


def test_every_one_of_several_is_found_and_none_twice(known):
    assert found(known, f"{TOKEN} {KEY} {TOKEN}") == [
        f"TOKEN:{TOKEN}",
        f"KEY:{KEY}",
        f"TOKEN:{TOKEN}",
    ]


@given(before=st.text(max_size=30), after=st.text(max_size=30))
def test_what_stands_around_a_value_moves_its_place_and_nothing_else(
    before: str, after: str
) -> None:
    text = f"{before} {TOKEN} {after}"
    (span,) = Fingerprints.of(VALUES).spans(text)
    assert text[span.begin : span.end] == TOKEN


def test_a_value_across_the_blocks_of_a_long_text_is_found():
    known = Fingerprints.of(VALUES)
    for shift in (0, 20, 40):
        for before in ("x ", "\x1b[31m"):
            text = "x " * (128 * 1024 - shift) + before + TOKEN + " y"
            assert found(known, text) == [f"TOKEN:{TOKEN}"]


def test_what_travels_holds_no_value_and_no_hash_without_a_key():
    made, again = Fingerprints.of(VALUES), Fingerprints.of(VALUES)
    assert TOKEN not in json.dumps(made.to_json())
    assert made.to_json()["values"] != again.to_json()["values"]
    assert TOKEN not in repr(made)


def test_values_that_can_not_be_recognised_so_are_left_out():
    assert not Fingerprints.of({"BYTES": b"\xff" * 40, "WORDS": b"short words and nothing else"})
    assert not Fingerprints.of({}).possible(b"anything")
