"""A long text is cut before it is screened, and what lies across the cut goes with it."""

from __future__ import annotations

import random
from types import SimpleNamespace

import pytest
from canary import Canary

from jupyter_agent.chat import cutting
from jupyter_agent.chat.printed import HEAD, TAIL, Printed
from jupyter_agent.kernel.chat_attachments import MOST, attachment

VALUE = Canary.make(random.Random(7)).value
AROUND = ("\n", " ", '"', "{")


def across(place: int, around: str, *, after: int = 100_000) -> str:
    """A text whose value begins shortly before a place, between others of its kind."""
    words = ("word" + around) * (place // (4 + len(around)))
    return words[: place - len(VALUE) + 4].ljust(place - len(VALUE) + 4, around) + VALUE + (
        around + "x"
    ) * after  # fmt: skip


def is_there(text: str) -> bool:
    return any(VALUE[at : at + 8] in text for at in range(len(VALUE) - 7))


@pytest.mark.parametrize("around", AROUND)
def test_no_part_of_a_value_is_attached_where_a_variable_or_a_cell_is_cut(around):
    shell = SimpleNamespace(user_ns={"log": across(MOST, around), "In": ["", across(500, around)]})
    attached = attachment(shell, "log").text
    assert "characters left out" in attached
    assert len(attached) > MOST // 2
    assert not is_there(attached)
    assert not is_there(attachment(shell, "0").text)


@pytest.mark.parametrize("around", AROUND)
def test_no_part_of_a_value_is_kept_where_what_a_command_prints_is_cut(around):
    for text in (across(HEAD, around), across(TAIL, around)[::-1]):
        printed = Printed()
        printed.add(text)
        kept = printed.text
        assert "characters left out" in kept
        assert len(kept) > (HEAD + TAIL) // 2
        assert not is_there(kept)
        assert not is_there(kept[::-1])


def test_what_is_not_cut_is_left_alone():
    printed = Printed()
    printed.add("one " + VALUE)
    assert printed.text == "one " + VALUE
    assert cutting.start_of("one two", 7) == "one two"


def test_of_one_endless_word_the_end_is_left_out():
    assert cutting.start_of("a" * 100_000, 20_000) == "a" * 12_000
    assert cutting.without_cut_start("a" * 20_000) == "a" * 12_000
