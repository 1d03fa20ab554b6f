"""What git knows: the files of a work tree, and what is staged.

git is asked, never obeyed: a repository that somebody else made could name a program of its own to
be run (``core.fsmonitor``, or one that fetches), so that is switched off, and nothing else that is
used here runs one.
Commands: https://git-scm.com/docs/git-ls-files, git-diff-index, git-cat-file.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from jupyter_agent.errors import AgentError, RequestInvalid

if TYPE_CHECKING:
    from jupyter_agent.spawn import HelperResult

_PATIENCE: Final = 120.0
"""Seconds; a work tree on a slow network drive takes its time."""
_BATCH: Final = 32 * 2**20
"""Bytes of staged files that are held at once."""
_NOT_OPENED: Final = b"could not open directory"
"""What git warns of and takes for empty (dir.c)."""
_NO_PROGRAMS: Final = ("-c", "core.fsmonitor=false", "-c", "core.untrackedCache=false")
_ALONE: Final = {
    # What a repository lacks could be fetched, by a program that it names (``uploadpack``) and over
    # a network. By no protocol it can't, whatever the version of git.
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_NO_LAZY_FETCH": "1",
    "LC_ALL": "C",  # warnings are read
}


@dataclass(frozen=True, slots=True)
class Staged:
    """One staged file.

    Attributes:
        path: From the folder that was asked about.
        blob: Name of its content in git.
        size: Bytes.
    """

    path: str
    blob: str
    size: int


@dataclass(frozen=True, slots=True)
class Listed:
    """What git lists below a folder.

    Attributes:
        names: Relative to the folder. A folder among them is a repository of its own.
        is_all: Whether git could look into each folder that counts.
    """

    names: list[str]
    is_all: bool


def call(folder: str, *words: str, stdin: bytes = b"") -> bytes:
    """What git answers.

    Args:
        folder: Where it is asked.
        words: Its arguments.
        stdin: What it reads.

    Raises:
        RequestInvalid: There is no git, or it refused.
    """
    return _done(folder, *words, stdin=stdin).stdout


def _done(folder: str, *words: str, stdin: bytes = b"", most: int | None = None) -> HelperResult:
    from jupyter_agent import spawn  # noqa: PLC0415  (startup time)

    argv = ["git", "-C", os.path.abspath(folder), *_NO_PROGRAMS, *words]  # noqa: PTH100
    if most is not None:
        argv = ["sh", "-c", f'"$@" | head -c {most}', "sh", *argv]
    try:
        # The caller's environment: inside a git hook it says which index is meant.
        env = {**os.environ, **_ALONE}
        done = spawn.run_helper(argv, stdin=stdin, timeout=_PATIENCE, env=env)
    except TimeoutError:
        raise RequestInvalid("git did not answer in time.") from None
    except OSError:
        raise RequestInvalid("git could not be started.", "Install git.") from None
    if done.returncode:
        raise _refused(done.stderr)
    return done


def _refused(said: bytes) -> RequestInvalid:
    """Why git did not do it. Its own words are not repeated: they may quote anything."""
    if b"dubious ownership" in said:
        return RequestInvalid(
            "git does not touch this repository, because its folder belongs to somebody else.",
            "If you trust it, call the line that `git status` shows: "
            "git config --global --add safe.directory FOLDER",
        )
    if b"not a git repository" in said or b"must be run in a work tree" in said:
        return RequestInvalid(
            "This is no work tree of a git repository.", "Call this inside a git repository."
        )
    return RequestInvalid("git could not do it.", "See what is the matter: git status")


def files_below(folder: str) -> Listed | None:
    """The files that git tracks or would track below a folder; None where git does not manage it.

    A folder that git ignores as a whole, and that was named all the same, is not managed by it.
    """
    try:
        listed = _done(folder, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
        if not listed.stdout and is_ignored(folder):
            return None
    except AgentError:
        return None  # walked instead, which finds more files and never fewer
    # A file in a conflict is listed once for each side.
    names = sorted({os.fsdecode(name) for name in listed.stdout.split(b"\0") if name})
    if "./" in names:  # the place of a submodule that is not there: the folder lists itself
        return None
    return Listed(names, is_all=_NOT_OPENED not in listed.stderr)


def is_ignored(folder: str, name: str = ".") -> bool:
    """Whether git ignores something in a folder, or the folder itself."""
    try:
        call(folder, "check-ignore", "--quiet", "--", name)
    except RequestInvalid:
        return False
    return True


def staged(folder: str) -> list[Staged]:
    """The staged files that are new or changed; no links and no submodules.

    Raises:
        RequestInvalid: This is no git repository, or git refused.
    """
    listed = call(folder, "diff-index", "-z", "--cached", "--no-renames", "--diff-filter=ACMT",
                  *_base(folder))  # fmt: skip
    up = os.fsdecode(call(folder, "rev-parse", "--show-cdup")).removesuffix("\n")
    words = listed.split(b"\0")
    found: list[tuple[str, str]] = []
    for meta, name in zip(words[::2], words[1::2], strict=False):
        _, mode, _, blob, _ = meta.decode("ascii").split(" ")
        if mode.startswith("100"):  # a plain file
            found.append((up + os.fsdecode(name), blob))
    sizes = call(
        folder,
        "cat-file",
        "--batch-check=%(objectsize)",
        stdin="".join(f"{blob}\n" for _, blob in found).encode(),
    ).split()
    if b"missing" in sizes:
        raise RequestInvalid("git lacks a file that is staged.", "Stage it again: git add FILE")
    return [Staged(*each, int(size)) for each, size in zip(found, sizes, strict=True)]


def contents(folder: str, files: list[Staged]) -> Iterator[tuple[Staged, bytes]]:
    """The staged files with their bytes, a bounded number of them at a time.

    Raises:
        RequestInvalid: git refused.
    """
    batch: list[Staged] = []
    for file in files:
        if batch and sum(each.size for each in batch) + file.size > _BATCH:
            yield from _batch(folder, batch)
            batch = []
        batch.append(file)
    if batch:
        yield from _batch(folder, batch)


def beginning(folder: str, file: Staged, most: int) -> bytes:
    """The first bytes of a staged file, which is not held as a whole.

    Returns:
        Nothing where nobody can say.
    """
    try:
        return _done(folder, "cat-file", "blob", file.blob, most=most).stdout
    except RequestInvalid:
        return b""  # Windows has no `sh` as a rule


def _batch(folder: str, files: list[Staged]) -> Iterator[tuple[Staged, bytes]]:
    asked = "".join(f"{file.blob}\n" for file in files).encode()
    answer = call(folder, "cat-file", "--batch=%(objectsize)", stdin=asked)
    at = 0
    for file in files:
        at = answer.index(b"\n", at) + 1  # behind the size
        yield file, answer[at : at + file.size]
        at += file.size + 1


def _base(folder: str) -> tuple[str, ...]:
    """What the index is compared with: the last commit, or nothing before the first one."""
    try:
        call(folder, "rev-parse", "--verify", "--quiet", "HEAD")
    except RequestInvalid:
        empty = call(folder, "hash-object", "-t", "tree", "--stdin")
        return (empty.decode("ascii").strip(),)
    return ("HEAD",)
