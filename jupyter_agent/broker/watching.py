"""One approver's events, as many as are waiting to be read."""

from __future__ import annotations

import asyncio
from typing import Final

from jupyter_agent import wire
from jupyter_agent.errors import AgentError

_MOST_UNREAD: Final = 256  # events; a watcher that does not read must not fill the memory


class Watcher:
    """One approver's events.

    Attributes:
        behind: It has not read for too long, and gets no more.
    """

    def __init__(self) -> None:
        self._events: asyncio.Queue[wire.Message] = asyncio.Queue(_MOST_UNREAD)
        self.behind = False

    def tell(self, event: wire.Message) -> None:
        """Add an event."""
        try:
            self._events.put_nowait(event)
        except asyncio.QueueFull:
            self.behind = True

    async def next(self) -> wire.Message:
        """The next event.

        Raises:
            AgentError: Some were lost, because it read too slowly.
        """
        if self.behind:
            raise AgentError("Events were lost, because nobody read them.", "Watch again.")
        return await self._events.get()
