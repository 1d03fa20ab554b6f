"""Locks on open files, which the system lets go of however their process ends.

Unix: flock(2). Windows: ``LockFileEx``, on a byte far behind the end of the file, because a lock
there keeps others from reading what is locked. Folders can be locked on Unix only.
"""

from __future__ import annotations

import sys

if sys.platform == "win32":

    def take(handle: int, *, shared: bool = False, wait: bool = True) -> None:
        """Take the lock of an open file. See below."""
        from jupyter_agent.windows import files  # noqa: PLC0415  (ctypes)

        files.lock(handle, shared=shared, wait=wait)

    def let_go(handle: int) -> None:
        """Let go of it. See below."""
        from jupyter_agent.windows import files  # noqa: PLC0415  (ctypes)

        files.unlock(handle)

else:
    import fcntl

    def take(handle: int, *, shared: bool = False, wait: bool = True) -> None:
        """Take the lock of an open file; closing it lets go of it.

        Args:
            handle: A descriptor.
            shared: Whether others may have it, too, if they want to share it.
            wait: Whether to wait until it is free.

        Raises:
            BlockingIOError: Another has it, and ``wait`` is off.
            OSError: It can't be locked.
        """
        how = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
        fcntl.flock(handle, how if wait else how | fcntl.LOCK_NB)

    def let_go(handle: int) -> None:
        """Let go of the lock of an open file.

        Raises:
            OSError: It was not open, or, on Windows, not locked.
        """
        fcntl.flock(handle, fcntl.LOCK_UN)
