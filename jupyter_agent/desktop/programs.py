"""The programs that a desktop on this machine consists of, and the command that installs them."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from jupyter_agent.desktop import windows_browsers
from jupyter_agent.spawn import FIXED_PATH, fixed_environment

Role = Literal["browser", "screen", "windows", "keyboard"]

NAMES: Final[Mapping[Role, Sequence[str]]] = {
    "browser": (
        "chromium",
        "chromium-browser",
        "google-chrome-stable",
        "google-chrome",
        "microsoft-edge-stable",
        "brave-browser",
    ),
    "screen": ("Xtigervnc", "Xvnc"),
    "windows": ("openbox",),
    "keyboard": ("xkbcomp",),
}
"""What each is called, best first."""

ROLES: Final[Sequence[Role]] = ("browser",) if sys.platform in ("darwin", "win32") else [*NAMES]
"""What desktops of this system consist of."""

TITLES: Final[Mapping[Role, str]] = {
    "browser": "Chromium",
    "screen": "Xvnc (TigerVNC)",
    "windows": "openbox",
    "keyboard": "xkbcomp",
}

_MAC_BROWSERS: Final = ("Google Chrome", "Chromium", "Microsoft Edge", "Brave Browser")
"""Applications, each with a program of the same name inside."""

MAC_FOLDERS: Final = ("/Applications", "~/Applications")

System = Literal["debian", "fedora", "arch", "brew", "winget", ""]

_INSTALLERS: Final[Mapping[System, str]] = {
    "debian": "sudo apt-get install -y --no-install-recommends",
    "fedora": "sudo dnf install -y",
    "arch": "sudo pacman -S --needed --noconfirm",
    "brew": "brew install --cask",
    "winget": "winget install --exact --id",
}

_PACKAGES: Final[Mapping[System, Mapping[Role, str]]] = {
    "debian": {
        "browser": "chromium",
        "screen": "tigervnc-standalone-server",
        "windows": "openbox",
        "keyboard": "x11-xkb-utils",
    },
    "fedora": {
        "browser": "chromium",
        "screen": "tigervnc-server-minimal",
        "windows": "openbox",
        "keyboard": "xkbcomp",
    },
    "arch": {
        "browser": "chromium",
        "screen": "tigervnc",
        "windows": "openbox",
        "keyboard": "xorg-xkbcomp",
    },
    "brew": {"browser": "google-chrome"},
    "winget": {"browser": "Google.Chrome"},
}

_FAMILIES: Final[Mapping[str, System]] = {
    "debian": "debian",
    "ubuntu": "debian",
    "fedora": "fedora",
    "rhel": "fedora",
    "centos": "fedora",
    "arch": "arch",
}

_RELEASE_FILES: Final = ("/etc/os-release", "/usr/lib/os-release")  # see os-release(5)


@dataclass(frozen=True, slots=True)
class Programs:
    """What was found on this machine.

    Attributes:
        paths: Role → absolute path.
    """

    paths: Mapping[Role, str]

    @classmethod
    def find(cls, search: str | None = None) -> Programs:
        """Look for them.

        Args:
            search: Folders as in PATH; by default this process's own, then the system's.
        """
        search = f"{os.environ.get('PATH', '')}:{FIXED_PATH}" if search is None else search
        paths: dict[Role, str] = {}
        for role, names in NAMES.items():
            for path in _candidates(role, names, search):
                paths[role] = path
                break
        return cls(paths)

    def missing(self, *wanted: Role) -> list[Role]:
        """Which of these are not there."""
        return [role for role in wanted if role not in self.paths]


def _candidates(role: Role, names: Sequence[str], search: str) -> Iterator[str]:
    if sys.platform == "win32":
        if role == "browser":
            known = windows_browsers.candidates(fixed_environment(), windows_browsers.registered)
            yield from (path for path in known if Path(path).is_file())
        return
    for name in names:
        path = shutil.which(name, path=search)
        # A browser out of a snap sees neither our folders nor our X cookie.
        if path is not None and not _is_snap(path):
            yield path
    if role == "browser" and sys.platform == "darwin":
        for name in _MAC_BROWSERS:
            for folder in MAC_FOLDERS:
                program = Path(folder).expanduser() / f"{name}.app/Contents/MacOS/{name}"
                if os.access(program, os.X_OK):
                    yield str(program)


def _is_snap(path: str) -> bool:
    if "/snap/" in os.path.realpath(path):
        return True
    try:
        with open(path, "rb") as file:  # noqa: PTH123  (a text)
            return b"/snap/bin/" in file.read(4096)  # Ubuntu's chromium-browser: a script
    except OSError:
        return True


def system(release: str | None = None) -> System:
    """Which family of systems this is, by how its packages are installed; "" if unknown.

    Args:
        release: What stands in os-release; by default this machine's.
    """
    if release is None:
        if sys.platform == "darwin":
            return "brew"
        if sys.platform == "win32":
            return "winget"
        release = next((Path(p).read_text() for p in _RELEASE_FILES if Path(p).is_file()), "")
    told = dict(line.partition("=")[::2] for line in release.splitlines() if "=" in line)
    names = f"{told.get('ID', '')} {told.get('ID_LIKE', '')}".replace('"', "").split()
    return next((_FAMILIES[name] for name in names if name in _FAMILIES), "")


def install_command(missing: Sequence[Role], on: System | None = None) -> str:
    """The exact command that installs what is missing; "" where none is known, or nothing is.

    Args:
        missing: What ``Programs.missing`` said.
        on: The family of systems; by default this machine's.
    """
    on = system() if on is None else on
    packages = _PACKAGES.get(on, {})
    if not missing or any(role not in packages for role in missing):
        return ""
    return f"{_INSTALLERS[on]} {' '.join(packages[role] for role in missing)}"
