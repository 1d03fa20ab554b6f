"""An agent's turn: what it is attached to, and the end of all of it at once.

Each attachment is a session with the browser from which the agent's other sessions are made, so
that detaching it detaches them all: Chromium ends the sessions that were made from one with it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from jupyter_agent.desktop.cdp import Cdp, CommandRefused
from jupyter_agent.errors import DesktopError

T = TypeVar("T")


class Turn:
    """From a hand-back to the next take-over.

    Args:
        cdp: The browser's pipe.

    Attributes:
        scripted: Whether a program had a connection in it, through which it can put scripts into
            pages that stay there when it is gone.
    """

    def __init__(self, cdp: Cdp) -> None:
        self.scripted = False
        self._cdp = cdp
        self._roots: set[str] = set()
        self._attaching: set[asyncio.Task[str]] = set()
        self._ended: asyncio.Future[DesktopError] = asyncio.get_running_loop().create_future()
        self._told: list[Callable[[DesktopError], None]] = []

    async def during(self, work: Coroutine[Any, Any, T]) -> T:
        """Do the agent's work, and give it up at once when the turn ends.

        Raises:
            DesktopError: Why the turn has ended, and what the work raises.
        """
        if self._ended.done():
            work.close()
            raise _again(self._ended.result())
        task = asyncio.ensure_future(work)
        # Looked at here already, or its error would be logged when it came too late.
        task.add_done_callback(lambda done: done.cancelled() or done.exception())
        try:
            await asyncio.wait((task, self._ended), return_when=asyncio.FIRST_COMPLETED)
            # In this order: a result that came together with the end is no longer the agent's.
            if self._ended.done():
                raise _again(self._ended.result())
            return task.result()
        finally:
            task.cancel()

    async def attach(self) -> str:
        """A session with the browser, for the agent; its other sessions are made from it."""
        attaching = asyncio.ensure_future(self._attach())
        self._attaching.add(attaching)
        attaching.add_done_callback(self._attaching.discard)
        return await self.during(_shielded(attaching))

    async def release(self, root: str) -> None:
        """End one attachment and the sessions made from it."""
        if root in self._roots:
            with contextlib.suppress(CommandRefused):  # it has ended already
                await self._cdp.send("Target.detachFromTarget", {"sessionId": root})
            self._roots.discard(root)

    def when_ended(self, told: Callable[[DesktopError], None]) -> None:
        """Call ``told`` once, when the turn ends, with the reason; at once if it has."""
        if self._ended.done():
            told(_again(self._ended.result()))
        else:
            self._told.append(told)

    def end(self, why: DesktopError) -> None:
        """From here on nothing goes to the agent, and nothing comes from it.

        Args:
            why: What it is told from now on.
        """
        if self._ended.done():
            return
        self._ended.set_result(why)
        for told in self._told:
            told(_again(why))
        self._told.clear()

    async def detach(self) -> None:
        """Detach everything, after ``end``; returns when the browser has.

        Raises:
            DesktopError: The browser did not.
        """
        # An attachment may be under way: it would be there after the others are gone.
        await asyncio.gather(*self._attaching, return_exceptions=True)
        await asyncio.gather(*(self.release(root) for root in tuple(self._roots)))

    async def _attach(self) -> str:
        attached = await self._cdp.send("Target.attachToBrowserTarget")
        root: str = attached["sessionId"]
        self._roots.add(root)
        return root


async def _shielded(task: asyncio.Task[T]) -> T:
    return await asyncio.shield(task)


def _again(why: DesktopError) -> DesktopError:
    """The same error anew: one exception that is raised in several tasks grows their frames."""
    return type(why)(why.message, why.hint)
