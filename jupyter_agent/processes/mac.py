"""The kernel call of macOS that Python has no name for, see ptrace(2) there.

Written from its page and <sys/ptrace.h>; **not run** by us on a Mac.
"""

from __future__ import annotations

import ctypes
import os
from typing import Final

_PT_DENY_ATTACH: Final = 31


def deny_attach() -> None:
    """Let no debugger of the same user attach to this process; one that has, ends it.

    Raises:
        OSError: The kernel refuses.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.ptrace(_PT_DENY_ATTACH, 0, None, 0) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
