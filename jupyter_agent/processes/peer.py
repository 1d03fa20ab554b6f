"""Who is at the other end of a Unix socket, as the system's kernel says.

Linux: ``SO_PEERCRED``, ``struct ucred``, see unix(7). macOS: ``LOCAL_PEERCRED``, ``struct xucred``,
and ``LOCAL_PEERPID``, see unix(4), <sys/un.h> and <sys/ucred.h>; written from these, **not run** by
us on a Mac.
"""

from __future__ import annotations

import errno
import os
import socket
import struct
import sys
from typing import Final

_SOL_LOCAL: Final = 0
_LOCAL_PEERCRED: Final = 1
_LOCAL_PEERPID: Final = 2
_XUCRED: Final = struct.Struct("=IIhxx16I")
"""``cr_version``, ``cr_uid``, ``cr_ngroups``, ``cr_groups``: 76 bytes."""

_XUCRED_VERSION: Final = 0


def pid_and_uid(connection: socket.socket) -> tuple[int, int]:
    """The process at the other end and its user. A pid of 0 is one that can't be seen from here.

    Args:
        connection: A connected Unix socket.

    Raises:
        OSError: The other end is gone, or this system does not tell.
    """
    pid: int
    uid: int
    if sys.platform == "linux":
        credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
        pid, uid, _ = struct.unpack("3i", credentials)
    elif sys.platform == "darwin":
        uid = uid_of(connection.getsockopt(_SOL_LOCAL, _LOCAL_PEERCRED, _XUCRED.size))
        pid = connection.getsockopt(_SOL_LOCAL, _LOCAL_PEERPID)
    else:
        raise OSError(errno.ENOTSUP, os.strerror(errno.ENOTSUP))
    return int(pid), int(uid)


def uid_of(xucred: bytes) -> int:
    """The user in a ``struct xucred``.

    Raises:
        OSError: It is cut, or of a version that is not known here: nobody may be taken for us then.
    """
    if len(xucred) != _XUCRED.size or _XUCRED.unpack(xucred)[0] != _XUCRED_VERSION:
        raise OSError(errno.EPROTO, os.strerror(errno.EPROTO))
    return int(_XUCRED.unpack(xucred)[1])
