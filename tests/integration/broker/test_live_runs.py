"""A person sees what runs now, and can end it; nobody else can."""

from __future__ import annotations

import pytest
from persons import person_is_there
from steps import collect, output_until, request, save, sleeping, until, wait_until

from jupyter_agent.client import Client, Hello
from jupyter_agent.errors import AgentError, GrantDenied, RequestInvalid, RoleDenied

pytestmark = pytest.mark.one_broker

VALUE = "granite-otter-lantern-7-listed"


@pytest.fixture
def granted(person: Client) -> Client:
    save(person, "A", VALUE)
    person.call("grant.add", label="A", any_command=True)
    return person


def test_a_run_is_listed_with_everything_about_it_but_the_value(granted, guest):
    script = f"echo up; sleep 7801 & sleep 7802; echo {VALUE}"
    number = guest.begin("run", **request(script, "A"), background=True)
    output_until(guest, number, b"up")
    wait_until(lambda: len(sleeping("780")) == 2)
    [run] = granted.call("runs.list")["runs"]
    assert run["labels"] == ["A"]
    assert (run["actor"], run["notebook"], run["background"]) == ("guest", None, True)
    assert run["command"] == "echo up; sleep 7801 & sleep 7802; echo [secret:A]"
    assert run["processes"] == 3
    assert granted.call("audit.read")["events"][-1]["time"] <= run["started"]
    assert granted.call("runs.stop", run_id=run["run_id"]) == {"ended": 1}
    assert granted.call("runs.list")["runs"] == []
    assert sleeping("780") == []
    assert collect(guest, number).result["stopped"]


def test_stopping_one_leaves_the_others(granted, folders):
    with Client(folders, Hello()) as one, Client(folders, Hello()) as other:
        numbers = [
            caller.begin("run", **request(f"echo up; sleep {seconds}"))
            for caller, seconds in ((one, 7811), (other, 7812))
        ]
        output_until(one, numbers[0], b"up")
        output_until(other, numbers[1], b"up")
        wait_until(lambda: len(sleeping("781")) == 2)
        runs = {run["command"]: run["run_id"] for run in granted.call("runs.list")["runs"]}
        granted.call("runs.stop", run_id=runs["echo up; sleep 7811"])
        assert collect(one, numbers[0]).result["stopped"]
        assert (sleeping("7811"), len(sleeping("7812"))) == ([], 1)
        with pytest.raises(RequestInvalid, match="No such run"):
            granted.call("runs.stop", run_id=runs["echo up; sleep 7811"])
        assert granted.call("runs.stop") == {"ended": 1}
        assert collect(other, numbers[1]).result["stopped"]


def test_stopping_all_ends_runs_that_still_wait_for_an_answer(person, folders):
    save(person, "A", VALUE)
    with person_is_there(folders) as (watcher, number), Client(folders, Hello()) as caller:
        waiting = caller.begin("run", **request("true", "A"))
        until(watcher, number, "approval")
        assert person.call("runs.list")["runs"] == []
        assert person.call("runs.stop") == {"ended": 1}
        with pytest.raises(GrantDenied):
            collect(caller, waiting)


def until_runs_change(watcher: Client, number: int) -> None:
    """That an earlier run's output showed a secret may be told meanwhile."""
    while until(watcher, number, "changed")["what"] != "runs":
        pass


def test_persons_are_told_when_runs_come_and_go(person, guest, folders):
    with person_is_there(folders) as (watcher, number):
        running = guest.begin("run", **request("echo up; sleep 7821"))
        until_runs_change(watcher, number)
        guest.call("stop", run=running)
        until_runs_change(watcher, number)
    assert sleeping("7821") == []


@pytest.mark.parametrize("op", ["runs.list", "runs.stop"])
def test_nobody_but_a_person_sees_or_ends_what_others_run(guest, op):
    with pytest.raises(RoleDenied):
        guest.call(op)


def test_nothing_can_be_said_about_a_run_of_another_conversation(person, folders):
    with Client(folders, Hello()) as one, Client(folders, Hello()) as other:
        number = one.begin("run", **request("echo up; sleep 7831"))
        output_until(one, number, b"up")
        other.call("stop", run=number)
        wait_until(lambda: len(sleeping("7831")) == 1)
        with pytest.raises(AgentError):
            other.call("runs.stop")
