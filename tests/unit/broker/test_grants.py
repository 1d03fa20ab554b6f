"""The one rule that says yes."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_agent.broker.allowances import new_allowance
from jupyter_agent.broker.grants import Grant, new_grant, with_programs
from jupyter_agent.broker.permitting import Request, forbidding, missing, permits, used
from jupyter_agent.errors import RequestInvalid

NOW = datetime(2030, 1, 1, tzinfo=UTC)
CREATED = "2030-01-01T00:00:00Z"
FILES = {
    name: (f"/usr/bin/{name}", f"hash of {name}")
    for name in ("curl", "gh", "jq", "bash", "python3", "./deploy.py")
}


def look(**other: tuple[str, str] | None) -> Callable[[str], tuple[str, str] | None]:
    """Finds the usual programs, and others elsewhere."""
    return {**FILES, **other}.get


ASKED = Request(
    labels=("A",),
    script="curl -s https://example.com/me",
    cwd="/home/me",
    notebook="/home/me/a.ipynb",
    actor="kernel:k1",
    into={"A": ("env:A",)},
    identity="this very run",
    look=look(),
)
ANY = Grant("1", "A", CREATED, any_command=True)
EXACT = Grant("2", "A", CREATED, script=ASKED.script)
THIS = replace(EXACT, identity=ASKED.identity, programs=ASKED.programs(["curl"]))


def grant(text: str, **more: object) -> Grant:
    """What `grant --command` makes."""
    made = new_grant({"label": "A", "pattern": text, **more}, id="3", created=CREATED)
    return with_programs(made, look())


def asked(script: str, **more: object) -> Request:
    return replace(ASKED, script=script, **more)


@pytest.mark.parametrize("standing", [ANY, EXACT, THIS, grant("curl -s https://example.com/*")])
def test_each_kind_of_grant_says_yes(standing):
    assert permits(standing, "A", ASKED, NOW)


@pytest.mark.parametrize(
    "change",
    [
        {"label": "B"},
        {"notebook": "/home/me/b.ipynb"},
        {"cwd": "/elsewhere"},
        {"uses": 0},
        {"until": "2030-01-01T00:00:00+00:00"},
        {"who": "guest"},
        {"who": "kernel:k2"},
        {"deny": True},
    ],
)
@pytest.mark.parametrize("standing", [ANY, EXACT, THIS, grant("curl -s https://example.com/*")])
def test_every_bound_can_say_no(standing, change):
    assert not permits(replace(standing, **change), "A", ASKED, NOW)


@pytest.mark.parametrize("standing", [ANY, EXACT, THIS, grant("curl -s https://example.com/*")])
def test_a_clock_that_is_set_back_makes_no_grant_last_longer(standing):
    ten_minutes = replace(standing, until="2030-01-01T00:10:00Z")
    back = NOW - timedelta(days=1)
    assert permits(ten_minutes, "A", ASKED, NOW + timedelta(minutes=9))
    assert permits(ten_minutes, "A", ASKED, NOW - timedelta(seconds=5))  # put right a little
    assert not permits(ten_minutes, "A", ASKED, back)
    assert permits(standing, "A", ASKED, back)  # it has no end
    denied = replace(ten_minutes, deny=True)
    assert forbidding([denied], ASKED, back) == denied


def test_what_is_no_secret_for_a_time_is_not_so_for_longer_by_a_clock_that_is_set_back():
    once = new_allowance({"scope": "once", "rule": "any", "reason": "an example"}, "", NOW)
    assert not once.is_over(NOW + timedelta(minutes=9))
    assert not once.is_over(NOW - timedelta(seconds=5))
    assert once.is_over(NOW - timedelta(days=1))
    assert once.is_over(NOW + timedelta(minutes=10))


def test_who_is_a_role_or_one_of_its_kind():
    assert permits(replace(ANY, who="kernel"), "A", ASKED, NOW)
    assert permits(replace(ANY, who="kernel:k1"), "A", ASKED, NOW)


def test_a_notebook_grant_needs_a_known_notebook():
    bound = replace(ANY, notebook=ASKED.notebook)
    assert permits(bound, "A", ASKED, NOW)
    claiming = replace(ASKED, notebook=None, claimed=ASKED.notebook)
    assert not permits(bound, "A", claiming, NOW)


@pytest.mark.parametrize("standing", [ANY, grant("curl -s https://example.com/*")])
def test_an_agent_is_permitted_nothing_but_an_exact_command(standing):
    agent = replace(ASKED, actor="agent:x")
    for who in (None, "agent", "agent:x"):
        assert not permits(replace(standing, who=who), "A", agent, NOW)
    for exact in (EXACT, THIS):
        assert not permits(exact, "A", agent, NOW)  # it was given to people and their cells
        assert not permits(replace(exact, who="agent:y"), "A", agent, NOW)
        assert permits(replace(exact, who="agent"), "A", agent, NOW)
        assert permits(replace(exact, who="agent:x"), "A", agent, NOW)


def test_what_was_approved_is_everything_that_makes_a_run():
    assert not permits(THIS, "A", replace(ASKED, identity="another"), NOW)
    assert not permits(THIS, "A", asked(f"{ASKED.script} "), NOW)


@pytest.mark.parametrize("standing", [EXACT, grant("curl -s https://example.com/*")])
@pytest.mark.parametrize(
    "change", [{"exports": True}, {"shell": "python"}, {"into": {"A": ("env:GH_HOST",)}}]
)
def test_what_stands_beside_the_text_asks_again(standing, change):
    assert not permits(standing, "A", replace(ASKED, **change), NOW)
    assert permits(ANY, "A", replace(ASKED, **change), NOW)


@pytest.mark.parametrize(
    ("into", "variable", "usual"),
    [
        (None, "env:A", True),
        (None, "env:PGPASSWORD", True),
        (None, "env:GH_TOKEN", True),
        (None, "stdin", True),
        (None, "env:HTTPS_PROXY", False),
        (None, "env:AWS_ENDPOINT_URL", False),
        (None, "env:SSH_ASKPASS", False),
        (None, "env:SSLKEYLOGFILE", False),
        (None, "template", False),
        (("env:HTTPS_PROXY",), "env:HTTPS_PROXY", True),
        (("env:HTTPS_PROXY",), "env:A", False),
    ],
)
def test_a_value_goes_where_credentials_go_or_where_it_was_said(into, variable, usual):
    going = replace(ASKED, into={"A": (variable,)})
    assert permits(replace(EXACT, into=into), "A", going, NOW) is usual


@pytest.mark.parametrize("standing", [THIS, grant("curl -s https://example.com/*")])
@pytest.mark.parametrize(
    "other",
    [("/usr/bin/curl", "changed"), ("/home/me/curl", "hash of curl"), None],
    ids=["changed", "elsewhere", "gone"],
)
def test_a_program_that_is_another_one_now_asks_again(standing, other):
    assert not permits(standing, "A", replace(ASKED, look=look(curl=other)), NOW)


def test_an_exact_script_keeps_to_the_programs_that_it_was_first_used_with():
    (noted,) = used([EXACT], ASKED, NOW)
    assert noted.programs == {"curl": {"path": "/usr/bin/curl", "sha256": "hash of curl"}}
    assert used([noted], ASKED, NOW) == []
    elsewhere = replace(ASKED, look=look(curl=("/home/me/curl", "x")))
    assert not permits(noted, "A", elsewhere, NOW)


def test_the_script_behind_an_interpreter_is_part_of_what_was_granted():
    standing = grant("python3 deploy.py *")
    assert permits(standing, "A", asked("python3 deploy.py now"), NOW)
    edited = {"./deploy.py": ("/home/me/deploy.py", "edited")}
    assert not permits(standing, "A", asked("python3 deploy.py now", look=look(**edited)), NOW)


def test_a_builtin_of_the_shell_has_no_file():
    assert permits(grant("echo *"), "A", asked("echo x"), NOW)
    assert not permits(grant("echo *"), "A", asked("'echo' x", shell="", argv=("echo", "x")), NOW)


def test_commands_behind_each_other_may_have_a_grant_each_and_a_pipeline_has_one():
    api, curl = grant("gh api *"), replace(grant("curl -s https://example.com/*"), id="4")
    script = f"gh api user; {ASKED.script}\ngh api orgs"
    assert missing([api, curl], asked(script), NOW) == []
    assert missing([api], asked(script), NOW) == ["A"]
    assert missing([api, replace(grant("jq *"), id="5")], asked("gh api user | jq ."), NOW) == ["A"]
    assert missing([grant("gh api * | jq *")], asked("gh api user | jq ."), NOW) == []


def test_arguments_without_a_shell_are_words_and_nothing_more():
    words = ("curl", "-s", "https://example.com/$(id); env")
    plain = replace(ASKED, shell="", argv=words, script="shown")
    assert permits(grant("curl -s https://example.com/*"), "A", plain, NOW)


# -- what is denied


@pytest.mark.parametrize(
    "script",
    [
        "gh auth token",
        "gh --repo x auth token",
        "/usr/bin/gh auth token",
        "env gh auth token",
        "true && gh auth token | jq .",
        "gh auth",
    ],
)
def test_a_rule_that_denies_wins_over_every_grant(script):
    rule = grant("gh auth *", deny=True)
    request = asked(script, identity="this very run")
    for standing in (ANY, replace(EXACT, script=script), replace(THIS, script=script)):
        assert missing([standing, rule], request, NOW) == ["A"]
        assert forbidding([standing, rule], request, NOW) == rule


@pytest.mark.parametrize("script", ["bash -c 'gh auth token'", "x=$(gh auth token)", "gh api x >y"])
def test_where_a_rule_may_speak_only_what_a_person_has_read_counts(script):
    rule = grant("gh auth *", deny=True)
    request = asked(script)
    assert forbidding([rule], request, NOW) is None
    assert missing([ANY, rule], request, NOW) == ["A"]
    assert missing([replace(EXACT, script=script), rule], request, NOW) == []


def test_a_rule_says_nothing_about_anything_else():
    rule = grant("gh auth *", deny=True)
    assert missing([ANY, rule], ASKED, NOW) == []
    assert missing([ANY, replace(rule, label="B")], asked("gh auth token"), NOW) == []
    assert missing([ANY, replace(rule, until=CREATED)], asked("gh auth token"), NOW) == []


def test_everything_can_be_denied_to_some():
    rule = new_grant(
        {"label": "A", "any_command": True, "deny": True, "who": "guest"}, id="9", created=CREATED
    )
    assert missing([ANY, rule], ASKED, NOW) == []
    assert forbidding([ANY, rule], replace(ASKED, actor="guest"), NOW) == rule


def test_a_rule_for_a_notebook_holds_for_who_claims_to_be_it():
    rule = replace(ANY, id="9", deny=True, notebook="/n.ipynb")
    claiming = replace(ASKED, notebook=None, claimed="/n.ipynb")
    assert forbidding([ANY, rule], claiming, NOW) == rule


# -- counting, making


def test_missing_names_the_labels_that_no_grant_covers():
    assert missing([ANY], replace(ASKED, labels=("A", "B")), NOW) == ["B"]


def test_a_counted_grant_is_spent_only_where_no_free_one_covers_the_label():
    counted = replace(ANY, uses=2)
    assert used([counted], ASKED, NOW) == [replace(counted, uses=1)]
    assert used([counted, replace(ANY, id="7")], ASKED, NOW) == []


def test_a_counted_pattern_costs_one_use_a_run():
    counted = replace(grant("gh api *"), uses=2)
    assert used([counted], asked("gh api a\ngh api b"), NOW) == [replace(counted, uses=1)]


@pytest.mark.parametrize(
    "fields",
    [
        {"label": "A"},
        {"label": "A", "any_command": True, "script": "x"},
        {"label": "A", "any_command": True, "uses": 0},
        {"label": "A", "any_command": True, "uses": True},
        {"label": "A", "any_command": True, "until": "tomorrow"},
        {"label": "A", "any_command": True, "until": "2030-01-01T00:00:00"},
        {"label": "A", "any_command": True, "who": "root"},
        {"label": "A", "any_command": True, "into": ["env:LD_PRELOAD"]},
        {"label": "A", "any_command": True, "into": "stdin"},
        {"label": "A", "any_command": True, "deny": True, "uses": 1},
        {"label": "a b", "any_command": True},
        {"label": "A", "script": 7},
        {"label": "A", "pattern": "curl *"},
    ],
)
def test_a_grant_that_is_not_clear_is_refused(fields):
    with pytest.raises(RequestInvalid):
        new_grant(fields, id="1", created=CREATED)


@pytest.mark.parametrize(
    "text", ["echo hello", "a | b > c; $(d)", "for i in *; do curl $i; done", "x 'é'"]
)
def test_a_command_that_no_pattern_can_say_is_meant_to_the_letter(text):
    made = new_grant({"label": "A", "pattern": text}, id="1", created=CREATED)
    assert (made.script, made.pattern) == (text, None)
    assert permits(made, "A", asked(text), NOW)
    assert not permits(made, "A", asked(f"{text} "), NOW)


def test_a_pattern_is_for_programs_that_are_there_under_their_own_name():
    made = new_grant({"label": "A", "pattern": "fetch *"}, id="1", created=CREATED)
    with pytest.raises(RequestInvalid, match="not found"):
        with_programs(made, look())
    with pytest.raises(RequestInvalid, match="really"):
        with_programs(made, look(fetch=("/usr/bin/curl", "x")))


def test_a_pattern_of_an_older_release_that_knows_no_programs_asks_again():
    old = {
        "id": "1",
        "label": "A",
        "created": CREATED,
        "pattern": "curl -s *",
        "any_command": False,
    }
    grant_ = Grant.from_record(json.dumps(old).encode())
    assert not permits(grant_, "A", ASKED, NOW)


@given(
    uses=st.none() | st.integers(1, 5),
    hours=st.none() | st.integers(-48, 48),
    notebook=st.none() | st.text(max_size=8),
    into=st.none() | st.lists(st.sampled_from(["stdin", "env:X", "file:Y"])),
)
def test_a_grant_survives_its_record(uses, hours, notebook, into):
    until = None if hours is None else (NOW + timedelta(hours=hours)).isoformat()
    fields: Mapping[str, object] = {
        "label": "A",
        "any_command": True,
        "uses": uses,
        "until": until,
        "notebook": notebook,
        "into": into,
    }
    made = new_grant(fields, id="1", created=CREATED)
    assert Grant.from_record(made.record()) == made
