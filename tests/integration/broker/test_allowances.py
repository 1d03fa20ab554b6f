"""What a person says is no secret is stopped no more, and nothing else is let through by it."""

from __future__ import annotations

import os
import random
import signal
import string
from datetime import datetime
from pathlib import Path

import pytest
from persons import answer_next
from steps import planted, save, wait_until

from jupyter_agent.client import Client, Hello
from jupyter_agent.client.matching import find
from jupyter_agent.errors import GrantDenied, GrantRequired, RequestInvalid, RoleDenied, VaultLocked

pytestmark = pytest.mark.one_broker

RULE = "generic-api-key"
VALUE = "".join(random.Random(3).choices(string.ascii_letters, k=30))
OTHER = "".join(random.Random(4).choices(string.ascii_letters, k=30))
NOTEBOOK = "/home/me/project/deep/plan.ipynb"


def check(client, *values, rule=RULE, notebook=NOTEBOOK):
    findings = [{"rule": rule, "value": value} for value in values]
    more = {"notebook": notebook} if notebook is not None else {}
    return client.call("allow.check", findings=findings, **more)


def allow(person, value=VALUE, scope="value", rule=RULE, **more):
    planted.append(value)  # the autouse search: it is kept nowhere
    (mark,) = check(person, value)["marks"]
    fields = {"reason": "an example from the docs", "notebook": NOTEBOOK, **more}
    return person.call("allow.add", scope=scope, rule=rule, mark=mark, **fields)["allowance"]


def test_an_allowed_value_passes_in_every_notebook_and_by_every_rule(person, guest):
    assert check(person, VALUE)["allowed"] == [False]
    allow(person)
    assert check(person, OTHER, VALUE)["allowed"] == [False, True]
    assert check(person, VALUE, rule="another-rule", notebook="")["allowed"] == [True]
    assert check(guest, VALUE)["allowed"] == [True]
    assert check(person, VALUE[:-1], VALUE + "x", VALUE.lower())["allowed"] == [False] * 3


def test_a_rule_is_allowed_in_its_folder_and_below_and_nowhere_else(person):
    allow(person, scope="rule", notebook="/home/me/project/plan.ipynb")
    assert check(person, OTHER)["allowed"] == [True]
    for elsewhere in (
        "/home/me/plan.ipynb",
        "/home/me/project2/plan.ipynb",
        "/home/me/project/../plan.ipynb",
        "project/plan.ipynb",
        "",
    ):
        assert check(person, OTHER, notebook=elsewhere)["allowed"] == [False], elsewhere
    assert check(person, OTHER, rule="another-rule")["allowed"] == [False]


def test_a_rule_is_not_allowed_for_a_notebook_without_a_folder(person):
    with pytest.raises(RequestInvalid, match="folder"):
        allow(person, scope="rule", notebook="")


def test_once_is_once_and_its_kernel_may_run_it(person, guest):
    allow(person, scope="once")
    assert check(person, VALUE, OTHER)["allowed"] == [True, False]  # stopped all the same
    assert check(person, VALUE)["allowed"] == [True]
    assert check(guest, VALUE)["allowed"] == [True]  # the guard inside the kernel, right after
    assert check(person, VALUE)["allowed"] == [False]
    assert person.call("allow.list")["allowances"] == []


def test_a_stored_value_is_never_allowed(person):
    (mark,) = check(person, VALUE)["marks"]
    with pytest.raises(RequestInvalid, match="stored"):
        person.call("allow.add", scope="value", rule="stored-value", mark=mark, reason="x")
    allow(person)
    save(person, "TOKEN", VALUE)
    assert [match.label for match in find(person, VALUE).matches] == ["TOKEN"]


def test_what_is_listed_holds_no_value_and_no_mark_and_can_be_taken_back(person):
    made = allow(person)
    (listed,) = person.call("allow.list")["allowances"]
    assert listed == made
    assert listed.keys() == {"id", "scope", "rule", "folder", "reason", "created", "expires"}
    assert (listed["scope"], listed["reason"]) == ("value", "an example from the docs")
    person.call("allow.remove", allowance=made["id"])
    assert person.call("allow.list")["allowances"] == []
    assert check(person, VALUE)["allowed"] == [False]
    with pytest.raises(RequestInvalid):
        person.call("allow.remove", allowance=made["id"])


def test_it_lasts_ninety_days_unless_the_person_says_otherwise(person):
    for days, more in ((90, {}), (7, {"days": 7})):
        made = allow(person, **more)
        lasts = datetime.fromisoformat(made["expires"]) - datetime.fromisoformat(made["created"])
        assert lasts.days == days


def test_what_cannot_be_meant_is_refused(person, subtests):
    for wrong in [
        {"scope": "for ever"},
        {"rule": "No Rule!"},
        {"mark": "x"},
        {"reason": ""},
        {"reason": " \n "},
        {"reason": "x" * 201},
        {"days": 0},
        {"days": 10_000},
        {"days": True},
    ]:
        with subtests.test(repr(wrong)[:80]):
            (mark,) = check(person, VALUE)["marks"]
            fields = {"scope": "value", "rule": RULE, "mark": mark, "reason": "x", **wrong}
            with pytest.raises(RequestInvalid):
                person.call("allow.add", **fields)


def test_only_a_person_lists_and_takes_back_and_gets_marks(person, guest):
    made = allow(person)
    assert "marks" not in check(guest, VALUE)
    for op, fields in (("allow.list", {}), ("allow.remove", {"allowance": made["id"]})):
        with pytest.raises(RoleDenied):
            guest.call(op, **fields)


def test_a_guest_asks_a_person_who_decides(person, guest, folders):
    fields = {"scope": "value", "rule": RULE, "value": VALUE, "reason": "from a tutorial"}
    check(person, VALUE)
    with pytest.raises(GrantRequired):
        guest.call("allow.add", **fields)
    thread = answer_next(folders, "deny")
    with pytest.raises(GrantDenied):
        guest.call("allow.add", **fields)
    thread.join()
    assert check(person, VALUE)["allowed"] == [False]
    thread = answer_next(folders, "once")
    guest.call("allow.add", **fields)
    thread.join()
    assert check(person, VALUE)["allowed"] == [True]


@pytest.mark.one_broker(shared=False)
def test_asking_makes_no_vault_for_a_guest(person, guest):
    assert check(guest, VALUE)["allowed"] == [False]
    assert person.call("status")["vault"]["state"] == "absent"


def test_a_locked_vault_allows_nothing(person, guest):
    allow(person)
    person.call("lock")
    for client in (person, guest):
        with pytest.raises(VaultLocked):
            check(client, VALUE)


def test_allowances_outlive_their_broker(person, folders):
    allow(person)
    pid = person.welcome["pid"]
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not Path(f"/proc/{pid}").exists())
    with Client(folders, Hello()) as again:
        assert check(again, VALUE)["allowed"] == [True]


def test_a_guest_that_guesses_is_held_up(person, guest):
    allow(person)

    def guess() -> None:
        for _ in range(5000):
            check(guest, "x" * 60_000)

    with pytest.raises(RequestInvalid, match="Too many"):
        guess()
