"""A run as the broker sees it: bytes that come, one stop, one ending."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import json
import os
import select
import socket
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from jupyter_agent import wire
from jupyter_agent.errors import CommandNotStarted
from jupyter_agent.opening import CLOSE_ON_EXEC
from jupyter_agent.shell.files import Files
from jupyter_agent.shell.terminal import Terminal

if TYPE_CHECKING or sys.platform != "win32":  # the broker has no runner there
    from jupyter_agent.shell import runner

Stream = Literal["stdout", "stderr"]
Sink = Callable[[Stream, bytes], Awaitable[None]]
"""Takes a run's raw bytes; while it waits, the command waits."""

_READ: Final = 64 * 1024
_DRAIN: Final = 1.0  # seconds that output may still come after the whole tree is gone


@dataclass(frozen=True, slots=True)
class Ending:
    """How a command ended.

    Attributes:
        exit: As shells count: its own code, or 128 + n after signal n.
        signal: The signal that ended it, or None.
    """

    exit: int
    signal: int | None


class Process:
    """One started command. Made by ``start``.

    Attributes:
        keeper: The process above it and everything it has started.
        terminal: Its terminal, where it has one.
    """

    def __init__(
        self,
        control: socket.socket,
        outputs: dict[Stream, _Output],
        entry: _Input | None,
        terminal: Terminal | None,
    ) -> None:
        self._control = control
        self._outputs = outputs
        self._input = entry
        self.terminal = terminal
        self._said = b""
        self.keeper = 0

    @classmethod
    async def start(  # noqa: PLR0913  (these are what a process consists of)
        cls,
        door: socket.socket,
        argv: Sequence[str],
        *,
        env: Mapping[str, str],
        cwd: str,
        stdin: bytes | None = None,
        files: Files | None = None,
        terminal: Terminal | None = None,
    ) -> Process:
        """Start a command below the runner.

        Args:
            door: The runner's socket.
            argv: Program and arguments; nothing secret.
            env: Its whole environment.
            cwd: Absolute folder.
            stdin: What it reads, to the last byte; nothing at all if it is None.
            files: Its private files; they are there before it is, and go when it ends.
            terminal: A new one, to be its standard input, output and error; ours from now on.

        Raises:
            CommandNotStarted: The files can't be made; or the program or the folder is not there or
                may not be used.
        """
        folder = files.folder if files else None
        process = cls(*_hand_over(door, stdin, folder, terminal), terminal)
        wanted = _wanted(argv, env, cwd, files, on_terminal=terminal is not None)
        try:
            loop = asyncio.get_running_loop()
            with contextlib.suppress(OSError):  # a keeper that is gone has no answer either
                await loop.sock_sendall(process._control, len(wanted).to_bytes(4, "big") + wanted)
            del wanted, files
            answer = await process._answer()
        except BaseException:
            process.close()
            raise
        if "started" not in answer:
            process.close()
            raise _not_started(answer)
        process.keeper = int(answer["keeper"])
        return process

    async def pump(self, sink: Sink) -> Ending:
        """Hand every byte to the sink until the command and all its descendants are gone.

        Raises:
            Exception: What the sink raises; the command is then killed with all it started.
        """
        answer = asyncio.create_task(self._answer())
        readers = {
            asyncio.create_task(output.hand_to(stream, sink)): output
            for stream, output in self._outputs.items()
        }
        try:
            waiting = {answer, *readers}
            while not answer.done():
                done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    task.result()
            await _drain(readers, others=bool(answer.result().get("others")))
        finally:
            for task in (answer, *readers):
                task.cancel()
            await asyncio.gather(answer, *readers, return_exceptions=True)
            self.close()
        ending = answer.result()
        if "exit" not in ending:  # the keeper was killed; the runner has ended what it kept
            return Ending(137, 9)
        return Ending(int(ending["exit"]), ending["signal"])

    def stop(self) -> None:
        """End the whole tree: INT now, TERM at 0.7 s, KILL at 1.4 s."""
        with contextlib.suppress(OSError):  # it is over already
            self._control.send(b"!")

    def close(self) -> None:
        """Let go of it; what still runs is killed at once."""
        if self.terminal is not None:
            self.terminal.close()
        for output in self._outputs.values():
            output.close()
        self._outputs = {}
        if self._input is not None:
            self._input.close()
        self._control.close()

    async def _answer(self) -> dict[str, Any]:
        loop = asyncio.get_running_loop()
        while b"\n" not in self._said:
            try:
                more = await loop.sock_recv(self._control, 4096)
            except OSError:
                more = b""
            if not more:
                return {}
            self._said += more
        line, _, self._said = self._said.partition(b"\n")
        answer: dict[str, Any] = json.loads(line)
        return answer


class _Output:
    """The reading end of a command's stdout or stderr.

    Attributes:
        chunks: How many reads there were.
        waits: Whether it waits for the command, and not for the sink.
    """

    def __init__(self, handle: int) -> None:
        _let_wait(handle)
        self._handle = handle
        self.chunks = 0
        self.waits = False

    async def hand_to(self, stream: Stream, sink: Sink) -> None:
        """Read until the last writer is gone; while the sink waits, nothing is read."""
        while True:
            await self._readable()
            try:
                chunk = os.read(self._handle, _READ)
            except BlockingIOError:
                continue
            except OSError as error:
                if error.errno == errno.EIO:  # how a terminal says that its last user is gone
                    return
                raise
            if not chunk:
                return
            self.chunks += 1
            await sink(stream, chunk)

    async def _readable(self) -> None:
        loop = asyncio.get_running_loop()
        ready = loop.create_future()
        loop.add_reader(self._handle, _settle, ready)
        self.waits = True
        try:
            await ready
        finally:
            self.waits = False
            loop.remove_reader(self._handle)

    def is_empty(self) -> bool:
        """Whether there is nothing to read now, and writers are left."""
        poll = select.poll()
        poll.register(self._handle, select.POLLIN)
        return not poll.poll(0)

    def close(self) -> None:
        os.close(self._handle)


class _Input:
    """The writing end of a command's standard input: some bytes, then its end.

    Args:
        handle: The end of a pipe.
        content: What the command will read. Usually all of it fits into the pipe at once.
    """

    def __init__(self, handle: int, content: bytes) -> None:
        _let_wait(handle)
        self._handle = handle
        self._left = memoryview(content)
        self._loop = asyncio.get_running_loop()
        self._write()

    def _write(self) -> None:
        try:
            while self._left:
                self._left = self._left[os.write(self._handle, self._left) :]
        except BlockingIOError:
            self._loop.add_writer(self._handle, self._write)
            return
        except OSError:
            pass  # the command does not read, or is gone
        self.close()

    def close(self) -> None:
        if self._handle >= 0:
            self._loop.remove_writer(self._handle)
            os.close(self._handle)
        self._handle, self._left = -1, memoryview(b"")


def _settle(ready: asyncio.Future[None]) -> None:
    if not ready.done():
        ready.set_result(None)


async def _drain(readers: Mapping[asyncio.Task[None], _Output], *, others: bool = False) -> None:
    """Wait for the rest of the output after the tree is gone.

    Nothing is left that could write, except where a descriptor was given away to a process outside
    of the tree; that one is not waited for. A sink that is slow is.

    Args:
        readers: What reads each output.
        others: Whether something is left that is another user's: it may print for ever, and then
            finds nobody who reads.
    """
    left = {task for task in readers if not task.done()}
    while left:
        before = {task: readers[task].chunks for task in left}
        _, left = await asyncio.wait(left, timeout=_DRAIN)
        for task in set(left):
            output = readers[task]
            # (One that came back from its sink just now has not looked yet whether there is more.)
            quiet = output.waits and output.chunks == before[task] and output.is_empty()
            if quiet or others:
                task.cancel()
                left.discard(task)
    for task in readers:
        if task.done() and not task.cancelled():
            task.result()


def _wanted(
    argv: Sequence[str],
    env: Mapping[str, str],
    cwd: str,
    files: Files | None,
    *,
    on_terminal: bool,
) -> bytes:
    contents = files.contents if files else {}
    wanted = {
        "argv": list(argv),
        "env": dict(env),
        "cwd": cwd,
        "terminal": on_terminal,
        "folder": str(files.folder) if files else None,
        "files": {path: wire.to_base64(content) for path, content in contents.items()},
    }
    return json.dumps(wanted).encode()


def _let_wait(handle: int) -> None:
    """Let the event loop wait for a descriptor."""
    if sys.platform == "win32":
        raise NotImplementedError
    os.set_blocking(handle, False)


def _hand_over(
    door: socket.socket, stdin: bytes | None, folder: Path | None, terminal: Terminal | None
) -> tuple[socket.socket, dict[Stream, _Output], _Input | None]:
    """Give a new keeper its four descriptors, and return our ends of them.

    Raises:
        CommandNotStarted: The runner is gone, or no descriptor is free.
    """
    if sys.platform == "win32":
        raise NotImplementedError  # the broker has no runner there
    kept: list[int] = []
    given: list[int] = []
    try:
        if terminal is not None:
            given = [terminal.far]
            kept = [os.dup(terminal.near)]
        else:
            given, kept = _pipes(feeds=stdin is not None)
        ours, theirs = socket.socketpair()
        with theirs:
            kept.append(ours.detach())
            all_three = given if terminal is None else given * 3
            runner.hand_over(door, [theirs.fileno(), *all_three], folder)
    except OSError as error:
        for handle in kept:
            os.close(handle)
        if terminal is not None:
            terminal.close()
        reason = os.strerror(error.errno or 0)
        raise CommandNotStarted(f"The runner can't be used: {reason}.", "Run it again.") from None
    finally:
        for handle in given:
            os.close(handle)
    control = socket.socket(fileno=kept.pop())
    control.setblocking(False)
    streams: tuple[Stream, ...] = ("stdout", "stderr")  # a terminal has only one
    outputs: dict[Stream, _Output] = {
        stream: _Output(end) for stream, end in zip(streams, kept[:2], strict=False)
    }
    return control, outputs, None if stdin is None else _Input(kept[2], stdin)


def _pipes(*, feeds: bool) -> tuple[list[int], list[int]]:
    """The command's ends, stdin first, and ours, stdin last if there is any.

    Raises:
        OSError: No descriptor is free.
    """
    given: list[int] = []
    kept: list[int] = []
    try:
        for _ in range(3 if feeds else 2):
            reading, writing = os.pipe()
            kept.append(reading)
            given.append(writing)
        if feeds:
            kept[2], given[2] = given[2], kept[2]
            given.insert(0, given.pop())
        else:
            given.insert(0, os.open(os.devnull, os.O_RDONLY | CLOSE_ON_EXEC))
    except OSError:
        for handle in (*given, *kept):
            os.close(handle)
        raise
    return given, kept


def _not_started(answer: dict[str, Any]) -> CommandNotStarted:
    number = answer.get("failed")
    if not isinstance(number, int):
        return CommandNotStarted("The keeper of the command was killed.", "Run it again.")
    if answer.get("files"):
        return CommandNotStarted(
            f"The private files of the command could not be made: {os.strerror(number)}.",
            "Make room in memory: df -t tmpfs",
        )
    return CommandNotStarted(
        f"The command could not be started: {os.strerror(number)}.",
        "Hand long values over in files: --file ENV=LABEL"
        if number == errno.E2BIG
        else "Check that the program and the folder exist, and that you may use them.",
        data={"errno": number},
    )
