"""The event loop that a kernel's conversations run on, beside the kernel's own.

The kernel's main thread waits for the cell's end, as for any cell: that keeps the order of cells,
Stop and nbclient. It shows what the other thread tells, because output belongs to the cell that
runs only where that cell runs.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable, Coroutine
from typing import Any, Final, TypeVar

T = TypeVar("T")

_ENDING: Final = 5.0
"""Seconds within which everything that was stopped is over: the broker kills after 1.4."""
_NOTHING: Final = object()


class ChatThread:
    """One thread with a loop; begun by its first use, ended by ``end`` or with the process."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None

    def follow(
        self,
        work: Callable[[Callable[[Any], None]], Coroutine[Any, Any, T]],
        show: Callable[[Any], None],
        idle: Callable[[], None],
        gap: float,
    ) -> T:
        """Do something on the loop and show what it tells, until it is over.

        Args:
            work: Given what it tells its events to.
            show: Called for each event, in this thread.
            idle: Called in this thread when there was no event for a while.
            gap: That while, in seconds.

        Raises:
            KeyboardInterrupt: ■ was pressed; the work was cancelled, and is over.
        """
        told: queue.SimpleQueue[Any] = queue.SimpleQueue()
        job = _Job(work, told, self._ready())
        job.begin()
        try:
            while not job.over.is_set() or not told.empty():
                try:
                    event = told.get(timeout=gap)
                except queue.Empty:
                    idle()
                    continue
                if event is not _NOTHING:
                    show(event)
        except BaseException:
            job.stop()
            job.over.wait(_ENDING)
            raise
        result: T = job.result()
        return result

    def end(self) -> None:
        """End the thread; a later use begins another one."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._loop = None

    def _ready(self) -> asyncio.AbstractEventLoop:
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            threading.Thread(
                target=_run, args=(self._loop,), name="agent_chat", daemon=True
            ).start()
        return self._loop


def _run(loop: asyncio.AbstractEventLoop) -> None:
    loop.run_forever()
    loop.close()


class _Job:
    """Something that runs on the loop."""

    def __init__(
        self,
        work: Callable[[Callable[[Any], None]], Coroutine[Any, Any, Any]],
        told: queue.SimpleQueue[Any],
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self._work, self._told, self._loop = work, told, loop
        self._task: asyncio.Task[None] | None = None
        self._result: Any = None
        self._error: BaseException | None = None
        self.over = threading.Event()

    def begin(self) -> None:
        self._loop.call_soon_threadsafe(self._create)

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(lambda: self._task and self._task.cancel())

    def result(self) -> Any:
        if self._error is not None:
            raise self._error
        return self._result

    def _create(self) -> None:
        self._task = self._loop.create_task(self._do())

    async def _do(self) -> None:
        try:
            self._result = await self._work(self._told.put)
        except asyncio.CancelledError:
            self._error = KeyboardInterrupt()
        except BaseException as error:  # noqa: BLE001  (raised where the cell runs)
            self._error = error
        finally:
            self.over.set()
            self._told.put(_NOTHING)
