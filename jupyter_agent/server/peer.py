"""Which processes of this machine are behind a request: asked of the system, not of the request.

A kernel can read the server's token and speak to the server as a page does. Where it runs on this
machine, the system knows whose socket the other end is. Sources: proc(5), ``/proc/net/tcp``; ss(8)
finds processes the same way. What other systems tell is in ``processes.elsewhere``; **not run** by
us there.
"""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path
from typing import Any, Final

from jupyter_agent.processes import peer

_LOCAL, _REMOTE, _INODE = 1, 2, 9
_TABLES: Final = ("/proc/net/tcp", "/proc/net/tcp6")


def pids_behind(stream: Any) -> list[int]:
    """The processes that hold the other end of a request's connection.

    Reads the descriptors of all processes of this user: some milliseconds, off the event loop.

    Args:
        stream: Tornado's, that a request came by; None where that is not known.

    Returns:
        None of them where the other end is on another machine, another user's, or a proxy's that
        can't be seen.
    """
    raw = getattr(stream, "socket", None)
    if raw is None:
        return []
    try:
        if sys.platform != "win32" and raw.family == socket.AF_UNIX:
            return [peer.pid_and_uid(raw)[0]]
        if sys.platform != "linux":
            return _holders_elsewhere(raw)
        inode = _inode(raw.getpeername()[1], raw.getsockname()[1])
    except OSError:
        return []
    return _holders(inode) if inode else []


def _holders_elsewhere(raw: socket.socket) -> list[int]:
    from jupyter_agent.processes import loopback  # noqa: PLC0415  (not on Linux)

    pid = loopback.pid_of(raw.getpeername()[:2], raw.getsockname()[:2])
    return [pid] if pid is not None else []


def _inode(theirs: int, ours: int) -> str:
    """The socket whose own port and whose peer's port these are."""
    for table in _TABLES:
        try:
            lines = Path(table).read_text(encoding="ascii").splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            fields = line.split()
            if (_port(fields[_LOCAL]), _port(fields[_REMOTE])) == (theirs, ours):
                return fields[_INODE]
    return ""


def _port(address: str) -> int:
    return int(address.rpartition(":")[2], 16)


def _holders(inode: str) -> list[int]:
    # Texts and plain calls: there are thousands of descriptors, and a page waits for the answer.
    wanted, found = f"socket:[{inode}]", []
    for process in os.listdir("/proc"):  # noqa: PTH208
        if not process.isdecimal():
            continue
        folder = f"/proc/{process}/fd/"
        try:
            descriptors = os.listdir(folder)  # noqa: PTH208
        except OSError:
            continue  # another user's, or gone
        if any(_leads_to(folder + each, wanted) for each in descriptors):
            found.append(int(process))
    return found


def _leads_to(link: str, wanted: str) -> bool:
    try:
        return os.readlink(link) == wanted  # noqa: PTH115
    except OSError:
        return False
