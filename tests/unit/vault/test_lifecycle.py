"""What is due, and when people are reminded of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from vaults import open_vault

from jupyter_agent import wire
from jupyter_agent.errors import LabelNotFound, RequestInvalid
from jupyter_agent.secret import Secret, reminder, without_line_end
from jupyter_agent.vault.meta import Meta

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


class Clock:
    """A clock that a test turns; the fixture's ``move`` may turn it back too."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


def saved(home: Path, clock: Clock, **about: Any) -> Meta:
    return open_vault(home, clock=clock).put(Secret("DEMO_TOKEN", b"a made-up value"), **about)


def due(meta: Meta, days: float) -> dict[str, Any] | None:
    """What is due so many days after noon."""
    return meta.shown(NOON + timedelta(days=days))["due"]


@pytest.mark.parametrize(
    ("after", "days", "level"),
    [(69.9, None, None), (70, 30, 30), (92.9, 8, 30), (93, 7, 7), (98.5, 2, 7), (99, 1, 1),
     (99.9, 1, 1), (100, 0, 0), (130, -30, 0)],
)  # fmt: skip
@pytest.mark.parametrize("what", ["expires", "rotate"])
def test_people_are_reminded_thirty_seven_and_one_day_before(
    tmp_path: Path, what: str, after: float, days: int | None, level: int | None
) -> None:
    end = NOON + timedelta(days=100)
    about: dict[str, Any] = (
        {"expires": wire.timestamp(end)} if what == "expires" else {"rotate_every": 100}
    )
    found = due(saved(tmp_path, Clock(), **about), after)
    if days is None:
        assert found is None
    else:
        assert found == {"what": what, "on": wire.timestamp(end), "days": days, "level": level}


def test_what_comes_first_is_what_is_due(tmp_path: Path) -> None:
    meta = saved(tmp_path, Clock(), expires="2026-12-20T00:00:00Z", rotate_every=5)
    first = due(meta, 0)
    assert first is not None
    assert first["what"] == "rotate"


def test_a_new_value_starts_the_time_to_the_next_rotation_anew(tmp_path: Path) -> None:
    clock = Clock()
    saved(tmp_path, clock, rotate_every=30)
    clock.now += timedelta(days=29)
    meta = saved(tmp_path, clock, replace=True)
    assert meta.rotate_every == 30
    assert meta.shown(clock.now)["due"]["days"] == 30


def test_what_is_noted_can_be_changed_and_taken_away(tmp_path: Path) -> None:
    saved(tmp_path, Clock(), note="first", expires="2026-12-20T00:00:00Z")
    vault = open_vault(tmp_path)
    changes = {"note": "second", "kind": "api-key", "expires": None, "rotate_every": 90}
    meta = vault.describe("DEMO_TOKEN", changes)
    assert (meta.note, meta.kind, meta.expires, meta.rotate_every) == (
        "second",
        "api-key",
        None,
        90,
    )
    assert open_vault(tmp_path).meta("DEMO_TOKEN") == meta
    assert vault.get("DEMO_TOKEN").reveal() == b"a made-up value"
    with pytest.raises(LabelNotFound):
        vault.describe("OTHER", changes)


@pytest.mark.parametrize("days", [0, -1, 4000, 1.5, "90", True])
def test_a_rotation_is_a_number_of_days(tmp_path: Path, days: object) -> None:
    with pytest.raises(RequestInvalid):
        saved(tmp_path, Clock(), rotate_every=days)


@given(
    days=st.integers(1, 3650),
    jump=st.timedeltas(min_value=timedelta(days=-20_000), max_value=timedelta(days=20_000)),
)
def test_a_clock_that_jumps_makes_it_early_or_late_and_nothing_else(
    days: int, jump: timedelta
) -> None:
    meta = Meta("A", "", "", wire.timestamp(NOON), None, None, 0, None, False, (), days)
    found = meta.shown(NOON + jump)["due"]
    assert (found is None) == (timedelta(days=days) - jump > timedelta(days=30))
    assert found is None or found["level"] in (30, 7, 1, 0)
    assert bool(reminder(found)) == (found is not None)


def test_a_time_near_the_end_of_all_years_hides_no_secret() -> None:
    """A clock may have said so, or an export."""
    meta = Meta("A", "", "", "9999-12-30T00:00:00Z", None, None, 0, None, False, (), 3650)
    assert meta.shown(NOON)["due"] is None


def test_an_end_whose_year_was_typed_in_two_digits_hides_no_secret(tmp_path: Path) -> None:
    clock = Clock()
    meta = saved(tmp_path, clock, expires="0026-12-31T23:59:59.000Z")
    assert meta.expires == "0026-12-31T23:59:59Z"
    (listed,) = open_vault(tmp_path, clock=clock).list()
    assert listed.shown(NOON)["due"]["level"] == 0
    # As it was stored once.
    content = listed.to_bytes().replace(b"0026-", b"26-")
    assert Meta.from_bytes("DEMO_TOKEN", content) == listed


def test_a_use_that_a_wrong_clock_put_far_ahead_is_not_the_last_one_for_ever(
    tmp_path: Path,
) -> None:
    clock = Clock()
    vault = open_vault(tmp_path, clock=clock)
    vault.put(Secret("DEMO_TOKEN", b"a value"))
    for jump in (20_000, 0, 1):
        clock.now = NOON + timedelta(days=jump)
        vault.record_uses({"DEMO_TOKEN": (1, wire.timestamp(clock.now))})
        assert vault.meta("DEMO_TOKEN").last_used == wire.timestamp(clock.now)
    # Another broker's batch may come late.
    vault.record_uses({"DEMO_TOKEN": (1, wire.timestamp(NOON))})
    assert vault.meta("DEMO_TOKEN").last_used == wire.timestamp(clock.now)
    assert vault.meta("DEMO_TOKEN").uses == 4


def test_a_clock_that_was_set_back_loses_no_write(tmp_path: Path) -> None:
    clock = Clock()
    vault = open_vault(tmp_path, clock=clock)
    for jump in (-5000, 5000, 0):
        clock.now = NOON + timedelta(days=jump)
        vault.put(Secret("DEMO_TOKEN", b"at %d" % jump), replace=True)
        assert open_vault(tmp_path).get("DEMO_TOKEN").reveal() == b"at %d" % jump


@pytest.mark.parametrize(
    ("content", "value"),
    [
        (b"token\n", b"token"),
        (b"token\r\n", b"token"),
        (b"token", b"token"),
        (b"\n", b""),
        (b"one\ntwo\n", b"one\ntwo\n"),
        (b"one\r\ntwo\r\n", b"one\r\ntwo\r\n"),
        (b"one\n\n", b"one\n\n"),
    ],
)
def test_a_file_of_several_lines_is_kept_byte_for_byte(content: bytes, value: bytes) -> None:
    assert without_line_end(content) == value
