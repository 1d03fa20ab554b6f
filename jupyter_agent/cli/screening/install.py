"""Setting up a repository: the notebook filter with its diffs, and a pre-commit hook.

Everything is written where git looks for it, and nothing that somebody else wrote is changed: the
filter into the repository's own configuration (``.git/config``) and one line of ``.gitattributes``,
the hook into a file of its own. Programs are named by their full path, because git is also called
by editors that know nothing of a virtual environment.
"""

from __future__ import annotations

import os
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from jupyter_agent import spawn
from jupyter_agent.cli.screening import EVERYTHING, FILTER, PRE_COMMIT, git, whole
from jupyter_agent.errors import AgentError, RequestInvalid

_DRIVER: Final = "jupyter-agent"
_ATTRIBUTES: Final = f"*.ipynb filter={_DRIVER} diff={_DRIVER}"
_PROGRAM: Final = "jupyter agent screen"
_SHELL: Final = "#!/bin/sh"
_OURS: Final = "# Written by `jupyter agent screen --install-git`; --uninstall-git removes it."


@dataclass(frozen=True, slots=True)
class Repository:
    """One git work tree.

    Attributes:
        top: Its first folder.
        folder: Where git keeps what it knows, ``.git`` as a rule.
        hook: The file that git runs before a commit.
    """

    top: Path
    folder: Path
    hook: Path

    @staticmethod
    def around(folder: str) -> Repository:
        """The repository that a folder lies in.

        Raises:
            RequestInvalid: It lies in none, or there is no git.
        """
        top = Path(_answer(folder, "--show-toplevel"))
        common = top / _answer(str(top), "--git-common-dir")
        hooks = top / _answer(str(top), "--git-path", "hooks")
        return Repository(top, common, hooks / PRE_COMMIT)


def install(repository: Repository, what: str) -> list[str]:
    """Set it up and say what was done.

    Args:
        repository: Where.
        what: One of ``screening.INSTALLED``.

    Raises:
        RequestInvalid: A hook or filter of somebody else is there, or something can't be written.
    """
    done: list[str] = []
    if what in (EVERYTHING, FILTER):
        _check_no_other_filter(repository)
    try:
        if what in (EVERYTHING, PRE_COMMIT):
            done += _install_hook(repository)
        if what in (EVERYTHING, FILTER):
            done += _install_filter(repository)
    except OSError as error:
        raise _unwritable(error) from None
    return done


def uninstall(repository: Repository, what: str) -> list[str]:
    """Take it out again and say what was done.

    Raises:
        RequestInvalid: Something can't be written.
    """
    done: list[str] = []
    try:
        if what in (EVERYTHING, PRE_COMMIT) and _is_ours(repository.hook):
            done.append(_uninstall_hook(repository.hook))
        if what in (EVERYTHING, FILTER):
            done += _uninstall_filter(repository)
    except OSError as error:
        raise _unwritable(error) from None
    return done or ["Nothing of ours was there."]


def _check_no_other_filter(repository: Repository) -> None:
    """A file has one filter: ours would switch the other one off, or never be called."""
    told = git.call(str(repository.top), "check-attr", "-z", "filter", "--", "any.ipynb")
    name = os.fsdecode(told.split(b"\0")[2])
    if name not in (_DRIVER, "unspecified"):
        raise RequestInvalid(
            f"This repository has another filter for notebooks already ({name}), and it stays as "
            "it is.",
            f"Screen what is committed instead: {_PROGRAM} --install-git {PRE_COMMIT}",
        )


def _install_filter(repository: Repository) -> list[str]:
    for name, value in (
        (f"filter.{_DRIVER}.clean", _command("--git-clean")),
        (f"filter.{_DRIVER}.process", _command("--git-process")),  # git 2.11 and later prefer it
        (f"filter.{_DRIVER}.smudge", "cat"),  # nothing is put back: a masked value is gone
        # Without it git would store the file as it is when the filter fails.
        (f"filter.{_DRIVER}.required", "true"),
        (f"diff.{_DRIVER}.textconv", _command("--git-textconv")),
    ):
        git.call(str(repository.top), "config", "--local", name, value)
    attributes = repository.top / ".gitattributes"
    text = _read(attributes)
    if _ATTRIBUTES not in text.splitlines():
        ended = text if not text or text.endswith("\n") else f"{text}\n"
        whole.write(attributes, f"{ended}{_ATTRIBUTES}\n")
    return [
        "Notebooks are masked on their way into this repository; your files stay as they are.",
        "Commit .gitattributes; each clone is set up once with this command.",
        "Notebooks that are in it already: git add --renormalize .",
    ]


def _uninstall_filter(repository: Repository) -> list[str]:
    done: list[str] = []
    for section in (f"filter.{_DRIVER}", f"diff.{_DRIVER}"):
        try:
            git.call(str(repository.top), "config", "--local", "--remove-section", section)
        except AgentError:
            continue  # it is not there
        done = ["The notebook filter is removed from this clone's configuration."]
    attributes = repository.top / ".gitattributes"
    lines = _read(attributes).splitlines(keepends=True)
    kept = [line for line in lines if line.strip() != _ATTRIBUTES]
    if len(kept) < len(lines):
        if kept:
            whole.write(attributes, "".join(kept))
        else:
            attributes.unlink()
        done.append("Its line in .gitattributes is removed.")
    return done


def _install_hook(repository: Repository) -> list[str]:
    hook = repository.hook
    if os.path.lexists(hook) and not _is_ours(hook):
        raise RequestInvalid(
            "This repository has a pre-commit hook already, and it stays as it is.",
            f"Add this line to it:\n{_command('--staged')} || exit 1",
        )
    if not hook.is_relative_to(repository.top) and not hook.is_relative_to(repository.folder):
        raise RequestInvalid(
            "This repository takes its hooks from a folder outside of it.",
            f"Add this line to the pre-commit hook there:\n{_command('--staged')} || exit 1",
        )
    hook.parent.mkdir(parents=True, exist_ok=True)
    before, after = _around_ours(_read(hook)) or (f"{_SHELL}\n", "")
    # A half of it would let everything pass.
    whole.write(hook, f"{before}{_OURS}\n{_command('--staged')} || exit 1\n{after}", mode=0o755)
    return ["What is staged is screened before each commit."]


def _uninstall_hook(hook: Path) -> str:
    before, after = _around_ours(_read(hook)) or ("", "")
    left = before + after
    if left.strip() in ("", _SHELL):
        hook.unlink()
        return "The pre-commit hook is removed."
    whole.write(hook, left)
    return "Our lines are removed from the pre-commit hook; the others stay."


def _around_ours(text: str) -> tuple[str, str] | None:
    """What stands before and behind our two lines in a hook: a person may have added to it."""
    before, ours, rest = text.partition(f"{_OURS}\n")
    return (before, rest.partition("\n")[2]) if ours else None


def _answer(folder: str, *words: str) -> str:
    return os.fsdecode(git.call(folder, "rev-parse", *words)).removesuffix("\n")


def _is_ours(hook: Path) -> bool:
    return not hook.is_symlink() and _OURS in _read(hook)


def _read(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8", "surrogateescape")  # with its line breaks
    except FileNotFoundError:
        return ""


def _command(option: str) -> str:
    """A line for a shell: git runs filters, conversions and hooks through one."""
    return shlex.join([*spawn.python("jupyter_agent.cli"), "screen", option])


def _unwritable(error: OSError) -> RequestInvalid:
    return RequestInvalid(
        f"It can't be written: {os.strerror(error.errno or 0)}.",
        "Make room, or make the repository writable, and call it again.",
    )
