"""One run while it lasts: what can be done to it, and what persons are shown of it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

from jupyter_agent import wire
from jupyter_agent.shell.process import Process, Stream


@dataclass(slots=True, eq=False)
class Run:
    """One run while it lasts.

    Attributes:
        stopped: Somebody asked for its end.
        timed_out: Its time was over.
        starting: It is permitted and about to be there; what stops it now stops it then.
        shown: What `runs.list` says of it, once it was permitted; labels, never a value.
    """

    stopped: bool = False
    timed_out: bool = False
    starting: bool = False
    process: Process | None = None
    task: asyncio.Task[Any] | None = None
    sent: dict[Stream, int] = field(default_factory=lambda: {"stdout": 0, "stderr": 0})
    shown: wire.Message | None = None

    def stop(self) -> None:
        """End it; a run that still waits for permission ends at once."""
        self.stopped = True
        if self.process is not None:
            self.process.stop()
        elif self.task is not None and not self.starting:
            self.task.cancel()

    def started(self, process: Process) -> None:
        """It is there; and ends again, if it was stopped while it was being started."""
        self.process, self.starting = process, False
        if self.stopped:
            process.stop()

    def abandon(self) -> None:
        """Give it up: what still runs is killed, and what it has said is lost."""
        self.stopped = True
        if self.task is not None:
            self.task.cancel()

    def run_out(self) -> None:
        """End it because its time is over."""
        self.timed_out = True
        if self.process is not None:
            self.process.stop()
