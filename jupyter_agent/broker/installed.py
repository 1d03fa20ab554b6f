"""Whether this broker still is what is installed."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import jupyter_agent

_FILE: Final = Path(jupyter_agent.__file__)
"""A file of this package that each installation writes anew."""


class Installed:
    """Remembers the files that this process was started from.

    A version would not do: from one checkout to the next it stays the same.
    """

    def __init__(self) -> None:
        self._then = _identity()

    def is_replaced(self) -> bool:
        """Whether other files are in their place, as after an upgrade.

        While there are none, as in the middle of one, nothing is there to take over.
        """
        now = _identity()
        return now is not None and now != self._then


def _identity() -> tuple[int, ...] | None:
    try:
        info = _FILE.stat()
    except OSError:
        return None
    return info.st_dev, info.st_ino, info.st_size, info.st_mtime_ns
