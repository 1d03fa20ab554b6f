"""Scanning on two processors: hyperscan lets other threads run while it looks at some bytes.

It does not while it reports what is there, and nothing else of screening does. So threads share the
scan only, more than two would wait for each other, and the second one is gone before the reports
are looked at.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from threading import Thread
from typing import Final, TypeVar

Piece = TypeVar("Piece")
Report = TypeVar("Report")

_LEAST: Final = 4
"""Pieces of 128 kB, whose scan takes ten times what a thread costs."""


def scan_all(
    scan: Callable[[Piece], Report], pieces: Sequence[Piece], check: Callable[[], None]
) -> list[Report]:
    """What is reported about each of some pieces.

    Whoever is free takes the next one: on a busy machine this thread scans nearly all of them, and
    waits for one at the end.

    Args:
        scan: Scans a piece, in either thread.
        pieces: The pieces.
        check: Called between the pieces that this thread scans. What it raises ends the work.

    Raises:
        Exception: What ``check`` or ``scan`` raised, in whichever thread: no piece is passed over.
    """
    reports: dict[int, Report] = {}
    failures: list[BaseException] = []
    # Under Python's lock an iterator hands out each number once.
    numbers = iter(range(len(pieces)))

    def help_out() -> None:
        try:
            for number in numbers:
                reports[number] = scan(pieces[number])
        except BaseException as failure:  # noqa: BLE001  (raised below)
            failures.append(failure)

    helper = _started(help_out) if len(pieces) >= _LEAST and processors() > 1 else None
    try:
        check()  # even if the other thread is done with all of it by now
        for number in numbers:
            reports[number] = scan(pieces[number])
            check()
    finally:
        for _ in numbers:  # after an error nobody begins another piece
            pass
        if helper is not None:
            helper.join()
    if failures:
        raise failures[0]
    return [reports[number] for number in range(len(pieces))]


def processors() -> int:
    """How many this thread may use."""
    affinity = getattr(os, "sched_getaffinity", None)  # Linux
    return len(affinity(0)) if affinity is not None else os.cpu_count() or 1


def _started(work: Callable[[], None]) -> Thread | None:
    helper = Thread(target=work, name="screening", daemon=True)
    try:
        helper.start()
    except RuntimeError:
        return None  # there may be no more threads; then the one that asked does it all
    return helper
