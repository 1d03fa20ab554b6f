"""`request_secret`, in the way that is open: JupyterLab, an address the host shows, or a link.

The three ways end in the same words. No way takes the value through the host: MCP's form mode,
which would, is never used (MCP 2025-11-25, client/elicitation: what is sensitive takes URL mode).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, Literal, Protocol

from jupyter_agent.chat.door import EntryState, Told
from jupyter_agent.client.loop import AsyncClient
from jupyter_agent.mcp import host as hosts

Outcome = Literal["stored", "declined", "unanswered", "nobody"]

PATIENCE: Final = 45.0
"""Seconds that a call waits for a person: many hosts give up on a call after a minute."""


@dataclass(frozen=True, slots=True)
class Page:
    """A form at an address of its own.

    Attributes:
        id: Names it, and opens nothing.
        url: Where it is.
        done: What came of it: ``saved`` or ``declined``; cancelled when its time is over.
    """

    id: str
    url: str
    done: asyncio.Future[EntryState]


class Site(Protocol):
    """Serves such forms."""

    async def page(self, label: str, why: str) -> Page:
        """The form for a label; the same one as long as it is open."""
        ...


class Entries:
    """Asks for secrets, for one agent.

    Args:
        open_client: Opens a conversation with the broker, as the agent.
        site: Serves a form where no page of JupyterLab is open.
        patience: Seconds that one call waits.

    Attributes:
        links: Label → address of a form that a person may still fill in.
    """

    def __init__(
        self,
        open_client: Callable[[], Awaitable[AsyncClient]],
        site: Site,
        patience: float = PATIENCE,
    ) -> None:
        self._open = open_client
        self._site = site
        self._patience = patience
        self._asking: dict[str, asyncio.Task[Outcome]] = {}
        self.links: dict[str, str] = {}

    async def ask(self, label: str, why: str, told: Told) -> EntryState:
        """Ask for a label's value. ``pending``: nobody has entered it yet, and still may.

        Raises:
            AgentError: The broker can't be asked.
        """
        outcome = await self._in_jupyter(label, why, told)
        if outcome in ("stored", "declined"):
            self.links.pop(label, None)
            return "saved" if outcome == "stored" else "declined"
        return await self._on_a_page(label, why, told) if outcome == "nobody" else "pending"

    async def close(self) -> None:
        """Ask nobody any more."""
        for asking in self._asking.values():
            asking.cancel()
        await asyncio.gather(*self._asking.values(), return_exceptions=True)

    async def _in_jupyter(self, label: str, why: str, told: Told) -> Outcome:
        """Ask in JupyterLab. The question outlives the call: who asks again waits for that one."""
        asking = self._asking.get(label)
        if asking is None or asking.done():
            asking = self._asking[label] = asyncio.create_task(self._question(label, why))
        told("asking")
        done, _ = await asyncio.wait({asking}, timeout=self._patience)
        if not done:
            return "unanswered"
        del self._asking[label]
        return asking.result()

    async def _question(self, label: str, why: str) -> Outcome:
        client = await self._open()
        try:
            outcome: Outcome = (await client.call("secret.request", label=label, why=why))[
                "outcome"
            ]
        finally:
            await client.close()
        return outcome

    async def _on_a_page(self, label: str, why: str, told: Told) -> EntryState:
        page = await self._site.page(label, why)
        self.links[label] = page.url
        show = hosts.current.get().show_address
        if show is not None:
            message = f"Enter the secret {label} on a page of jupyter_agent on this machine."
            action = await show(message, page.url, page.id)
            if action == "decline":
                self.links.pop(label, None)
                return "declined"
            if action == "accept":
                told("asking")
                await asyncio.wait({page.done}, timeout=self._patience)
        if page.done.done() and not page.done.cancelled():
            self.links.pop(label, None)
            return page.done.result()
        return "pending"
