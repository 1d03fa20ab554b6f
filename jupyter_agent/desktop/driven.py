"""What every running desktop says of who drives it, and that it ends once."""

from __future__ import annotations

import asyncio
import secrets
from abc import ABC, abstractmethod

from jupyter_agent.desktop.driving import Driving
from jupyter_agent.desktop.lease import State, closed
from jupyter_agent.desktop.provider import CloseReport


class Driven(ABC):
    """That part of a running desktop (``provider.Desktop``).

    Args:
        driving: Who drives it.
    """

    def __init__(self, driving: Driving) -> None:
        self.id = secrets.token_hex(8)
        self._driving = driving
        self._closing: asyncio.Task[CloseReport] | None = None

    @property
    def state(self) -> State:
        """Who drives now."""
        return self._driving.state

    @property
    def asked(self) -> str:
        """Why somebody asked a person to take over."""
        return self._driving.leases.asked

    def ask(self, why: str) -> None:
        """Ask a person to take over; nothing but a sentence is shown."""
        self._driving.ask(why)

    async def close(self) -> CloseReport:
        """End it and everything that belongs to it. Again: the same report."""
        if self._closing is None:
            self._driving.close()
            self._closing = asyncio.create_task(self._close())
        # Whoever gives up waiting does not keep the rest of it from being ended.
        return await asyncio.shield(self._closing)

    @abstractmethod
    async def _close(self) -> CloseReport:
        """End what belongs to it: nobody drives any more."""

    def _refuse_closed(self) -> None:
        if self.state == "closed":
            raise closed()
