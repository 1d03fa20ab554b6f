"""The profile of a desktop that is to keep a person signed in: laid there, and saved at its end."""

from __future__ import annotations

from dataclasses import dataclass

from jupyter_agent.desktop.browser import Browser
from jupyter_agent.desktop.cdp import Cdp
from jupyter_agent.desktop.machine import Machine
from jupyter_agent.desktop.provider import Keeping
from jupyter_agent.errors import AgentError, DesktopUnavailable


@dataclass(frozen=True, slots=True)
class Kept:
    """Made by ``of``.

    Attributes:
        note: What a person should know: what was kept could not be opened. Or "".
    """

    keeping: Keeping
    provider: str
    machine: Machine
    note: str

    @classmethod
    async def of(
        cls, keeping: Keeping | None, provider: str, machine: Machine, *, wanted: bool
    ) -> Kept | None:
        """Lay there what was kept; None where it is not wanted.

        Raises:
            AgentError: It is wanted, and nothing can be kept.
        """
        if not wanted:
            return None
        if keeping is None:
            raise DesktopUnavailable("This desktop can't keep you signed in.")
        note = await keeping.restore(provider, machine.folder)
        return cls(keeping, provider, machine, note)

    @staticmethod
    async def save(kept: Kept | None, browser: Browser, cdp: Cdp | None) -> list[str]:
        """Close the browser and keep what it has; sentences about what went wrong."""
        if kept is None or kept.machine.closed.done():
            return []
        try:
            await browser.finish(cdp)
            await kept.keeping.save(kept.provider, kept.machine.folder)
        except AgentError as problem:
            return [f"You are not kept signed in: {problem.message}"]
        return []
