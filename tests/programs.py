"""Which Debian packages the project declares, and which programs these bring.

    python tests/programs.py packages PYPROJECT LIST…   names, one a line
    python tests/programs.py link PYPROJECT FOLDER      a folder of links to them, to be a PATH

Runs before anything is installed, so it imports nothing but the standard library. A machine that
people work on has more than we declare, which hides a missing declaration. So the tests see only
what a fresh Debian has: packages marked essential or required, those the README asks for, the
declared ones, and what these depend on (recommended packages stay out, as in ``dev.sh``).
Formats: deb-control(5), dpkg(1) FILES.
"""

from __future__ import annotations

import re
import shutil
import sys
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

README_ASKS_FOR: Final = ("python3", "python3-pip", "git")
"""What a person has before ``dev.sh`` runs."""

_DPKG: Final = Path("/var/lib/dpkg")
_FOLDERS: Final = ("/usr/bin", "/bin", "/usr/sbin", "/sbin", "/usr/games")


@dataclass(frozen=True, slots=True)
class Package:
    """One installed package.

    Attributes:
        base: Whether every Debian has it.
        depends: Alternatives of each dependency, in order.
    """

    name: str
    base: bool
    provides: tuple[str, ...]
    depends: tuple[tuple[str, ...], ...]


def declared(pyproject: Path, lists: Iterable[str] = ("run", "test")) -> list[str]:
    """The packages that the named lists of ``[tool.jupyter_agent.apt]`` declare."""
    apt = tomllib.loads(pyproject.read_text())["tool"]["jupyter_agent"]["apt"]
    return sorted({name for wanted in lists for name in apt[wanted]})


def installed(status: str) -> dict[str, Package]:
    """The installed packages that a dpkg status file lists, by each name they answer to."""
    found: dict[str, Package] = {}
    virtual: dict[str, Package] = {}
    for paragraph in status.split("\n\n"):
        fields = dict(re.findall(r"^([\w-]+): ?(.*)$", paragraph, re.MULTILINE))
        if fields.get("Status") != "install ok installed":
            continue
        needs = ", ".join(filter(None, (fields.get("Pre-Depends"), fields.get("Depends"))))
        package = Package(
            fields["Package"],
            fields.get("Essential") == "yes" or fields.get("Priority") == "required",
            tuple(_names(fields.get("Provides", ""), ",")),
            tuple(tuple(_names(one, "|")) for one in needs.split(",") if one.strip()),
        )
        found[package.name] = package
        virtual |= dict.fromkeys(package.provides, package)
    return virtual | found


def _names(text: str, separator: str) -> Iterator[str]:
    for one in text.split(separator):
        if name := re.match(r"\s*([a-z0-9.+-]+)", one):
            yield name[1]


def closure(wanted: Iterable[str], packages: dict[str, Package]) -> set[str]:
    """The wanted packages, the base system, and everything these depend on, if installed."""
    todo = [*wanted, *(package.name for package in packages.values() if package.base)]
    reached: set[str] = set()
    while todo:
        package = packages.get(todo.pop())
        if package and package.name not in reached:
            reached.add(package.name)
            for either in package.depends:
                # Only the first alternative that is here: the others are somebody else's choice.
                todo += [name for name in either if name in packages][:1]
    return reached


def programs(packages: Iterable[str]) -> dict[str, Path]:
    """The programs in the packages, by name, with those that alternatives link to."""
    found: dict[str, Path] = {}
    for package in packages:
        for listing in (*_DPKG.glob(f"info/{package}.list"), *_DPKG.glob(f"info/{package}:*.list")):
            for line in listing.read_text().splitlines():
                folder, _, name = line.rpartition("/")
                if folder in _FOLDERS and Path(line).is_file():
                    found[name] = Path(line)
    ours = {path.resolve() for path in found.values()}
    for folder in filter(Path.is_dir, map(Path, _FOLDERS)):
        for path in folder.iterdir():
            chosen = path.is_symlink() and "/etc/alternatives/" in str(path.readlink())
            if chosen and path.resolve() in ours:
                found.setdefault(path.name, path)
    return found


def available(pyproject: Path) -> dict[str, Path]:
    """Every program that a fresh machine has once the declared packages are installed."""
    packages = installed((_DPKG / "status").read_text())
    return programs(closure((*README_ASKS_FOR, *declared(pyproject)), packages))


def main(arguments: list[str]) -> None:
    """Carry out one of the two commands above."""
    command, pyproject, *rest = arguments
    if command == "packages":
        print("\n".join(declared(Path(pyproject), rest)))
        return
    folder = Path(rest[0])
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name, path in available(Path(pyproject)).items():
        (folder / name).symlink_to(path)


if __name__ == "__main__":
    main(sys.argv[1:])
