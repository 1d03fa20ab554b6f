"""A keeper's life line on Windows: its standard streams (``lifeline``).

Handles that a program is to have are laid into the keeper, which alone starts programs there: in
this process, where anything may start others meanwhile, no handle of a browser is ever one that
others inherit.
"""

from __future__ import annotations

import msvcrt
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from jupyter_agent import spawn
from jupyter_agent.processes.pipes import PipeThreads
from jupyter_agent.windows import handles as handles_of_windows

assert sys.platform == "win32"  # noqa: S101  (for mypy)


class Pipes:
    """See ``lifeline.Lifeline`` and ``lifeline.tie``."""

    def __init__(
        self, folder: Path, heard: Callable[[bytes], None], ended: Callable[[], None]
    ) -> None:
        self._gone = False
        self._ended = ended
        self.keeper = spawn.start_job_keeper(
            spawn.python("jupyter_agent.desktop.job_keeper", str(folder))
        )
        theirs = (self.keeper.stdout, self.keeper.stdin)
        reads, writes = (os.dup(end.fileno()) for end in theirs if end is not None)
        for end in theirs:
            if end is not None:
                end.close()
        self._pipes = PipeThreads(reads, writes, heard, self._end)

    def numbers(self, at: Mapping[int, int]) -> list[int]:
        """What they have become in the keeper, and so in the program that inherits them."""
        self._refuse_gone()
        return [
            handles_of_windows.give(msvcrt.get_osfhandle(ours), self.keeper.pid)
            for ours in at.values()
        ]

    def say(self, packet: bytes, handles: Sequence[int]) -> None:
        """Send one message; its handles are there already."""
        del handles
        self._refuse_gone()
        self._pipes.write(packet)

    def _refuse_gone(self) -> None:
        if self._gone:
            raise BrokenPipeError

    def _end(self) -> None:
        self._gone = True
        self._pipes.close()
        self._ended()
