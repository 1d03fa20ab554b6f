"""A lease is lost when its page is gone: the desktop is paused then, and not the agent's.

Not at once: a page that is hidden gets no picture, and people look up a code in another tab. Where
the picture passes us its viewer shows whether the page is there; elsewhere the page says so itself.
"""

from __future__ import annotations

import asyncio
from typing import Final

from jupyter_agent.desktop.driving import Driving
from jupyter_agent.desktop.relay import Channel, Mode, Stream

LOST_AFTER: Final = 300.0
"""Seconds without a controlling viewer, or a word from the page."""


class Presence:
    """Ends a lease some time after its page was last there.

    Args:
        driving: Whose lease it is.
        lost_after: Seconds.
    """

    def __init__(self, driving: Driving, lost_after: float = LOST_AFTER) -> None:
        self._driving = driving
        self._lost_after = lost_after
        self._timer: asyncio.TimerHandle | None = None

    def lasts(self) -> None:
        """It is there until ``ends`` says otherwise."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def ends(self) -> None:
        """It was there just now, and may be gone."""
        self.lasts()
        # Of this lease only: whoever takes over meanwhile has a page of their own.
        lease = self._driving.leases.lease
        if lease is not None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(self._lost_after, self._driving.lose, lease)


class Holding:
    """A stream whose controlling viewer holds the lease (``relay.Stream``).

    Args:
        stream: What is looked at.
        driving: Whose lease it is.
        lost_after: Seconds without a controlling viewer.
    """

    def __init__(self, stream: Stream, driving: Driving, *, lost_after: float = LOST_AFTER) -> None:
        self.viewer = stream.viewer
        self._stream = stream
        self._presence = Presence(driving, lost_after)
        self._there = 0

    async def serve(self, channel: Channel, mode: Mode) -> None:
        """Serve one viewer until it is gone."""
        if mode != "control":
            await self._stream.serve(channel, mode)
            return
        self._there += 1
        self._presence.lasts()
        try:
            await self._stream.serve(channel, mode)
        finally:
            self._there -= 1
            # One that was let go of may end after the next one has come, which is there.
            if not self._there:
                self._presence.ends()
