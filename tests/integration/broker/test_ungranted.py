"""Stored values that a run was not granted: shown whole they are masked, and nothing else tells.

Through a real broker, runner and shell; ``tests/unit/scrub/test_others.py`` has the cases.
"""

from __future__ import annotations

import base64
import os
import random
import string

import pytest
from steps import collect, output_until, request, run, save, until, wait_until

from jupyter_agent.client import Client

GRANTED = "correct-horse-battery-staple-42"
OTHER = "".join(random.Random(11).choices(string.ascii_letters + string.digits, k=36))


@pytest.fixture
def stored(person: Client) -> Client:
    save(person, "DEMO_TOKEN", GRANTED)
    save(person, "OTHER_TOKEN", OTHER)
    person.call("grant.add", label="DEMO_TOKEN", any_command=True)
    return person


def said(text: str) -> str:
    """A script that says something without holding it as one word, which would be a value."""
    return f"printf '%s%s' {text[:9]} {text[9:]}"


@pytest.mark.parametrize("labels", [(), ("DEMO_TOKEN",)], ids=["no secret", "another secret"])
def test_a_value_that_was_not_granted_is_masked_when_it_is_printed_whole(stored, guest, labels):
    done = run(guest, f"{said(OTHER)}; echo; ({said(OTHER)}) >&2", *labels)
    assert done.stdout == b"[secret:OTHER_TOKEN]\n"
    assert done.stderr == b"[secret:OTHER_TOKEN]"
    assert done.result["hits"] == {"OTHER_TOKEN": 2}


def test_its_label_is_marked_as_seen_and_a_granted_one_as_scrubbed(stored, guest):
    run(guest, f'echo "$DEMO_TOKEN"; {said(OTHER)}', "DEMO_TOKEN")

    def seen() -> dict[str, list[str]]:
        metas = stored.call("secret.list")["secrets"]
        return {meta["label"]: [each["where"] for each in meta["exposed"]] for meta in metas}

    wait_until(lambda: seen() == {"DEMO_TOKEN": ["run"], "OTHER_TOKEN": ["output"]})
    # One that was replaced has been seen nowhere; and then it is, in the same place.
    save(stored, "DEMO_TOKEN", GRANTED[::-1], replace=True)
    assert seen() == {"DEMO_TOKEN": [], "OTHER_TOKEN": ["output"]}
    run(guest, 'echo "$DEMO_TOKEN"', "DEMO_TOKEN")
    wait_until(lambda: seen()["DEMO_TOKEN"] == ["run"])


def test_who_is_renamed_or_replaced_meanwhile_is_marked_by_value_and_not_by_label(
    stored, guest, tmp_path
):
    os.mkfifo(tmp_path / "go")
    last = save(stored, "Z_TOKEN", OTHER.swapcase())["label"]
    script = f'echo up; read -r line < go; echo "$DEMO_TOKEN"; {said(OTHER)}; echo'
    script += f"; {said(OTHER.swapcase())}"
    number = guest.begin("run", **request(script, "DEMO_TOKEN", cwd=str(tmp_path)))
    until(guest, number, "output")
    stored.call("secret.rename", label="DEMO_TOKEN", to="RENAMED")
    save(stored, "DEMO_TOKEN", "a value that this run has never had")
    save(stored, "OTHER_TOKEN", OTHER[::-1], replace=True)
    (tmp_path / "go").write_bytes(b"on\n")
    done = collect(guest, number)
    assert done.stdout == b"[secret:DEMO_TOKEN]\n[secret:OTHER_TOKEN]\n[secret:Z_TOKEN]"

    def seen() -> dict[str, list[str]]:
        metas = stored.call("secret.list")["secrets"]
        return {meta["label"]: [each["where"] for each in meta["exposed"]] for meta in metas}

    wait_until(lambda: seen()[last] == ["output"])  # they are marked in this order
    expected = {"DEMO_TOKEN": [], "OTHER_TOKEN": [], "RENAMED": ["run"], last: ["output"]}
    assert seen() == expected


def test_what_is_nearly_the_value_is_shown_as_it_is_and_waits_for_nothing(
    stored, guest, tmp_path, subtests
):
    for named, known in zip(
        ["all but the last", "all but the first", "one missing", "one more", "reversed", "base64"],
        [
            OTHER[:-1],
            OTHER[1:],
            OTHER[:18] + OTHER[19:],
            OTHER + "x",
            OTHER[::-1],
            base64.b64encode(OTHER.encode()).decode(),
        ],
        strict=True,
    ):
        with subtests.test(named):
            go_on = tmp_path / f"go on from {named}"
            os.mkfifo(go_on)
            script = f'{said(known)}; cat "$GO_ON" >/dev/null'
            number = guest.begin("run", **request(script, env={"GO_ON": str(go_on)}))
            # All of it is here while the command waits: nothing is held back for what may come.
            assert output_until(guest, number, known.encode()) == known.encode()
            go_on.write_text("now", encoding="utf-8")
            rest = collect(guest, number)
            assert rest.stdout == b""
            assert rest.result["hits"].get("OTHER_TOKEN", 0) == 0


def test_the_events_of_a_run_do_not_tell_how_much_of_a_guess_is_right(stored, guest, tmp_path):
    wrong = "".join(random.Random(12).choices(string.ascii_letters + string.digits, k=36))
    os.mkfifo(tmp_path / "go")
    # One end is kept: what is opened anew each time is still there for a moment when the command
    # opens it again, which then reads the end of a file instead of a line.
    go = os.open(tmp_path / "go", os.O_RDWR)
    script = "for n in 1 2 3; do {}; read -r line < go; done"

    def shape(guess: str) -> list[tuple[str, int]]:
        fields = request(script.format(said(guess)), "DEMO_TOKEN", cwd=str(tmp_path))
        number, events, shown = guest.begin("run", **fields), [], b""
        for _ in range(3):  # each is here before the next one is written: two may come as one
            events.append(until(guest, number, "output"))
            shown += base64.b64decode(events[-1]["data"])
            os.write(go, b"on\n")
        events += collect(guest, number).events
        assert shown == guess.encode() * 3
        return [(each["event"], len(each.get("data", ""))) for each in events]

    right_but_for_one = OTHER[:-1] + ("x" if OTHER[-1] != "x" else "y")
    shapes = shape(right_but_for_one), shape(wrong)
    os.close(go)
    assert shapes[0] == shapes[1]


def test_a_value_saved_while_the_broker_runs_is_known_to_the_next_run(stored, guest):
    late = "".join(random.Random(13).choices(string.ascii_letters + string.digits, k=40))
    assert run(guest, said(late)).stdout == late.encode()
    save(stored, "LATE_TOKEN", late)
    assert run(guest, said(late)).stdout == b"[secret:LATE_TOKEN]"


def test_a_value_cut_by_two_writes_is_masked_from_where_it_became_one(stored, guest, tmp_path):
    os.mkfifo(tmp_path / "go")
    script = f"printf %s {OTHER[:30]}; read -r line < go; printf %s {OTHER[30:]}"
    number = guest.begin("run", **request(script, cwd=str(tmp_path)))
    assert output_until(guest, number, OTHER[:30].encode()) == OTHER[:30].encode()
    (tmp_path / "go").write_bytes(b"on\n")
    assert collect(guest, number).stdout == b"[secret:OTHER_TOKEN]"
