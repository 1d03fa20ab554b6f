"""``jupyter agent grant``: what is permitted, and no more."""

from __future__ import annotations

import pytest
from command_line import ended

pytestmark = pytest.mark.one_broker

ECHO = ("run", "-s", "DEMO_TOKEN", "--", "printenv", "DEMO_TOKEN")


def test_a_pattern_covers_one_plain_command(cli, saved):
    assert cli("grant", "DEMO_TOKEN", "--command", "printenv *").code == 0
    assert cli(*ECHO).code == 0
    assert cli("run", "-s", "DEMO_TOKEN", "--", "env").code == 125
    assert cli("run", "-s", "DEMO_TOKEN", "-c", "printenv DEMO_TOKEN; env").code == 125


def test_a_command_that_no_pattern_can_say_is_permitted_to_the_letter(cli, saved):
    script = "printenv DEMO_TOKEN > /dev/null"
    assert cli("grant", "DEMO_TOKEN", "--script", script).code == 0
    assert cli("run", "-s", "DEMO_TOKEN", "-c", script).code == 0
    assert cli("run", "-s", "DEMO_TOKEN", "-c", f"{script}; env").code == 125


def test_a_pattern_says_which_files_it_is_bound_to(cli, saved):
    done = cli("grant", "DEMO_TOKEN", "--command", "printenv *")
    assert b"printenv is /" in done.out


def test_a_pattern_that_is_too_wide_or_means_nothing_is_refused(cli, saved, subtests):
    for pattern in ["curl *", "bash -c *", "no-such-program-here *"]:
        with subtests.test(pattern=pattern):
            done = cli("grant", "DEMO_TOKEN", "--command", pattern, "--json")
            assert done.code == 1
            assert done.error["hint"]


def test_a_value_goes_into_the_variable_that_was_said(cli, saved):
    words = ("printenv", "MY_PLACE")
    assert cli("grant", "DEMO_TOKEN", "--command", "printenv MY_*").code == 0
    assert cli("run", "-s", "MY_PLACE=DEMO_TOKEN", "--", *words).code == 125
    assert cli("grant", "DEMO_TOKEN", "--command", "printenv MY_*", "--as", "MY_PLACE").code == 0
    assert cli("run", "-s", "MY_PLACE=DEMO_TOKEN", "--", *words).code == 0


def test_a_rule_that_denies_wins_and_stays_when_all_grants_are_taken_back(cli, saved):
    assert cli("grant", "DEMO_TOKEN", "--any-command").code == 0
    denied = cli("grant", "DEMO_TOKEN", "--deny", "--command", "printenv *", "--json").json["grant"]
    assert denied["deny"]
    refused = cli(*ECHO)
    assert refused.code == 125
    assert b"denies" in refused.err
    assert cli("run", "-s", "DEMO_TOKEN", "--", "true").code == 0
    assert cli("grant", "--revoke-all", "--json").json["revoked"] == 1
    assert [one["id"] for one in cli("grant", "--list", "--json").json["grants"]] == [denied["id"]]
    assert cli("run", "-s", "DEMO_TOKEN", "--", "true").code == 125


def test_a_grant_for_kernels_is_not_for_the_terminal(cli, saved):
    assert cli("grant", "DEMO_TOKEN", "--any-command", "--who", "kernel").code == 0
    assert cli(*ECHO).code == 125
    assert cli("grant", "DEMO_TOKEN", "--any-command", "--who", "terminal").code == 0
    assert cli(*ECHO).code == 0


def test_a_grant_ends_after_its_uses(cli, saved):
    cli("grant", "DEMO_TOKEN", "--any-command", "--uses", "1")
    assert [cli(*ECHO).code for _ in range(2)] == [0, 125]


def test_a_grant_holds_in_its_folder_only(cli, saved, tmp_path):
    cli("grant", "DEMO_TOKEN", "--any-command", "--cwd", ".")
    assert cli(*ECHO).code == 0
    assert cli("run", "--cwd", str(tmp_path), *ECHO[1:]).code == 125


def test_a_notebooks_grant_is_not_for_the_terminal(cli, saved):
    done = cli("grant", "DEMO_TOKEN", "--any-command", "--notebook", "tour.ipynb", "--json")
    assert done.json["grant"]["notebook"] == str(cli.cwd / "tour.ipynb")
    assert cli(*ECHO).code == 125


def test_what_was_refused_last_is_permitted_when_nothing_else_is_said(cli, saved):
    assert cli(*ECHO).code == 125
    done = cli("grant", "DEMO_TOKEN")
    assert done.code == 0
    assert b"printenv DEMO_TOKEN" in done.out
    assert cli(*ECHO).code == 0
    assert cli("run", "-s", "DEMO_TOKEN", "--", "env").code == 125


@pytest.mark.one_broker(shared=False)
def test_without_a_refusal_both_choices_are_named(cli, saved):
    done = cli("grant", "DEMO_TOKEN", "--json")
    assert done.code == 1
    assert "--command" in done.error["hint"]
    assert "--any-command" in done.error["hint"]


@pytest.mark.parametrize(("answer", "code"), [("y\r", 0), ("\r", 1)])
def test_a_person_sees_what_was_refused_before_permitting_it(cli, saved, answer, code):
    assert cli(*ECHO).code == 125
    terminal = cli.on_terminal("grant", "DEMO_TOKEN")
    terminal.expect_exact("[y/N] ")
    assert b"printenv DEMO_TOKEN" in terminal.before
    terminal.send(answer)
    assert ended(terminal)[0] == code
    assert cli(*ECHO).code == (0 if code == 0 else 125)


def test_grants_are_listed_and_taken_back(cli, saved):
    words = ("grant", "DEMO_TOKEN", "--command", "printenv *", "--until", "2h", "--json")
    added = cli(*words).json["grant"]
    assert added["until"] > added["created"]
    assert cli("grant", "--list", "--json").json == {"format": 1, "grants": [added]}
    assert added["id"].encode() in cli("grant", "--list", "DEMO_TOKEN").out
    assert cli("grant", "--list", "OTHER_TOKEN", "--json").json["grants"] == []
    assert cli("grant", "--remove", added["id"]).code == 0
    assert cli("grant", "--remove", added["id"]).code == 1
    assert cli(*ECHO).code == 125


def test_a_grant_that_makes_no_sense_is_refused(cli, saved, subtests):
    for words in [
        (),
        ("DEMO_TOKEN", "--any-command", "--command", "env"),
        ("DEMO_TOKEN", "--any-command", "--uses", "0"),
        ("DEMO_TOKEN", "--any-command", "--uses", "many"),
        ("DEMO_TOKEN", "--any-command", "--until", "2020-01-01"),
        ("DEMO_TOKEN", "--any-command", "--until", "whenever"),
        ("DEMO_TOKEN", "--command", " "),
        ("OTHER_TOKEN", "--any-command"),
    ]:
        with subtests.test(" ".join(words)):
            assert cli("grant", *words).code == 1
            assert cli("grant", "--list", "--json").json["grants"] == []
