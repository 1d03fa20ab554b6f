"""What hangs together where no kernel keeps descendants below their keeper: macOS, other Unixes.

There a process that ends hands its children to the first process, and they are found no more by
their parents. So what belongs together is found by three marks, each of which children inherit or
name: the process group of a program that was started in a session of its own, a living parent that
belongs, and a folder of its own that stands in the arguments, as a browser's profile does.

What leaves its group, outlives its parent and does not name the folder is not found. A browser's
processes do not do all three; a program that wants to get away can.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from jupyter_agent import spawn

assert sys.platform != "win32"  # noqa: S101  (for mypy; a job keeps them together there)

_COLUMNS: Final = ("pid=", "ppid=", "pgid=", "stat=", "args=")
_PS: Final = ("/bin/ps", "-A", "-ww", *(word for column in _COLUMNS for word in ("-o", column)))
"""ps(1) of POSIX, which takes a column without a title in an option of its own only; and ``-ww``
for whole lines, which Linux, macOS and the BSDs have."""

_PATIENCE: Final = 5.0  # seconds for ps
_ROUND: Final = 0.05  # seconds between rounds: a process may have forked in between


@dataclass(frozen=True, slots=True)
class _Process:
    pid: int
    parent: int
    group: int
    arguments: str


def of(groups: Collection[int], folder: Path) -> list[int]:
    """The living processes that belong to one desktop, without the one that asks.

    Args:
        groups: Process groups of the programs that were started.
        folder: Its own folder, whose name nobody else has.

    Raises:
        OSError: Processes could not be listed.
    """
    there = _list()
    found = {p.pid for p in there if p.group in groups or _names(p.arguments, folder)}
    while below := {p.pid for p in there if p.parent in found} - found:
        found |= below
    return sorted(found - {os.getpid(), os.getppid()})


def end(groups: Collection[int], folder: Path, patience: float) -> bool:
    """Kill all of them, until none is left or it takes too long; returns whether none is.

    Args:
        groups: As in ``of``. One without a member may have become another's: see ``still_there``.
        folder: As in ``of``.
        patience: Seconds.

    Raises:
        OSError: Processes could not be listed.
    """
    ends = time.monotonic() + patience
    while left := of(groups, folder):
        if time.monotonic() > ends:
            return False
        for pid in left:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        _collect()
        time.sleep(_ROUND)
    return True


def still_there(group: int) -> bool:
    """Whether a group has a member: its number is nobody else's then, though its leader is gone."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True  # macOS: only ones that have ended and were not collected
    return True


def _collect() -> None:
    """Children that have ended: they count as there until somebody asks for them."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _names(arguments: str, folder: Path) -> bool:
    # The keeper names it, too: its last argument.
    return str(folder) in arguments and "jupyter_agent.desktop.keeper" not in arguments


def _list() -> list[_Process]:
    told = spawn.run_helper(
        _PS, stdin=b"", timeout=_PATIENCE, env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"}
    )
    found = []
    for line in told.stdout.decode(errors="replace").splitlines():
        pid, parent, group, state, *arguments = line.split(maxsplit=4)
        if not state.startswith("Z"):
            found.append(_Process(int(pid), int(parent), int(group), "".join(arguments)))
    return found
