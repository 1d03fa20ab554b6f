"""A run as the broker sees it: bytes that come, one stop, one ending."""

from __future__ import annotations

import asyncio
import json
import os
import socket
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from jupyter_agent.errors import CommandNotStarted
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
    """One started command. Made by ``start``."""

    def __init__(
        self,
        lines: asyncio.StreamReader,
        control: asyncio.StreamWriter,
        outputs: dict[Stream, int],
    ) -> None:
        self._lines = lines
        self._control = control
        self._outputs = outputs

    @classmethod
    async def start(
        cls, door: socket.socket, argv: Sequence[str], *, env: Mapping[str, str], cwd: str
    ) -> Process:
        """Start a command below the runner.

        Args:
            door: The runner's socket.
            argv: Program and arguments; nothing secret.
            env: Its whole environment.
            cwd: Absolute folder.

        Raises:
            CommandNotStarted: The program or the folder is not there or may not be used.
        """
        ours, theirs = socket.socketpair()
        read_out, write_out = os.pipe()
        read_err, write_err = os.pipe()
        stdin = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
        try:
            runner.hand_over(door, theirs.fileno(), stdin, write_out, write_err)
        except OSError:
            for handle in (read_out, read_err):
                os.close(handle)
            ours.close()
            raise CommandNotStarted("The runner is gone.", "Run it again.") from None
        finally:
            theirs.close()
            for handle in (stdin, write_out, write_err):
                os.close(handle)
        lines, control = await asyncio.open_unix_connection(sock=ours)
        process = cls(lines, control, {"stdout": read_out, "stderr": read_err})
        wanted = json.dumps({"argv": list(argv), "env": dict(env), "cwd": cwd}).encode()
        try:
            control.write(len(wanted).to_bytes(4, "big") + wanted)
            await control.drain()
            answer = await process._answer()
        except BaseException:
            process.close()
            raise
        if "started" not in answer:
            process.close()
            reason = os.strerror(answer.get("failed") or 0)
            raise CommandNotStarted(
                f"The command could not be started: {reason}.",
                "Check that the program and the folder exist.",
                data={"errno": answer.get("failed") or 0},
            )
        return process

    async def pump(self, sink: Sink) -> Ending:
        """Hand every byte to the sink until the command and all its descendants are gone."""
        readers = [
            asyncio.create_task(_read(handle, stream, sink))
            for stream, handle in self._outputs.items()
        ]
        self._outputs = {}
        try:
            answer = await self._answer()
            # Nothing is left that could write, except where a descriptor was given away to a
            # process outside the tree; that one is not waited for.
            done, late = await asyncio.wait(readers, timeout=_DRAIN)
            for task in late:
                task.cancel()
            for task in done:
                task.result()
        finally:
            for task in readers:
                task.cancel()
            await asyncio.gather(*readers, return_exceptions=True)
            self.close()
        if "exit" not in answer:  # the keeper was killed; the runner has ended what it kept
            return Ending(137, 9)
        return Ending(int(answer["exit"]), answer["signal"])

    def stop(self) -> None:
        """End the whole tree: INT now, TERM at 0.7 s, KILL at 1.4 s."""
        if not self._control.is_closing():
            self._control.write(b"!")

    def close(self) -> None:
        """Let go of it; what still runs is killed at once."""
        for handle in self._outputs.values():
            os.close(handle)
        self._outputs = {}
        self._control.close()

    async def _answer(self) -> dict[str, Any]:
        try:
            line = await self._lines.readline()
        except OSError:
            line = b""
        answer: dict[str, Any] = json.loads(line or b"{}")
        return answer


async def _read(handle: int, stream: Stream, sink: Sink) -> None:
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=_READ)
    file = os.fdopen(handle, "rb", buffering=0)
    transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), file)
    try:
        while chunk := await reader.read(_READ):
            await sink(stream, chunk)
    finally:
        transport.close()
