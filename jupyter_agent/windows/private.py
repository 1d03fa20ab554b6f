"""Folders and files that are one person's alone on Windows: where they lie, and their checks.

What mode and owner say elsewhere is said here by the access list. Run by us under Wine only, which
makes access lists of the modes of its host; not on Windows itself.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import stat
import sys
import uuid
from pathlib import Path
from typing import Final

from jupyter_agent.errors import VaultUnsafe
from jupyter_agent.windows import files, security

assert sys.platform == "win32"  # noqa: S101  (for mypy)

_LOCAL: Final = uuid.UUID("f1b32785-6fba-4fcf-9d55-7b8e7f157091")
_PROFILE: Final = uuid.UUID("5e6c858f-0e22-4760-9afe-ea3317b67173")
_WINDOWS: Final = uuid.UUID("f38bf404-1d43-42f2-9305-67de0b28fc23")


def local_folder() -> Path:
    r"""The person's own data that stays on this machine: ``C:\Users\NAME\AppData\Local``.

    Asked of the system, not of the environment. See ``KNOWNFOLDERID`` of the Windows documentation.

    Raises:
        OSError: The system does not say.
    """
    return _known_folder(_LOCAL)


def profile_folder() -> Path:
    r"""The person's own folder: ``C:\Users\NAME``. See ``local_folder``."""
    return _known_folder(_PROFILE)


def system_folder() -> Path:
    r"""Where Windows is: ``C:\Windows``. See ``local_folder``."""
    return _known_folder(_WINDOWS)


def _known_folder(number: uuid.UUID) -> Path:
    named = ctypes.c_wchar_p()
    identity = ctypes.create_string_buffer(number.bytes_le, 16)
    answer = ctypes.WinDLL("shell32").SHGetKnownFolderPath(identity, 0, None, ctypes.byref(named))
    try:
        if answer != 0 or not named.value:
            raise FileNotFoundError("the system does not name the person's folder")
        return Path(named.value)
    finally:
        free = ctypes.WinDLL("ole32").CoTaskMemFree
        free.argtypes = (ctypes.c_void_p,)
        free(named)


def check_folder(path: Path, *, make: bool) -> Path:
    """See ``folders.check_private_dir``."""
    if make:
        _make(path)
    me = security.my_sid()
    try:
        info = path.lstat()
        with files.looked_at(str(path)) as handle:
            said = security.of_handle(handle)
    except OSError:
        raise VaultUnsafe(f"The folder {path.name} is not there, or can't be looked at.") from None
    if files.is_link(info) or not stat.S_ISDIR(info.st_mode):
        raise VaultUnsafe(f"{path.name} is not a folder.", "Move it away; it is made anew.")
    if not said.belongs_to(me):
        raise VaultUnsafe(f"The folder {path.name} belongs to somebody else.", "Move it away.")
    if not said.is_closed_to_others(me):
        raise VaultUnsafe(
            f"The folder {path.name} is open to other users.",
            "Close it: icacls /inheritance:r /grant:r %USERNAME%:(OI)(CI)F on that folder.",
        )
    for parent in path.parents:
        _check_parent(parent, path.name, me)
    return path


def _check_parent(parent: Path, name: str, me: str) -> None:
    try:
        with files.looked_at(str(parent)) as handle:
            said = security.of_handle(handle)
    except OSError:
        said = None
    if said is None or said.can_be_exchanged_by_others(me):
        raise VaultUnsafe(
            f"The folder {name} lies where another user could exchange it.",
            r"Choose a place that only you can write to, below C:\Users and your name.",
        )


def _make(path: Path) -> None:
    missing = [each for each in (path, *path.parents) if not os.path.lexists(each)]
    for folder in reversed(missing):
        # Somebody else was faster, or something that is no folder is in the way: the checks say so.
        with contextlib.suppress(FileExistsError, FileNotFoundError, NotADirectoryError):
            if folder == path:
                security.make_folder(str(folder))
            else:
                folder.mkdir()


def check_file(handle: int, name: str) -> None:
    """Check that an open file is this person's alone.

    Args:
        handle: A descriptor.
        name: How people know it.

    Raises:
        VaultUnsafe: See ``folders.read_private``.
    """
    me = security.my_sid()
    said = security.of_descriptor(handle)
    if not said.belongs_to(me):
        raise VaultUnsafe(f"{name} belongs to somebody else.", "Move it away.")
    if not said.is_closed_to_others(me):
        raise VaultUnsafe(
            f"{name} is open to other users.",
            "Close it: icacls /inheritance:r /grant:r %USERNAME%:F on that file.",
        )
