"""Grants and approvals in the broker: what is asked, what an answer is worth, what wins."""

from __future__ import annotations

import json
import os
import secrets
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from persons import Watcher, person_is_there
from steps import collect, request, run, save, until, wait_until

from jupyter_agent.client import Client, Hello
from jupyter_agent.errors import GrantDenied, GrantRequired, RequestInvalid
from jupyter_agent.folders import Folders
from jupyter_agent.person import open_client

pytestmark = pytest.mark.one_broker

VALUE = "a value that nobody guesses"


@pytest.fixture
def stored(person: Client) -> Client:
    save(person, "A", VALUE)
    return person


@pytest.fixture
def watcher(stored: Client, folders: Folders) -> Iterator[Watcher]:
    with person_is_there(folders) as (client, number):
        yield Watcher(client, number, stored)


@pytest.fixture
def bin_(tmp_path: Path) -> Path:
    """A folder with a program of our own."""
    folder = tmp_path / "bin"
    folder.mkdir()
    tool(folder, "one")
    return folder


def tool(folder: Path, says: str) -> None:
    program = folder / "tool"
    program.write_text(f"#!/bin/sh\necho {says} $*\n", encoding="ascii")
    program.chmod(0o755)


def on_path(*folders: Path) -> dict[str, str]:
    return {"PATH": ":".join([*map(str, folders), os.environ["PATH"]])}


# -- what is asked


def test_a_question_says_which_programs_are_meant_and_where_each_value_goes(watcher, guest, bin_):
    number = guest.begin(
        "run",
        **request("tool a | cat", "TOOL_TOKEN=A", env={**on_path(bin_), "REGION": "eu"}),
    )
    asked = watcher.asked()
    assert asked["secrets"] == [{"env": "TOOL_TOKEN", "label": "A"}]
    assert asked["exports"] == {"REGION": "eu"}
    assert [one["word"] for one in asked["executables"]] == ["tool", "cat"]
    assert asked["executables"][0]["path"] == str(bin_ / "tool")
    assert len(asked["executables"][0]["sha256"]) == 12
    assert asked["choices"] == ["once", "minutes", "always", "pattern", "deny"]
    watcher.answer(asked, "once")
    assert collect(guest, number).exit == 0


def test_one_question_for_a_run_however_many_labels(watcher, guest):
    save(watcher.person, "B", "another value that nobody guesses")
    number = guest.begin("run", **request("true", "A", "B"))
    asked = watcher.asked()
    assert asked["labels"] == ["A", "B"]
    watcher.answer(asked, "always")
    assert collect(guest, number).exit == 0
    assert {g["label"] for g in watcher.person.call("grant.list")["grants"]} == {"A", "B"}


def test_the_same_question_is_not_shown_twice_and_a_no_answers_both(watcher, guest, folders):
    with Client(folders, Hello()) as other:
        first = guest.begin("run", **request("true", "A"))
        asked = watcher.asked()
        second = other.begin("run", **request("true", "A"))
        assert until(other, second, "asking")["approval_id"] == asked["approval_id"]
        assert len(watcher.person.call("approval.list")["approvals"]) == 1
        watcher.answer(asked, "deny")
        for client, number in ((guest, first), (other, second)):
            with pytest.raises(GrantDenied):
                collect(client, number)


def test_a_yes_for_one_run_is_asked_again_for_the_other(watcher, guest, folders):
    with Client(folders, Hello()) as other:
        first = guest.begin("run", **request("true", "A"))
        asked = watcher.asked()
        second = other.begin("run", **request("true", "A"))
        until(other, second, "asking")
        watcher.answer(asked, "once")
        assert collect(guest, first).exit == 0
        again = watcher.asked()
        assert again["approval_id"] != asked["approval_id"]
        watcher.answer(again, "minutes")
        assert collect(other, second).exit == 0


def test_a_question_whose_asker_left_is_put_again_for_the_other(watcher, guest, folders):
    with Client(folders, Hello()) as other:
        gone = Client(folders, Hello())
        gone.begin("run", **request("true", "A"))
        watcher.asked()
        second = other.begin("run", **request("true", "A"))
        until(other, second, "asking")
        gone.close()
        watcher.answer(watcher.asked(), "once")
        assert collect(other, second).exit == 0


def test_runs_that_a_new_grant_covers_stop_waiting(watcher, guest):
    number = guest.begin("run", **request("true", "A"))
    watcher.asked()
    watcher.person.call("grant.add", label="A", any_command=True)
    assert collect(guest, number).exit == 0


# -- what an answer is worth


@pytest.mark.parametrize("answer", ["minutes", "always"])
def test_an_answer_that_lasts_is_for_exactly_this_run(watcher, guest, answer, folders):
    number = guest.begin("run", **request("true", "A"))
    watcher.answer(watcher.asked(), answer)
    collect(guest, number)
    (grant,) = watcher.person.call("grant.list")["grants"]
    assert (grant["until"] is None) is (answer == "always")
    assert run(guest, "true", "A").exit == 0
    watcher.client.close()
    with open_client(folders) as person:
        wait_until(lambda: person.call("status")["approvers"] == 0)
    for other in (
        request("true ", "A"),
        request("true", "A", cwd="/usr"),
        request("true", "OTHER=A"),
        request("true", "A", env={"X": "1"}),
    ):
        with pytest.raises(GrantRequired):
            collect(guest, guest.begin("run", **other))


def test_a_pattern_is_suggested_edited_and_held_to_the_command(watcher, guest, bin_):
    number = guest.begin("run", **request("tool 'a b'", "A", env=on_path(bin_)))
    asked = watcher.asked()
    assert asked["pattern"] == "tool 'a b'"
    for wrong in ("tool x*", "* x", "curl *", "tool > *", ""):
        with pytest.raises(RequestInvalid):
            watcher.answer(asked, "pattern", pattern=wrong)
    watcher.answer(asked, "pattern", pattern="tool a*")
    assert collect(guest, number).stdout == b"one a b\n"
    assert run(guest, "tool abc", "A", env=on_path(bin_)).stdout == b"one abc\n"


def test_what_only_a_shell_can_read_has_no_pattern(watcher, guest):
    number = guest.begin("run", **request("true $(true)", "A"))
    asked = watcher.asked()
    assert asked["pattern"] is None
    watcher.answer(asked, "deny")
    with pytest.raises(GrantDenied):
        collect(guest, number)


def test_an_answer_under_older_rules_is_void(watcher, guest):
    number = guest.begin("run", **request("true", "A"))
    old = watcher.asked()
    rule = {"label": "A", "pattern": "gh *", "deny": True}
    watcher.person.call("grant.add", **rule)
    new = watcher.asked()  # the same run, asked about under the new rules
    assert new["policy"] > old["policy"]
    with pytest.raises(GrantDenied):
        watcher.answer(old, "once")
    watcher.answer(new, "once")
    assert collect(guest, number).exit == 0


def test_a_revocation_voids_what_is_open_too(watcher, guest):
    watcher.person.call("grant.add", label="A", pattern="true x*", path=os.environ["PATH"])
    number = guest.begin("run", **request("true", "A"))
    old = watcher.asked()
    assert watcher.person.call("grant.revoke_all") == {"revoked": 1}
    watcher.answer(watcher.asked(), "deny")
    with pytest.raises(GrantDenied):
        watcher.answer(old, "always")
    with pytest.raises(GrantDenied):
        collect(guest, number)
    assert watcher.person.call("grant.list")["grants"] == []


@pytest.mark.one_broker(shared=False)
def test_an_answer_about_a_vault_that_was_destroyed_is_void(watcher, guest):
    host = {"host": "http://127.0.0.1:9", "header": "Authorization: Bearer {}"}
    number = guest.begin("egress.open", label="A", **host)
    old = watcher.asked()
    watcher.person.call("vault.purge")
    save(watcher.person, "A", "another value under the same label")
    with pytest.raises(GrantDenied):
        watcher.answer(old, "always")
    with pytest.raises(GrantDenied):
        until(guest, number, "open")
    assert watcher.person.call("grant.list")["grants"] == []


def test_a_wrong_nonce_answers_nothing(watcher, guest):
    number = guest.begin("run", **request("true", "A"))
    asked = watcher.asked()
    with pytest.raises(GrantDenied):
        watcher.answer({**asked, "nonce": secrets.token_urlsafe(32)}, "once")
    watcher.answer(asked, "once")
    assert collect(guest, number).exit == 0


# -- what wins


def test_what_is_denied_is_refused_without_a_question(stored, guest):
    stored.call("grant.add", label="A", any_command=True)
    rule = stored.call("grant.add", label="A", pattern="printenv *", deny=True)["grant"]
    assert run(guest, "true", "A").exit == 0
    with pytest.raises(GrantDenied) as caught:
        run(guest, "true; printenv -0 A", "A")
    assert rule["id"] in caught.value.hint
    event = stored.call("audit.read")["events"][-1]
    assert event["decision"] == "denied"
    assert stored.call("grant.revoke_all") == {"revoked": 1}
    assert [g["id"] for g in stored.call("grant.list")["grants"]] == [rule["id"]]


def test_where_a_rule_may_speak_a_person_is_asked(stored, guest):
    stored.call("grant.add", label="A", any_command=True)
    stored.call("grant.add", label="A", pattern="printenv *", deny=True)
    with pytest.raises(GrantRequired):
        run(guest, "x=$(printenv A)", "A")


def test_each_command_of_a_script_needs_a_pattern(stored, guest, bin_):
    add = {"label": "A", "path": on_path(bin_)["PATH"]}
    stored.call("grant.add", **add, pattern="tool a*")
    env = on_path(bin_)
    assert (
        run(guest, "tool a1; tool a2\ntool a3", "A", env=env).stdout == b"one a1\none a2\none a3\n"
    )
    for other in ("tool a1; cat", "tool a1 | cat", "tool b", "tool a1 >x", "tool a1 & tool a2"):
        with pytest.raises(GrantRequired):
            run(guest, other, "A", env=env)
    stored.call("grant.add", **add, pattern="tool a* | cat")
    assert run(guest, "tool a1 | cat && tool a2", "A", env=env).stdout == b"one a1\none a2\n"


def test_a_program_that_was_exchanged_asks_again(stored, guest, bin_, tmp_path):
    stored.call("grant.add", label="A", pattern="tool *", path=on_path(bin_)["PATH"])
    stored.call("grant.add", label="A", script="tool exact")
    env = on_path(bin_)
    assert run(guest, "tool x", "A", env=env).exit == 0
    assert run(guest, "tool exact", "A", env=env).exit == 0

    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    tool(elsewhere, "other")
    for changed in (on_path(elsewhere, bin_), {"PATH": f".:{env['PATH']}"}):
        for script in ("tool x", "tool exact"):
            with pytest.raises(GrantRequired):
                run(guest, script, "A", env=changed, cwd=str(elsewhere))
    tool(bin_, "two")
    for script in ("tool x", "tool exact"):
        with pytest.raises(GrantRequired):
            run(guest, script, "A", env=env)


@pytest.mark.parametrize("answer", ["once", "always"])
def test_a_program_that_was_exchanged_while_a_person_read_does_not_run(
    watcher, guest, bin_, answer
):
    number = guest.begin("run", **request("tool x", "A", env=on_path(bin_)))
    asked = watcher.asked()
    tool(bin_, "another program")
    watcher.answer(asked, answer)
    with pytest.raises(GrantDenied, match="exchanged") as refused:
        collect(guest, number)
    assert str(bin_) not in refused.value.message
    assert watcher.person.call("grant.list")["grants"] == []

    number = guest.begin("run", **request("tool x", "A", env=on_path(bin_)))
    again = watcher.asked()
    assert again["executables"][0]["sha256"] != asked["executables"][0]["sha256"]
    watcher.answer(again, answer)
    assert collect(guest, number).stdout == b"another program x\n"


def test_a_pattern_of_a_program_that_is_not_there_is_refused(stored):
    with pytest.raises(RequestInvalid, match="not found"):
        stored.call("grant.add", label="A", pattern="no-such-program *")


def test_the_line_that_grants_permits_that_very_run(stored, guest):
    for wanted in (request("echo hello", "A"), request("echo *", "A"), request("cat <&-", "A")):
        with pytest.raises(GrantRequired) as caught:
            collect(guest, guest.begin("run", **wanted))
        (line,) = caught.value.data["grant"]
        done = subprocess.run(
            [sys.executable, "-m", "jupyter_agent.cli", *shlex.split(line)[2:], "--json"],
            check=True,
            capture_output=True,
        )
        assert json.loads(done.stdout)["grant"]["pattern"] is None
        collect(guest, guest.begin("run", **wanted))
