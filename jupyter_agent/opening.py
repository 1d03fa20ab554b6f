"""Opening a file by its own name, never by what a link leads to, on every system.

What ``os`` calls ``O_…`` on Unix only has a name here that is nothing on Windows. There a link
(symbolic, a junction, a mount) is refused after it was opened as itself, before a byte is read or
written.
"""

from __future__ import annotations

import os
import sys
from typing import Final

if sys.platform == "win32":
    NO_FOLLOW: Final = 0
    CLOSE_ON_EXEC: Final = os.O_NOINHERIT | os.O_BINARY  # the latter, or line breaks are changed
    NONBLOCK: Final = 0
    DIRECTORY: Final = 0
else:
    NO_FOLLOW: Final = os.O_NOFOLLOW
    CLOSE_ON_EXEC: Final = os.O_CLOEXEC
    NONBLOCK: Final = os.O_NONBLOCK
    DIRECTORY: Final = os.O_DIRECTORY


def open_unfollowed(
    path: str | os.PathLike[str], flags: int, mode: int = 0o600, *, dir_fd: int | None = None
) -> int:
    """A descriptor that no program we start inherits, for what stands under this name itself.

    Args:
        path: Its name.
        flags: Of ``os``, and the ones above.
        mode: Of a new file. On Windows one that gives nothing to group and others makes it this
            person's alone, whatever its folder would hand on; every other is what the folder says.
        dir_fd: An open folder that the name is in. Unix only.

    Raises:
        OSError: It can't be opened; ``ELOOP`` where it is a link.
        NotImplementedError: An open folder was given on Windows, which has no such thing.
    """
    if sys.platform == "win32":
        from jupyter_agent.windows import files  # noqa: PLC0415  (Windows)

        if dir_fd is not None:
            raise NotImplementedError
        return files.open_unfollowed(os.fspath(path), flags | CLOSE_ON_EXEC, mode)
    return os.open(path, flags | NO_FOLLOW | CLOSE_ON_EXEC, mode, dir_fd=dir_fd)
