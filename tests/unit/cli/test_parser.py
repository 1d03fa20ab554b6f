"""Arguments: understood or refused, never repeated."""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sources import ROOT

from jupyter_agent.cli import main
from jupyter_agent.cli.parser import parse, whole_parser
from jupyter_agent.errors import AgentError

COMMANDS = [
    ("secret", "set"), ("secret", "list"), ("secret", "show"), ("secret", "replace"),
    ("secret", "rename"), ("secret", "remove"), ("run",), ("grant",), ("approvals",), ("approve",),
    ("screen",), ("audit",), ("lock",), ("unlock",), ("status",), ("doctor",), ("vault", "status"),
]  # fmt: skip
PASTED = "kx9-made-up-value"


@pytest.mark.parametrize("words", [(), ("secret",), ("vault",), *COMMANDS])
def test_every_command_has_help(capsys, words):
    assert main([*words, "--help"]) == 0
    shown = capsys.readouterr()
    assert shown.out.startswith(" ".join(["usage: jupyter agent", *words]))
    assert shown.err == ""


@pytest.mark.parametrize("words", COMMANDS)
def test_every_command_but_run_answers_in_json(capsys, words):
    main([*words, "--help"])
    assert ("--json" in capsys.readouterr().out) == (words != ("run",))


def test_only_commands_for_people_are_listed(capsys):
    main(["--help"])
    listed = capsys.readouterr().out
    assert "approvals" in listed
    assert "\n    approve " not in listed


@pytest.mark.parametrize("words", [("--json",), ("sercet", "--json"), ("secret", "lst", "--json")])
def test_wrong_usage_is_an_error_in_json_too(capsys, words):
    assert main(words) == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    error = json.loads(shown.err)["error"]
    assert error.keys() == {"code", "message", "hint"}
    assert error["code"] == "request_invalid"


def test_without_a_command_it_shows_what_there_is(capsys):
    assert main([]) == 1
    assert "jupyter agent secret set GITHUB_TOKEN" in capsys.readouterr().out
    assert main(["vault"]) == 1
    assert "Say what to do: status, " in capsys.readouterr().err


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("list", "secret list"), ("set", "secret set"), ("help", "--help"), ("sercet", "secret"),
        ("grants", "grant"), ("secret lst", "secret list"), ("vault stats", "vault status"),
    ],
)  # fmt: skip
def test_a_command_that_is_not_there_names_the_one_that_was_meant(capsys, typed, meant):
    assert main(typed.split()) == 1
    assert capsys.readouterr().err.endswith(f"Did you mean: jupyter agent {meant}\n")


def test_a_command_without_the_dashes_is_told_where_it_goes(capsys):
    assert main(["run", "-s", "DEMO_TOKEN", "printenv", "DEMO_TOKEN"]) == 125
    assert "-s GITHUB_TOKEN -- gh api user" in capsys.readouterr().err


@settings(deadline=None)
@given(
    st.sampled_from(COMMANDS),
    st.lists(
        st.sampled_from(
            ["{}", "--{}", "--kind", "--kind={}", "--json={}", "--stdin={}", "--limit={}", "--uses"]
        ),
        min_size=1,
        max_size=5,
    ),
)
def test_no_refusal_repeats_what_was_typed(command, shapes):
    try:
        parse([*command, *(shape.format(PASTED) for shape in shapes)])
        said = ""
    except AgentError as refusal:
        said = f"{refusal!r} {refusal}"
    assert PASTED not in said


@settings(deadline=None)
@given(st.lists(st.text(max_size=5), max_size=6))
def test_everything_behind_the_dashes_belongs_to_the_command(words):
    asked = parse(["run", "-s", "DEMO_TOKEN", "--", *words])
    assert asked._arguments.words == words


@pytest.mark.parametrize("words", [["secret", "list"], ["grant", "DEMO_TOKEN"], ["status"]])
def test_only_run_takes_a_command(words):
    with pytest.raises(AgentError):
        parse([*words, "--", "env"])
    parse([*words, "--"])


@pytest.mark.parametrize("short", ["--std", "--repl", "--k"])
def test_options_are_never_guessed_from_their_beginning(short):
    with pytest.raises(AgentError):
        parse(["secret", "set", "DEMO_TOKEN", short])


def test_a_hook_without_a_readable_event_stops_its_host(capsys):
    assert main(["screen", "--hook", "claude-code"]) == 2
    assert capsys.readouterr().out == ""


def test_an_unforeseen_error_tells_its_place_and_nothing_else(capsys, monkeypatch):
    def fail(*_: object) -> None:
        raise ValueError(PASTED)

    monkeypatch.setattr("jupyter_agent.cli.lock.open_as_person", fail)
    assert main(["status"]) == 1
    shown = capsys.readouterr()
    assert "ValueError" in shown.err
    assert PASTED not in shown.out + shown.err


def test_what_each_command_answers_in_json_is_written_down():
    page = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    table = page.partition("## For programs")[2].partition("META, GRANT")[0]
    for words in _every(whole_parser()):
        if words != ("run",):
            # In a row of several of a family only the first has its name: `secret set`, `replace`.
            assert re.search(rf"`({words[0]} )?{words[-1]}[` ]", table), words


def _every(parser: argparse.ArgumentParser, *begin: str) -> Iterator[tuple[str, ...]]:
    """Each command in the words that name it, without the families."""
    families = [one for one in parser._actions if isinstance(one, argparse._SubParsersAction)]
    if begin and not families:
        yield begin
    for family in families:
        for name, inner in family.choices.items():
            yield from _every(inner, *begin, name)
