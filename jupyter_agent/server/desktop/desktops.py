"""The desktops of this server: started, found, driven, and closed in time."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from logging import Logger
from pathlib import Path
from typing import Any, Final, Literal, Protocol

from jupyter_agent.desktop.lease import Lease
from jupyter_agent.desktop.provider import (
    CloseReport,
    Desktop,
    DesktopProvider,
    HandBack,
    StartOptions,
    StreamGrant,
)
from jupyter_agent.desktop.remote import secrets_in
from jupyter_agent.errors import AgentError, DesktopClosed, DesktopError, DesktopUnavailable
from jupyter_agent.server.desktop.hosted import (
    IDLE,
    LIMIT,
    PERSON,
    PROVIDER,
    SERVER,
    Hosted,
    Opener,
    caps_json,
)

MOST: Final = 4
"""Desktops at once; each takes some 400 MB."""

_LAST_WORDS: Final = 5.0
"""Seconds that a server that is ending gives each desktop; its keeper ends what is left."""

_LOOK_AGAIN: Final = 5.0  # seconds

ADDRESS: Final = "DESKTOP_ADDRESS"
"""What stands for the address of a picture elsewhere, where a kernel says it."""

Tell = Callable[[dict[str, Any]], None]
Recognise = Callable[[str, Iterable[str]], Awaitable[None]]


class Record(Protocol):
    """Writes down what happens to a desktop: see ``recording.Recording.note``."""

    def __call__(self, hosted: Hosted, what: str, actor: Opener | None = None) -> None:
        """Write one thing down, soon."""


class Desktops:
    """Knows every desktop that hangs below this server.

    Args:
        providers: What can serve one, best first.
        tell: Tells the owner's pages an event.
        log: Told about failures; never a page's address or host.
        record: Writes down what happens to one.
        off: Providers that the admin has not enabled, each with the setting that does it.
        recognise: Has values replaced in what kernels say.
        away: Provider → seconds, where the admin has set them (``StartOptions.away``).
    """

    def __init__(  # noqa: PLR0913  (what it works with)
        self,
        providers: Sequence[DesktopProvider],
        tell: Tell,
        log: Logger,
        record: Record,
        *,
        off: Sequence[tuple[str, str]] = (),
        recognise: Recognise | None = None,
        away: Mapping[str, float] | None = None,
    ) -> None:
        self._providers = {provider.id: provider for provider in providers}
        self._off = dict(off)
        self._recognise = recognise
        self._away = dict(away or {})
        self._tell = tell
        self._log = log
        self._record = record
        self._hosted: dict[str, Hosted] = {}
        self._starting: dict[str, asyncio.Task[None]] = {}
        self._clocks: dict[str, asyncio.Task[None]] = {}
        self._news = asyncio.Event()

    async def providers(self) -> list[dict[str, Any]]:
        """What can serve a desktop here, and what is missing where one can not."""
        found = []
        for provider in self._providers.values():
            there = await provider.available()
            found.append(
                {
                    "id": provider.id,
                    "title": provider.title,
                    "caps": caps_json(provider.caps()),
                    "ok": there.ok,
                    "reason": there.reason,
                    "install": there.install,
                }
            )
        return found

    async def for_terminal(self) -> list[dict[str, Any]]:
        """The same, and what is not enabled: each with the next step."""
        return [
            *await self.providers(),
            *(
                {
                    "id": name,
                    "title": name,
                    "ok": False,
                    "reason": "Not enabled on this server.",
                    "install": f"Put into jupyter_server_config.py: {setting}",
                }
                for name, setting in self._off.items()
            ),
        ]

    async def for_page(self) -> list[dict[str, Any]]:
        """Every desktop, oldest first, as the panel shows it."""
        now = asyncio.get_running_loop().time()
        return [await hosted.for_page(now) for hosted in list(self._hosted.values())]

    def of(self, who: str) -> list[Hosted]:
        """The desktops that an asker may use, oldest first."""
        return [hosted for hosted in self._hosted.values() if hosted.is_for(who)]

    def everyone(self) -> list[Hosted]:
        """Every desktop, oldest first."""
        return list(self._hosted.values())

    def find(self, desktop_id: str) -> Hosted:
        """One desktop.

        Raises:
            DesktopClosed: There is none of that name.
        """
        hosted = self._hosted.get(desktop_id)
        if hosted is None:
            raise DesktopClosed("That desktop is closed.", "Open a new one.")
        return hosted

    async def start(self, provider_id: str, options: StartOptions, opener: Opener) -> Hosted:
        """Begin to start a desktop; ``started`` waits for it.

        Args:
            provider_id: Which provider; "" for the first that can.
            options: How.
            opener: Who asks.

        Raises:
            DesktopUnavailable: No provider can, or too many run already.
        """
        provider = await self._provider(provider_id)
        if sum(hosted.state != "failed" for hosted in self._hosted.values()) >= MOST:
            raise DesktopUnavailable(f"{MOST} desktops run already.", "Close one of them first.")
        now = asyncio.get_running_loop().time()
        options = dataclasses.replace(options, away=self._away.get(provider.id, options.away))
        hosted = Hosted(provider, options, opener, begun=now, used=now)
        self._hosted[hosted.id] = hosted
        self._starting[hosted.id] = asyncio.create_task(self._start(hosted))
        self.changed()
        return hosted

    async def started(self, hosted: Hosted) -> Desktop:
        """The desktop, once it runs.

        Raises:
            AgentError: It could not be started.
        """
        if (task := self._starting.get(hosted.id)) is not None:
            await asyncio.wait({task})
        return hosted.running()

    def show(self, hosted: Hosted) -> None:
        """Have a page of the owner show it. It takes nobody's lease."""
        self._tell({"event": "desktop", "show": hosted.id})

    def ask(self, hosted: Hosted, asker: Opener, why: str) -> None:
        """Have the panel show that somebody asks a person to take over, and why.

        Raises:
            AgentError: The desktop is closed, or does not run yet.
        """
        desktop = hosted.running()
        first = not desktop.asked
        desktop.ask(why or "No reason was given.")
        hosted.asker = asker
        if first:
            self.show(hosted)  # again only once it was answered: nobody is pestered
        self._record(hosted, "ask", asker)
        self.changed()

    async def grant(
        self, desktop_id: str, mode: Literal["control", "view"], origin: str, *, one_port: bool
    ) -> StreamGrant:
        """A ticket for the picture, for the panel of the page that asks.

        Raises:
            AgentError: The desktop is closed, or does not run yet.
        """
        hosted = self.find(desktop_id)
        grant = await hosted.running().grant(mode, origin, one_port=one_port)
        if not grant.ours and self._recognise is not None:
            # A provider's address is good for hours, ours once.
            await self._recognise(ADDRESS, secrets_in(grant.url))
        return grant

    async def take_over(self, desktop_id: str, who: str) -> Lease:
        """Let the person drive; the agent is detached when this returns.

        Raises:
            AgentError: The desktop is closed, or does not run yet.
        """
        hosted = self.find(desktop_id)
        lease = await hosted.running().take_over(who)
        hosted.who = who
        hosted.turn += 1
        self.use(hosted)
        self._record(hosted, "take over")
        self.changed()
        return lease

    async def hand_back(self, desktop_id: str, lease: Lease) -> HandBack:
        """Let the agent drive again, if nothing hidden stands in a field.

        Raises:
            AgentError: It is another one's, the desktop is closed, or it does not run yet.
        """
        hosted = self.find(desktop_id)
        outcome = await hosted.running().hand_back(lease)
        if hosted.state == "agent":  # or somebody has taken over meanwhile, and theirs is the turn
            hosted.turn += outcome.done
        if outcome.done:
            self._record(hosted, "hand back")
        self.use(hosted)
        self.changed()
        return outcome

    async def move(self, desktop_id: str, file_id: str, folder: Path) -> str:
        """Move a file out of a desktop, as a person wants it; returns its name there.

        Raises:
            AgentError: There is no such file, or it can't be written there.
        """
        hosted = self.find(desktop_id)
        name = await hosted.running().move(file_id, folder)
        self._record(hosted, "move a file")
        self.use(hosted)
        self.changed()
        return name

    async def set_layout(self, desktop_id: str, layout: str) -> None:
        """Have another keyboard layout.

        Raises:
            AgentError: There is no such layout, the desktop is closed, or it does not run yet.
        """
        hosted = self.find(desktop_id)
        await hosted.running().set_layout(layout)
        hosted.layout = layout
        self.changed()

    def hold(self, desktop_id: str, lease: Lease) -> None:
        """The page that holds the lease is there. That alone keeps no desktop open.

        Raises:
            AgentError: It is another one's, the desktop is closed, or it does not run yet.
        """
        self.find(desktop_id).running().hold(lease)

    def use(self, hosted: Hosted) -> None:
        """Somebody has done something with it: it stays open for another while."""
        hosted.used = asyncio.get_running_loop().time()

    async def end(self, desktop_id: str, closer: Opener = PERSON) -> CloseReport:
        """Close a desktop, or forget one that could not be started.

        Args:
            desktop_id: Which one.
            closer: Who or what ends it, for the record.

        Raises:
            DesktopClosed: There is none of that name.
        """
        hosted = self.find(desktop_id)
        if (clock := self._clocks.pop(desktop_id, None)) is not None:
            clock.cancel()
        if (starting := self._starting.pop(desktop_id, None)) is not None:
            starting.cancel()
            await asyncio.wait({starting})
        del self._hosted[desktop_id]
        report = CloseReport(0.0)
        if hosted.desktop is not None:
            self._record(hosted, "close", closer)
            report = await hosted.desktop.close()
            for sentence in report.left:
                self._log.warning("A closed desktop has left something behind: %s", sentence)
        self.changed()
        return report

    async def close(self) -> None:
        """Close all of them: the server ends."""
        for desktop_id in list(self._hosted):
            with suppress(AgentError, TimeoutError):
                async with asyncio.timeout(_LAST_WORDS):
                    await self.end(desktop_id, SERVER)

    async def _provider(self, provider_id: str) -> DesktopProvider:
        if provider_id and provider_id not in self._providers:
            raise self._unknown(provider_id)
        wanted = [self._providers[provider_id]] if provider_id else list(self._providers.values())
        refusals = []
        for provider in wanted:
            there = await provider.available()
            if there.ok:
                return provider
            refusals.append(there)
        if not refusals:
            raise DesktopUnavailable("No provider of desktops is enabled on this server.")
        first = refusals[0]
        raise DesktopUnavailable(first.reason, f"Run: {first.install}" if first.install else "")

    def _unknown(self, provider_id: str) -> DesktopUnavailable:
        if provider_id in self._off:
            return DesktopUnavailable(
                f"The provider {provider_id} is not enabled on this server.",
                f"Put into jupyter_server_config.py: {self._off[provider_id]}",
            )
        return DesktopUnavailable(
            "There is no such provider here.", f"There are: {', '.join(self._providers)}."
        )

    async def _start(self, hosted: Hosted) -> None:
        try:
            hosted.desktop = await hosted.provider.start(hosted.options)
        except AgentError as problem:
            hosted.problem = problem
        except Exception as problem:  # noqa: BLE001  (a provider may fail in any way; the page says so)
            # The class only: a message may hold an address that a person has typed.
            self._log.error("A desktop could not be started: %s", type(problem).__name__)
            hosted.problem = DesktopError(
                f"The desktop could not be started ({type(problem).__name__}).",
                "Look at: jupyter agent doctor",
            )
        else:
            self.use(hosted)
            self._record(hosted, "open", hosted.opener)
            self._clocks[hosted.id] = asyncio.create_task(self._close_in_time(hosted))
        self._starting.pop(hosted.id, None)
        self.changed()

    async def _close_in_time(self, hosted: Hosted) -> None:
        clock = asyncio.get_running_loop().time
        while (left := hosted.ends - clock()) > 0 and hosted.state != "closed":  # noqa: ASYNC110
            # Looks again now and then, because somebody uses it, or its browser ends by itself.
            await asyncio.sleep(min(left, _LOOK_AGAIN))
        del self._clocks[hosted.id]  # or closing would end this very task
        why = "ended" if hosted.state == "closed" else "time"
        over = hosted.begun + hosted.options.longest <= clock()
        closer = PROVIDER if why == "ended" else LIMIT if over else IDLE
        with suppress(AgentError):
            await self.end(hosted.id, closer)
        self._tell({"event": "desktop", "closed": hosted.id, "why": why})

    async def change(self) -> None:
        """Wait until something has changed: look before, and again afterwards."""
        await self._news.wait()

    def changed(self) -> None:
        """Have pages look again, and whoever waits here."""
        self._news.set()
        self._news = asyncio.Event()
        self._tell({"event": "changed", "what": "desktops"})
