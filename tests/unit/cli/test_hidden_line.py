"""The hidden prompt's line: what is typed and pasted, in pieces of any size."""

from __future__ import annotations

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_agent.cli.hidden_line import HiddenLine

typable = st.text(st.characters(min_codepoint=32, exclude_characters="\x7f", codec="utf-8"))
pastable = st.text(st.characters(exclude_characters="\x1b\r", codec="utf-8"))


def line_of(typed: bytes, cuts: list[int] | None = None) -> HiddenLine:
    line = HiddenLine()
    places = sorted({cut % (len(typed) + 1) for cut in cuts or []} | {0, len(typed)})
    for start, end in itertools.pairwise(places):
        line.feed(typed[start:end])
    return line


def pasted(text: str) -> bytes:
    return b"\x1b[200~" + text.replace("\n", "\r").encode() + b"\x1b[201~"


@settings(deadline=None)
@given(typable, st.lists(st.integers(0)))
def test_what_is_typed_is_the_value(text, cuts):
    line = line_of(text.encode() + b"\r", cuts)
    assert (line.value, line.done, line.left_over) == (text.encode(), True, False)


@settings(deadline=None)
@given(typable, pastable, typable, st.lists(st.integers(0)))
def test_line_breaks_inside_a_paste_belong_to_the_value(before, text, after, cuts):
    line = line_of(before.encode() + pasted(text) + after.encode() + b"\r", cuts)
    assert line.done
    assert not line.left_over
    assert line.value == (before + text + after).removesuffix("\n").encode()


@settings(deadline=None)
@given(st.binary(), st.lists(st.integers(0)))
def test_the_pieces_in_which_it_comes_do_not_matter(typed, cuts):
    whole, pieces = line_of(typed), line_of(typed, cuts)
    assert (whole.value, whole.done) == (pieces.value, pieces.done)


@settings(deadline=None)
@given(st.binary())
def test_no_escape_sequence_outside_a_paste_becomes_part_of_the_value(typed):
    if b"\x1b[200~" not in typed:
        assert b"\x1b" not in line_of(typed).value


def test_a_character_is_erased_whole():
    assert line_of("aé\x7f\x7f\x7fb\r".encode()).value == b"b"


def test_cursor_keys_do_nothing():
    assert line_of(b"a\x1b[D\x1bOA\x1b[1;5Cb\r").value == b"ab"


def test_a_second_line_that_was_not_pasted_as_one_is_noticed():
    assert line_of(b"first\rsecond\r").left_over


def test_enter_pressed_twice_is_forgiven():
    assert not line_of(b"value\r\r\n").left_over


def test_a_line_break_of_windows_in_a_paste_is_one_line_break():
    assert line_of(b"\x1b[200~a\r\nb\x1b[201~\r").value == b"a\nb"
