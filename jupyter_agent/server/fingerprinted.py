"""The fingerprints of what is stored now, kept up to date from the broker.

Begun when the first kernel speaks, so that loading the extension needs no broker. While nothing is
known, output waits a moment (``PATIENCE``), and then passes as it is; that it does is told once.
What was known stays known when the broker goes away or the vault is locked: a fingerprint is no
value, and a value that stood in the vault a moment ago is still one.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterable
from contextlib import suppress
from typing import Any, Final

from jupyter_agent.errors import AgentError
from jupyter_agent.scrub.fingerprints import Fingerprints
from jupyter_agent.server.link import Link, retries
from jupyter_agent.server.stored import Told

PATIENCE: Final = 4.0
_LOOKS: Final = 8
"""See ``stored``: what is read late because this loop was blocked has not come late."""

_MOST_BESIDES: Final = 256


class Fingerprinted:
    """What is recognised in output.

    Args:
        link: The line to the broker.
        told: As for ``StoredValues``.
        patience: See ``PATIENCE``.

    Attributes:
        known: What is recognised now; None while nobody can say.
    """

    def __init__(self, link: Link, told: Told, patience: float = PATIENCE) -> None:
        self._link = link
        self._told = told
        self._patience = patience
        self._watching: asyncio.Task[None] | None = None
        self._waiting: asyncio.Task[None] | None = None
        self._begun = itertools.count(1)
        self._published = 0
        self._settled = asyncio.Event()
        self._on = True
        self.known: Fingerprints | None = None
        self._stored: Fingerprints | None = None
        self._besides: dict[tuple[str, bytes], None] = {}

    @property
    def on(self) -> bool:
        """Whether stored values are recognised in output, as far as anybody had to know."""
        return self._on

    @property
    def settled(self) -> bool:
        """Whether it is decided what becomes of output; begins to find out where it is not."""
        if self._watching is None:
            loop = asyncio.get_running_loop()
            self._watching = loop.create_task(self._watch())
            self._waiting = loop.create_task(self._wait())
        return self._settled.is_set()

    async def begin(self, _conversation: object) -> None:
        """Find out: the broker is there, so that a kernel is, too, or will soon be."""
        _ = self.settled

    async def add(self, label: str, values: Iterable[str]) -> None:
        """Recognise further values from now on: what is no stored secret, and secret all the same.

        Args:
            label: What stands in their place.
            values: Strong ones.
        """
        more = {(label, value.encode()): None for value in values}
        if more.keys() <= self._besides.keys():
            return
        self._besides |= more
        while len(self._besides) > _MOST_BESIDES:
            del self._besides[next(iter(self._besides))]
        if self._stored is not None:
            await self._publish(self._stored)

    async def until_settled(self) -> None:
        """Wait until it is; never long."""
        await self._settled.wait()

    async def close(self) -> None:
        """Watch no more."""
        for task in (self._watching, self._waiting):
            if task is not None:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task

    async def _wait(self) -> None:
        for _ in range(_LOOKS):
            await asyncio.sleep(self._patience / _LOOKS)
        self._give_up()

    async def _watch(self) -> None:
        async for _ in retries():
            with suppress(AgentError):
                async with self._link.own_conversation() as client:
                    values: list[Any] = []
                    async for event in client.events("values.watch"):
                        if "problem" in event:
                            self._give_up(event["problem"])
                            continue
                        values += event["values"]
                        if not event["more"]:
                            await self._take({"key": event["key"], "values": values})
                            values = []

    async def _take(self, message: dict[str, Any]) -> None:
        self._stored = Fingerprints.from_json(message)
        await self._publish(self._stored)
        self._settled.set()
        self._switch(on=True)

    async def _publish(self, stored: Fingerprints) -> None:
        number = next(self._begun)
        known = stored.and_of(self._besides) if self._besides else stored
        await asyncio.to_thread(known.hasten)
        if number > self._published:  # or else one that was begun later was quicker
            self._published, self.known = number, known

    def _give_up(self, why: str = "The broker does not answer.") -> None:
        if self.known is None:
            self._settled.set()
            self._switch(on=False, why=why)

    def _switch(self, *, on: bool, why: str = "") -> None:
        if on != self._on:
            self._on = on
            self._told(on, why)
