"""Profiles that are kept, at the broker: it has the keys, and seals and opens them itself.

This server names the folder of a desktop. It gets no key, and reads nothing of what was kept but
what the browser in that folder then has.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jupyter_agent.server.link import Link


class Profiles:
    """See ``provider.Keeping``.

    Args:
        link: The line to the broker.
    """

    def __init__(self, link: Link) -> None:
        self._link = link

    async def restore(self, provider: str, folder: Path) -> str:
        """See ``provider.Keeping``."""
        answer = await self._link.call("profile.restore", provider=provider, folder=str(folder))
        return str(answer["note"])

    async def save(self, provider: str, folder: Path) -> None:
        """See ``provider.Keeping``."""
        await self._link.call("profile.save", provider=provider, folder=str(folder))

    async def forget(self, provider: str) -> None:
        """Drop what was kept for a provider's desktops, for good.

        Raises:
            AgentError: It could not be dropped.
        """
        await self._link.call("profile.forget", provider=provider)

    async def every(self) -> list[dict[str, Any]]:
        """What is kept: ``provider``, ``saved``, ``size``.

        Raises:
            AgentError: The broker can't be reached.
        """
        profiles: list[dict[str, Any]] = (await self._link.call("profile.list"))["profiles"]
        return profiles
