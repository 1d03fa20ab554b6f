"""Files of a person's that are changed: whole or not at all, whatever the disk says."""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path

from jupyter_agent.folders import sync, take_place
from jupyter_agent.opening import open_unfollowed

_NEW = 0o666  # less what this person's umask takes


def write(path: Path, text: str, *, mode: int | None = None) -> None:
    """Exchange a file for one with this text; a link stays a link, and bytes that are no text stay.

    Args:
        path: The file.
        text: All of it, with the line breaks that it is to have.
        mode: Its mode from now on; None for the one it has.

    Raises:
        OSError: The disk is full or read-only; the old file is untouched.
    """
    path = path.resolve()
    if mode is None and path.exists():
        mode = stat.S_IMODE(path.stat().st_mode)
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    handle = open_unfollowed(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _NEW)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(text.encode("utf-8", "surrogateescape"))
            file.flush()
            if mode is not None:
                fresh.chmod(mode)
            sync(file.fileno())
        take_place(fresh, path)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise
