"""Whether a file was written since it was last looked at, without reading it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Final

Stamp = tuple[int, ...]

_CLOCK_TICK: Final = 20_000_000
"""Nanoseconds; file systems stamp with the kernel's clock, which ticks every 1 to 10 ms."""


def stamp_of(path: Path) -> Stamp | None:
    """Another one whenever the file may have been written meanwhile; None where there is none.

    Another process may write twice within a tick of the file's clock; as long as that could be, no
    two stamps are the same.
    """
    try:
        info = path.stat()
    except OSError:
        return None
    settled = time.time_ns() - info.st_mtime_ns > _CLOCK_TICK
    tick = 0 if settled else time.monotonic_ns()
    return (info.st_ino, info.st_size, info.st_mtime_ns, tick)
