"""One process above each run: starts its command, and ends everything that comes of it.

It is a subreaper, so whatever the command starts stays below it; beyond Linux, where there is no
such thing, it finds what is in the command's session (``processes.session``). Its control socket is
its life line: when the broker closes it, or dies, the keeper kills the whole tree and ends.

On the control socket:
    broker → keeper   4-byte big-endian length, then {"argv": [...], "env": {...}, "cwd": "...",
                      "folder": where its private files go | null, "files": {path: base64},
                      "terminal": whether stdin is one, to be the command's own}
                      any byte                                    stop: INT, then TERM, then KILL
    keeper → broker   {"started": pid, "keeper": pid} | {"failed": errno, "files": bool}   one line
                      {"exit": n, "signal": n | null}             one line, when nothing is left;
                      with "others": true where only what is another user's is, as sudo makes it
"""

from __future__ import annotations

import base64
import contextlib
import errno
import json
import os
import select
import signal
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from jupyter_agent import spawn
from jupyter_agent.processes import linux, session, tree
from jupyter_agent.shell import files
from jupyter_agent.shell.files import Files
from jupyter_agent.shell.titles import KEEPER

assert sys.platform != "win32"  # noqa: S101  (for mypy: nothing is forked there)

TITLE: Final = KEEPER

STOP_STEPS: Final = ((0.0, signal.SIGINT), (0.7, signal.SIGTERM), (1.4, signal.SIGKILL))
"""Seconds after a stop was asked for, and what the whole tree gets then."""

_LEFTOVER_STEPS: Final = ((0.0, signal.SIGTERM), (0.2, signal.SIGKILL))
"""The same for what a command leaves behind when it has ended by itself."""

_KILL_AGAIN: Final = 0.01  # seconds between rounds of SIGKILL: a process may have forked in between
_LOOK_AGAIN: Final = 0.05
"""Seconds between looks for what is left of a command, where its end is told to nobody."""

_FRESH_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)


def prepare() -> None:
    """Become a keeper, of whichever run."""
    linux.rename_process(TITLE)
    linux.adopt_orphans()
    # Whoever started the broker may have ignored these (nohup, a background job), and an ignored
    # signal stays ignored in every command: Stop would have no effect.
    for number in _FRESH_SIGNALS:
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())


def keep(control: socket.socket, stdin: int, stdout: int, stderr: int) -> int:
    """Keep one run to its end, in a process that is prepared for it.

    Args:
        control: The broker's end of it is the other one.
        stdin: What the command reads.
        stdout: What it writes.
        stderr: The same for errors.
    """
    wanted = _read_wanted(control)
    if wanted is None:
        return 0
    on_terminal = wanted["terminal"] is True
    private = _private(wanted)
    try:
        # Its lock lives as long as we do.
        lock = files.make(private) if private else None
    except OSError as error:
        _forget(private)
        _say(control, {"failed": error.errno or errno.EIO, "files": True})
        return 0
    try:
        # Kept by name: a Popen that is forgotten collects its child by itself, status and all.
        command = spawn.start_command(
            wanted["argv"],
            env=wanted["env"],
            cwd=wanted["cwd"],
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            controlling_terminal=on_terminal,
        )
    except (OSError, ValueError) as error:
        _forget(private)
        # ValueError: text that the kernel can't take, such as a zero byte.
        reason = error.errno if isinstance(error, OSError) else errno.EINVAL
        _say(control, {"failed": reason or errno.EIO})
        return 0
    del wanted
    # The command has its own copies now. Ours must go, or its output would never end.
    for handle in (stdout, stderr):
        os.close(handle)
    if not on_terminal:
        os.close(stdin)
    _say(control, {"started": command.pid, "keeper": os.getpid()})
    watch = _Watch(control, command.pid, lambda: _forget(private))
    status = watch.until_nothing_is_left()
    # Before anybody hears that it is over. What the watch has removed may have been made anew.
    _forget(private)
    del lock
    if on_terminal:
        # Not before: a terminal that nobody has open says that it is over, although a program that
        # closed it may open it again by name.
        os.close(stdin)
    code = command.returncode = os.waitstatus_to_exitcode(status)
    ending = {"exit": 128 - code, "signal": -code} if code < 0 else {"exit": code, "signal": None}
    _say(control, {**ending, "others": True} if watch.others else ending)
    return 0


class _Watch:
    """What becomes of a command.

    Attributes:
        others: Whether what is left is another user's, which we can't end and don't wait for.
    """

    def __init__(self, control: socket.socket, command: int, forget: Callable[[], None]) -> None:
        self._control = control
        self._command = command
        self._forget = forget
        self._steps: list[tuple[float, signal.Signals]] = []
        self._looks = False
        self.others = False
        self._wakeup, write = os.pipe()
        for end in (self._wakeup, write):
            os.set_blocking(end, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(write)

    def until_nothing_is_left(self) -> int:
        """Return the command's wait status once every descendant is gone that can be ended."""
        watched = [self._control.fileno(), self._wakeup]
        status: int | None = None
        while True:
            ended, more = tree.reap()
            status = ended.get(self._command, status)
            if status is not None and not linux.ADOPTS:
                # Asked at once when the command has ended: its number is its session's until then.
                more = self._looks = bool(session.members(self._command))
            if self._command in ended and more and not self._steps:
                self._plan(_LEFTOVER_STEPS)
            if not more and status is not None:
                return status
            ready, _, _ = select.select(watched, (), (), self._pause())
            if self._wakeup in ready:
                os.read(self._wakeup, 4096)
            if self._control.fileno() in ready:
                gone = not self._control.recv(4096)
                if gone:
                    watched.remove(self._control.fileno())
                    self._plan(((0.0, signal.SIGKILL),))
                else:  # the only thing the broker says after the start is stop
                    self._plan(STOP_STEPS)
            self._take_steps()
            if self.others:
                return status if status is not None else signal.SIGKILL

    def _plan(self, steps: tuple[tuple[float, signal.Signals], ...]) -> None:
        now = time.monotonic()
        self._steps = [(now + delay, number) for delay, number in steps]

    def _pause(self) -> float | None:
        pause = max(0.0, self._steps[0][0] - time.monotonic()) if self._steps else None
        if self._looks:
            return _LOOK_AGAIN if pause is None else min(pause, _LOOK_AGAIN)
        return pause

    def _take_steps(self) -> None:
        now = time.monotonic()
        while self._steps and self._steps[0][0] <= now:
            _, number = self._steps.pop(0)
            refused = tree.send(os.getpid(), number)
            if not linux.ADOPTS:
                session.send(self._command, number)
            if number != signal.SIGINT:
                # From here on nothing has to work any more: a command that will not end must not
                # keep its files for longer than a second.
                self._forget()
            self.others = refused and number == signal.SIGKILL
            if number == signal.SIGKILL and not self._steps:
                self._steps = [(now + _KILL_AGAIN, number)]
                return


def _read_wanted(control: socket.socket) -> dict[str, Any] | None:
    # Exactly the bytes announced: what follows them is already a stop.
    head = control.recv(4, socket.MSG_WAITALL)
    body = control.recv(int.from_bytes(head, "big"), socket.MSG_WAITALL) if len(head) == 4 else b""
    if not body or len(body) < int.from_bytes(head, "big"):
        return None
    wanted: dict[str, Any] = json.loads(body)
    return wanted


def _private(wanted: dict[str, Any]) -> Files | None:
    if not wanted.get("folder"):
        return None
    contents = {path: base64.b64decode(content) for path, content in wanted.pop("files").items()}
    return Files(Path(wanted["folder"]), contents)


def _forget(private: Files | None) -> None:
    if private is not None:
        files.remove(private.folder)


def _say(control: socket.socket, message: dict[str, Any]) -> None:
    with contextlib.suppress(OSError):  # nobody listens any more: there is nobody to tell
        control.sendall(json.dumps(message).encode() + b"\n")
