"""What belongs to a command where no kernel keeps descendants below their keeper: beyond Linux.

There a process that ends hands its children to the first process. A command begins a session of its
own, which its children inherit; so what belongs to it is whatever is in that session, and whatever
is below one of those. A program that leaves the session and outlives its parent is not found.

A session's number is nobody else's while one of its members lives (POSIX, ``setsid``).

Run by us on Linux only, with the kernel's help turned off; **not run** on a Mac.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys

from jupyter_agent.processes import tree


def members(leader: int) -> list[tuple[int, int]]:
    """The living processes that belong to the command, as (pid, start time).

    Args:
        leader: The command's process, which may have ended.
    """
    if sys.platform == "win32":
        raise NotImplementedError
    everybody = tree.by_parent()
    found = {
        process
        for siblings in everybody.values()
        for process in siblings
        if process[0] != os.getpid() and _session(process[0]) == leader
    }
    return sorted(found.union(*(tree.below(pid, everybody) for pid, _ in found)))


def send(leader: int, number: signal.Signals) -> None:
    """Send a signal to each of them."""
    for process in members(leader):
        with contextlib.suppress(OSError):
            tree.send_to(process, number)


def _session(pid: int) -> int | None:
    if sys.platform == "win32":
        raise NotImplementedError
    try:
        return os.getsid(pid)
    except OSError:
        return None
