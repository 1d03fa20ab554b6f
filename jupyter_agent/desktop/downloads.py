"""Files that pages have given: they stay in the desktop until a person moves one out.

A browser that is steered gives each file a name without a meaning, and tells which one the page
wanted for it (``Browser.downloadWillBegin``); in strict mode it has the page's name. Either way the
name that a person sees, and that a moved file gets, is cleaned here.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import stat
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from jupyter_agent.desktop.cdp import Cdp, Event
from jupyter_agent.desktop.provider import Download
from jupyter_agent.errors import DesktopError
from jupyter_agent.opening import DIRECTORY, NONBLOCK, open_unfollowed

_COMING: Final = ".crdownload"  # Chromium's mark of a file that has not arrived whole
_BROWSERS_NAME: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_SPOKEN_OF: Final = 5.0
"""Seconds within which a browser has spoken of a file to which it gave a name of its own."""
_LONGEST: Final = 200  # bytes of a name: there is room for a number behind it, in any file system
_MOST_NUMBERS: Final = 1000
_DEVICES: Final = re.compile(r"(?:con|prn|aux|nul|(?:com|lpt)[0-9¹²³])(?=\.|$)", re.IGNORECASE)
"""What Windows takes for a device, whatever stands behind the dot: "Naming Files" in
https://learn.microsoft.com/windows/win32/fileio/naming-a-file"""


class Downloads:
    """The files of one desktop.

    Args:
        folder: Where its browser puts them; private, and gone with the desktop.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._wanted: dict[str, str] = {}  # the browser's name → the page's
        self._coming: set[str] = set()

    def follow(self, cdp: Cdp) -> None:
        """Have a browser that is steered put them there, under names of its own.

        Without waiting, because a browser that starts answers late. One that refuses puts them
        there all the same, by its preferences and under the page's names.

        Raises:
            DesktopClosed: It is gone.
        """
        cdp.listen(self._hear)
        where = {"behavior": "allowAndName", "downloadPath": str(self._folder)}
        told = {**where, "eventsEnabled": True}
        cdp.post("Browser.setDownloadBehavior", told, "", lambda _: None)

    def every(self) -> list[Download]:
        """Those that are there, by name."""
        return sorted((self._described(path) for path in self._paths()), key=lambda one: one.name)

    def move(self, file_id: str, folder: Path) -> str:
        """Move one out; returns the name that it has there.

        Nothing that is there is written over: a second ``a.csv`` becomes ``a (1).csv``.

        Args:
            file_id: As ``every`` names it.
            folder: An existing one, no link.

        Raises:
            DesktopError: There is no such file, it has not arrived yet, or can't be written there.
        """
        for path in self._paths():
            described = self._described(path)
            if described.id == file_id and described.done:
                try:
                    name = _copy(path, described.name, folder)
                except OSError as error:
                    raise DesktopError(
                        f"The file could not be moved: {os.strerror(error.errno or 0)}.",
                        "Choose another folder, or free some space.",
                    ) from None
                path.unlink()
                return name
        raise DesktopError("There is no such file, or it has not arrived yet.", "Look again.")

    def _paths(self) -> list[Path]:
        with contextlib.suppress(FileNotFoundError):
            return [p for p in self._folder.iterdir() if p.is_file() and not p.is_symlink()]
        return []

    def _described(self, path: Path) -> Download:
        own = path.name.removesuffix(_COMING)
        size, written = 0, 0.0
        with contextlib.suppress(FileNotFoundError):
            about = path.stat()
            size, written = about.st_size, about.st_mtime
        # Its file can be there before its word: who moved it then would get a name that says
        # nothing, and perhaps a part of it.
        unspoken = own not in self._wanted and _BROWSERS_NAME.fullmatch(own) is not None
        arrives = own in self._coming or (unspoken and abs(time.time() - written) < _SPOKEN_OF)
        return Download(
            id=hashlib.sha256(own.encode(errors="replace")).hexdigest()[:16],
            name=cleaned(self._wanted.get(own, own)),
            size=size,
            done=path.suffix != _COMING and not arrives,
        )

    def _hear(self, event: Event) -> None:
        told = event.params
        if event.method == "Browser.downloadWillBegin":
            self._wanted[str(told["guid"])] = str(told["suggestedFilename"])
            self._coming.add(str(told["guid"]))
        elif event.method == "Browser.downloadProgress" and told["state"] != "inProgress":
            self._coming.discard(str(told["guid"]))


def cleaned(name: str) -> str:
    """A page's name for a file, made harmless.

    No folder, no control character, no dot in front, which would hide it, neither blanks nor dots
    at the end, which Windows drops, no name of a device there, and at most 200 bytes.
    """
    shown = "".join(c if c.isprintable() and c not in '/\\:*?"<>|' else "_" for c in name)
    shown = re.sub(r"^\.+", "", shown).strip().rstrip(". ") or "download"
    if _DEVICES.match(shown):
        shown = f"_{shown}"
    stem, dot, ending = shown.rpartition(".")
    if len(shown.encode()) <= _LONGEST:
        return shown
    if not dot or len(ending.encode()) > 20:
        stem, dot, ending = shown, "", ""
    room = _LONGEST - len(f"{dot}{ending}".encode())
    return stem.encode()[:room].decode(errors="ignore") + dot + ending


def _copy(source: Path, name: str, folder: Path) -> str:
    reads = open_unfollowed(source, os.O_RDONLY | NONBLOCK)
    with os.fdopen(reads, "rb") as content:
        if not stat.S_ISREG(os.fstat(reads).st_mode):
            raise DesktopError("That is no plain file.")
        with _kept(folder) as there:
            writes, taken = _fresh(name, folder, there)
            try:
                with os.fdopen(writes, "wb") as out:
                    shutil.copyfileobj(content, out, 1 << 20)
            except BaseException:
                if there is None:
                    (folder / taken).unlink()
                else:
                    os.unlink(taken, dir_fd=there)
                raise
    return taken


@contextlib.contextmanager
def _kept(folder: Path) -> Iterator[int | None]:
    """While entered, what a folder's path leads to does not matter, or does not change.

    The open folder, in which a file can be named; on Windows there is no such naming, and nobody
    can move or exchange the folder.
    """
    if sys.platform == "win32":
        from jupyter_agent.windows import handles  # noqa: PLC0415  (Windows)

        with handles.pinned(str(folder)):
            yield None
    else:
        there = open_unfollowed(folder, os.O_RDONLY | DIRECTORY)
        try:
            yield there
        finally:
            os.close(there)


def _fresh(name: str, folder: Path, there: int | None) -> tuple[int, str]:
    """A new file in a folder that is kept, readable by its owner only, and its name."""
    stem, dot, ending = name.rpartition(".")
    if not stem:
        stem, dot, ending = name, "", ""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    for number in range(_MOST_NUMBERS):
        taken = f"{stem} ({number}){dot}{ending}" if number else name
        with contextlib.suppress(FileExistsError):
            path = taken if there is not None else folder / taken
            return open_unfollowed(path, flags, dir_fd=there), taken
    raise DesktopError("There are too many files of that name.", "Choose another folder.")
