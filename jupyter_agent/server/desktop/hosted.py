"""One desktop of this server, from the click that starts it to its end."""

from __future__ import annotations

import dataclasses
import secrets
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from jupyter_agent import wire
from jupyter_agent.desktop.lease import State
from jupyter_agent.desktop.provider import Caps, Desktop, DesktopProvider, StartOptions
from jupyter_agent.errors import AgentError, DesktopClosed

PANEL = "panel"
"""Who has opened a desktop that was started by a click."""


@dataclass(frozen=True, slots=True)
class Opener:
    """Who has opened a desktop, or done something else with it.

    Attributes:
        who: ``panel``, or the asker's name as the broker knows it (``kernel:ID``, ``agent:NAME``);
            of what closes one also what nobody did, see below.
        notebook: Its kernel's notebook, absolute, where there is one.
    """

    who: str = PANEL
    notebook: str | None = None


PERSON: Final = Opener()
IDLE: Final = Opener("idle")
"""Nobody has used it for long enough."""
LIMIT: Final = Opener("limit")
"""It has been open for as long as one may be."""
PROVIDER: Final = Opener("provider")
"""Its browser, or the session at its provider, has ended by itself."""
SERVER: Final = Opener("server")
"""The Jupyter server ends."""


@dataclass(slots=True, repr=False)
class Hosted:
    """A desktop, also while it starts and after that has failed. Times are the loop's clock.

    Attributes:
        provider: What serves it.
        options: How it was started.
        opener: Who has opened it.
        begun: When.
        used: When somebody has last done something with it.
        id: Its public name: no capability.
        since: When it was begun, RFC 3339.
        desktop: The running one, once it runs.
        problem: Why it does not.
        who: The person who drives, or "".
        layout: The keyboard layout that it has now.
        asker: Who asked last that a person takes over.
        turn: How often it has changed hands. A page knows by it whose lease counts now, and which
            of two answers is the newer one.
    """

    provider: DesktopProvider
    options: StartOptions
    opener: Opener
    begun: float
    used: float
    id: str = field(default_factory=lambda: secrets.token_hex(4))
    since: str = field(default_factory=wire.timestamp)
    desktop: Desktop | None = None
    problem: AgentError | None = None
    who: str = ""
    layout: str = ""
    turn: int = 0
    asker: Opener = PERSON

    def __post_init__(self) -> None:
        self.layout = self.options.layout

    @property
    def state(self) -> State | Literal["failed"]:
        """Who drives, or that it starts, or that it could not."""
        if self.desktop is not None:
            return self.desktop.state
        return "failed" if self.problem else "starting"

    @property
    def is_the_agents(self) -> bool:
        """Whether the agent drives, and no person was asked to: there is nothing to wait for."""
        return self.desktop is not None and self.state == "agent" and not self.desktop.asked

    @property
    def ends(self) -> float:
        """When it is closed, if nobody does anything."""
        touched = self.desktop.touched if self.desktop is not None else 0.0
        used = max(self.used, touched)
        return min(self.begun + self.options.longest, used + self.options.idle)

    def running(self) -> Desktop:
        """The running desktop.

        Raises:
            AgentError: It could not be started, or has not been yet.
        """
        if self.problem is not None:
            raise self.problem
        if self.desktop is None:
            raise DesktopClosed("That desktop is still starting.", "Try again in a moment.")
        return self.desktop

    def is_for(self, who: str) -> bool:
        """Whether an asker may use it: its own, and what a person has opened in the panel."""
        return self.opener.who == who or (self.opener.who == PANEL and who != "guest")

    async def for_agents(self) -> dict[str, Any]:
        """What kernels and agents are told: never an address of the picture."""
        return {
            "id": self.id,
            "provider": self.provider.id,
            "state": self.state,
            "host": await self.host(),
            "since": self.since,
        }

    async def for_page(self, now: float) -> dict[str, Any]:
        """What the owner's page shows.

        Args:
            now: The loop's clock.
        """
        caps = self.desktop.caps if self.desktop is not None else self.provider.caps()
        return {
            **await self.for_agents(),
            "title": self.provider.title,
            "caps": caps_json(caps),
            "keep": self.options.keep,
            "note": self.desktop.note if self.desktop is not None else "",
            "strict": self.options.strict,
            "layout": self.layout,
            "notebook": self.opener.notebook,
            "opener": self.opener.who,
            "who": self.who if self.state == "human" else "",
            "turn": self.turn,
            "asked": self._asked(),
            "files": await self._files(),
            "seconds_left": max(0, round(self.ends - now)),
            "away": self.options.away,
            "problem": self.problem.to_json() if self.problem else None,
        }

    async def _files(self) -> list[dict[str, Any]]:
        if self.desktop is None or self.state == "closed":
            return []
        try:
            return [dataclasses.asdict(file) for file in await self.desktop.files()]
        except AgentError:
            return []

    def _asked(self) -> dict[str, Any] | None:
        why = self.desktop.asked if self.desktop is not None else ""
        if not why:
            return None
        return {"who": self.asker.who, "notebook": self.asker.notebook, "why": why}

    async def host(self) -> str:
        """The real host of the page in front, or "" where nobody knows it."""
        if self.desktop is None or self.state == "closed":
            return ""
        try:
            return await self.desktop.host()
        except AgentError:
            return ""


def caps_json(caps: Caps) -> dict[str, Any]:
    """What a provider's desktops can do, as the page reads it."""
    return {
        "isolation": caps.isolation.value,
        "pause": caps.pause.value,
        "view_only": caps.view_only,
        "agent": caps.agent,
        "paste": caps.paste,
        "keyboard_layout": caps.keyboard_layout,
        "downloads": caps.downloads,
        "profile": caps.profile,
        "resize": caps.resize,
    }
