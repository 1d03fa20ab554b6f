"""``python -I -m jupyter_agent.broker DATA STATE RUN``: come up, say so, serve.

The order matters. The process detaches before it does anything else; the lock decides who is the
broker; the runner is forked before threads, keys and the event loop exist; only then is it said
that the broker is ready.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import signal
import socket
import sys
import time
from pathlib import Path
from typing import Any, Final

from jupyter_agent import locks, spawn, transport
from jupyter_agent.errors import AgentError, BrokerUnreachable
from jupyter_agent.folders import Folders
from jupyter_agent.opening import open_unfollowed
from jupyter_agent.transport import Transport

_LOCK_WAIT: Final = 10.0
_DESCRIPTORS: Final = 8192
"""A program that has 512 requests under way on one way out takes 1024, the usual limit."""
_OWNERS: Final = "the Resource Monitor" if sys.platform == "win32" else "`lslocks`"


def main() -> int:
    """Be the broker until nobody needs one."""
    if sys.platform != "win32":  # there it was started detached
        os.umask(0o077)
        spawn.detach()
        # Whoever started us may have ignored these; a stop must work all the same.
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    try:
        folders = Folders(*(Path(argument) for argument in sys.argv[1:4]))
        folders.make()
        here = transport.of(folders)
        lock = _take_lock(folders, here)
        if lock is None:
            _say({"ready": True})  # another one is up; the caller connects to that
            return 0
        return _serve(folders, here, here.listen(), lock)
    except AgentError as error:
        _say({"error": error.to_json()})
    except OSError as error:
        what = f"{Path(os.fsdecode(error.filename)).name}: " if error.filename else ""
        full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
        what += os.strerror(error.errno or 0)
        _say({"error": _not_started(what, full=full).to_json()})
    return 1


def _not_started(reason: str, *, full: bool = False) -> BrokerUnreachable:
    return BrokerUnreachable(
        f"The broker could not start: {reason}.",
        "Make room in the state folder, then try again."
        if full
        else "Where something else is in its place, move that away: it is made anew.",
    )


def _serve(folders: Folders, here: Transport, listener: socket.socket, lock: int) -> int:
    from jupyter_agent.processes import linux  # noqa: PLC0415  (ctypes, after the lock)

    linux.forbid_inspection()
    runner_pid, door = _fork_runner()
    # After the fork: programs that use select() fail where more than 1024 may be open.
    linux.allow_descriptors(_DESCRIPTORS)
    from jupyter_agent.broker.app import Broker  # noqa: PLC0415  (asyncio, after the fork)

    broker = Broker(folders, here, listener, lock=lock, runner_pid=runner_pid, runner=door)
    _say({"ready": True})
    broker.serve()
    return 0


def _fork_runner() -> tuple[int, socket.socket | None]:
    if sys.platform == "win32":  # nothing is run there
        return 0, None
    else:  # noqa: RET505  (for mypy, which reads no other part of an `if` about the system)
        from jupyter_agent.shell import runner  # noqa: PLC0415  (after the lock)

        return runner.fork_runner()


def _take_lock(folders: Folders, here: Transport) -> int | None:
    """The descriptor that holds the lock, or None once another broker answers.

    A lock, because the kernel lets go of it however a process ends: a socket file that a killed
    broker left behind is never taken for a living one.
    """
    handle = open_unfollowed(folders.lock, os.O_RDWR | os.O_CREAT)
    deadline = time.monotonic() + _LOCK_WAIT
    while True:
        try:
            locks.take(handle, wait=False)
        except BlockingIOError:
            if here.answers():
                os.close(handle)
                return None
        else:
            return handle
        if time.monotonic() > deadline:
            raise BrokerUnreachable(
                "Another broker holds the lock and does not answer.",
                f"End it and try again: the lock's owner is shown by {_OWNERS}.",
            )
        time.sleep(0.01)  # the other one is between its lock and its socket


def _say(answer: dict[str, Any]) -> None:
    """Tell whoever started us, then let go of its pipe."""
    with contextlib.suppress(OSError):
        os.write(1, json.dumps(answer).encode() + b"\n")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    os.close(nowhere)


if __name__ == "__main__":
    sys.exit(main())
