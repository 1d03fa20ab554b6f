"""The broker for callers that can't await: Jupyter's save hooks are plain functions.

The conversation lives in a thread of its own, and whoever asks waits a bounded time for it: a
broker that hangs makes a save late once, and then for a while no later at all.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from jupyter_agent import person
from jupyter_agent.client import Client
from jupyter_agent.errors import AgentError, BrokerError, BrokerUnreachable, RunLost
from jupyter_agent.folders import Folders

T = TypeVar("T")

_PAUSE: Final = 5.0
"""Seconds for which a broker that did not answer is not asked again."""


class Door:
    """Asks the broker as the owner of this server, and waits.

    Args:
        folders: Whose broker.
    """

    def __init__(self, folders: Folders) -> None:
        self._folders = folders
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="jupyter_agent saves")
        self._client: Client | None = None
        self._not_before = 0.0

    def ask(self, work: Callable[[Client], T], seconds: float) -> T:
        """Do something with the broker.

        Args:
            work: Done in a thread; it may ask several times.
            seconds: How long to wait.

        Raises:
            AgentError: What the broker says, or that it does not answer in time.
        """
        if time.monotonic() < self._not_before:
            raise BrokerUnreachable("The broker does not answer.")
        future = self._thread.submit(self._do, work, seconds)
        try:
            return future.result(seconds)
        except TimeoutError:
            future.cancel()
            self._not_before = time.monotonic() + _PAUSE
            raise BrokerUnreachable("The broker does not answer.") from None
        except BrokerError:
            if self._stored():  # or else no broker was started, and to ask again costs nothing
                self._not_before = time.monotonic() + _PAUSE
            raise

    async def close(self) -> None:
        """End the conversation. What still waits for an answer is given up."""
        self._thread.shutdown(wait=False, cancel_futures=True)
        if self._client is not None:
            self._client.close()

    def _do(self, work: Callable[[Client], T], seconds: float) -> T:
        for left in (1, 0):
            client = self._client or self._opened()
            client.limit(seconds)  # or this thread would wait for ever where nobody does any more
            self._client = client
            try:
                return work(client)
            except (RunLost, BrokerError) as error:
                client.close()
                self._client = None
                # An older broker has ended: the next one is asked. One that is slow is not.
                if not left or not isinstance(error, RunLost):
                    raise
        raise AssertionError  # the loop returns or raises

    def _opened(self) -> Client:
        try:
            return person.open_client(self._folders, start=self._stored())
        except AgentError:
            raise
        except OSError:
            raise BrokerUnreachable("The broker's folders can't be used.") from None

    def _stored(self) -> bool:
        """Whether there is something to know, so that a broker is worth starting."""
        return self._folders.has_vault
