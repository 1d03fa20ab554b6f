"""Opening and locking files with what ``os`` has no word for on Windows.

Run by us under Wine only, not on Windows itself.
"""

from __future__ import annotations

import ctypes
import errno
import functools
import msvcrt
import os
import stat
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from ctypes import wintypes
from typing import Any, Final

from jupyter_agent.windows import security

assert sys.platform == "win32"  # noqa: S101  (for mypy)

_READ: Final = 0x8000_0000
_WRITE: Final = 0x4000_0000
_APPEND: Final = 0x0000_0004
_READ_ATTRIBUTES: Final = 0x0000_0080
_READ_CONTROL: Final = 0x0002_0000
_SYNCHRONIZE: Final = 0x0010_0000
_SHARE_ALL: Final = 0x7
_CREATE_NEW: Final = 1
_OPEN_EXISTING: Final = 3
_OPEN_ALWAYS: Final = 4
_NOT_FOLLOWED: Final = 0x0020_0000
_FOLDERS_TOO: Final = 0x0200_0000
_INVALID: Final = ctypes.c_void_p(-1).value

_REPLACE: Final = 0x1
_WRITE_THROUGH: Final = 0x8
_IN_THE_WAY: Final = (5, 32)
"""``ERROR_ACCESS_DENIED``, which is also said of a file that is just being replaced, and
``ERROR_SHARING_VIOLATION``: whoever looks through new files, as virus scanners do."""

_TRIES: Final = 25
_PAUSE: Final = 0.02

_EXCLUSIVE: Final = 0x2
_AT_ONCE: Final = 0x1
_TAKEN: Final = (33, 997)
"""``ERROR_LOCK_VIOLATION``, and ``ERROR_IO_PENDING``, which some file systems answer."""


class _Overlapped(ctypes.Structure):
    """``OVERLAPPED`` of <minwinbase.h>: here only where a lock begins."""

    _fields_ = (
        ("Internal", ctypes.c_void_p),
        ("InternalHigh", ctypes.c_void_p),
        ("Offset", wintypes.DWORD),
        ("OffsetHigh", wintypes.DWORD),
        ("hEvent", wintypes.HANDLE),
    )


@functools.cache
def _kernel32() -> Any:
    library = ctypes.WinDLL("kernel32", use_last_error=True)
    library.CreateFileW.argtypes = (
        *(wintypes.LPCWSTR, wintypes.DWORD, wintypes.DWORD, ctypes.c_void_p),
        *(wintypes.DWORD, wintypes.DWORD, wintypes.HANDLE),
    )
    library.CreateFileW.restype = wintypes.HANDLE
    library.CloseHandle.argtypes = (wintypes.HANDLE,)
    library.MoveFileExW.argtypes = (wintypes.LPCWSTR, wintypes.LPCWSTR, wintypes.DWORD)
    library.LockFileEx.argtypes = (
        *(wintypes.HANDLE, wintypes.DWORD, wintypes.DWORD),
        *(wintypes.DWORD, wintypes.DWORD, ctypes.c_void_p),
    )
    library.UnlockFileEx.argtypes = (
        *(wintypes.HANDLE, wintypes.DWORD, wintypes.DWORD, wintypes.DWORD, ctypes.c_void_p),
    )
    return library


def open_unfollowed(path: str, flags: int, mode: int) -> int:
    """A descriptor for what stands under a name itself, never for what a link leads to.

    Every other program may read, write and rename it meanwhile, as on Unix.

    Args:
        path: Its name.
        flags: ``os.O_RDONLY``, ``O_WRONLY`` or ``O_RDWR``, with ``O_CREAT``, ``O_EXCL``,
            ``O_TRUNC`` and ``O_APPEND``.
        mode: Of a new file: if it gives nothing to group and others, it is this person's alone.

    Raises:
        OSError: It can't be opened; ``ELOOP`` where it is a link of any kind.
    """
    wanted = _READ_CONTROL | _READ_ATTRIBUTES | _SYNCHRONIZE
    if flags & os.O_RDWR:
        wanted |= _READ | _WRITE
    elif flags & os.O_WRONLY:
        wanted |= _APPEND if flags & os.O_APPEND else _WRITE
    else:
        wanted |= _READ
    if flags & os.O_CREAT:
        how = _CREATE_NEW if flags & os.O_EXCL else _OPEN_ALWAYS
    else:
        how = _OPEN_EXISTING
    alone = None if mode & 0o077 else ctypes.byref(security.mine_alone())
    for left in reversed(range(_TRIES)):
        handle = _kernel32().CreateFileW(
            path, wanted, _SHARE_ALL, alone, how, _NOT_FOLLOWED | _folders_too(flags), None
        )
        if handle != _INVALID:
            break
        if not left or ctypes.get_last_error() not in _IN_THE_WAY:
            raise _error(path)
        time.sleep(_PAUSE)
    try:
        descriptor = msvcrt.open_osfhandle(handle, flags & os.O_APPEND | os.O_NOINHERIT)
    except BaseException:
        _kernel32().CloseHandle(handle)
        raise
    try:
        _refuse_link(descriptor, path)
        if flags & os.O_TRUNC:
            os.ftruncate(descriptor, 0)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def replace(fresh: str, path: str) -> None:
    """Give a file another's name, whose place it takes; it is on the disk when this returns.

    Raises:
        OSError: The other one is in use by a program that shares it with nobody, or can't be
            written. Both stay as they are.
    """
    for left in reversed(range(_TRIES)):
        if _kernel32().MoveFileExW(fresh, path, _REPLACE | _WRITE_THROUGH):
            return
        if not left or ctypes.get_last_error() not in _IN_THE_WAY:
            raise _error(path)
        time.sleep(_PAUSE)


def _refuse_link(descriptor: int, path: str) -> None:
    if is_link(os.fstat(descriptor)):
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path)


def is_link(info: os.stat_result) -> bool:
    """Whether it is a link of any kind: symbolic, a junction, a mount."""
    return bool(info.st_file_attributes & stat.FILE_ATTRIBUTE_REPARSE_POINT)


def _folders_too(flags: int) -> int:
    # Without this a folder can't be opened at all; with it, nothing but read.
    return 0 if flags & (os.O_WRONLY | os.O_RDWR) else _FOLDERS_TOO


@contextmanager
def looked_at(path: str) -> Iterator[int]:
    """While entered, a handle of the system's by which rights and attributes can be read.

    Args:
        path: A file or folder; a link itself, not what it leads to.

    Raises:
        OSError: It is not there, or may not be looked at.
    """
    handle = _kernel32().CreateFileW(
        *(path, _READ_CONTROL | _READ_ATTRIBUTES, _SHARE_ALL, None, _OPEN_EXISTING),
        *(_NOT_FOLLOWED | _FOLDERS_TOO, None),
    )
    if handle == _INVALID:
        raise _error(path)
    try:
        yield handle
    finally:
        _kernel32().CloseHandle(handle)


def lock(descriptor: int, *, shared: bool, wait: bool) -> None:
    """Lock one byte far behind the end of a file, so that its content stays readable.

    Raises:
        BlockingIOError: Another has it, and ``wait`` is off.
        OSError: It can't be locked.
    """
    how = (0 if shared else _EXCLUSIVE) | (0 if wait else _AT_ONCE)
    place = _far()
    if not _kernel32().LockFileEx(
        msvcrt.get_osfhandle(descriptor), how, 0, 1, 0, ctypes.byref(place)
    ):
        number = ctypes.get_last_error()
        if number in _TAKEN:
            raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
        raise ctypes.WinError(number)


def unlock(descriptor: int) -> None:
    """Let go of what ``lock`` took.

    Raises:
        OSError: It was not locked.
    """
    place = _far()
    if not _kernel32().UnlockFileEx(msvcrt.get_osfhandle(descriptor), 0, 1, 0, ctypes.byref(place)):
        raise ctypes.WinError(ctypes.get_last_error())


def _far() -> _Overlapped:
    return _Overlapped(None, None, 0, 0x4000_0000, None)


def _error(path: str) -> OSError:
    error = ctypes.WinError(ctypes.get_last_error())
    error.filename = path
    return error
