"""What the broker tells approvers, relayed to the owner's pages.

While a page is connected, this server is an approver: the broker asks the person instead of
refusing a run. Without a page it must not be one, or a run would wait for an answer that nobody
can give. So the broker is watched exactly as long as there is a page.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Final, Protocol

from tornado.websocket import WebSocketClosedError

from jupyter_agent.errors import AgentError
from jupyter_agent.server.link import Link, retries

Event = dict[str, Any]
Vouch = Callable[[], Awaitable[bool]]
"""Whether a person's page is at the other end; raises ``AgentError`` while nobody can say."""

_FOR_ANYBODY: Final = frozenset({"broker", "match", "masked"})
"""The events that a page gets of which that is not known yet. No question is among them."""


class Page(Protocol):
    """What is needed of a page's websocket."""

    def write_message(self, message: str) -> Any:
        """Send a text."""
        ...

    def close(self) -> None:
        """Hang up."""
        ...


class Relay:
    """Watches the broker for all connected pages.

    Args:
        link: The line to the broker.
    """

    def __init__(self, link: Link) -> None:
        self._link = link
        self._pages: set[Page] = set()
        self._unknown: dict[Page, Vouch] = {}
        self._asking: set[asyncio.Task[None]] = set()
        self._open: dict[str, Event] = {}
        self._state: str | None = None
        self._watching: asyncio.Task[None] | None = None

    def join(self, page: Page, vouch: Vouch | None = None) -> None:
        """Send events to a page from now on, beginning with where things stand.

        Args:
            page: Its websocket.
            vouch: Asked, as soon as there is a broker, before the page gets what is a person's; one
                that is none is hung up on. None where that is known.
        """
        self._pages.add(page)
        if vouch is not None:
            self._unknown[page] = vouch
        if self._state == "up" and vouch is not None:
            task = asyncio.create_task(self._ask_now(page))
            self._asking.add(task)
            task.add_done_callback(self._asking.discard)
        elif self._state is not None:
            self._begin(page)
        if self._watching is None:
            self._watching = asyncio.create_task(self._watch())

    def leave(self, page: Page) -> None:
        """Send nothing more to a page; with the last one the watch ends."""
        self._pages.discard(page)
        self._unknown.pop(page, None)
        if not self._pages and self._watching is not None:
            self._watching.cancel()
            self._watching = None
            self._forget()

    def tell(self, event: Event) -> None:
        """Tell all connected pages something that is the server's own news."""
        for page in list(self._pages):
            if page not in self._unknown or event["event"] in _FOR_ANYBODY:
                _send(page, event)

    async def close(self) -> None:
        """End the watch for good."""
        self._pages.clear()
        self._unknown.clear()
        if self._watching is not None:
            self._watching.cancel()
            with suppress(asyncio.CancelledError):
                await self._watching

    async def _watch(self) -> None:
        async for _ in retries():
            # RunLost, when the broker goes away; other errors, while none can be started.
            with suppress(AgentError):
                async with self._link.own_conversation() as client:
                    while self._unknown:  # others may join meanwhile
                        await self._ask_about(next(iter(self._unknown)))
                    self._tell({"event": "broker", "state": "up"})
                    async for event in client.events("approval.watch"):
                        self._relay(event)
            self._forget()
            self._tell({"event": "broker", "state": "down"})

    async def _ask_about(self, page: Page) -> None:
        """Let a page be a person's, or hang up.

        Raises:
            AgentError: The broker is gone again.
        """
        vouch = self._unknown.get(page)
        if vouch is None:
            return  # it has left
        if not await vouch():
            self._pages.discard(page)  # now, and not when the other end has agreed to it
            page.close()
        self._unknown.pop(page, None)

    async def _ask_now(self, page: Page) -> None:
        try:
            await self._ask_about(page)
        except AgentError:
            page.close()  # it comes again
        else:
            if page in self._pages:
                self._begin(page)

    def _begin(self, page: Page) -> None:
        _send(page, {"event": "broker", "state": self._state})
        for event in self._open.values() if page not in self._unknown else ():
            _send(page, event)

    def _relay(self, message: Event) -> None:
        event = {name: value for name, value in message.items() if name != "id"}
        kind = event.get("event")
        if kind == "approval":
            self._open[str(event["approval"]["approval_id"])] = event
        elif kind == "approval_closed":
            self._open.pop(str(event["approval_id"]), None)
        self._tell(event)

    def _tell(self, event: Event) -> None:
        if event["event"] == "broker":
            if event["state"] == self._state:
                return
            self._state = event["state"]
        self.tell(event)

    def _forget(self) -> None:
        self._open.clear()
        if self._watching is None:
            self._state = None


def _send(page: Page, event: Event) -> None:
    with suppress(WebSocketClosedError):
        page.write_message(json.dumps(event))
