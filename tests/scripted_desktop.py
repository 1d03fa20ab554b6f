"""A provider that follows the protocol inside the test's own process: no browser, no picture.

For what the server does with any desktop; what a real one does is tested with the real ones.
"""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jupyter_agent.desktop.lease import Lease
from jupyter_agent.desktop.provider import (
    Availability,
    Caps,
    CloseReport,
    Download,
    HandBack,
    Isolation,
    Pause,
    StartOptions,
    StreamGrant,
)
from jupyter_agent.errors import DesktopClosed, LeaseLost, PersonDrives

JPEG = b"\xff\xd8 a picture \xff\xd9"


@dataclass
class ScriptedDesktop:
    """Does what it is told and remembers it."""

    options: StartOptions
    caps: Caps
    provider: str = "scripted"
    id: str = field(default_factory=lambda: secrets.token_hex(4))
    state: str = "idle"
    done: list[tuple[Any, ...]] = field(default_factory=list)
    lease: Lease | None = None
    touched: float = 0.0
    note: str = ""
    filled: bool = False
    """Whether a field for a password holds text."""

    async def host(self) -> str:
        return "bank.example"

    async def grant(self, mode: str, parent_origin: str, *, one_port: bool = False) -> StreamGrant:
        self.done.append(("grant", mode, parent_origin, one_port))
        ticket = secrets.token_urlsafe(32)
        return StreamGrant(f"http://127.0.0.1:1/#{ticket}", "http://127.0.0.1:1")

    async def take_over(self, who: str) -> Lease:
        self.lease, self.state, self.asked = Lease(who), "human", ""
        return self.lease

    async def hand_back(self, lease: Lease) -> HandBack:
        if self.lease is None or lease.id != self.lease.id:
            raise LeaseLost("Another page drives now.")
        if self.filled:
            return HandBack(done=False, reason="A password field holds text.")
        self.lease, self.state = None, "agent"
        return HandBack(done=True)

    def hold(self, lease: Lease) -> None:
        if self.lease is None or lease.id != self.lease.id:
            raise LeaseLost("Another page drives now.")
        self.done.append(("hold",))

    async def set_layout(self, layout: str) -> None:
        self.done.append(("layout", layout))

    asked: str = ""

    def ask(self, why: str) -> None:
        self.asked = why

    async def agent_channel(self) -> ScriptedDesktop:
        if self.state == "closed":
            raise DesktopClosed("It is closed.")
        if self.state != "agent":
            raise PersonDrives("A person drives.")
        return self

    async def files(self) -> list[Download]:
        return [Download("1", "report.csv", 3, done=True)]

    async def move(self, file_id: str, folder: Path) -> str:
        self.done.append(("move", file_id, folder))
        return "report.csv"

    async def close(self) -> CloseReport:
        self.state = "closed"
        return CloseReport(0.0)

    # -- as the agent's channel

    async def screenshot(self, *, limit: int = 700_000) -> bytes:
        return JPEG

    async def click(self, x: float, y: float) -> None:
        self.done.append(("click", x, y))

    async def type(self, text: str) -> None:
        self.done.append(("type", text))

    async def press(self, key: str) -> None:
        self.done.append(("press", key))

    async def navigate(self, url: str) -> None:
        self.done.append(("navigate", url))

    async def text(self) -> str:
        return "Welcome"

    async def endpoint(self) -> str:
        return "ws://127.0.0.1:1/agent"


@dataclass
class ScriptedProvider:
    """Serves them; can be slow, and can be missing something."""

    id: str = "scripted"
    title: str = "Scripted"
    missing: str = ""
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    problem: Exception | None = None
    desktops: list[ScriptedDesktop] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.ready.set()

    def caps(self) -> Caps:
        return Caps(Isolation.SAME_USER, Pause.ENFORCED, paste=True)

    async def available(self) -> Availability:
        if self.missing:
            return Availability(ok=False, reason=self.missing, install="apt-get install thing")
        return Availability(ok=True)

    async def start(self, options: StartOptions) -> ScriptedDesktop:
        await self.ready.wait()
        if self.problem is not None:
            raise self.problem
        self.desktops.append(ScriptedDesktop(options, self.caps()))
        return self.desktops[-1]
