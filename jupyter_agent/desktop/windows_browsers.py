"""Where browsers that come from Chromium lie on Windows.

An installer tells Windows where its program is ("App Paths", see "Application Registration" in
https://learn.microsoft.com/windows/win32/shell/app-registration), for the person or the machine;
without that, they lie where their installers put them. What only stands in ``PATH`` is not taken:
it may be a script or a shim that starts the browser without the handles that we give it.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import PureWindowsPath
from typing import Final

_BROWSERS: Final = (
    ("chrome.exe", r"Google\Chrome\Application"),
    ("msedge.exe", r"Microsoft\Edge\Application"),
    ("chrome.exe", r"Chromium\Application"),
    ("brave.exe", r"BraveSoftware\Brave-Browser\Application"),
)
"""Program and folder, best first. Edge is there nearly always."""

_PLACES: Final = ("PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA")
"""Variables with the folders below which browsers are installed: for all, or for one person."""

_APP_PATHS: Final = r"SOFTWARE\Microsoft\Windows\CurrentVersion\App Paths"


def candidates(
    environment: Mapping[str, str], registered: Callable[[str], Iterable[str]]
) -> Iterator[str]:
    """Where a browser may be, best first.

    Args:
        environment: The account's.
        registered: What Windows was told about a program, by its name.
    """
    where = {name.upper(): value for name, value in environment.items()}
    for program, folder in _BROWSERS:
        for path in registered(program):
            # Chrome and Chromium have the same program's name.
            if PureWindowsPath(folder) in _tails(PureWindowsPath(path).parent):
                yield path
        for name in _PLACES:
            if name in where:
                yield str(PureWindowsPath(where[name], folder, program))


def _tails(folder: PureWindowsPath) -> list[PureWindowsPath]:
    parts = folder.parts
    return [PureWindowsPath(*parts[start:]) for start in range(1, len(parts))]


def registered(program: str) -> list[str]:
    """What the registry says, for the person and then for the machine.

    Args:
        program: Such as ``chrome.exe``.
    """
    found: list[str] = []
    if sys.platform == "win32":
        import winreg  # noqa: PLC0415  (Windows)

        for root in (winreg.HKEY_CURRENT_USER, winreg.HKEY_LOCAL_MACHINE):
            with contextlib.suppress(OSError):  # not installed so
                found.append(winreg.QueryValue(root, rf"{_APP_PATHS}\{program}").strip('"'))
    return found
