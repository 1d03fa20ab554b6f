"""Find and signal every descendant of a process.

A process that stays below a subreaper can't leave its tree: not by ``setsid``, ``nohup`` or a
double fork. So the tree is the truth about what a run has started, and process groups are not.

Linux tells it in /proc; what other systems tell is in ``elsewhere``.
"""

from __future__ import annotations

import os
import signal
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence

_PROC = "/proc"
_TRIES = 3


def parent_and_start(pid: int) -> tuple[int, int] | None:
    """A process's parent and its start time in clock ticks since boot, or None if it is gone.

    Both together name a process for ever, although its number may be used again. See proc(5),
    ``/proc/pid/stat``, fields 4 and 22. Where there is no /proc the time is in another unit.
    """
    if sys.platform != "linux":
        from jupyter_agent.processes import elsewhere  # noqa: PLC0415  (psutil: not on Linux)

        return elsewhere.parent_and_start(pid)
    try:
        stat = _read(pid, "stat")
    except OSError:
        return None
    # The name in field 2 may hold spaces and brackets; what follows its last bracket may not.
    fields = stat[stat.rindex(b")") + 2 :].split()
    return int(fields[1]), int(fields[19])


def ancestry(pid: int) -> list[tuple[int, int]]:
    """A process and its forebears, nearest first, each as (pid, start time).

    Empty where the process is gone: nothing is known about it then. A forebear that ends meanwhile
    has handed its child on to the next one above, so the line is followed anew.
    """
    line: list[tuple[int, int]] = []
    for _ in range(_TRIES):
        line, above = [], pid
        while above > 0 and (found := parent_and_start(above)) is not None:
            line.append((above, found[1]))
            above = found[0]
        if above == 0:
            break
        # Still not at the top: forebears of another user may be hidden (proc(5), hidepid).
    return line


def title(pid: int) -> str:
    """What a process calls itself in ``ps``, or "" if it is gone."""
    if sys.platform != "linux":
        from jupyter_agent.processes import elsewhere  # noqa: PLC0415  (psutil: not on Linux)

        return elsewhere.title(pid)
    try:
        words = _read(pid, "cmdline")
    except OSError:
        return ""
    return words.partition(b"\0")[0].decode(errors="replace")


def descendants(root: int) -> list[tuple[int, int]]:
    """Every living descendant of a process, as (pid, start time)."""
    return below(root, by_parent())


def sizes(roots: Sequence[int]) -> list[int]:
    """How many living descendants each of these processes has."""
    children = by_parent() if roots else {}
    return [len(below(root, children)) for root in roots]


def by_parent() -> dict[int, list[tuple[int, int]]]:
    """The children, as (pid, start time), of every process that has some."""
    children: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
    for pid in _pids():
        if (found := parent_and_start(pid)) is not None:
            children[found[0]].append((pid, found[1]))
    return children


def _pids() -> list[int]:
    if sys.platform != "linux":
        from jupyter_agent.processes import elsewhere  # noqa: PLC0415  (psutil: not on Linux)

        return elsewhere.pids()
    with os.scandir(_PROC) as entries:
        return [int(entry.name) for entry in entries if entry.name.isdigit()]


def below(root: int, children: Mapping[int, list[tuple[int, int]]]) -> list[tuple[int, int]]:
    """Every descendant of a process among these.

    Args:
        root: The process.
        children: From ``by_parent``.
    """
    tree: list[tuple[int, int]] = []
    level = [root]
    while level:
        next_level = [child for pid in level for child in children.get(pid, ())]
        tree += next_level
        level = [pid for pid, _ in next_level]
    return tree


def send(root: int, number: signal.Signals) -> bool:
    """Send a signal to every descendant of a process.

    Each one is held by a pidfd and its start time is looked at again before the signal, so that a
    number that was used again meanwhile is never hit. Beyond Linux nothing can hold it between the
    look and the signal.

    Returns:
        Whether some are there and all of them are another user's, as what sudo has started.
    """
    refused = reached = False
    for process in descendants(root):
        try:
            send_to(process, number)
        except PermissionError:
            refused = True
        except OSError:
            pass  # it is gone
        else:
            reached = True
    return refused and not reached


def send_to(process: tuple[int, int], number: signal.Signals) -> None:
    """Send a signal to one process, known by its pid and start time, as ``send`` does.

    Raises:
        OSError: It is gone, or another user's.
    """
    pid, started = process
    if sys.platform != "linux":
        found = parent_and_start(pid)
        if found is not None and found[1] == started:
            os.kill(pid, number)
        return
    handle = os.pidfd_open(pid)
    try:
        found = parent_and_start(pid)
        if found is not None and found[1] == started:
            signal.pidfd_send_signal(handle, number)
    finally:
        os.close(handle)


def _read(pid: int, name: str) -> bytes:
    """The beginning of a process's file in /proc, in as few calls as can be: there are many."""
    handle = os.open(f"{_PROC}/{pid}/{name}", os.O_RDONLY)  # not inherited: PEP 446
    try:
        return os.read(handle, 4096)
    finally:
        os.close(handle)


def reap() -> tuple[dict[int, int], bool]:
    """Collect children that have ended.

    Returns:
        Their wait statuses by pid, and whether any child is left. Below a subreaper, no child left
        means no descendant left. Unix only: a job tells it on Windows.
    """
    if sys.platform == "win32":
        raise NotImplementedError
    ended: dict[int, int] = {}
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return ended, False
        if pid == 0:
            return ended, True
        ended[pid] = status
