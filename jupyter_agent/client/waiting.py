"""Waiting until something can be read.

Not by ``select``: it takes no descriptor above 1023, and a kernel that has more open than that is
nothing unusual where the limit is high, as it is in most containers.
"""

from __future__ import annotations

import select
import sys


def readable(handle: int, seconds: float) -> bool:
    """Whether something can be read within this time, be it the end.

    Args:
        handle: A descriptor; on Windows a socket's.
        seconds: At most; 0 looks and does not wait.
    """
    if sys.platform == "win32":  # there select counts sockets, whatever their numbers
        return bool(select.select([handle], (), (), seconds)[0])
    poll = select.poll()
    poll.register(handle, select.POLLIN)
    return bool(poll.poll(seconds * 1000))
