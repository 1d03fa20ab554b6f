"""How a conversation's model is reached: straight, where no key is needed, else through egress.

The way out is held as long as the kernel uses the model. Its port belongs to this kernel alone, and
the key is put in by the broker (docs/egress.md).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from jupyter_agent import wire
from jupyter_agent.chat import model
from jupyter_agent.chat.choice import Choice
from jupyter_agent.client.loop import AsyncClient
from jupyter_agent.errors import AgentError
from jupyter_agent.folders import Folders

Open = Callable[[], Awaitable[AsyncClient]]


class ModelWay:
    """The way to one model; made and used on one event loop.

    Args:
        chosen: Which model.
        open_client: Opens a conversation with the broker.
        approve: Puts a question with this id to the person at this terminal, or None.
    """

    def __init__(
        self,
        chosen: Choice,
        open_client: Open,
        approve: Callable[[str], Awaitable[None]] | None,
    ) -> None:
        self.chosen = chosen
        self._open_client = open_client
        self._approve = approve
        self._client: AsyncClient | None = None
        self._holding: asyncio.Task[None] | None = None
        self._model: Any = None

    async def ready(self, asking: Callable[[], None]) -> Any:
        """The model, to be asked at once.

        Args:
            asking: Called when a person is asked whether the key may be used.

        Raises:
            AgentError: The way was not permitted, or could not be opened.
        """
        if self._model is not None and not self._ended:
            return self._model
        await self.close()
        chosen = self.chosen
        if chosen.api == "local":
            from jupyter_agent.chat import local  # noqa: PLC0415  (seldom used)

            model.check_installed()
            address = await local.served(Folders.of())
            self._model = model.built(chosen, address, model.NO_KEY)
        elif not chosen.key:
            self._model = model.built(chosen, chosen.address, model.NO_KEY)
        else:
            model.check_installed()  # before anybody is asked
            base_url, placeholder = await self._opened(asking)
            self._model = model.built(chosen, base_url, placeholder)
        return self._model

    async def close(self) -> None:
        """Close the way out."""
        self._model = None
        if self._holding is not None:
            self._holding.cancel()
            self._holding = None
        if self._client is not None:
            await self._client.close()
            self._client = None

    @property
    def _ended(self) -> bool:
        # The broker closes a way by answering: a grant was taken back, or the vault was locked.
        return self._holding is not None and self._holding.done()

    async def _opened(self, asking: Callable[[], None]) -> tuple[str, str]:
        self._client = await self._open_client()
        try:
            events = self._client.events(
                "egress.open",
                **self.chosen.way(),
                approve=self._approve is not None,
                why=f"the chat cells of this notebook, answered by {self.chosen}",
            )
            async for message in events:
                if message.get("event") == "asking":
                    asking()
                    if self._approve is not None and "terminal" in message.get("where", ()):
                        await self._approve(str(message["approval_id"]))
                if message.get("event") == "open":
                    self._holding = asyncio.ensure_future(_held(events))
                    return _address(message, self.chosen)
        except BaseException:
            await self.close()
            raise
        raise AgentError("The broker opened no way to the model.")


async def _held(events: AsyncIterator[wire.Message]) -> None:
    with suppress(AgentError):
        async for _ in events:
            pass


def _address(way: wire.Message, chosen: Choice) -> tuple[str, str]:
    values = list(way["variables"].values())
    port = next(urlsplit(text).port for text in values if text.startswith("http://127.0.0.1:"))
    placeholder = next(text for text in values if text.startswith("jupyter-agent-placeholder-"))
    return f"http://127.0.0.1:{port}{chosen.path}", placeholder
