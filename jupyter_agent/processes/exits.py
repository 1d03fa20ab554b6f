"""Waiting for the end of a process that is nobody's child here.

Linux: pidfd_open(2). macOS: kqueue(2), ``EVFILT_PROC`` with ``NOTE_EXIT``; **not run** by us on a
Mac.
"""

from __future__ import annotations

import contextlib
import errno
import os
import select
import sys
from collections.abc import Iterator


def end_command(pid: int) -> str:
    """What a person types to end a process, for hints."""
    return f"taskkill /F /PID {pid}" if sys.platform == "win32" else f"kill {pid}"


@contextlib.contextmanager
def exit_of(pid: int) -> Iterator[int]:
    """While entered, a descriptor that is readable once the process has ended.

    Raises:
        ProcessLookupError: It has ended already.
        OSError: No descriptor is free, or this system does not tell.
    """
    if sys.platform == "linux":
        handle = os.pidfd_open(pid)
        try:
            yield handle
        finally:
            os.close(handle)
    elif sys.platform == "darwin":
        with contextlib.closing(select.kqueue()) as queue:
            wanted = select.kevent(
                pid, select.KQ_FILTER_PROC, select.KQ_EV_ADD, select.KQ_NOTE_EXIT
            )
            queue.control([wanted], 0)
            yield queue.fileno()
    else:
        raise OSError(errno.ENOTSUP, os.strerror(errno.ENOTSUP))
