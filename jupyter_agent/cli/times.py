"""Times as people write and read them."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Final

from jupyter_agent import wire
from jupyter_agent.errors import RequestInvalid

_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_SPAN: Final = re.compile(r"(\d{1,6})([smhdw])")


def ahead(text: str, now: datetime) -> str:
    """A moment to come, as RFC 3339 in UTC.

    Args:
        text: RFC 3339 (``2026-12-31T18:00:00Z``), a date, or a span such as ``30m``, ``2h`` or
            ``7d``. Without a zone it is local time.
        now: The time, with a zone.

    Raises:
        RequestInvalid: It can't be read, or has passed.
    """
    span = span_of(text)
    moment = _moment(text) if span is None else _shifted(now, span)
    if moment <= now:
        raise RequestInvalid("That time has passed.", "Give one to come: 2h, 7d, 2030-12-31.")
    return wire.timestamp(moment)


def back(text: str, now: datetime) -> str:
    """A moment that has passed, as RFC 3339 in UTC; a span counts backwards from now.

    Raises:
        RequestInvalid: It can't be read.
    """
    span = span_of(text)
    return wire.timestamp(_moment(text) if span is None else _shifted(now, -span))


def span_of(text: str) -> timedelta | None:
    """The length of ``30m``, ``2h`` or ``7d``; None where it is something else."""
    match = _SPAN.fullmatch(text.strip())
    return timedelta(**{_UNITS[match[2]]: int(match[1])}) if match else None


def whole_days(text: str) -> int:
    """The days of ``90d`` or ``12w``.

    Raises:
        RequestInvalid: It is no span of whole days.
    """
    span = span_of(text)
    if span is None or span.days < 1 or span.seconds:
        raise RequestInvalid("That is no number of days.", "Write 90d or 12w.")
    return span.days


def local(stamp: str | None, absent: str = "never") -> str:
    """A stamp of ours in the reader's own time, to the minute."""
    if not stamp:
        return absent
    try:
        return datetime.fromisoformat(stamp).astimezone().strftime("%Y-%m-%d %H:%M")
    except ValueError:
        return stamp


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text.strip()).astimezone()
    except (ValueError, OverflowError, OSError):
        raise _unreadable() from None


def _shifted(now: datetime, span: timedelta) -> datetime:
    try:
        return now + span
    except OverflowError:
        raise _unreadable() from None


def _unreadable() -> RequestInvalid:
    return RequestInvalid(
        "That is not a time.", "Write 30m, 2h, 7d, a date, or RFC 3339: 2030-12-31T18:00:00Z."
    )
