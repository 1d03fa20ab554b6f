"""Who runs this process, and what lets one person alone into a file.

Run by us under Wine only, not on Windows itself.
"""

from __future__ import annotations

import ctypes
import functools
import msvcrt
import sys
from ctypes import wintypes
from typing import Any, Final

from jupyter_agent.windows import descriptor
from jupyter_agent.windows.descriptor import Descriptor

assert sys.platform == "win32"  # noqa: S101  (for mypy)

_TOKEN_QUERY: Final = 0x0008
_TOKEN_USER: Final = 1
_OWNER_AND_DACL: Final = 0x0001 | 0x0004
_SDDL_REVISION: Final = 1
_INSUFFICIENT_BUFFER: Final = 122


class SecurityAttributes(ctypes.Structure):
    """``SECURITY_ATTRIBUTES`` of <minwinbase.h>."""

    _fields_ = (
        ("nLength", wintypes.DWORD),
        ("lpSecurityDescriptor", ctypes.c_void_p),
        ("bInheritHandle", wintypes.BOOL),
    )


@functools.cache
def advapi32() -> Any:
    """The library, with the types of what is called here."""
    library = ctypes.WinDLL("advapi32", use_last_error=True)
    library.OpenProcessToken.argtypes = (wintypes.HANDLE, wintypes.DWORD, ctypes.c_void_p)
    library.GetTokenInformation.argtypes = (
        *(wintypes.HANDLE, ctypes.c_int, ctypes.c_void_p),
        *(wintypes.DWORD, ctypes.c_void_p),
    )
    library.ConvertSidToStringSidW.argtypes = (ctypes.c_void_p, ctypes.c_void_p)
    library.ConvertStringSecurityDescriptorToSecurityDescriptorW.argtypes = (
        *(wintypes.LPCWSTR, wintypes.DWORD, ctypes.c_void_p, ctypes.c_void_p),
    )
    library.GetKernelObjectSecurity.argtypes = (
        *(wintypes.HANDLE, wintypes.DWORD, ctypes.c_void_p, wintypes.DWORD, ctypes.c_void_p),
    )
    return library


@functools.cache
def kernel32() -> Any:
    """The library, with the types of what is called here."""
    library = ctypes.WinDLL("kernel32", use_last_error=True)
    library.GetCurrentProcess.restype = wintypes.HANDLE
    library.CloseHandle.argtypes = (wintypes.HANDLE,)
    library.LocalFree.argtypes = (ctypes.c_void_p,)
    library.LocalFree.restype = ctypes.c_void_p
    library.CreateDirectoryW.argtypes = (wintypes.LPCWSTR, ctypes.c_void_p)
    return library


@functools.cache
def my_sid() -> str:
    """The SID of the user this process runs as, written out.

    Raises:
        OSError: The system does not say.
    """
    token = wintypes.HANDLE()
    _check(
        advapi32().OpenProcessToken(
            kernel32().GetCurrentProcess(), _TOKEN_QUERY, ctypes.byref(token)
        )
    )
    try:
        # A TOKEN_USER begins with the address of a SID, of 68 bytes at most, which follows it.
        answer = ctypes.create_string_buffer(256)
        size = wintypes.DWORD()
        _check(
            advapi32().GetTokenInformation(
                token, _TOKEN_USER, answer, len(answer), ctypes.byref(size)
            )
        )
        written = wintypes.LPWSTR()
        sid = ctypes.c_void_p.from_buffer(answer)
        _check(advapi32().ConvertSidToStringSidW(sid, ctypes.byref(written)))
        try:
            return written.value or ""
        finally:
            kernel32().LocalFree(written)
    finally:
        kernel32().CloseHandle(token)


def is_administrator() -> bool:
    """Whether this process has an administrator's rights just now."""
    return bool(ctypes.WinDLL("shell32").IsUserAnAdmin())


@functools.cache
def mine_alone() -> SecurityAttributes:
    """What makes a file or folder this person's alone, and what is made in it later.

    Nothing is inherited from the folder above (``P``); full access (``FA``) for the system, which
    has it anyway, and the person. See "Security Descriptor String Format" and "ACE Strings" of the
    Windows documentation. It lives as long as the process.
    """
    me = my_sid()
    written = f"O:{me}D:P(A;OICI;FA;;;SY)(A;OICI;FA;;;{me})"
    made = ctypes.c_void_p()
    _check(
        advapi32().ConvertStringSecurityDescriptorToSecurityDescriptorW(
            written, _SDDL_REVISION, ctypes.byref(made), None
        )
    )
    return SecurityAttributes(ctypes.sizeof(SecurityAttributes), made, False)


def make_folder(path: str) -> None:
    """Make a folder that is this person's alone from the start.

    Raises:
        OSError: It is there already, or can't be made.
    """
    _check(kernel32().CreateDirectoryW(path, ctypes.byref(mine_alone())))


def of_handle(handle: int) -> Descriptor:
    """Owner and access list of what is open under a handle of the system's.

    Raises:
        OSError: The system does not say, or not in a form that is known.
    """
    size = wintypes.DWORD(1024)
    for _ in range(2):
        answer = ctypes.create_string_buffer(size.value)
        if advapi32().GetKernelObjectSecurity(
            handle, _OWNER_AND_DACL, answer, len(answer), ctypes.byref(size)
        ):
            try:
                return descriptor.read(answer.raw)
            except ValueError as error:
                raise PermissionError(str(error)) from None
        if ctypes.get_last_error() != _INSUFFICIENT_BUFFER:
            break
    raise ctypes.WinError(ctypes.get_last_error())


def of_descriptor(handle: int) -> Descriptor:
    """The same for a descriptor of Python's."""
    return of_handle(msvcrt.get_osfhandle(handle))


def _check(answer: int) -> None:
    if not answer:
        raise ctypes.WinError(ctypes.get_last_error())
