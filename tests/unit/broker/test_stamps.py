"""Whether a file was written, told without reading it."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from jupyter_agent.broker.stamps import stamp_of

HOUR = 3_600_000_000_000
TICK = 30_000_000  # nanoseconds; longer than any file system's clock takes


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The clock that nobody can set, but for this test."""
    now = [time.monotonic_ns()]
    monkeypatch.setattr(time, "monotonic_ns", lambda: now[0])
    return now


def write(path: Path, content: bytes, written: int) -> None:
    path.write_bytes(content)
    os.utime(path, ns=(written, written))


@pytest.mark.parametrize("ahead", [-HOUR, 0, HOUR])
def test_a_file_that_nobody_writes_keeps_its_stamp_whatever_the_clock_says(
    tmp_path: Path, clock: list[int], ahead: int
) -> None:
    path = tmp_path / "file"
    write(path, b"one", time.time_ns() + ahead)
    stamp_of(path)
    clock[0] += TICK
    settled = stamp_of(path)
    clock[0] += 1
    assert stamp_of(path) == settled


@pytest.mark.parametrize("ahead", [-HOUR, 0, HOUR])
@pytest.mark.parametrize("later", [1, 10 * TICK])
def test_two_writes_within_a_tick_of_the_files_clock_are_told_apart(
    tmp_path: Path, clock: list[int], ahead: int, later: int
) -> None:
    path = tmp_path / "file"
    written = time.time_ns() + ahead  # by the clock of the machine that the file lies on
    write(path, b"one", written)
    first = stamp_of(path)
    clock[0] += 1
    write(path, b"two", written)
    clock[0] += later
    assert stamp_of(path) != first


def test_what_is_not_there_has_no_stamp(tmp_path: Path) -> None:
    assert stamp_of(tmp_path / "file") is None
