"""What the processes of a desktop leave on the disk: their folder, and an X server's two files.

An X server on display N makes ``/tmp/.X11-unix/XN`` and, where it was told N, ``/tmp/.XN-lock``.
It leaves both when it is killed.

A folder that is in use is locked. Windows has no lock for folders: there a file in it is. And there
nothing goes away that somebody has open, be it a process that has just been ended.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import shutil
import socket
import sys
import time
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Final

from jupyter_agent import locks
from jupyter_agent.opening import DIRECTORY, open_unfollowed

_TMP: Final = Path("/tmp")  # noqa: S108  (where X servers have their files)
_LOCK: Final = "held"
"""The file in a folder that is locked in its place on Windows."""

_SLOW: Final = 5.0 if sys.platform == "win32" else 0.0
"""Seconds in which what ended processes had open is let go of."""

_ROUND: Final = 0.05  # seconds between looks whether it is

_SOCKET: Final = re.compile(rb"(\d+) /tmp/\.X11-unix/X(\d{1,5})$", re.MULTILINE)


def displays_of(pids: Collection[int]) -> set[int]:
    """The displays on which these processes listen, by their sockets' numbers in /proc/net/unix."""
    with contextlib.suppress(OSError):
        numbers = {
            f"socket:[{inode.decode()}]": int(display)
            for inode, display in _SOCKET.findall(Path("/proc/net/unix").read_bytes())
        }
        return {numbers[handle] for pid in pids for handle in _handles(pid) if handle in numbers}
    return set()


def _handles(pid: int) -> list[str]:
    found: list[str] = []
    with contextlib.suppress(OSError), os.scandir(f"/proc/{pid}/fd") as entries:
        for entry in entries:
            with contextlib.suppress(OSError):
                found.append(os.readlink(entry.path))  # noqa: PTH115  (no path, a name)
    return found


def remove(folder: Path, displays: Collection[int] = ()) -> list[str]:
    """Remove a desktop's folder and its X server's files, and say what could not be removed.

    Args:
        folder: Nothing happens where it is gone.
        displays: What ``displays_of`` said while the processes lived; they have ended since.
    """
    left: list[str] = []
    for number in displays:
        path = _TMP / ".X11-unix" / f"X{number}"
        # Another X server may have the number by now, and then both files are its own.
        if not _answers(path):
            for each in (path, _TMP / f".X{number}-lock"):
                try:
                    each.unlink(missing_ok=True)
                except OSError:
                    left.append(f"{each} could not be removed.")
    _remove(folder)
    if folder.exists():
        left.append("The desktop's folder could not be removed.")
    return left


def _remove(folder: Path) -> None:
    ends = time.monotonic() + _SLOW
    shutil.rmtree(folder, ignore_errors=True)
    while folder.exists():
        # A program may have taken our own rights away in there; on Windows from a file, too.
        with contextlib.suppress(OSError):
            folder.chmod(0o700)
            for above, names, files in os.walk(folder):  # top down, and into no link
                for inner in (Path(above, name) for name in (*names, *(files if _SLOW else ()))):
                    if not inner.is_symlink():
                        inner.chmod(0o700)
        shutil.rmtree(folder, ignore_errors=True)
        if time.monotonic() >= ends:
            break
        time.sleep(_ROUND)


def _answers(path: Path) -> bool:
    if sys.platform == "win32":
        raise NotImplementedError
    with socket.socket(socket.AF_UNIX) as knock:
        knock.settimeout(1)
        try:
            knock.connect(str(path))
        except OSError as error:
            return error.errno not in (errno.ECONNREFUSED, errno.ENOENT)
    return True


def make(folder: Path) -> int:
    """Make a folder, mode 0700, and hold it.

    Raises:
        OSError: There is no room, or it is there already.
    """
    with _locked(folder.parent, shared=True):  # no sweeping between the two steps
        folder.mkdir(mode=0o700)
        return hold(folder)


def hold(folder: Path) -> int:
    """A descriptor whose lock keeps a folder from being swept.

    Raises:
        OSError: The folder is gone.
    """
    handle = _opened(folder)
    locks.take(handle, shared=True)
    return handle


def sweep(base: Path) -> None:
    """Remove the folders that nobody holds: server and keeper were both killed."""
    with contextlib.suppress(OSError), _locked(base):
        for folder in base.iterdir():
            with contextlib.suppress(OSError):
                with _locked(folder, wait=False):
                    shutil.rmtree(folder, ignore_errors=True)
                # Windows: what was locked is there still. Nobody makes one meanwhile.
                shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _locked(folder: Path, *, shared: bool = False, wait: bool = True) -> Iterator[None]:
    handle = _opened(folder)
    try:
        locks.take(handle, shared=shared, wait=wait)
        yield
    finally:
        os.close(handle)


def _opened(folder: Path) -> int:
    if sys.platform == "win32":
        return open_unfollowed(folder / _LOCK, os.O_RDWR | os.O_CREAT)
    return open_unfollowed(folder, os.O_RDONLY | DIRECTORY)
