"""Has the broker write down what happens to desktops: who opened one, who drives, that it closed.

No address, no title and nothing of a page is told: at most the host. One after the other, so that
the record has them in their order; a person never waits for it.
"""

from __future__ import annotations

import asyncio
from logging import Logger

from jupyter_agent.errors import AgentError
from jupyter_agent.server.desktop.hosted import PANEL, PERSON, Hosted, Opener
from jupyter_agent.server.link import Link

_WITH_HOST = ("take over", "hand back")
"""When a person has just looked at the page: what it is then is what they meant."""


class Recording:
    """Writes it down.

    Args:
        link: The line to the broker.
        log: Told about failures, by their code.
    """

    def __init__(self, link: Link, log: Logger) -> None:
        self._link = link
        self._log = log
        self._one = asyncio.Lock()
        self._writing: set[asyncio.Task[None]] = set()

    def note(self, hosted: Hosted, what: str, actor: Opener | None = None) -> None:
        """Write one thing down, soon.

        Args:
            hosted: The desktop.
            what: As the broker knows it (``desktop.record``).
            actor: Who did it; the person, if none is given.
        """
        task = asyncio.create_task(self._note(hosted, what, actor or PERSON))
        self._writing.add(task)
        task.add_done_callback(self._writing.discard)

    async def close(self) -> None:
        """Return once everything is written down."""
        if self._writing:
            await asyncio.wait(set(self._writing), timeout=5)

    async def _note(self, hosted: Hosted, what: str, actor: Opener) -> None:
        async with self._one:
            try:
                await self._link.call(
                    "desktop.record",
                    what=what,
                    provider=hosted.provider.id,
                    host=await hosted.host() if what in _WITH_HOST else "",
                    actor="person" if actor.who == PANEL else actor.who,
                    notebook=actor.notebook,
                )
            except AgentError as problem:
                # A vault that is locked keeps nobody from taking over.
                self._log.warning("What happened to a desktop is not recorded: %s", problem.code)
