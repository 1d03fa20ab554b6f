"""The broker recognises stored values in texts, and helps nobody who guesses."""

from __future__ import annotations

import base64
import os
import random
import signal
import string
import threading
import time
from pathlib import Path

import pytest
from steps import save, wait_until

from jupyter_agent import person as person_door
from jupyter_agent import wire
from jupyter_agent.broker import matching
from jupyter_agent.broker.matching import Pace
from jupyter_agent.client import Client, Hello
from jupyter_agent.client.matching import Known, find, label_in
from jupyter_agent.errors import RequestInvalid, VaultLocked

pytestmark = pytest.mark.one_broker

VALUE = "".join(random.Random(1).choices(string.ascii_letters + string.digits, k=40))
OTHER = "".join(random.Random(2).choices(string.ascii_letters + string.digits, k=40))
WEAK = "hunter2!"


def ask_without_end(client: Client, times: int = 5000) -> None:
    for _ in range(times):
        client.call("match", text="x" * 60_000)


def answered_until_refused(client: Client) -> tuple[int, float]:
    """How many were answered, and a moment before the one that was not."""
    answered = 0
    while True:
        before = time.monotonic()
        try:
            ask_without_end(client, times=1)
        except RequestInvalid:
            return answered, before
        answered += 1


def test_a_person_is_told_every_value_and_where_it_stands(person):
    save(person, "TOKEN", VALUE, kind="access-token")
    save(person, "LOGIN", WEAK)
    text = f'\U0001f511 password = "{WEAK}"; token = "{VALUE}"'
    first, second = find(person, text).matches
    assert text[first.start : first.end] == WEAK
    assert text[second.start : second.end] == VALUE
    assert (first.label, second.label) == ("LOGIN", "TOKEN")
    assert second.kind == "access-token"


def test_a_guest_is_told_one_label_and_no_weak_value(person, guest):
    save(person, "TOKEN", VALUE)
    save(person, "OTHER", OTHER)
    save(person, "LOGIN", WEAK)
    assert guest.call("match", text=f"{OTHER} {VALUE}") == {"label": "OTHER"}
    assert guest.call("match", text=f'password = "{WEAK}"') == {"label": None}


def test_no_answer_depends_on_a_part_of_a_value(person, guest):
    """Guessing one character after the other gets nobody anywhere."""
    save(person, "TOKEN", VALUE)
    for known in range(len(VALUE)):
        answers = {
            wire.encode(guest.call("match", text=VALUE[:known] + guess))
            for guess in (VALUE[known], "~", "A", "")
            if VALUE[:known] + guess != VALUE
        }
        assert answers == {wire.encode({"label": None})}
        assert label_in(guest, VALUE[known + 1 :]) is None
        assert label_in(guest, base64.b64encode(VALUE.encode()).decode()[:known]) is None
    assert label_in(guest, VALUE) == "TOKEN"


@pytest.mark.one_broker(shared=False)
def test_a_hit_of_a_guest_is_written_down_and_marks_the_value_as_exposed(person, folders):
    save(person, "TOKEN", VALUE)
    with Client(folders, Hello(claims={"notebook": "/home/ana/plan.ipynb"})) as guest:
        guest.call("match", text="nothing in here")
        guest.call("match", text=f"x = '{VALUE}'")
    events = person.call("audit.read")["events"]
    assert [(e["actor"], e["decision"], e["labels"], e["hits"]) for e in events] == [
        ("guest", "matched", ["TOKEN"], {"TOKEN": 1})
    ]
    (place,) = person.call("secret.show", label="TOKEN")["secret"]["exposed"]
    assert (place["where"], place["notebook"]) == ("cell", "/home/ana/plan.ipynb")


def test_what_is_recognised_follows_every_change(person, folders):
    assert find(person, VALUE).matches == []
    save(person, "TOKEN", VALUE)
    assert find(person, VALUE).matches == [Known("TOKEN", "", 0, 40)]
    save(person, "TOKEN", OTHER, replace=True)
    assert find(person, VALUE).matches == []
    assert [match.label for match in find(person, OTHER).matches] == ["TOKEN"]
    person.call("secret.rename", label="TOKEN", to="KEY")
    assert [match.label for match in find(person, OTHER).matches] == ["KEY"]
    person.call("secret.remove", label="KEY")
    assert find(person, OTHER).matches == []


def test_the_name_of_the_values_changes_with_them_and_with_nothing_else(person):
    save(person, "TOKEN", VALUE)
    before = find(person, "").values
    assert before
    person.call("grant.add", label="TOKEN", any_command=True)
    person.call("secret.exposed", label="TOKEN", where="cell", notebook="")
    assert find(person, "").values == before
    save(person, "OTHER", OTHER)
    assert find(person, "").values not in (before, "")


def test_a_locked_vault_matches_nothing_and_says_so(person, guest):
    save(person, "TOKEN", VALUE)
    assert label_in(guest, VALUE) == "TOKEN"
    person.call("lock")
    for client in (person, guest):
        with pytest.raises(VaultLocked):
            client.call("match", text=VALUE)
    person.call("unlock")
    assert label_in(guest, VALUE) == "TOKEN"


@pytest.mark.one_broker(shared=False)
def test_asking_makes_no_vault(person, guest):
    assert find(person, VALUE).matches == []
    assert guest.call("match", text=VALUE) == {"label": None}
    assert person.call("status")["vault"]["state"] == "absent"


def test_a_new_broker_recognises_what_an_older_one_has_stored(person, folders):
    save(person, "TOKEN", VALUE)
    pid = person.welcome["pid"]
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not Path(f"/proc/{pid}").exists())
    with person_door.open_client(folders) as again:
        assert [match.label for match in find(again, VALUE).matches] == ["TOKEN"]


def test_a_text_of_several_megabytes_is_matched_across_its_parts(person, guest):
    save(person, "TOKEN", VALUE)
    text = "\u00e9\U0001f511 x" * 100_000
    at = len(text) // 2
    text = text[:at] + " " + VALUE + " " + text[at:]
    (match,) = find(person, text).matches
    assert text[match.start : match.end] == VALUE
    for at in range(80_000 - 41, 80_000 + 2, 7):  # over the border of two parts
        assert label_in(guest, " " * at + VALUE + " " * 80_000) == "TOKEN"


def test_a_text_over_the_bound_is_refused_and_leaves_the_conversation_usable(person):
    save(person, "TOKEN", VALUE)
    with pytest.raises(RequestInvalid, match="16 MiB"):
        find(person, "x" * (matching.MAX_TEXT + 1))
    assert [match.label for match in find(person, VALUE).matches] == ["TOKEN"]


def test_texts_that_are_begun_and_never_ended_are_bounded(person):
    for number in range(8):
        person.call("match", text="x", of=number, more=True)
    with pytest.raises(RequestInvalid):
        person.call("match", text="x", of=8, more=True)


def test_texts_of_two_callers_on_one_conversation_do_not_mix(person):
    save(person, "TOKEN", VALUE)
    person.call("match", text=VALUE[:20], of=1, more=True)
    person.call("match", text="something else", of=2, more=True)
    assert person.call("match", text=VALUE[20:], of=2)["matches"] == []
    assert len(person.call("match", text=VALUE[20:], of=1)["matches"]) == 1


def test_thousands_of_matches_come_in_an_answer_of_a_thousand(person):
    save(person, "TOKEN", VALUE)
    assert len(find(person, f"{VALUE} " * 3000).matches) == 1000


def test_a_guest_that_asks_without_end_is_held_up_and_a_person_is_not(person, guest):
    save(person, "TOKEN", VALUE)
    with pytest.raises(RequestInvalid, match="Too many"):
        ask_without_end(guest)
    assert len(find(person, VALUE).matches) == 1


def test_new_connections_buy_a_guest_nothing(person, folders, guest):
    _, before = answered_until_refused(guest)
    with Client(folders, Hello()) as another:
        answered, _ = answered_until_refused(another)
    # No more than has come back with time since then, however slow the machine is.
    assert answered <= 1 + (time.monotonic() - before) * matching._TICKETS_A_SECOND


def test_a_pace_comes_back_with_time():
    now = [0.0]
    pace = Pace(lambda: now[0])

    def spend(times: int) -> None:
        for _ in range(times):
            pace.spend("guest", 0)

    with pytest.raises(RequestInvalid):
        spend(1000)
    pace.spend("kernel", 0)  # another one's
    now[0] += 1.0
    spend(59)
    with pytest.raises(RequestInvalid):
        spend(3)


def test_a_large_text_does_not_keep_others_waiting(person, folders):
    """The event loop goes on while a thread looks through it."""
    save(person, "TOKEN", VALUE)
    done = threading.Event()

    def large() -> None:
        with person_door.open_client(folders) as another:
            find(another, "some words " * 700_000)
        done.set()

    thread = threading.Thread(target=large, daemon=True)
    thread.start()
    answered = 0
    while not done.is_set():
        person.call("stop", run=-1)
        answered += 1
    thread.join()
    assert answered > 20
