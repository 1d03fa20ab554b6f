"""What desktops leave on a machine: processes, sockets, X locks and folders.

Other tests of the same user may run desktops at the same time, so a process counts by the home that
its environment or its command line names, and an X server's socket where nobody answers on it.
"""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from steps import wait_until

_TMP = Path("/tmp")  # noqa: S108


@dataclass(frozen=True)
class _Told:
    """What a process says of itself: its arguments and its environment."""

    pid: int
    text: bytes

    @property
    def name(self) -> str:
        return self.text.partition(b"\0")[0].decode(errors="replace")


def _told_by_processes() -> Iterator[_Told]:
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal() and int(entry.name) != os.getpid():
            with suppress(OSError):  # gone, or another one's
                argv = (entry / "cmdline").read_bytes()
                yield _Told(int(entry.name), argv + b"\0" + (entry / "environ").read_bytes())


def _ancestors(pid: int) -> Iterator[int]:
    with suppress(OSError):
        while pid > 1:
            stat = Path(f"/proc/{pid}/stat").read_text(errors="replace")
            pid = int(stat.rpartition(")")[2].split()[1])
            yield pid


def processes_of(home: Path) -> list[str]:
    """Names and ids of the processes that belong to desktops of this home."""
    below = os.fsencode(home / "run" / "d")
    return [f"{told.name} {told.pid}" for told in _told_by_processes() if below in told.text]


def folders_below(server: int) -> set[Path]:
    """The private folders of the desktops below a server, as their processes name them."""
    found = set()
    for told in _told_by_processes():
        if server in _ancestors(told.pid):
            found |= set(re.findall(rb"/[^\0=:]*/d/[0-9a-f]{8}(?=[/\0])", told.text))
    return {Path(os.fsdecode(folder)) for folder in found}


def left_in(folder: Path) -> list[str]:
    """All of one desktop that is there: processes, sockets, its folder."""
    name = os.fsencode(folder)
    lines = Path("/proc/net/unix").read_bytes().splitlines()
    return [
        *(f"process {told.name} {told.pid}" for told in _told_by_processes() if name in told.text),
        *(f"socket {os.fsdecode(line)}" for line in lines if name in line),
        *([f"folder {folder}"] if folder.exists() else []),
    ]


def left_x_files(before: set[str]) -> set[str]:
    """Those at which nobody answers, that were not there before, and that stay.

    A desktop of another test, at this moment between the end of its X server and that of its files,
    is nobody's leftover; what is still there later is one.
    """
    left = dead_x_files() - before

    def gone() -> bool:
        left.intersection_update(dead_x_files())
        return not left

    with suppress(AssertionError):
        wait_until(gone)
    return left


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
    inodes = set()
    for pid in pids:
        with suppress(OSError):  # it has ended
            for handle in Path(f"/proc/{pid}/fd").iterdir():
                with suppress(OSError):  # it was closed: a browser opens and closes all the time
                    inodes.add(str(handle.readlink()))
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
