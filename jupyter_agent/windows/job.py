"""Job objects: what a program starts stays together, and ends together. Windows only.

A process that was assigned to a job is in it for ever, and so is whatever it starts, whoever its
parent becomes: a job may forbid to leave it, and ours do. With ``KILL_ON_JOB_CLOSE`` the kernel
ends all of them when the last handle to the job is closed, also by the end of the process that had
it, however that ended. See "Job Objects" and ``JOBOBJECT_EXTENDED_LIMIT_INFORMATION`` in
https://learn.microsoft.com/windows/win32/procthread/job-objects

Run by us under Wine only, not on Windows itself.
"""

from __future__ import annotations

import ctypes
import sys
import time
from ctypes import wintypes
from typing import Final

assert sys.platform == "win32"  # noqa: S101  (for mypy: no other system has them)

_LIST: Final = 3
_ACCOUNTING: Final = 1
_EXTENDED: Final = 9
"""Values of ``JOBOBJECTINFOCLASS``."""

_KILL_ON_JOB_CLOSE: Final = 0x2000
_DIE_ON_UNHANDLED_EXCEPTION: Final = 0x0400
"""Without the latter a program that fails may wait for a click into a window that nobody sees."""

_TERMINATE_AND_SET_QUOTA: Final = 0x0001 | 0x0100  # what AssignProcessToJobObject asks for
_SUSPEND_RESUME: Final = 0x0800
_ENDED: Final = 1  # the exit code of what is ended
_ROUND: Final = 0.01  # seconds between looks: a process that is ended goes on ending for a while

_kernel: Final = ctypes.WinDLL("kernel32", use_last_error=True)
_native: Final = ctypes.WinDLL("ntdll")
_kernel.CreateJobObjectW.argtypes = (ctypes.c_void_p, wintypes.LPCWSTR)
_kernel.CreateJobObjectW.restype = wintypes.HANDLE
_kernel.SetInformationJobObject.argtypes = (
    *(wintypes.HANDLE, ctypes.c_int),
    *(ctypes.c_void_p, wintypes.DWORD),
)
_kernel.QueryInformationJobObject.argtypes = (
    *(wintypes.HANDLE, ctypes.c_int),
    *(ctypes.c_void_p, wintypes.DWORD, ctypes.c_void_p),
)
_kernel.AssignProcessToJobObject.argtypes = (wintypes.HANDLE, wintypes.HANDLE)
_kernel.TerminateJobObject.argtypes = (wintypes.HANDLE, wintypes.UINT)
_kernel.OpenProcess.argtypes = (wintypes.DWORD, wintypes.BOOL, wintypes.DWORD)
_kernel.OpenProcess.restype = wintypes.HANDLE
_kernel.CloseHandle.argtypes = (wintypes.HANDLE,)
_native.NtResumeProcess.argtypes = (wintypes.HANDLE,)


class _Basic(ctypes.Structure):
    """``JOBOBJECT_BASIC_LIMIT_INFORMATION``."""

    _fields_ = (
        ("PerProcessUserTimeLimit", ctypes.c_int64),
        ("PerJobUserTimeLimit", ctypes.c_int64),
        ("LimitFlags", wintypes.DWORD),
        ("MinimumWorkingSetSize", ctypes.c_size_t),
        ("MaximumWorkingSetSize", ctypes.c_size_t),
        ("ActiveProcessLimit", wintypes.DWORD),
        ("Affinity", ctypes.c_size_t),
        ("PriorityClass", wintypes.DWORD),
        ("SchedulingClass", wintypes.DWORD),
    )


class _Limits(ctypes.Structure):
    """``JOBOBJECT_EXTENDED_LIMIT_INFORMATION``."""

    _fields_ = (
        ("BasicLimitInformation", _Basic),
        ("IoInfo", ctypes.c_uint64 * 6),
        ("ProcessMemoryLimit", ctypes.c_size_t),
        ("JobMemoryLimit", ctypes.c_size_t),
        ("PeakProcessMemoryUsed", ctypes.c_size_t),
        ("PeakJobMemoryUsed", ctypes.c_size_t),
    )


class _Accounting(ctypes.Structure):
    """``JOBOBJECT_BASIC_ACCOUNTING_INFORMATION``."""

    _fields_ = (
        ("Times", ctypes.c_int64 * 4),
        ("TotalPageFaultCount", wintypes.DWORD),
        ("TotalProcesses", wintypes.DWORD),
        ("ActiveProcesses", wintypes.DWORD),
        ("TotalTerminatedProcesses", wintypes.DWORD),
    )


class Job:
    """A new job. Its handle is inherited by nobody, so its end is the end of this process at last.

    Raises:
        OSError: The system has no room for it.
    """

    def __init__(self) -> None:
        handle = _kernel.CreateJobObjectW(None, None)
        if not handle:
            raise ctypes.WinError(ctypes.get_last_error())
        self._handle: int | None = handle
        limits = _Limits()
        # Neither of the two flags with which a member may break away.
        limits.BasicLimitInformation.LimitFlags = _KILL_ON_JOB_CLOSE | _DIE_ON_UNHANDLED_EXCEPTION
        if not _kernel.SetInformationJobObject(
            handle, _EXTENDED, ctypes.byref(limits), ctypes.sizeof(limits)
        ):
            problem = ctypes.WinError(ctypes.get_last_error())
            self.close()
            raise problem

    def take_and_resume(self, pid: int) -> None:
        """Take in a process that was started suspended, and let it run.

        Until then it has run no instruction, so it has started nothing that would be outside.

        Args:
            pid: A child of ours that was not waited for: its number is nobody else's.

        Raises:
            OSError: It can't be taken in. It is still suspended.
        """
        process = _kernel.OpenProcess(_TERMINATE_AND_SET_QUOTA | _SUSPEND_RESUME, False, pid)
        if not process:
            raise ctypes.WinError(ctypes.get_last_error())
        try:
            if not _kernel.AssignProcessToJobObject(self._handle, process):
                raise ctypes.WinError(ctypes.get_last_error())
            # Popen closes the handle of the thread with which ResumeThread would do it.
            if _native.NtResumeProcess(process) < 0:
                raise OSError("a process could not be resumed")
        finally:
            _kernel.CloseHandle(process)

    def size(self) -> int:
        """How many of its processes live.

        Raises:
            OSError: The system does not tell.
        """
        told = _Accounting()
        self._ask(_ACCOUNTING, told)
        return int(told.ActiveProcesses)

    def members(self) -> list[int]:
        """The pids of its processes.

        Raises:
            OSError: The system does not tell.
        """
        for room in (64, 4096):
            # JOBOBJECT_BASIC_PROCESS_ID_LIST: two numbers of 32 bits, then the pids.
            told = (ctypes.c_size_t * (1 + room))()
            try:
                self._ask(_LIST, told)
            except OSError:
                if room == 4096:
                    raise
                continue
            return [int(pid) for pid in told[1 : 1 + (told[0] >> 32)]]
        raise AssertionError

    def end(self) -> None:
        """End every process in it, at once. They may take a while to be gone: ``until_empty``.

        Raises:
            OSError: The system refuses.
        """
        if not _kernel.TerminateJobObject(self._handle, _ENDED):
            raise ctypes.WinError(ctypes.get_last_error())

    def until_empty(self, patience: float) -> bool:
        """Wait until none of its processes lives; returns whether that is so.

        Args:
            patience: Seconds.

        Raises:
            OSError: The system does not tell.
        """
        ends = time.monotonic() + patience
        while self.size():
            if time.monotonic() > ends:
                return False
            time.sleep(_ROUND)
        return True

    def close(self) -> None:
        """Let go of it: what still runs in it is ended by the kernel."""
        handle, self._handle = self._handle, None
        if handle is not None:
            _kernel.CloseHandle(handle)

    def _ask(self, what: int, answer: ctypes.Structure | ctypes.Array[ctypes.c_size_t]) -> None:
        if not _kernel.QueryInformationJobObject(
            self._handle, what, ctypes.byref(answer), ctypes.sizeof(answer), None
        ):
            raise ctypes.WinError(ctypes.get_last_error())
