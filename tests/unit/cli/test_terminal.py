"""What reaches a person's terminal can't steer it."""

from __future__ import annotations

import io

from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_agent.cli.asking import described
from jupyter_agent.cli.terminal import Terminal, printable
from jupyter_agent.errors import AgentError

APPROVAL = {
    "kind": "run",
    "labels": ["DEMO_TOKEN"],
    "script": "",
    "argv": None,
    "cwd": "/here",
    "notebook": None,
    "claimed": False,
    "role": "guest",
    "executables": [],
}


def terminal() -> tuple[Terminal, io.StringIO, io.StringIO]:
    out, err = io.StringIO(), io.StringIO()
    return Terminal(out, err, as_json=False, environ={}), out, err


@settings(deadline=None)
@given(st.text())
def test_what_is_shown_is_printable_and_nothing_is_lost(text):
    shown = printable(text)
    assert shown.isprintable()
    assert len(shown) >= len(text)


def test_what_nobody_sees_is_written_out_although_unicode_calls_it_printable():
    for unseen in ("\u3164", "\u115f", "\uffa0", "\u034f", "\u2800", "\ufe0f", "\U000e0100"):
        assert unseen.isprintable()
        shown = printable(f"curl {unseen}; true")
        assert unseen not in shown
        assert f"{ord(unseen):x}" in shown
    assert printable("größe → 漢字 🔑") == "größe → 漢字 🔑"


def test_columns_stand_below_each_other_whatever_their_letters_take():
    on, _, _ = terminal()
    rows = [["漢字.ipynb", "a"], ["cafe\u0301.ipynb", "b"], ["plain.ipynb", "c"]]
    # 漢 and 字 take two columns each, the accent none.
    assert on.table(["WHO", "WHAT"], rows) == [
        "WHO          WHAT",
        "漢字.ipynb   a",
        "cafe\u0301.ipynb   b",
        "plain.ipynb  c",
    ]


@settings(deadline=None)
@given(st.text(), st.text(), st.text())
def test_a_question_holds_every_line_and_no_control_character(script, cwd, notebook):
    lines = described({**APPROVAL, "script": script, "cwd": cwd, "notebook": notebook})
    assert all(line.isprintable() for line in lines)
    shown = "\n".join(lines)
    for line in script.split("\n"):
        assert printable(line) in shown


@settings(deadline=None)
@given(st.lists(st.text()))
def test_a_question_about_arguments_quotes_them_as_a_shell_would(words):
    lines = described({**APPROVAL, "argv": ["printf", *words], "executables": []})
    assert any("printf" in line for line in lines)


def test_a_question_says_that_what_a_cell_sets_is_another_each_time():
    sets = {**APPROVAL, "exports": {"URL": "https://good.example"}}
    lines = described({**sets, "choices": ["once", "always", "deny"]})
    place = lines.index("  sets      URL=https://good.example")
    assert "may set these to anything" in lines[place + 1]
    assert "anything" not in "".join(described({**sets, "choices": ["once", "deny"]}))


def test_a_claimed_notebook_is_called_a_claim():
    lines = described({**APPROVAL, "notebook": "tour.ipynb", "claimed": True})
    assert any("tour.ipynb" in line and "not checked" in line for line in lines)


def test_a_change_is_described():
    change = {"op": "rename", "label": "DEMO_TOKEN", "to": "TOUR_TOKEN"}
    first, *_ = described({**APPROVAL, "kind": "change", "change": change})
    assert first == "May rename DEMO_TOKEN to TOUR_TOKEN?"


def test_a_hint_keeps_its_lines_and_loses_its_escapes():
    screen, _, err = terminal()
    screen.fail(AgentError("It failed.", "Type: a\nb \x1b[2J"))
    assert err.getvalue() == "error: It failed.\nhint: Type: a\nb \\x1b[2J\n"


def test_columns_are_aligned_and_escaped():
    screen, _, _ = terminal()
    lines = screen.table(("A", "B"), [("long cell", "x"), ("\x1b[2J", "y")])
    assert lines == ["A          B", "long cell  x", "\\x1b[2J    y"]


def test_a_terminal_that_knows_no_sequences_gets_none():
    class Screen(io.StringIO):
        def isatty(self) -> bool:
            return True

    for name, moves in (("dumb", False), ("xterm", True)):
        out, err = Screen(), Screen()
        screen = Terminal(out, err, as_json=False, environ={"TERM": name})
        screen.progress("3 of 7")
        screen.fail(AgentError("It failed.", "Try again."))
        assert ("\x1b" in err.getvalue()) is moves
