"""Which socket, and which process, is at the other end of a connection on this machine.

Linux tells it in /proc; what other systems tell is in ``elsewhere``.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path

_PROC = Path("/proc")
_MAPPED = "00000000" * 2 + f"{int.from_bytes(bytes.fromhex('0000ffff'), sys.byteorder):08X}"
"""The first 96 bits of ``::ffff:…``: four bytes at a time, each in the machine's order."""


def socket_of(there: tuple[str, int], here: tuple[str, int]) -> tuple[int, int] | None:
    """User and inode of the socket that is connected to ours.

    See proc(5), ``/proc/net/tcp``: addresses in hexadecimal, in the machine's byte order. A socket
    of IPv6 may reach an address of IPv4, too, written as ``::ffff:127.0.0.1`` (RFC 4291, section
    2.5.5.2): programs in Java and .NET have no other ones.

    Args:
        there: Its address, IPv4.
        here: Ours.

    Returns:
        Its uid and inode, or None where it is not found: then nobody knows whose it is.
    """
    wanted = [_written(there), _written(here)]
    return _listed("tcp", wanted) or _listed("tcp6", [_MAPPED + each for each in wanted])


def _listed(table: str, wanted: list[str]) -> tuple[int, int] | None:
    try:
        lines = (_PROC / "net" / table).read_text("ascii").splitlines()[1:]
    except FileNotFoundError:
        return None  # a machine without IPv6
    for line in lines:
        fields = line.split()
        if fields[1:3] == wanted:
            return int(fields[7]), int(fields[9])
    return None


def holds(pids: Iterable[int], inode: int) -> bool:
    """Whether one of these processes has that socket open."""
    wanted = f"socket:[{inode}]"
    for pid in pids:
        try:
            with os.scandir(_PROC / str(pid) / "fd") as entries:
                if any(_link(entry.path) == wanted for entry in entries):
                    return True
        except OSError:
            continue  # it has ended, or is none of ours
    return False


def pid_of(there: tuple[str, int], here: tuple[str, int]) -> int | None:
    """A process of this user that has the other end of a connection open, or None.

    Args:
        there: Its address, IPv4.
        here: Ours.
    """
    if sys.platform != "linux":
        from jupyter_agent.processes import elsewhere  # noqa: PLC0415  (psutil: not on Linux)

        return elsewhere.our_holder(there, here)
    found = socket_of(there, here)
    if found is None or found[0] != os.getuid():
        return None
    pids = (int(name) for name in os.listdir(_PROC) if name.isdigit())  # noqa: PTH208
    return next((pid for pid in pids if holds([pid], found[1])), None)


def is_ours(there: tuple[str, int], here: tuple[str, int]) -> bool:
    """Whether the other end of a connection is a process of this user; no where nobody can tell.

    Args:
        there: Its address, IPv4.
        here: Ours.
    """
    if sys.platform != "linux":
        return pid_of(there, here) is not None
    found = socket_of(there, here)
    return found is not None and found[0] == os.getuid()


def _link(path: str) -> str:
    try:
        return os.readlink(path)  # noqa: PTH115  (a name, which is no path)
    except OSError:
        return ""


def _written(address: tuple[str, int]) -> str:
    host = bytes(map(int, address[0].split(".")))
    number = int.from_bytes(host, sys.byteorder)
    return f"{number:08X}:{address[1]:04X}"
