"""Whether a file was written since it was last looked at, without reading it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Final

Stamp = tuple[int, ...]

_CLOCK_TICK: Final = 20_000_000
"""Nanoseconds; file systems stamp with the kernel's clock, which ticks every 1 to 10 ms."""

_first_seen: dict[Path, tuple[Stamp, int]] = {}
"""What a file looked like at the last look, and since when, by a clock that nobody can set."""


def stamp_of(path: Path) -> Stamp | None:
    """Another one whenever the file may have been written meanwhile; None where there is none.

    Another process may write twice within a tick of the file's clock; as long as that could be, no
    two stamps are the same. How old the file is does not tell: its clock may be another machine's,
    and this one's may have been set back.
    """
    try:
        info = path.stat()
    except OSError:
        return None
    looks, now = (info.st_ino, info.st_size, info.st_mtime_ns), time.monotonic_ns()
    known = _first_seen.get(path)
    if known is None or known[0] != looks:
        known = _first_seen[path] = looks, now
    return (*looks, 0 if now - known[1] > _CLOCK_TICK else now)
