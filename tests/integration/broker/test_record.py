"""What the record of uses says about runs, through a real broker."""

from __future__ import annotations

import pytest
from steps import collect, output_until, request, run, save, until

from jupyter_agent import person as person_door
from jupyter_agent.client import Client
from jupyter_agent.errors import CommandNotStarted, GrantDenied

VALUE = "correct-horse-battery-staple-42"


@pytest.fixture
def granted(person: Client) -> Client:
    save(person, "DEMO_TOKEN", VALUE)
    person.call("grant.add", label="DEMO_TOKEN", any_command=True)
    return person


def test_the_record_says_how_each_run_ended_and_tells_commands_apart(granted, guest):
    run(guest, "true", "DEMO_TOKEN")
    run(guest, "sleep 30", "DEMO_TOKEN", timeout=0.1)
    number = guest.begin("run", **request("echo up; sleep 30", "DEMO_TOKEN"))
    output_until(guest, number, b"up")
    guest.begin("stop", run=number)
    collect(guest, number)
    with pytest.raises(CommandNotStarted):
        run(guest, None, "DEMO_TOKEN", argv=["/nowhere"])
    run(guest, "true", "DEMO_TOKEN")
    events = granted.call("audit.read")["events"]
    assert [event["ending"] for event in events] == [
        *("exited", "timed out", "stopped", "not started", "exited")
    ]
    hashes = [event["command_hash"] for event in events]
    assert hashes[0] == hashes[-1]
    assert len(set(hashes)) == len(hashes) - 1


def test_a_run_that_is_stopped_while_a_person_is_asked_is_in_the_record(person, folders, guest):
    save(person, "DEMO_TOKEN", VALUE)
    with person_door.open_client(folders) as approver:
        watching = approver.begin("approval.watch")
        number = guest.begin("run", **request("true", "DEMO_TOKEN"))
        until(approver, watching, "approval")
        guest.begin("stop", run=number)
        with pytest.raises(GrantDenied, match="before it was permitted"):
            collect(guest, number)
    assert person.call("audit.read")["events"][-1]["decision"] == "stopped"
