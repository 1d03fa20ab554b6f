"""Which files the names of programs mean in one run, and what is in them."""

from __future__ import annotations

import hashlib
import os
import stat
import time
from collections import OrderedDict
from collections.abc import Iterable
from typing import Final, TypeVar

T = TypeVar("T")

_MOST_KNOWN: Final = 256
_LARGEST: Final = 1 << 30
"""Bytes of a program that is read; one that is larger has no hash and is asked about each time."""

_CLOCK_TICK: Final = 20_000_000
"""Nanoseconds; file systems stamp with the kernel's clock, which ticks every 1 to 10 ms."""
_DAY: Final = 86_400_000_000_000  # nanoseconds; no clock of a disk is so far from ours

_Stamp = tuple[int, int, int, int, int]


class Executables:
    """Looks programs up, and remembers the hashes of files that have not changed."""

    def __init__(self) -> None:
        self._hashes: OrderedDict[_Stamp, str] = OrderedDict()
        self._first_seen: OrderedDict[_Stamp, int] = OrderedDict()  # by a clock nobody can set

    def look(self, word: str, path: str, cwd: str) -> tuple[str, str] | None:
        """The real path of the file that a name means, and its SHA-256; None where there is none.

        Args:
            word: A name, or a path, which may be relative.
            path: The PATH of the run.
            cwd: Its folder.
        """
        found = _found(word, path, cwd)
        if found is None:
            return None
        real = os.path.realpath(found)
        sha256 = self._hash(real)
        return None if sha256 is None else (real, sha256)

    def shown(self, words: Iterable[str], path: str, cwd: str) -> list[dict[str, str | None]]:
        """The same for people: each word with path and short hash, or None (builtin, not there)."""
        rows: list[dict[str, str | None]] = []
        for word in words:
            real, sha256 = self.look(word, path, cwd) or (None, None)
            rows.append({"word": word, "path": real, "sha256": sha256 and sha256[:12]})
        return rows

    def _hash(self, path: str) -> str | None:
        try:
            with open(path, "rb") as file:  # noqa: PTH123  (one call less on the way of each run)
                about = os.fstat(file.fileno())
                if not stat.S_ISREG(about.st_mode) or about.st_size > _LARGEST:
                    return None
                # The time of the last change of state can't be set back by its owner.
                stamp = (
                    about.st_dev,
                    about.st_ino,
                    about.st_size,
                    about.st_mtime_ns,
                    about.st_ctime_ns,
                )
                known = self._hashes.get(stamp)
                if known is None:
                    settled = self._is_settled(stamp)  # before it is read
                    known = hashlib.file_digest(file, "sha256").hexdigest()
                    if settled:
                        _keep(self._hashes, stamp, known)
                return known
        except OSError:
            return None

    def _is_settled(self, stamp: _Stamp) -> bool:
        """Whether no file that looks like this can be written any more.

        Within one tick of its clock a file may be written again and look the same, also by who
        wants what was granted to the first one.
        """
        if time.time_ns() - stamp[-1] > _DAY:
            return True
        now = time.monotonic_ns()
        first = self._first_seen.get(stamp)
        if first is None:
            first = _keep(self._first_seen, stamp, now)
        return now - first > _CLOCK_TICK


def _keep(kept: OrderedDict[_Stamp, T], stamp: _Stamp, value: T) -> T:
    kept[stamp] = value
    while len(kept) > _MOST_KNOWN:
        kept.popitem(last=False)
    return value


def _found(word: str, path: str, cwd: str) -> str | None:
    if "/" in word:
        return os.path.join(cwd, word)  # noqa: PTH118  (texts: a path may hold any bytes)
    folders = path.split(os.pathsep)
    if any(folder.startswith("~") for folder in folders):
        return None  # bash takes that for the home folder, and other shells for its own name
    for folder in folders:
        # "" and "." are the folder of the run: there a program may lie in the real one's place.
        candidate = os.path.join(cwd, folder, word)  # noqa: PTH118
        if os.path.isfile(candidate) and os.access(candidate, os.X_OK):  # noqa: PTH113
            return candidate
    return None
