"""Times that people type."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_agent.cli.times import ahead, back, local
from jupyter_agent.errors import RequestInvalid

NOW = datetime(2030, 6, 1, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("typed", "stamp"),
    [
        ("30m", "2030-06-01T12:30:00Z"),
        ("2h", "2030-06-01T14:00:00Z"),
        ("7d", "2030-06-08T12:00:00Z"),
        ("2w", "2030-06-15T12:00:00Z"),
        ("2030-12-31T18:00:00Z", "2030-12-31T18:00:00Z"),
        ("2030-12-31T18:00:00+02:00", "2030-12-31T16:00:00Z"),
    ],
)
def test_times_to_come(typed, stamp):
    assert ahead(typed, NOW) == stamp


def test_a_time_without_a_zone_is_local():
    typed = "2030-12-31T18:00:00"
    assert ahead(typed, NOW) == ahead(datetime.fromisoformat(typed).astimezone().isoformat(), NOW)


def test_a_span_counts_backwards_for_the_past():
    assert back("2h", NOW) == "2030-06-01T10:00:00Z"


@pytest.mark.parametrize(
    "typed", ["", "soon", "2", "0m", "-2h", "2029-01-01", "999999w", "2030-13-01", "h"]
)
def test_what_is_no_time_to_come_is_refused(typed):
    with pytest.raises(RequestInvalid):
        ahead(typed, NOW)


@settings(deadline=None)
@given(st.text())
def test_any_text_is_a_time_or_refused(typed):
    try:
        stamp = ahead(typed, NOW)
    except RequestInvalid:
        return
    assert datetime.fromisoformat(stamp) >= NOW


@settings(deadline=None)
@given(st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=10_000)))
def test_a_stamp_is_shown_to_the_minute(span):
    stamp = (NOW + span).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert len(local(stamp)) == len("2030-06-01 12:00")


def test_no_stamp_is_never():
    assert local(None) == "never"
