"""What desktops leave on a machine: processes, sockets, X locks and folders.

Other tests of the same user may run desktops at the same time, so a process counts by the home that
its environment or its command line names, and an X server's socket where nobody answers on it.
"""

from __future__ import annotations

import os
import re
import socket
from pathlib import Path

_TMP = Path("/tmp")  # noqa: S108


def processes_of(home: Path) -> list[str]:
    """Names and ids of the processes that belong to desktops of this home."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdecimal() or int(entry.name) == os.getpid():
            continue
        try:
            argv = (entry / "cmdline").read_bytes()
            told = argv + b"\0" + (entry / "environ").read_bytes()
        except OSError:
            continue
        if os.fsencode(home / "run" / "d") in told:
            name = argv.partition(b"\0")[0].decode(errors="replace")
            found.append(f"{name} {entry.name}")
    return found


def dead_x_files() -> set[str]:
    """Sockets and locks of X servers of this user, at which nobody answers."""
    found = set()
    for path in (*_TMP.glob(".X11-unix/X*"), *_TMP.glob(".X*-lock")):
        number = re.search(r"\.?X(\d+)", path.name)
        at = _TMP / ".X11-unix" / f"X{number[1]}" if number else None
        try:
            if path.lstat().st_uid == os.getuid() and not (at and _answers(at)):
                found.add(str(path))
        except OSError:
            continue
    return found


def listening(pids: list[int]) -> list[str]:
    """The TCP addresses on which these processes listen, as hexadecimal in /proc/net/tcp."""
    inodes = {
        str(handle.readlink())
        for pid in pids
        for handle in Path(f"/proc/{pid}/fd").iterdir()
        if handle.is_symlink()
    }
    rows = [
        line.split()
        for name in ("tcp", "tcp6")
        for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]
    ]
    return [row[1] for row in rows if row[3] == "0A" and f"socket:[{row[9]}]" in inodes]


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as knock:
        try:
            knock.connect(str(path))
        except OSError:
            return False
    return True
