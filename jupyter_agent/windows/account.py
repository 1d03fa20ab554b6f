"""What Windows knows about the account that this process runs as.

Run by us under Wine only, not on Windows itself.
"""

from __future__ import annotations

import ctypes
import sys
from ctypes import wintypes
from typing import Final

assert sys.platform == "win32"  # noqa: S101  (for mypy: no other system has it)

_TOKEN_QUERY_DUPLICATE: Final = 0x0008 | 0x0002  # what CreateEnvironmentBlock asks for

_advapi: Final = ctypes.WinDLL("advapi32", use_last_error=True)
_kernel: Final = ctypes.WinDLL("kernel32", use_last_error=True)
_userenv: Final = ctypes.WinDLL("userenv", use_last_error=True)
_kernel.GetCurrentProcess.restype = wintypes.HANDLE
_kernel.CloseHandle.argtypes = (wintypes.HANDLE,)
_advapi.OpenProcessToken.argtypes = (
    *(wintypes.HANDLE, wintypes.DWORD),
    ctypes.POINTER(wintypes.HANDLE),
)
_userenv.CreateEnvironmentBlock.argtypes = (
    *(ctypes.POINTER(ctypes.c_void_p), wintypes.HANDLE),
    wintypes.BOOL,
)
_userenv.DestroyEnvironmentBlock.argtypes = (ctypes.c_void_p,)


def environment() -> dict[str, str]:
    """The environment that the registry has for this account, and nothing that a caller has set.

    See ``CreateEnvironmentBlock``, userenv.h.

    Raises:
        OSError: The system does not tell.
    """
    token = wintypes.HANDLE()
    if not _advapi.OpenProcessToken(
        _kernel.GetCurrentProcess(), _TOKEN_QUERY_DUPLICATE, ctypes.byref(token)
    ):
        raise ctypes.WinError(ctypes.get_last_error())
    block = ctypes.c_void_p()
    try:
        if not _userenv.CreateEnvironmentBlock(ctypes.byref(block), token, False):
            raise ctypes.WinError(ctypes.get_last_error())
    finally:
        _kernel.CloseHandle(token)
    try:
        return dict(_entries(block.value or 0))
    finally:
        _userenv.DestroyEnvironmentBlock(block)


def _entries(address: int) -> list[tuple[str, str]]:
    """What stands in a block: texts that end in a zero each, and an empty one behind the last."""
    found: list[tuple[str, str]] = []
    while address and (text := ctypes.wstring_at(address)):
        address += (len(text) + 1) * ctypes.sizeof(ctypes.c_wchar)
        # A name may begin with "=": the current folder of each drive, which is no setting.
        if not text.startswith("="):
            name, _, value = text.partition("=")
            found.append((name, value))
    return found
