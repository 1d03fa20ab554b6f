"""The few kernel calls that Python has no name for, see prctl(2)."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from pathlib import Path
from typing import Final

ADOPTS: Final = sys.platform.startswith("linux")
"""Whether ``adopt_orphans`` does anything: elsewhere orphans go to the first process."""

_PR_SET_PDEATHSIG: Final = 1
_PR_SET_DUMPABLE: Final = 4
_PR_SET_CHILD_SUBREAPER: Final = 36
_IN_MEMORY: Final = (0x01021994, 0x858458F6)  # TMPFS_MAGIC, RAMFS_MAGIC, see statfs(2)


def forbid_inspection() -> None:
    """Keep other processes of the same user out of this one's memory, environment and core dumps.

    Not inherited by what is executed later, and root is not kept out (docs/threat-model.md). On
    macOS debuggers only are kept out, and nothing on Windows.
    """
    if sys.platform == "win32":
        return
    import resource  # noqa: PLC0415  (Unix)

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "darwin":
        from jupyter_agent.processes import mac  # noqa: PLC0415  (macOS)

        mac.deny_attach()
    _prctl(_PR_SET_DUMPABLE, 0)


def allow_descriptors(number: int) -> None:
    """Let this process, and what it starts from now on, have so many open, as far as it may."""
    if sys.platform == "win32":
        return
    import resource  # noqa: PLC0415  (Unix)

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = number if hard == resource.RLIM_INFINITY else min(number, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def adopt_orphans() -> None:
    """Become the parent of every descendant whose own parent ends, double forks included.

    Beyond Linux nothing does that: ``session`` finds what it can.
    """
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def die_with_parent() -> None:
    """Be killed when the thread that started this process ends; survives an exec. Linux only."""
    if sys.platform != "win32":
        _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def rename_process(title: str) -> None:
    """Be called something else in ``ps``, so that nobody takes a fork of the broker for the broker.

    Overwrites the memory that ``/proc/pid/cmdline`` is read from; where that is stands in fields
    48 and 49 of ``/proc/self/stat``, see proc(5).

    Args:
        title: ASCII; cut where the old arguments were shorter.
    """
    if not sys.platform.startswith("linux"):
        return
    stat = Path("/proc/self/stat").read_bytes()
    fields = stat[stat.rindex(b")") + 2 :].split()
    start, end = int(fields[45]), int(fields[46])
    if 0 < start < end:  # zeros where the kernel does not tell
        ctypes.memmove(start, title.encode("ascii").ljust(end - start, b"\0"), end - start)


def is_in_memory(folder: Path) -> bool:
    """Whether a folder lies on a file system that is on no disk (but may be in swap).

    The type is the first word of ``struct statfs``, see statfs(2). Where it can't be told, no.
    """
    if not sys.platform.startswith("linux"):
        return False
    answer = ctypes.create_string_buffer(512)  # the structure has 120 bytes at most
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.statfs(os.fsencode(folder), answer) != 0:
        return False
    return ctypes.c_long.from_buffer(answer).value in _IN_MEMORY


def _prctl(option: int, value: int) -> None:
    if not sys.platform.startswith("linux"):
        return  # what is then done instead, or not promised, is said at each of them
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(option, ctypes.c_ulong(value), 0, 0, 0) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
