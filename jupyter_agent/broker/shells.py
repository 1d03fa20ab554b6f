"""Which program reads a script, and how it is called so that it reads nothing else first."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from jupyter_agent import spawn, wire
from jupyter_agent.errors import CommandNotStarted, RequestInvalid

# No rc files: they are the caller's to write, and would steer every run.
_FLAGS: Final = {
    "bash": ("--noprofile", "--norc", "-c"),
    "sh": ("-c",),
    "zsh": ("-f", "-c"),
    "fish": ("--no-config", "-c"),
    # Isolated: no PYTHON* variables, no user site, and no modules from the folder it runs in, which
    # whoever wrote the notebook can write to. A virtual environment's packages are there.
    "python": ("-I", "-c"),
}
SAME_LANGUAGE: Final = ("", "bash", "sh")
"""What one of these may run, the others may: arguments, quoted, mean the same to both shells."""


def check_shell(name: str) -> str:
    """Return the name of a shell.

    Raises:
        RequestInvalid: There is no such one.
    """
    if name not in wire.SHELLS:
        raise RequestInvalid(f"That shell is not offered; there are {', '.join(wire.SHELLS)}.")
    return name


def call(shell: str, script: str, env: Mapping[str, str]) -> tuple[str, ...]:
    """The argument list that runs a script.

    Args:
        shell: One of ``wire.SHELLS``.
        script: Its text.
        env: What the caller supplies: its environment's Python reads a Python script.

    Raises:
        CommandNotStarted: The shell is not installed.
    """
    program = find(shell, env)
    if program is None:
        raise CommandNotStarted(
            f"{shell} is not installed here.",
            "Install it, or choose another shell.",
            data={"errno": errno.ENOENT},
        )
    return (program, *_FLAGS[shell], script)


def find(shell: str, env: Mapping[str, str]) -> str | None:
    """The program that a shell's name means, or None where there is none."""
    path = env.get("PATH", spawn.FIXED_PATH)
    if shell == "python":
        return _python(env, path)
    # The system's own first: what lies on the caller's PATH is the caller's to write.
    return shutil.which(shell, path=spawn.FIXED_PATH) or shutil.which(shell, path=path)


def _python(env: Mapping[str, str], path: str) -> str | None:
    # The path as it is, not where it links to: a virtual environment is known by it.
    for name in ("VIRTUAL_ENV", "CONDA_PREFIX"):
        program = Path(env.get(name, "")) / "bin" / "python"
        if program.is_absolute() and os.access(program, os.X_OK):
            return str(program)
    return shutil.which("python3", path=path) or shutil.which("python", path=path)
