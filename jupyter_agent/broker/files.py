"""Files that a person names: read within bounds, written whole or not at all."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from jupyter_agent.errors import RequestInvalid
from jupyter_agent.folders import sync, sync_folder
from jupyter_agent.opening import NONBLOCK, open_unfollowed


def absolute(path: str) -> Path:
    """The path, which must not depend on where this process happens to be.

    Raises:
        RequestInvalid: It is relative.
    """
    if not Path(path).is_absolute() or "\0" in path:
        raise RequestInvalid("A path that the broker is given is absolute.")
    return Path(path)


def read(path: Path, most: int) -> bytes:
    """A whole file.

    Args:
        path: Absolute. A link is not followed: what a person was shown is what is read.
        most: Bytes.

    Raises:
        RequestInvalid: It is not there, not ours to read, no plain file, or longer.
    """
    try:
        handle = open_unfollowed(path, os.O_RDONLY | NONBLOCK)
    except OSError as error:
        raise _refused("read", error) from None
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise RequestInvalid("That is no plain file.", "Give the path of the file itself.")
        content = b""
        while len(content) <= most and (piece := os.read(handle, 1 << 20)):
            content += piece
    except OSError as error:
        raise _refused("read", error) from None
    finally:
        os.close(handle)
    if len(content) > most:
        raise RequestInvalid("That file is too long.", f"At most {most} bytes are read.")
    return content


def write_new(path: Path, content: bytes) -> None:
    """A new file, mode 0600, whole and on the disk when this returns, or not there at all.

    Raises:
        RequestInvalid: There is one already, or it can't be written.
    """
    fresh = path.with_name(f".{path.name}.{os.urandom(8).hex()}")
    try:
        handle = open_unfollowed(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            sync(file.fileno())
        _give_name(fresh, path)
        sync_folder(path.parent)
    except FileExistsError:
        fresh.unlink(missing_ok=True)
        raise RequestInvalid(
            "There is a file of that name already.", "Choose another name, or remove that file."
        ) from None
    except OSError as error:
        fresh.unlink(missing_ok=True)
        raise _refused("written", error) from None


def _give_name(fresh: Path, path: Path) -> None:
    try:
        os.link(fresh, path)  # unlike a rename it takes the place of nothing
    except FileExistsError:
        raise
    except OSError:  # no links here, as on a memory stick
        if os.path.lexists(path):
            raise FileExistsError from None
        fresh.rename(path)
    else:
        fresh.unlink()


def _refused(what: str, error: OSError) -> RequestInvalid:
    reason = os.strerror(error.errno or 0)
    return RequestInvalid(f"That file can't be {what}: {reason}.", "Check its path and its mode.")
