"""How much of a run's output a cell shows."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from jupyter_agent.kernel import limit
from jupyter_agent.kernel.limit import Limit


@given(st.lists(st.text(alphabet="ab\n", max_size=30), max_size=20), st.data())
def test_what_is_shown_is_a_beginning_and_the_rest_is_counted(
    pieces: list[str], data: st.DataObject
) -> None:
    one = Limit()
    one._characters = data.draw(st.integers(0, 60))
    one._lines = data.draw(st.integers(0, 20))
    characters, lines = one._characters, one._lines
    text = "".join(pieces)
    shown = "".join(map(one.shown_of, pieces))
    assert text.startswith(shown)
    assert len(shown) <= characters
    assert shown.count("\n") <= lines
    assert one.cut_characters == len(text) - len(shown)
    assert one.cut_lines == text.count("\n") - shown.count("\n")
    if one.cut_characters:
        full = len(shown) == characters or shown.count("\n") == lines
        assert full
        assert text.endswith(one.last)


def test_ordinary_output_is_shown_as_it_is_and_nothing_is_noted():
    one = Limit()
    assert one.shown_of("a\n" * 9_999) == "a\n" * 9_999
    assert one.note("") == ""


def test_the_note_says_how_much_and_where_the_whole_is():
    one = Limit()
    assert len(one.shown_of("x" * 3_000_000)) == limit.MOST_CHARACTERS
    assert one.note("") == (
        "not shown: 2,000,000 characters in 0 lines more; the whole: --save FILE, or --out NAME"
    )
    assert one.note("all.log").endswith("; the whole is in all.log")


def test_the_last_lines_are_kept_of_any_amount():
    one = Limit()
    for n in range(20_000):
        one.shown_of(f"line {n}\n")
    assert one.cut_lines == 10_000
    assert one.last == "".join(f"line {n}\n" for n in range(19_980, 20_000))
