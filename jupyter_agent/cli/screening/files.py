"""Which files to screen, and their bytes.

Below a folder that git manages, git says which files count: what is ignored (a person's ``.env``)
belongs where it is. Elsewhere the tree is walked. Links are not followed, because what they lead to
lies somewhere else; a file that is named is always screened.
"""

from __future__ import annotations

import codecs
import os
import stat
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from jupyter_agent.cli.screening import git
from jupyter_agent.errors import RequestInvalid

STDIN: Final = "-"
LARGEST: Final = 64 * 2**20
"""Bytes of a file that is still screened."""
LOOK: Final = 8192
"""Bytes at a file's beginning that tell a text from other things, as git does it."""

_WIDE: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE)
"""How texts begin that hold zeros; UTF-32 begins as UTF-16 does where the small end comes first."""
_PASSED_OVER: Final = frozenset(
    {".git", ".hg", ".svn", "node_modules", "__pycache__", ".venv", ".tox", ".mypy_cache"}
)
"""Folders that hold copies and other people's files; name one to have it screened."""


@dataclass(frozen=True, slots=True)
class File:
    """A file to screen.

    Attributes:
        path: As it is told.
        is_named: Whether it was named, or just lies below a folder that was.
    """

    path: str
    is_named: bool


def files_of(paths: list[str]) -> Iterator[File]:
    """Every file that these paths mean, each once."""
    told: set[str] = set()
    for path in paths:
        is_folder = path != STDIN and os.path.isdir(path)  # noqa: PTH112  (no Path: startup time)
        for file in _below(path) if is_folder else (path,):
            if file not in told:
                told.add(file)
                yield File(file, is_named=not is_folder)


def read(path: str) -> bytes:
    """A file's bytes, or those of standard input.

    Raises:
        RequestInvalid: See ``read_text``.
    """
    return _read(path, even_binary=True) or b""


def read_text(path: str) -> bytes | None:
    """A file's bytes; None where its beginning says that it is binary, however large it is.

    Raises:
        RequestInvalid: It can't be read, or is too large to be screened in a sensible time.
    """
    return _read(path, even_binary=False)


def _read(path: str, *, even_binary: bool) -> bytes | None:
    try:
        if path == STDIN:
            raw = sys.stdin.buffer.read(LARGEST + 1)
        else:
            with open(path, "rb") as file:  # noqa: PTH123  (as above)
                raw = file.read(LOOK)
                if not even_binary and is_binary(raw):
                    return None
                raw += file.read(LARGEST + 1 - len(raw))
    except OSError as error:
        raise RequestInvalid(f"{os.strerror(error.errno or 0)}.") from None
    if len(raw) > LARGEST:
        raise too_large()
    return raw


def too_large() -> RequestInvalid:
    """The error for a file that is not screened because of its size."""
    return RequestInvalid(f"It is larger than {LARGEST // 2**20} MiB.", "Split it.")


def is_binary(raw: bytes) -> bool:
    """Whether these are no text that anybody would send: a picture, an archive."""
    return b"\0" in raw[:LOOK] and not raw.startswith(_WIDE)


def _below(folder: str) -> Iterator[str]:
    listed = git.files_below(folder)
    if listed is None:
        yield from _walked(folder)
        return
    for name in listed.names:
        path = os.path.join(folder, name)  # noqa: PTH118  (as above)
        mode = _mode(path)
        if stat.S_ISREG(mode):
            yield path
        elif stat.S_ISDIR(mode):
            yield from _below(path.rstrip("/"))  # a repository in a repository, or a submodule
    if not listed.is_all:
        for path in _closed(folder):
            if not git.is_ignored(folder, os.path.relpath(path, folder)):
                yield path


def _walked(folder: str) -> Iterator[str]:
    closed: list[str] = []
    for parent, folders, names in os.walk(folder, onerror=lambda error: _note(error, closed)):
        folders[:] = sorted(set(folders) - _PASSED_OVER)
        for name in sorted(names):
            path = os.path.join(parent, name)  # noqa: PTH118  (as above)
            if stat.S_ISREG(_mode(path)):  # a pipe would be waited for for ever
                yield path
    yield from closed


def _closed(folder: str) -> list[str]:
    """The folders below a folder that can't be listed.

    They can't be read as files either, and that is told: nobody knows what is in them.
    """
    closed: list[str] = []
    for _, folders, _ in os.walk(folder, onerror=lambda error: _note(error, closed)):
        folders[:] = sorted(set(folders) - {".git"})
    return closed


def _note(error: OSError, closed: list[str]) -> None:
    if not isinstance(error, FileNotFoundError):  # deleted since
        closed.append(error.filename)


def _mode(path: str) -> int:
    try:
        return os.lstat(path).st_mode
    except (FileNotFoundError, NotADirectoryError):
        return 0  # deleted since
    except OSError:
        return stat.S_IFREG  # not ours to see, which is told when it is read
