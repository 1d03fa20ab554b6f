"""Access lists that tests on Windows give to folders, as ``icacls`` does, which Wine has not."""

from __future__ import annotations

import ctypes
from pathlib import Path

from jupyter_agent.windows import security

_DACL = 4


def let_everybody_in(place: Path) -> None:
    """``icacls PLACE /grant *S-1-1-0:R``."""
    made = ctypes.c_void_p()
    convert = security.advapi32().ConvertStringSecurityDescriptorToSecurityDescriptorW
    written = f"D:P(A;OICI;FA;;;{security.my_sid()})(A;OICI;FR;;;WD)"
    assert convert(written, 1, ctypes.byref(made), None)
    _give(place, made)


def close(place: Path) -> None:
    """Let nobody else in any more."""
    _give(place, security.mine_alone().lpSecurityDescriptor)


def _give(place: Path, descriptor: ctypes.c_void_p) -> None:
    library = security.advapi32()
    library.SetFileSecurityW.argtypes = (ctypes.c_wchar_p, ctypes.c_uint32, ctypes.c_void_p)
    assert library.SetFileSecurityW(str(place), _DACL, descriptor)
