"""What the broker says of a cell that the rules have looked at: stored values, and what is allowed.

A kernel is told one label or nothing, about strong values only. It waits a short time for it: when
the vault is locked or the broker does not answer, cells run by the rules alone, and that is printed
once. Where nothing is stored, no broker is started to say so.
"""

from __future__ import annotations

import sys
import time
from typing import Any, Final

from jupyter_agent.client import Client, matching
from jupyter_agent.errors import AgentError, BrokerUnreachable, RequestInvalid, RunLost, VaultLocked
from jupyter_agent.folders import Folders
from jupyter_agent.kernel.identity import open_client
from jupyter_agent.screen.finding import Finding
from jupyter_agent.screen.stored import stored

PATIENCE: Final = 3.0
"""Seconds that a cell waits for the broker."""

_PAUSE: Final = 10.0
"""Seconds for which a broker that did not answer is not asked again."""

_MOST_NAMED: Final = 8
"""Findings of which it is asked whether they are stored; a pasted key file may hold hundreds."""


class KnownValues:
    """Asks the broker as this kernel, one short conversation for each cell.

    Args:
        shell: The running ``InteractiveShell``.
    """

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self._not_before = 0.0
        self._said = False

    def judged(self, text: str, findings: list[Finding]) -> list[Finding]:
        """What stops a text: findings that are not allowed, and stored values by their label.

        Args:
            text: The cell.
            findings: What the rules say.
        """
        if not text.strip() or time.monotonic() < self._not_before:
            return findings
        folders = Folders.of()
        there = folders.has_vault
        try:
            return self._asked(text, findings, start=there)
        except RequestInvalid:
            return findings  # too long, or one of too many
        except AgentError as error:
            if isinstance(error, BrokerUnreachable) and there:
                self._not_before = time.monotonic() + _PAUSE
            # Without a vault there is nothing that could be missed.
            if there or isinstance(error, VaultLocked):
                self._say(error)
        except OSError:
            pass  # a folder that can't be used; `%secret` says so
        return findings

    def _asked(self, text: str, findings: list[Finding], *, start: bool) -> list[Finding]:
        """What the broker says; where one has ended while it was asked, what the next one says."""

        def ask() -> list[Finding]:
            with open_client(self._shell, start=start, seconds=PATIENCE) as client:
                return _judged(client, text, findings)

        try:
            return ask()
        except RunLost:
            return ask()

    def _say(self, error: AgentError) -> None:
        """Print once, below the cell that is about to run: until then its parent is another one."""
        if self._said:
            return
        self._said = True

        def once(*_: Any) -> None:
            events.unregister("pre_run_cell", once)
            message = f"Exact match off: cells are screened by the rules only. {error.message}"
            print(message, file=sys.stderr)  # noqa: T201  (a kernel's way to say something)

        events = self._shell.events
        events.register("pre_run_cell", once)


def _judged(client: Client, text: str, findings: list[Finding]) -> list[Finding]:
    left = _not_allowed(client, text, findings) if findings else []
    if not left:
        label = matching.label_in(client, text)
        # A kernel is not told where: the box gets an empty span, not a misleading one.
        return [] if label is None else [stored(label, "")]
    return [
        _named(client, text, finding) if number < _MOST_NAMED else finding
        for number, finding in enumerate(left)
    ]


def _not_allowed(client: Client, text: str, findings: list[Finding]) -> list[Finding]:
    asked = [{"rule": f.rule, "value": text[f.start : f.end]} for f in findings]
    allowed = client.call("allow.check", findings=asked)["allowed"]
    return [f for f, passes in zip(findings, allowed, strict=True) if not passes]


def _named(client: Client, text: str, finding: Finding) -> Finding:
    """The finding, or the stored value that it is."""
    label = matching.label_in(client, text[finding.start : finding.end])
    if label is None:
        return finding
    return stored(label, finding.kind, finding.start, finding.end)
