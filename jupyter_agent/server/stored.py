"""Stored values in the texts that pass this server, as the broker recognises them.

Fail closed applies to runs. An ordinary cell runs by the rules alone when the vault is locked or
the broker does not answer in time; that this is so is told once, until it is over.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar

from jupyter_agent import wire
from jupyter_agent.client import matching
from jupyter_agent.client.matching import Known
from jupyter_agent.errors import AgentError, BrokerUnreachable, RequestInvalid, RunLost
from jupyter_agent.server.link import Link

PATIENCE: Final = 4.0
"""Seconds that a message waits for the broker; more for long texts."""
_LOOKS: Final = 8
"""In so many parts it waits. While somebody blocks this loop an answer may have come that nobody
has read yet, and its time is over at the same moment: that is one part, and not all of it."""
_CHARACTERS_A_SECOND: Final = 2_000_000
_PAUSE: Final = 5.0
"""Seconds for which a broker that could not be reached is not asked again."""
_AT_ONCE: Final = 16  # questions on the one line to the broker, which takes 64

T = TypeVar("T")
Told = Callable[[bool, str], None]


class StoredValues:
    """Asks the broker as the owner of this server.

    Args:
        link: The line to the broker.
        told: Called with False and a reason when values are recognised no longer, and with True
            when they are again.
        patience: See ``PATIENCE``.

    Attributes:
        values: The broker's word for what is stored: another one after any value has changed.
    """

    def __init__(self, link: Link, told: Told, patience: float = PATIENCE) -> None:
        self._link = link
        self._told = told
        self._patience = patience
        self._on = True
        self.values = ""
        self._not_before = 0.0
        self._turns = asyncio.Semaphore(_AT_ONCE)
        self._tasks: set[asyncio.Task[Any]] = set()

    @property
    def on(self) -> bool:
        """Whether values were recognised when somebody asked last."""
        return self._on

    async def find(self, text: str) -> list[Known] | None:
        """Every stored value in a text; None where nobody can say."""
        seconds = self._patience + len(text) / _CHARACTERS_A_SECOND
        try:
            async with self._turns:
                if time.monotonic() < self._not_before:
                    return None
                asking = self._again(lambda: self._ask(text))
                result = await self._within(seconds, asking)
        except RequestInvalid:
            return None  # this one text is too long
        except AgentError as error:
            if isinstance(error, BrokerUnreachable):
                self._not_before = time.monotonic() + _PAUSE
            self._switch(on=False, why=error.message)
            return None
        self._switch(on=True)
        answer = matching.answer(result)
        self.values = answer.values
        return answer.matches

    async def allowed(
        self, findings: list[dict[str, str]], notebook: str, *, spend: bool = True
    ) -> dict[str, Any] | None:
        """Which findings a person has allowed; None where nobody can say.

        Args:
            findings: Each with ``rule`` and ``value``.
            notebook: In which they stand, absolute, or "".
            spend: Whether "once" is used up by this.
        """
        try:
            async with self._turns:
                fields = {"findings": findings, "notebook": notebook, "spend": spend}
                asking = self._again(lambda: self._link.call("allow.check", **fields))
                answer: dict[str, Any] = await self._within(self._patience, asking)
        except AgentError:
            return None
        return answer

    def mark_exposed(
        self,
        label: str,
        notebook: str,
        where: str = "cell",
        then: Callable[[wire.Message], None] = lambda _meta: None,
    ) -> None:
        """Have it remembered that a value was seen; soon, and without waiting for it.

        Args:
            label: Whose.
            notebook: Its path, or "".
            where: ``cell`` or ``output``.
            then: Called with what is known of the secret, once that is done.
        """

        async def mark() -> None:
            with contextlib.suppress(AgentError):  # it was stopped, or scrubbed, all the same
                place = {"label": label, "where": where, "notebook": notebook}
                then((await self._link.call("secret.exposed", **place))["secret"])

        self._keep(asyncio.get_running_loop().create_task(mark()))

    async def close(self) -> None:
        """Give up what is still being asked."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _ask(self, text: str) -> Any:
        result: Any = {}
        for fields in matching.requests(text):
            result = await self._link.call("match", **fields)
        return result

    async def _again(self, ask: Callable[[], Awaitable[T]]) -> T:
        """What the broker says; where one has ended while it was asked, what the next one says."""
        try:
            return await ask()
        except RunLost:
            return await ask()

    async def _within(self, seconds: float, asking: Any) -> Any:
        # Not cancelled when the time is over: it may be the one that starts the broker for all.
        task = self._keep(asyncio.ensure_future(asking))
        for _ in range(_LOOKS):
            done, _ = await asyncio.wait({task}, timeout=seconds / _LOOKS)
            if done:
                return task.result()
        raise BrokerUnreachable("The broker does not answer.")

    def _keep(self, task: asyncio.Task[Any]) -> asyncio.Task[Any]:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        # Nobody may wait for it any more; asyncio would log what it raised.
        task.add_done_callback(lambda done: done.cancelled() or done.exception())
        return task

    def _switch(self, *, on: bool, why: str = "") -> None:
        if on != self._on:
            self._on = on
            self._told(on, why)
