"""One process above each desktop: starts its programs, and ends everything that comes of them.

On Linux it is a subreaper, so whatever they start stays below it; elsewhere, or when told so by a
second argument, it finds what belongs to it by other marks (``kin``). Its standard input is its
control socket and its life line: when the server closes it, or dies, however it dies, the keeper
kills all of it, removes the socket of its X server and the desktop's folder, and ends.

What is said over it: ``packets``; descriptors come with a message's length. Unix only: on Windows
it is ``job_keeper``.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import select
import signal
import socket
import sys
import time
from pathlib import Path
from typing import Any, Final

from jupyter_agent import spawn
from jupyter_agent.desktop import kin, leftovers
from jupyter_agent.desktop.packets import LARGEST, LENGTH, MOST_HANDLES, packed
from jupyter_agent.processes import linux, tree

assert sys.platform != "win32"  # noqa: S101  (for mypy)

BY_MARKS: Final = "by-marks"
"""The argument with which a keeper does without the kernel's help, as it must beyond Linux."""

_FIRST_FREE: Final = 16  # programs have descriptors under numbers below this
_ROUND: Final = 0.01  # seconds between rounds of SIGKILL: a process may have forked in between
_ENDING: Final = 5.0  # seconds after which a process counts as left behind


def main() -> int:
    """Keep the desktop whose folder is the first argument."""
    by_marks = sys.argv[2:] == [BY_MARKS]
    if not by_marks:
        linux.adopt_orphans()
    spawn.hold_numbers(_FIRST_FREE)
    control = socket.socket(fileno=os.dup(0))
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    folder = Path(sys.argv[1])
    held = leftovers.hold(folder)
    keeper = _Keeper(control, null, by_marks=by_marks)
    keeper.until_it_is_to_end()
    signal.set_wakeup_fd(-1)
    left = _end_marked(keeper.groups, folder) if by_marks else _end_everything(folder)
    os.close(held)
    with contextlib.suppress(OSError):  # nobody listens any more
        control.sendall(packed({"closed": True, "left": left}))
    return 0


class _Keeper:
    def __init__(self, control: socket.socket, null: int, *, by_marks: bool) -> None:
        self._control = control
        self._null = null
        self._by_marks = by_marks
        self.groups: set[int] = set()
        # Kept by name: a Popen that is forgotten collects its child by itself, status and all.
        self._programs: dict[int, spawn.Child] = {}
        self._told_to_end = False
        self._wakeup, write = os.pipe()
        for end in (self._wakeup, write):
            os.set_blocking(end, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._tell_to_end)
        signal.set_wakeup_fd(write)

    def until_it_is_to_end(self) -> None:
        """Start and watch programs until the server says close, or is gone."""
        control = self._control.fileno()
        while not self._told_to_end:
            ready, _, _ = select.select([control, self._wakeup], (), ())
            if self._wakeup in ready:
                os.read(self._wakeup, 4096)
                self._collect()
            if control in ready and not self._serve_one():
                return

    def _tell_to_end(self, *_: object) -> None:
        self._told_to_end = True

    def _collect(self) -> None:
        ended, _ = tree.reap()
        for pid, status in ended.items():
            if (program := self._programs.pop(pid, None)) is not None:
                program.returncode = os.waitstatus_to_exitcode(status)
                self._say({"ended": pid, "exit": program.returncode})
                if not kin.still_there(pid):
                    self.groups.discard(pid)

    def _serve_one(self) -> bool:
        try:
            head, handles, flags, _ = socket.recv_fds(self._control, LENGTH.size, MOST_HANDLES)
        except OSError:
            return False
        try:
            packet = _whole(self._control, head)
            if packet is None or flags & socket.MSG_CTRUNC:
                return False
            wanted = json.loads(packet)
            if "close" in wanted:
                return False
            if "signal" in wanted:
                self._signal(wanted["pid"], wanted["signal"])
            else:
                self._start(wanted, handles)
        finally:
            for handle in handles:
                os.close(handle)
        return True

    def _signal(self, pid: int, number: int) -> None:
        # Not collected yet, so its number is still its own.
        if pid in self._programs:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def _start(self, wanted: dict[str, Any], handles: list[int]) -> None:
        try:
            program = spawn.start_command(
                wanted["argv"],
                env=wanted["env"],
                cwd="/",
                stdin=self._null,
                stdout=self._null,
                stderr=self._null,
                at=dict(zip(wanted["numbers"], handles, strict=True)),
                die_with_parent=not self._by_marks,
            )
        except (OSError, ValueError) as error:
            # ValueError: text that the kernel can't take, such as a zero byte.
            reason = error.errno if isinstance(error, OSError) else errno.EINVAL
            self._say({"id": wanted["id"], "errno": reason or errno.EIO})
            return
        self._programs[program.pid] = program
        self.groups.add(program.pid)  # it leads a session of its own, and so a group
        self._say({"id": wanted["id"], "pid": program.pid})

    def _say(self, message: dict[str, Any]) -> None:
        with contextlib.suppress(OSError):  # nobody listens any more: the next read says so
            self._control.sendall(packed(message))


def _whole(control: socket.socket, head: bytes) -> bytes | None:
    """The message behind the first bytes of its length; None where the server is gone."""
    with contextlib.suppress(OSError):
        head = head and head + _exactly(control, LENGTH.size - len(head))
        if len(head) == LENGTH.size and (size := LENGTH.unpack(head)[0]) <= LARGEST:
            packet = _exactly(control, size)
            return packet if len(packet) == size else None
    return None


def _exactly(control: socket.socket, size: int) -> bytes:
    """So many bytes, or fewer at the end."""
    return control.recv(size, socket.MSG_WAITALL) if size else b""


def _end_everything(folder: Path) -> list[str]:
    """Kill every descendant and remove what they leave; sentences about what could not be."""
    displays = leftovers.displays_of([pid for pid, _ in tree.descendants(os.getpid())])
    begun = time.monotonic()
    more = True
    while more and time.monotonic() < begun + _ENDING:
        tree.send(os.getpid(), signal.SIGKILL)
        _, more = tree.reap()
        if more:
            time.sleep(_ROUND)
    left = ["A process of the desktop does not end."] if more else []
    return left + leftovers.remove(folder, displays)


def _end_marked(groups: set[int], folder: Path) -> list[str]:
    try:
        displays = leftovers.displays_of(kin.of(groups, folder))
        done = kin.end(groups, folder, _ENDING)
    except OSError:
        return ["Processes could not be listed: some of the desktop may be left."]
    left = [] if done else ["A process of the desktop does not end."]
    return left + leftovers.remove(folder, displays)


if __name__ == "__main__":
    sys.exit(main())
