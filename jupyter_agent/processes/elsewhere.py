"""What a system without /proc tells about processes: macOS and Windows, by way of psutil.

**Not run** by us on a Mac, and on Windows under Wine only. The tests hold its answers against those
of /proc, on Linux.
psutil: https://psutil.readthedocs.io/
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterable, Iterator

import psutil

_FAMILY = "tcp"
_LOOPBACK = "tcp4"
"""All that is asked about is on 127.0.0.1; Wine takes half a second for each of the two tables."""


def parent_and_start(pid: int) -> tuple[int, int] | None:
    """A process's parent and its start in microseconds of the clock, or None if it is gone.

    On Windows the parent is 0 where it has ended: its number is kept there for ever, although
    another process may have it by now.
    """
    try:
        process = psutil.Process(pid)
        start, above = process.create_time(), process.ppid()
    except psutil.Error:
        return None
    if sys.platform == "win32" and not _was_there(above, start):
        above = 0
    return above, round(start * 1_000_000)


def _was_there(pid: int, at: float) -> bool:
    try:
        return bool(psutil.Process(pid).create_time() <= at)
    except psutil.AccessDenied:
        return True
    except psutil.Error:
        return False


def arguments(pid: int) -> list[str]:
    """What a process was started with; nothing if it is gone or another user's."""
    try:
        return list(psutil.Process(pid).cmdline())
    except (psutil.Error, OSError):
        return []


def title(pid: int) -> str:
    """The module that a process was told to run, or else the program; "" if it is gone.

    A fork of the broker can't call itself something else here, as it does on Linux.
    """
    words = arguments(pid)
    if "-m" in words[:-1]:
        return words[words.index("-m") + 1]
    return words[0] if words else ""


def pids() -> list[int]:
    """Every process."""
    return list(psutil.pids())


def ours() -> Iterator[int]:
    """Every process of this user."""
    me = psutil.Process().username()
    for process in psutil.process_iter():
        try:
            if process.username() == me:
                yield process.pid
        except psutil.Error:
            continue  # another user's, or gone


def holder(there: tuple[str, int], here: tuple[str, int], among: Iterable[int]) -> int | None:
    """Which of these processes has the other end of a connection open.

    Asked of each, because macOS tells only root about all of them at once.

    Args:
        there: Its address and port.
        here: Ours.
        among: Processes.
    """
    if sys.platform == "win32":
        found = _holder_at_once(there, here)
        return next((pid for pid in among if pid == found), None)
    for pid in among:
        try:
            ends = psutil.Process(pid).net_connections(_FAMILY)
        except (psutil.Error, OSError):
            continue  # another user's, or gone
        if any(tuple(end.laddr) == there and tuple(end.raddr or ()) == here for end in ends):
            return pid
    return None


def our_holder(there: tuple[str, int], here: tuple[str, int]) -> int | None:
    """A process of this user that has the other end of a connection open, or None.

    Args:
        there: Its address and port.
        here: Ours.
    """
    if sys.platform == "win32":
        pid = _holder_at_once(there, here)
        with contextlib.suppress(psutil.Error, OSError):
            if pid and psutil.Process(pid).username() == psutil.Process().username():
                return pid
        return None
    return holder(there, here, ours())


def _holder_at_once(there: tuple[str, int], here: tuple[str, int]) -> int | None:
    """Windows tells everybody about all of them, and one look takes as long as one process's."""
    for end in psutil.net_connections(_LOOPBACK):
        if tuple(end.laddr) == there and tuple(end.raddr or ()) == here and end.pid:
            return int(end.pid)
    return None


def resident_bytes() -> int:
    """The memory of this process."""
    return int(psutil.Process(os.getpid()).memory_info().rss)
