"""What an agent can do on a desktop while it drives: the same for every provider."""

from __future__ import annotations

from typing import Protocol


class AgentChannel(Protocol):
    """The agent's hands and eyes. Made for one turn of the agent; dead once a person takes over.

    Every method raises ``PersonDrives`` within 100 ms once a person drives or the desktop is
    paused, those that were waiting too, and ``DesktopClosed`` once it is closed.
    """

    async def screenshot(self, *, limit: int = 700_000) -> bytes:
        """The page in front as JPEG, of at most ``limit`` bytes (a smaller quality, if need be)."""
        ...

    async def click(self, x: float, y: float) -> None:
        """Click the page at CSS pixels from its top left corner."""
        ...

    async def type(self, text: str) -> None:
        """Type text into what has the focus. Never a secret: an agent has none."""
        ...

    async def press(self, key: str) -> None:
        """Press a key by its DOM name (``Enter``, ``Tab``, ``ArrowDown``…)."""
        ...

    async def navigate(self, url: str) -> None:
        """Open an http or https address, and wait until it is there."""
        ...

    async def text(self) -> str:
        """The visible text of the page in front, without what stands in fields."""
        ...

    async def endpoint(self) -> str:
        """A WebSocket address on loopback that speaks the permitted part of CDP, for Playwright.

        Its ticket is good once, for 30 seconds; its connection ends when a person takes over.
        """
        ...
