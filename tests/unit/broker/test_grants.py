"""The one rule that says yes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_agent.broker.grants import Grant, Request, missing, new_grant, permits, spent
from jupyter_agent.errors import RequestInvalid

NOW = datetime(2030, 1, 1, tzinfo=UTC)
ASKED = Request(("A",), "curl -s https://example.com/me", "/home/me", "/home/me/a.ipynb")
ANY = Grant("1", "A", "2030-01-01T00:00:00Z", any_command=True)
EXACT = Grant("2", "A", "2030-01-01T00:00:00Z", script=ASKED.script)


def pattern(text: str) -> Grant:
    return Grant("3", "A", "2030-01-01T00:00:00Z", pattern=text)


def test_any_command_and_the_exact_script_say_yes():
    assert permits(ANY, "A", ASKED, NOW)
    assert permits(EXACT, "A", ASKED, NOW)


@pytest.mark.parametrize(
    "change",
    [
        {"label": "B"},
        {"notebook": "/home/me/b.ipynb"},
        {"cwd": "/elsewhere"},
        {"uses": 0},
        {"until": "2030-01-01T00:00:00+00:00"},
    ],
)
def test_every_bound_can_say_no(change):
    assert not permits(replace(ANY, **change), "A", ASKED, NOW)


def test_a_notebook_grant_needs_a_known_notebook():
    bound = replace(ANY, notebook=ASKED.notebook)
    assert permits(bound, "A", ASKED, NOW)
    assert not permits(bound, "A", replace(ASKED, notebook=None), NOW)


@pytest.mark.parametrize(
    ("text", "script", "covered"),
    [
        ("curl -s *", "curl -s https://example.com/me", True),
        ("curl -s https://example.com/*", "curl -s https://example.com/me", True),
        ('curl -H "X: $A" *', 'curl -H "X: $A" https://example.com/', True),
        ("curl -s *", "curl -s https://a https://b", False),
        ("curl -s *", "curl -s x; env", False),
        ("curl -s *", "curl -s x | tee y", False),
        ("curl -s *", "curl -s $(cat /etc/passwd)", False),
        ("curl -s *", "curl -s `id`", False),
        ("curl -s *", "curl -s x > y", False),
        ("curl -s *", "curl -s x\nenv", False),
        ("curl -s *", "curl -s 'x", False),
        ("curl -s *", "curl -s ${A:-$(id)}", False),
        ("* -s x", "curl -s x", False),
        ("*", "env", False),
    ],
)
def test_a_pattern_covers_one_plain_program_call(text, script, covered):
    assert permits(pattern(text), "A", replace(ASKED, script=script), NOW) is covered


def test_a_pattern_that_equals_the_script_covers_whatever_it_says():
    script = "a | b > c; $(d)"
    assert permits(pattern(script), "A", replace(ASKED, script=script), NOW)


@given(st.text(alphabet=";&|<>()`\n$\\# *'\"aA/", min_size=1, max_size=12))
def test_nothing_a_shell_reads_as_more_than_words_is_covered_by_a_wildcard(tail):
    script = f"curl {tail}"
    if permits(pattern("curl *"), "A", replace(ASKED, script=script), NOW):
        assert not set(";&|<>()`\n\\#") & set(script.strip())


def test_missing_names_the_labels_that_no_grant_covers():
    asked = replace(ASKED, labels=("A", "B"))
    assert missing([ANY], asked, NOW) == ["B"]


def test_a_counted_grant_is_spent_only_where_no_free_one_covers_the_label():
    counted = replace(ANY, uses=2)
    assert spent([counted], ASKED, NOW) == [replace(counted, uses=1)]
    assert spent([counted, EXACT], ASKED, NOW) == []


@pytest.mark.parametrize(
    "fields",
    [
        {"label": "A"},
        {"label": "A", "any_command": True, "script": "x"},
        {"label": "A", "any_command": True, "uses": 0},
        {"label": "A", "any_command": True, "uses": True},
        {"label": "A", "any_command": True, "until": "tomorrow"},
        {"label": "A", "any_command": True, "until": "2030-01-01T00:00:00"},
        {"label": "a b", "any_command": True},
        {"label": "A", "script": 7},
    ],
)
def test_a_grant_that_is_not_clear_is_refused(fields):
    with pytest.raises(RequestInvalid):
        new_grant(fields, id="1", created="2030-01-01T00:00:00Z")


@given(
    uses=st.none() | st.integers(1, 5),
    hours=st.none() | st.integers(-48, 48),
    notebook=st.none() | st.text(max_size=8),
)
def test_a_grant_survives_its_record(uses, hours, notebook):
    until = None if hours is None else (NOW + timedelta(hours=hours)).isoformat()
    grant = new_grant(
        {"label": "A", "any_command": True, "uses": uses, "until": until, "notebook": notebook},
        id="1",
        created="2030-01-01T00:00:00Z",
    )
    assert Grant.from_record(grant.record()) == grant
