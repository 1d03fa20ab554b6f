"""A run request, before anybody is asked."""

from __future__ import annotations

import os

import pytest
from steps import request

from jupyter_agent.broker.commands import named
from jupyter_agent.broker.wanted import MAX_SCRIPT, read_wanted
from jupyter_agent.errors import AgentError, RequestInvalid


def test_a_script_runs_in_a_shell_that_reads_no_rc_file():
    wanted = read_wanted(request("echo hello"))
    assert wanted.argv[1:] == ("--noprofile", "--norc", "-c", "echo hello")


def test_arguments_are_shown_as_a_shell_would_need_them():
    wanted = read_wanted(request(None, argv=["echo", "a b"]))
    assert wanted.command == "echo 'a b'"


@pytest.mark.parametrize(
    "change",
    [
        {"cwd": "relative"},
        {"timeout": 0},
        {"timeout": "1"},
        {"shell": "perl"},
        {"script": None},
        {"script": "a\0b"},
        {"script": "x" * (MAX_SCRIPT + 1)},
        {"argv": ["x"], "script": "y", "secrets": "no"},
        {"env": {"LD_PRELOAD": "x"}},
        {"env": {"ld_preload": "x"}},
        {"env": {"OK": "a\0b"}},
        {"secrets": [{"label": "A", "env": "X"}, {"label": "B", "env": "X"}]},
    ],
)
def test_what_can_not_be_meant_is_refused(change):
    with pytest.raises(RequestInvalid):
        read_wanted({**request("true"), **change})


def test_a_value_with_a_zero_byte_can_not_be_a_variable():
    wanted = read_wanted(request("true", "A"))
    with pytest.raises(AgentError, match="zero byte"):
        wanted.environment({"A": b"x\0y"}, None)


def test_a_value_that_is_no_text_passes_byte_for_byte():
    wanted = read_wanted(request("true", "A"))
    assert os.fsencode(wanted.environment({"A": b"\xff\xfe"}, None)["A"]) == b"\xff\xfe"


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("cat x | grep y && ls; (sort)", ["cat", "grep", "ls", "sort"]),
        ("A=1 env", ["env"]),
        ("one \\\n two\nthree", ["one", "three"]),
        ("echo 'a; b'", ["echo"]),
        ("echo 'open", ["echo"]),
        ("", []),
    ],
)
def test_the_programs_a_script_names_are_shown(script, words):
    assert named(script) == words
