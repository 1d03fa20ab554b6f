"""The broker's first child, forked before the vault opens: has a keeper for each run.

It holds no value, ever: a run's environment goes straight to its keeper. When its socket closes,
because the broker ended or was killed, every keeper's life line has closed too; the runner then
kills whatever a dead keeper may have left, and ends.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import struct
import sys
from collections.abc import Container, Iterable, Sequence
from pathlib import Path
from typing import Final

from jupyter_agent import spawn
from jupyter_agent.processes import linux, tree
from jupyter_agent.shell import files
from jupyter_agent.shell.titles import RUNNER

assert sys.platform != "win32"  # noqa: S101  (for mypy: nothing is forked there)

from jupyter_agent.shell.spare import FDS_OF_A_RUN, Spare  # noqa: E402  (it has neither)

TITLE: Final = RUNNER

_LENGTH: Final = struct.Struct("!H")
"""What is ahead of a run's folder on the runner's socket, and what its descriptors come with. A
stream: macOS has no socket that keeps messages apart and tells of the end."""

_QUIET: Final = 0.02
"""Seconds without a new run, after which a keeper is forked for the next one: not while a command
starts, which would have to share the processor."""

_LAST_WAIT: Final = 0.05


def fork_runner() -> tuple[int, socket.socket]:
    """Fork the runner off this process, which must have no threads yet.

    Returns:
        Its pid, and the socket on which ``hand_over`` asks it to start runs.
    """
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)

    def main() -> int:
        # Above all the broker's lock and listening socket: after a broker was killed they would
        # live on in here, and callers would wait for a broker that is not there any more.
        _let_go_of_all_but(theirs.fileno())
        return _serve(theirs)

    pid = spawn.fork_into(main)
    theirs.close()
    return pid, ours


def hand_over(runner: socket.socket, handles: Sequence[int], folder: Path | None) -> None:
    """Ask the runner for a keeper.

    Args:
        runner: Its socket.
        handles: Control, stdin, stdout and stderr.
        folder: Where the run's private files will lie, if it has any; removed by the runner if the
            keeper is killed.

    Raises:
        OSError: The runner is gone.
    """
    where = os.fsencode(folder) if folder else b""
    socket.send_fds(runner, [_LENGTH.pack(len(where)) + where], list(handles))


def _serve(door: socket.socket) -> int:
    linux.rename_process(TITLE)
    linux.adopt_orphans()  # of keepers that were killed
    wakeup, write = os.pipe()
    for end in (wakeup, write):
        os.set_blocking(end, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(write)
    serving = _Serving(door, wakeup, write)
    while True:
        pause = None if serving.is_prepared else _QUIET
        ready, _, _ = select.select([door.fileno(), wakeup], (), (), pause)
        if wakeup in ready:
            os.read(wakeup, 4096)
            serving.reap()
        if door.fileno() in ready and not serving.hand_on():
            break
        if door.fileno() not in ready:  # it is quiet, or a run is over
            serving.prepare()
    serving.end()
    return 0


class _Serving:
    """The keepers of the runs that are not over, and one that waits for the next run."""

    def __init__(self, door: socket.socket, wakeup: int, write: int) -> None:
        self._door = door
        self._pipe = (wakeup, write)
        self._folders: dict[int, Path | None] = {}  # by the pid of the keeper
        self._spare: Spare | None = None

    @property
    def is_prepared(self) -> bool:
        """Whether a keeper waits for the next run."""
        return self._spare is not None

    def prepare(self) -> None:
        """Have a keeper wait for the next run."""
        self._spare = self._spare or Spare.fork(self._let_go)

    def hand_on(self) -> bool:
        """Give the next run to a keeper; False when the broker is gone."""
        head, handles, _, _ = socket.recv_fds(self._door, _LENGTH.size, FDS_OF_A_RUN)
        head += self._exactly(_LENGTH.size - len(head)) if head else b""
        if len(head) < _LENGTH.size:
            return False
        where = self._exactly(_LENGTH.unpack(head)[0])
        if len(handles) == FDS_OF_A_RUN:
            keeper = self._keeper_of(handles)
            self._folders[keeper] = Path(os.fsdecode(where)) if where else None
        # Closed before another keeper is forked, which must not hold the ends of this run.
        for handle in handles:
            os.close(handle)
        return True

    def _exactly(self, size: int) -> bytes:
        return self._door.recv(size, socket.MSG_WAITALL) if size else b""

    def _keeper_of(self, handles: Sequence[int]) -> int:
        if self._spare is None or not self._spare.take(handles):  # somebody has killed it
            self._spare = Spare.fork(self._let_go)
            self._spare.take(handles)
        pid, self._spare = self._spare.pid, None
        return pid

    def reap(self) -> None:
        """Collect what has ended, and clean up after keepers that were killed."""
        ended = tree.reap()[0]
        # A keeper that ends by itself leaves nothing behind, so there is nothing to look for.
        orphaned = any(status or pid not in self._folders for pid, status in ended.items())
        folders = [self._folders.pop(pid, None) for pid in ended]
        if orphaned:
            _end_strays(self._known())
            _remove(folders)

    def end(self) -> None:
        """Wait for the keepers, which kill their own trees now, and kill what has lost its own."""
        if self._spare is not None:
            self._spare.dismiss()
        while tree.reap()[1]:
            select.select(self._pipe[:1], (), (), _LAST_WAIT)
            if _end_strays(self._known()):
                break
        _remove(self._folders.values())

    def _known(self) -> set[int]:
        return {*self._folders} | ({self._spare.pid} if self._spare else set())

    def _let_go(self) -> None:
        """In a keeper: close what is the runner's alone."""
        signal.set_wakeup_fd(-1)
        self._door.close()
        for end in self._pipe:
            os.close(end)


def _let_go_of_all_but(kept: int) -> None:
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    for name in os.listdir("/dev/fd"):  # noqa: PTH208  (numbers, not paths)
        if int(name) > 2 and int(name) != kept:
            with contextlib.suppress(OSError):  # the one with which the folder was read
                os.close(int(name))


def _remove(folders: Iterable[Path | None]) -> None:
    """Remove what keepers that are gone may have left; those that ended well have left nothing."""
    for folder in folders:
        if folder is not None:
            files.remove(folder)


def _end_strays(keepers: Container[int]) -> bool:
    """Kill what was below a keeper that is gone: it has become a child of ours.

    Returns:
        Whether nothing is left but what is another user's, which we can't end (sudo).
    """
    me, refused, reached = os.getpid(), False, False
    for pid, _ in tree.descendants(me):
        found = tree.parent_and_start(pid)
        if found is None or found[0] != me:
            continue
        if pid in keepers:
            reached = True
            continue
        tree.send(pid, signal.SIGKILL)
        try:
            os.kill(pid, signal.SIGKILL)  # safe: our own child's number is ours until we reap it
        except PermissionError:
            refused = True
        else:
            reached = True
    return refused and not reached
