"""Stored values that were seen in what a kernel said: marked, and told to the pages once."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterable
from logging import Logger
from typing import Any

from jupyter_agent.server.fingerprinted import Fingerprinted
from jupyter_agent.server.relay import Relay
from jupyter_agent.server.stored import StoredValues


class SeenInOutput:
    """Reports hits.

    Args:
        fingerprinted: What is recognised; when that changes, a label may be another value's.
        values: Has labels marked.
        relay: Tells the pages.
        notebook_of: The notebook of a kernel, absolute, or "".
        loop: The server's.
        log: Told the label.
    """

    def __init__(  # noqa: PLR0913, PLR0917  (the server's rooms)
        self,
        fingerprinted: Fingerprinted,
        values: StoredValues,
        relay: Relay,
        notebook_of: Callable[[str], str],
        loop: asyncio.AbstractEventLoop,
        log: Logger,
    ) -> None:
        self.fingerprinted = fingerprinted
        self._values = values
        self._relay = relay
        self._notebook_of = notebook_of
        self._loop = loop
        self._log = log
        self._told: set[tuple[str, str]] = set()
        self._told_of: object = None

    def report_soon(self, labels: Iterable[str], kernel_id: str) -> None:
        """Report values that were replaced in a message of a kernel; from any thread."""
        with contextlib.suppress(RuntimeError):  # the server has ended
            self._loop.call_soon_threadsafe(self._report, labels, kernel_id)

    def _report(self, labels: Iterable[str], kernel_id: str) -> None:
        notebook = self._notebook_of(kernel_id)
        if self._told_of is not self.fingerprinted.known:
            self._told_of = self.fingerprinted.known
            self._told.clear()
        for label in labels:
            if (label, notebook) in self._told:
                continue
            self._told.add((label, notebook))
            self._log.warning("A kernel said the value of %s; it was replaced.", label)
            self._values.mark_exposed(label, notebook, "output", self._tell_of(label, notebook))

    def _tell_of(self, label: str, notebook: str) -> Callable[[dict[str, Any]], None]:
        def tell(meta: dict[str, Any]) -> None:
            event = {"event": "exposed", "label": label, "where": "output", "notebook": notebook}
            self._relay.tell({**event, "revoke": meta.get("revoke", "")})

        return tell
