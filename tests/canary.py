"""A made-up secret planted in a test, and the search for it wherever it must not be."""

from __future__ import annotations

import os
import random
import string
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from jupyter_agent.scrub import forms

_PIECE = 1024 * 1024


class Sighting(NamedTuple):
    """One place where a canary was found.

    Attributes:
        where: A path, or ``/proc/PID/cmdline`` or ``/proc/PID/environ``.
        form: How it was written there, such as "raw" or "base64 at offset 1".
    """

    where: str
    form: str


@dataclass(frozen=True)
class Canary:
    """A value that stands nowhere unless the product put it there.

    Attributes:
        value: At least 12 characters; ``make`` gives 32 letters and digits.
    """

    value: str = field(repr=False)  # a failing test prints its locals into the log it searches
    _forms: dict[str, bytes] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if len(self.value) < 12:
            raise ValueError("a canary this short would be found by chance")
        object.__setattr__(self, "_forms", forms(self.value.encode()))

    @classmethod
    def make(cls, rng: random.Random) -> Canary:
        """A new one; the same for the same state of ``rng``."""
        # A "k" in front: with a digit there, some programs would take it for a number.
        return cls("k" + "".join(rng.choices(string.ascii_letters + string.digits, k=31)))

    def found_in(self, data: bytes) -> list[str]:
        """Names of the forms in which the value stands in ``data``; empty if it does not."""
        return [name for name, form in self._forms.items() if form in data]

    def search_tree(self, *roots: Path) -> list[Sighting]:
        """Every file below the folders, or the files themselves, read as bytes.

        Databases, notebooks and logs are all just bytes here: SQLite keeps deleted text in free
        pages, and this finds it there. File names are searched too. Links are not followed.

        Raises:
            FileNotFoundError: A root does not exist: a search that looks nowhere proves nothing.
        """
        found: list[Sighting] = []
        for root in roots:
            root.lstat()
            paths = [root] if root.is_file() else sorted(root.rglob("*"))
            for path in paths:
                found += self._named(path, self.found_in(os.fsencode(path.name)))
                if path.is_file() and not path.is_symlink():
                    found += self._named(path, self._in_file(path))
        return found

    def search_proc(
        self, uid: int | None = None, *, allowed: Collection[int] = ()
    ) -> list[Sighting]:
        """Command lines and environments of all processes that this one may read.

        Args:
            uid: Only that user's processes; None for everybody's.
            allowed: Process ids that may have the value, such as the command it was granted to.
        """
        found: list[Sighting] = []
        for process in Path("/proc").iterdir():
            if not process.name.isdecimal() or int(process.name) in allowed:
                continue
            for name in ("cmdline", "environ"):
                try:
                    if uid is not None and process.stat().st_uid != uid:
                        continue
                    data = (process / name).read_bytes()
                except (PermissionError, FileNotFoundError, ProcessLookupError):
                    continue  # another user's, or gone meanwhile
                found += self._named(process / name, self.found_in(data))
        return found

    @staticmethod
    def _named(path: Path, names: list[str]) -> list[Sighting]:
        return [Sighting(str(path), name) for name in names]

    def _in_file(self, path: Path) -> list[str]:
        """Forms found in a file of any size, read in pieces that overlap by the longest form."""
        overlap = max(map(len, self._forms.values())) - 1
        found: set[str] = set()
        before = b""
        try:
            with path.open("rb") as file:
                while piece := file.read(_PIECE):
                    found.update(self.found_in(before + piece))
                    before = (before + piece)[-overlap:]
        except (PermissionError, FileNotFoundError):
            return []  # not ours to read, or gone meanwhile
        return [name for name in self._forms if name in found]
