"""What the audit says about one run, and what persons are shown of it."""

from __future__ import annotations

import asyncio
import os
import secrets
from typing import Any

from jupyter_agent import wire
from jupyter_agent.broker.callers import Caller
from jupyter_agent.broker.safe import Safe
from jupyter_agent.broker.wanted import Wanted
from jupyter_agent.errors import AgentError, VaultError
from jupyter_agent.screen import Screener, mask
from jupyter_agent.scrub import Scrubber


class RunRecord:
    """What the audit says about one run: a line at its start and one at its end.

    Args:
        safe: Vault and audit.
        caller: Who asked.
        wanted: For what.
        why: What an agent says about it, as ``Permission.said`` gives it.

    Attributes:
        run_id: Names the run.
        command: As it is written down: scrubbed and masked.
    """

    def __init__(self, safe: Safe, caller: Caller, wanted: Wanted, why: str = "") -> None:
        self.run_id = secrets.token_hex(8)
        self.command = ""
        self._safe = safe
        self._exact = wanted.command
        self._uses_secrets = bool(wanted.labels)
        self._begun = False
        self._about = {
            "actor": caller.name,
            "notebook": caller.notebook,
            "labels": list(wanted.labels),
            **spoken(why),
        }

    def shown(self, *, background: bool) -> wire.Message:
        """What persons are told of the run while it lasts."""
        return {
            "run_id": self.run_id,
            **self._about,
            "command": self.command,
            "started": wire.timestamp(),
            "background": background,
        }

    async def refused(self, decision: str) -> None:
        """Written instead of a start where nothing is run."""
        await self._write(self._line(decision))

    async def started(self, decision: str) -> None:
        """Written before the command exists. If it can't be written, nothing is run."""
        self._begun = True
        try:
            await self._write(self._line(decision) | {"run": self.run_id})
        except AgentError:
            self._begun = False
            raise

    async def ended(self, result: wire.Message, how: str) -> None:
        """Written for every start that was written.

        Args:
            result: What the caller is told.
            how: ``exited``, ``stopped``, ``timed out``, ``not started`` or ``lost``.
        """
        if not self._begun:
            return
        sent = sum(result["bytes"].values())
        more = {"run": self.run_id, "exit": result["exit"], "seconds": result["seconds"]}
        event = {**more, "ending": how, "bytes": sent, "hits": result["hits"]}
        await self._write(event, f"The command ended with {result['exit']}, but the record")

    def _line(self, decision: str) -> dict[str, Any]:
        return {
            "time": wire.timestamp(),
            **self._about,
            "command": self.command,
            "decision": decision,
            "ending": None,
            "exit": None,
            "seconds": None,
            "bytes": None,
            "hits": {},
        }

    async def _write(self, event: dict[str, Any], what: str = "Nothing is run: the audit") -> None:
        if not self._uses_secrets:
            return
        # A line that was begun is written whatever is stopped meanwhile: a start without its end
        # would say for ever that something still runs.
        exact = self._exact if "command" in event else None
        writing = asyncio.ensure_future(self._safe.record(event, exact))
        try:
            await asyncio.shield(writing)
        except asyncio.CancelledError:
            await asyncio.wait({writing})
            raise
        except OSError as error:
            raise VaultError(
                f"{what} can't be written: {os.strerror(error.errno or 0)}.",
                "Make room on the disk; see: jupyter agent doctor",
            ) from None


def spoken(why: str) -> dict[str, str]:
    """What an agent said about why, as the audit keeps it: under a name that says whose words."""
    return {"why": why} if why else {}


def written(command: str, scrubber: Scrubber, screener: Screener) -> str:
    """A command as the audit keeps it: without the values it was granted, and masked."""
    stream = scrubber.sibling()
    raw = command.encode(errors="surrogateescape")
    clean = (stream.feed(raw) + stream.finish()).decode(errors="replace")
    try:
        return mask(clean, screener.screen(clean))
    except AgentError:
        return "[not screened in time]"
