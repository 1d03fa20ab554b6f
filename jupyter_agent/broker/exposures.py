"""Where values were seen that belong in the vault: remembered, told, and what to do about it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Final

from jupyter_agent.broker.opened import OpenedValues, Values
from jupyter_agent.broker.safe import Safe
from jupyter_agent.errors import AgentError
from jupyter_agent.screen import Screener

_AGAIN: Final = 600.0
"""Seconds after which the same place is written down anew. Each is a write of the vault."""


class Exposures:
    """Marks labels as seen.

    Args:
        safe: Holds them.
        values: What stands under them.
        screener: Tells a value's vendor, and so where it is revoked.
        changed: Called when a label was marked.
    """

    def __init__(
        self, safe: Safe, values: OpenedValues, screener: Screener, changed: Callable[[], None]
    ) -> None:
        self._safe = safe
        self._values = values
        self._screener = screener
        self._changed = changed
        self._marked: dict[tuple[str, str, str], float] = {}
        self._marked_of = ""
        self._tasks: set[asyncio.Task[None]] = set()
        self._pages: dict[str, str] = {}
        self._pages_of = ""

    def soon(
        self, labels: Iterable[str], where: str, notebook: str, then: Values | None = None
    ) -> None:
        """As ``seen``, without waiting for it."""
        task = asyncio.get_running_loop().create_task(self.seen(labels, where, notebook, then))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def seen(
        self, labels: Iterable[str], where: str, notebook: str, then: Values | None = None
    ) -> None:
        """Remember where values were seen; what can't be written is left.

        Args:
            labels: Whose.
            where: ``cell``, ``output`` or ``run`` (in a command's output, and scrubbed).
            notebook: Its path, or "".
            then: What was stored when they got there, if that is a while ago: another value may
                have a label since, and a value another label.
        """
        with suppress(AgentError):
            values = await self._values.current()
            if values is not None and self._marked_of != values.name:
                self._marked_of = values.name  # a value that was replaced is another one
                self._marked.clear()
            if values is not None and then is not None and values is not then:
                labels = list(filter(None, (values.label_of(label, then) for label in labels)))
        now = time.monotonic()
        for label in labels:
            place = (label, where, notebook)
            if now - self._marked.get(place, -_AGAIN) < _AGAIN:
                continue
            with suppress(AgentError, OSError):
                await self._safe.use(lambda vault: vault.mark_exposed(*place))  # noqa: B023  (at once)
                self._marked[place] = now
                self._changed()

    async def revoke_page(self, label: str) -> str:
        """The vendor's page to rotate or revoke a value, as far as the rules know it; else "".

        The value is looked at here and nowhere else; only its rule's public page leaves.
        """
        with suppress(AgentError):
            values = await self._values.current()
            if values is None:
                return ""
            if self._pages_of != values.name:
                self._pages_of, self._pages = values.name, {}
            if label not in self._pages:
                text = values.assigned(label)
                self._pages[label] = await asyncio.to_thread(self._revoke_page, text)
            return self._pages[label]
        return ""

    def _revoke_page(self, text: str) -> str:
        found = self._screener.screen(text)
        pages = [self._screener.rule(finding.rule).revoke for finding in found]
        return next(filter(None, pages), "")
