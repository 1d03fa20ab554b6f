"""Handles that are given to another process, and one that keeps a folder where it is.

See ``DuplicateHandle``, handleapi.h, and ``CreateFileW``, fileapi.h. Run by us under Wine only, not
on Windows itself.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import msvcrt
import os
import sys
from collections.abc import Iterator
from ctypes import wintypes
from typing import Final

from jupyter_agent.windows import files

assert sys.platform == "win32"  # noqa: S101  (for mypy)

_DUP_HANDLE: Final = 0x0040
_SAME_ACCESS: Final = 0x2
_LIST: Final = 0x1
_SHARE_ALL_BUT_DELETE: Final = 0x1 | 0x2
_OPEN_EXISTING: Final = 3
_A_FOLDER_ITSELF: Final = 0x0200_0000 | 0x0020_0000  # BACKUP_SEMANTICS, OPEN_REPARSE_POINT
_INVALID: Final = ctypes.c_void_p(-1).value

_kernel: Final = ctypes.WinDLL("kernel32", use_last_error=True)
_kernel.GetCurrentProcess.restype = wintypes.HANDLE
_kernel.OpenProcess.argtypes = (wintypes.DWORD, wintypes.BOOL, wintypes.DWORD)
_kernel.OpenProcess.restype = wintypes.HANDLE
_kernel.CloseHandle.argtypes = (wintypes.HANDLE,)
_kernel.DuplicateHandle.argtypes = (
    *(wintypes.HANDLE, wintypes.HANDLE, wintypes.HANDLE),
    *(ctypes.POINTER(wintypes.HANDLE), wintypes.DWORD, wintypes.BOOL, wintypes.DWORD),
)

_kernel.CreateFileW.argtypes = (
    *(wintypes.LPCWSTR, wintypes.DWORD, wintypes.DWORD, ctypes.c_void_p),
    *(wintypes.DWORD, wintypes.DWORD, wintypes.HANDLE),
)
_kernel.CreateFileW.restype = wintypes.HANDLE


def give(handle: int, pid: int) -> int:
    """Let a process have what one of our handles leads to; nothing that it starts inherits it.

    Args:
        handle: Ours, and still ours afterwards.
        pid: A child of ours that was not waited for: its number is nobody else's.

    Returns:
        The handle in that process.

    Raises:
        OSError: It is gone, or can't have it.
    """
    process = _kernel.OpenProcess(_DUP_HANDLE, False, pid)
    if not process:
        raise ctypes.WinError(ctypes.get_last_error())
    given = wintypes.HANDLE()
    try:
        if not _kernel.DuplicateHandle(
            *(_kernel.GetCurrentProcess(), handle, process, ctypes.byref(given)),
            *(0, False, _SAME_ACCESS),
        ):
            raise ctypes.WinError(ctypes.get_last_error())
    finally:
        _kernel.CloseHandle(process)
    return int(given.value or 0)


def close(handle: int) -> None:
    """Close one that another process has given to this one."""
    _kernel.CloseHandle(handle)


@contextlib.contextmanager
def pinned(folder: str) -> Iterator[None]:
    """While entered, nobody can move, remove or exchange a folder, nor one that it lies in.

    Raises:
        OSError: It is not there, is a link, or is being moved.
    """
    handle = _kernel.CreateFileW(
        *(folder, _LIST, _SHARE_ALL_BUT_DELETE, None, _OPEN_EXISTING, _A_FOLDER_ITSELF, None)
    )
    if handle == _INVALID:
        raise ctypes.WinError(ctypes.get_last_error())
    try:
        descriptor = msvcrt.open_osfhandle(handle, os.O_RDONLY | os.O_NOINHERIT)
    except BaseException:
        _kernel.CloseHandle(handle)
        raise
    try:
        if files.is_link(os.fstat(descriptor)):
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), folder)
        yield
    finally:
        os.close(descriptor)
