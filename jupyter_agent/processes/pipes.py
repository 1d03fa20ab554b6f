"""A pair of pipes that two threads read and write, for an event loop that can't wait for them.

Windows has pipes that an event loop waits for, but a loop of another kind does that than the one
which Jupyter's server runs there, and a browser takes plain ones. It runs on every system.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import queue
import threading
from collections.abc import Callable
from typing import Final

_PIECE: Final = 1 << 18


class PipeThreads:
    """Both pipes, which are ours from here on. Made in the loop that is told what comes.

    Args:
        reads: Where it is read from.
        writes: Where it is written to.
        heard: Called in the loop with each piece that has come.
        ended: Called in the loop once nothing more comes. ``close`` does not stop that: the reading
            end is open for as long as the other side can write, because closing it under a thread
            that waits for it is not safe on Windows.
    """

    def __init__(
        self,
        reads: int,
        writes: int,
        heard: Callable[[bytes], None],
        ended: Callable[[], None],
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._queue: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        # Daemons: a thread that waits for a browser keeps no interpreter from ending.
        for work, arguments in (
            (self._read, (reads, heard, ended)),
            (self._write, (writes,)),
        ):
            threading.Thread(target=work, args=arguments, daemon=True).start()

    def write(self, data: bytes) -> None:
        """Have something written, behind what was before; nothing happens after the end."""
        self._queue.put(data)

    def close(self) -> None:
        """Close the writing end, once all of it was written."""
        self._queue.put(None)

    def _read(self, reads: int, heard: Callable[[bytes], None], ended: Callable[[], None]) -> None:
        try:
            with contextlib.suppress(OSError):  # Windows: the other side has ended
                while piece := os.read(reads, _PIECE):
                    self._tell(heard, piece)
        finally:
            os.close(reads)
            self._tell(ended)

    def _write(self, writes: int) -> None:
        with contextlib.suppress(OSError):  # nobody reads any more: the reading thread says so
            while (data := self._queue.get()) is not None:
                left = memoryview(data)
                while left:
                    left = left[os.write(writes, left) :]
        os.close(writes)

    def _tell(self, what: Callable[..., None], *about: bytes) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended before
            self._loop.call_soon_threadsafe(what, *about)
