"""A desktop that runs elsewhere: its picture is the provider's own page, framed directly.

Nothing of the picture passes here, so nothing here keeps a viewer from typing: who may is decided
by which address the panel frames, and by the panel itself. The agent comes in by us alone, through
the same list of permitted commands as on this machine, and is detached before a person drives.
Whoever has the provider's key could still attach by themselves (``Pause.ADVISORY``).
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, Protocol, TypeVar
from urllib.parse import unquote, urlsplit

from jupyter_agent.desktop import tabs
from jupyter_agent.desktop.cdp import Cdp, CommandRefused
from jupyter_agent.desktop.channel import AgentChannel
from jupyter_agent.desktop.driven import Driven
from jupyter_agent.desktop.driving import Driving, Publish
from jupyter_agent.desktop.holding import Presence
from jupyter_agent.desktop.lease import Lease, closed
from jupyter_agent.desktop.provider import (
    Caps,
    CloseReport,
    Download,
    HandBack,
    StartOptions,
    StreamGrant,
)
from jupyter_agent.errors import AgentError, DesktopError, DesktopUnavailable, RequestInvalid

T = TypeVar("T")

SANDBOX: Final = "allow-scripts allow-same-origin"
"""Safe because the page is never on Jupyter's origin: the panel looks at that, too."""

_RETRIES: Final = (0.0, 1.0, 4.0)
"""Seconds before each attempt to come back to a browser whose line was lost."""

_RELEASE: Final = 10.0
"""Seconds for a provider to end a session."""

Connect = Callable[[], Awaitable[Cdp]]
"""A new line to the session's browser."""


class Session(Protocol):
    """What a provider runs for us.

    Attributes:
        host: Whose page is framed, where nothing else is known of what it shows.
        outlives: One sentence: what becomes of it if it could not be released.
    """

    host: str
    outlives: str

    async def picture(self, mode: Literal["control", "view"]) -> str:
        """The address of its page, a value like any other: who has it has the browser.

        Raises:
            AgentError: The provider does not give it.
        """
        ...

    async def release(self) -> None:
        """End it there. Again: nothing.

        Raises:
            AgentError: The provider did not do it.
        """
        ...

    async def leave(self) -> None:
        """Let go of what is open for it here."""
        ...


@dataclass(frozen=True, slots=True)
class Places:
    """Which pages of a provider may be framed, and which sockets may be opened.

    Attributes:
        domains: Each a domain with all below it.
        here: A host that stands for them: a server of one's own, or of a test; "" for none.
    """

    domains: Sequence[str]
    here: str = ""

    def allows(self, url: str, *schemes: str) -> bool:
        """Whether an address leads there.

        Args:
            url: What a provider has answered.
            schemes: What it may be spoken in; on this machine also without TLS.
        """
        try:
            parts = urlsplit(url)
            host, _ = parts.hostname or "", parts.port
        except ValueError:
            return False
        if parts.username is not None or parts.password is not None or not url.isprintable():
            return False
        plain = {"https": "http", "wss": "ws"}
        if self.here:
            loopback = self.here in ("127.0.0.1", "localhost")
            allowed = (*schemes, *(plain[scheme] for scheme in schemes)) if loopback else schemes
            return host == self.here and parts.scheme in allowed
        return parts.scheme in schemes and any(
            host == domain or host.endswith(f".{domain}") for domain in self.domains
        )


class RemoteDesktop(Driven):
    """A running desktop elsewhere (``provider.Desktop``).

    Args:
        provider: The id of who serves it.
        caps: What it can do.
        session: What runs there.
        publish: Makes the address of a program's connection.
        connect: Makes a line to its browser; None where there is none, and so no agent.
    """

    def __init__(
        self,
        provider: str,
        caps: Caps,
        session: Session,
        publish: Publish,
        connect: Connect | None = None,
    ) -> None:
        super().__init__(Driving(self._steer, publish))
        self.provider = provider
        self.caps = caps
        self.note = ""
        self.touched = 0.0  # what a person types goes to the provider: the panel says that it does
        self._session = session
        self._connect = connect
        self._cdp: Cdp | None = None
        self._in_touch = asyncio.Event()
        self._presence = Presence(self._driving)
        self._watching: asyncio.Task[None] | None = None

    async def begin(self, options: StartOptions) -> None:
        """Connect to it, and open its address. Only its provider calls it, once.

        Raises:
            AgentError: It does not answer.
        """
        self._presence = Presence(self._driving, options.away)
        if self._connect is not None:
            self._cdp = await _answering(await self._connect())
            if options.url:
                await _open(self._cdp, options.url)
            self._in_touch.set()
            self._watching = asyncio.create_task(self._keep_in_touch(self._connect))
        self._driving.leases.ready()

    async def host(self) -> str:
        """The host of the page in front; where nothing looks in, of the page that is framed."""
        self._refuse_closed()
        if self._connect is None:
            return self._session.host
        return await self._driving.host() if self._in_touch.is_set() else ""

    async def grant(
        self, mode: Literal["control", "view"], parent_origin: str, *, one_port: bool = False
    ) -> StreamGrant:
        """The address of the provider's page. To control it is for who has the lease."""
        del one_port  # it is on another machine, which every browser reaches by itself
        self._refuse_closed()
        url = await self._session.picture(mode)
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc}"
        if origin == parent_origin:
            # On Jupyter's own origin its page could reach into Jupyter's.
            raise DesktopError("A desktop's page can't be on the origin of JupyterLab itself.")
        return StreamGrant(url, origin, sandbox=SANDBOX, expires=0.0, ours=False)

    async def take_over(self, who: str) -> Lease:
        """Let a person drive."""
        self._refuse_closed()
        lease = await self._driving.take_over(who)
        self._presence.ends()
        return lease

    def hold(self, lease: Lease) -> None:
        """The picture does not pass us, so the page says that it is there."""
        self._driving.leases.require(lease)
        self._presence.ends()

    async def hand_back(self, lease: Lease) -> HandBack:
        """Let the agent drive, unless a field for a password or a code holds text."""
        self._refuse_closed()
        if self._connect is None:
            return HandBack(done=False, reason="No agent can drive this desktop: close it instead.")
        return await self._driving.hand_back(lease)

    async def set_layout(self, layout: str) -> None:
        """The provider's page has its own way with keyboards.

        Raises:
            RequestInvalid: Always.
        """
        del layout
        self._refuse_closed()
        raise RequestInvalid("The keyboard of this desktop is the provider's affair.")

    async def agent_channel(self) -> AgentChannel:
        """What an agent drives it with."""
        self._refuse_closed()
        if self._connect is None:
            raise DesktopError(
                "No agent can drive this desktop: it is for persons only.",
                "Open one with another provider: jupyter agent desktop status",
            )
        return await self._driving.agent_channel()

    async def files(self) -> Sequence[Download]:
        """None: what was downloaded stays with the provider, and ends with the session."""
        self._refuse_closed()
        return []

    async def move(self, file_id: str, folder: Path) -> str:
        """There is none to be moved.

        Raises:
            DesktopError: Always.
        """
        del file_id, folder
        raise DesktopError("What was downloaded stays with the provider.")

    async def _close(self) -> CloseReport:
        begun = time.monotonic()
        self._presence.lasts()
        self._in_touch.set()  # whoever waits for it hears that it is closed
        if self._watching is not None:
            self._watching.cancel()
        if self._cdp is not None:
            self._cdp.close()
            self._cdp = None
        left = []
        try:
            async with asyncio.timeout(_RELEASE):
                await self._session.release()
        except (AgentError, TimeoutError):
            left.append(f"The session could not be released. {self._session.outlives}")
        await self._session.leave()
        return CloseReport(time.monotonic() - begun, left)

    async def _keep_in_touch(self, connect: Connect) -> None:
        """Come back to the browser when the line to it is lost, or end when it is gone."""
        while self._cdp is not None:
            await asyncio.wait({self._cdp.closed})
            self._in_touch.clear()
            self._driving.drop()
            self._cdp = await _again(connect)
            self._in_touch.set()
        self._watching = None  # or closing would end this very task
        await self.close()

    async def _steer(self) -> Cdp:
        await self._in_touch.wait()
        if self._cdp is None:
            raise closed()
        return self._cdp


async def _again(connect: Connect) -> Cdp | None:
    for wait in _RETRIES:
        await asyncio.sleep(wait)
        with contextlib.suppress(AgentError):
            return await _answering(await connect())
    return None


async def _answering(cdp: Cdp) -> Cdp:
    """A service may take a socket for a session that is over, and close it at once."""
    try:
        await cdp.send("Browser.getVersion")
    except BaseException:
        cdp.close()
        raise
    return cdp


async def _open(cdp: Cdp, url: str) -> None:
    tab = await tabs.front(cdp)
    if tab is None:
        await cdp.send("Target.createTarget", {"url": url})
        return
    async with tabs.session(cdp, tab.target) as ours:
        with contextlib.suppress(CommandRefused):  # the person sees why in the picture
            await cdp.send("Page.navigate", {"url": url}, ours)


def secrets_in(address: str) -> list[str]:
    """What of a picture's address gives it away: long words of its query and its fragment.

    Not of its path, and no word that somebody may have thought up (``enableFullScreenButton``):
    those are a provider's own, the same for all.
    """
    parts = urlsplit(address)
    found = [
        word
        for field in f"{parts.query}&{parts.fragment}".split("&")
        for word in _LONG_WORD.findall(unquote(field.partition("=")[2]))
    ]
    return [word for word in found if _is_drawn(word)]


def _is_drawn(word: str) -> bool:
    """With a digit, or as many capitals as nobody writes: one token in a hundred has no digit."""
    capitals, small = (sum(map(case, word)) for case in (str.isupper, str.islower))
    return any(map(str.isdigit, word)) or 4 * min(capitals, small) >= len(word)


_LONG_WORD: Final = re.compile(r"[A-Za-z0-9_-]{16,}")


async def made(making: Coroutine[Any, Any, T], undo: Callable[[T], Awaitable[None]]) -> T:
    """Have something made that costs money for as long as it is there.

    Whoever gives up waiting while it is made does not leave it behind.

    Args:
        making: Makes it.
        undo: Ends it again.
    """
    task = asyncio.ensure_future(making)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        with contextlib.suppress(Exception):
            await undo(await task)
        raise


def refuse_of_here(options: StartOptions) -> None:
    """Raise where something was asked for that only desktops of this machine have.

    Raises:
        DesktopUnavailable: Strict mode, or to stay signed in.
    """
    if options.strict:
        raise DesktopUnavailable(
            "Strict mode is for desktops of this machine: a remote browser stays steered.",
            "Use the provider local-vnc.",
        )
    if options.keep:
        raise DesktopUnavailable(
            "Only desktops of this machine keep you signed in.", "Use the provider local-vnc."
        )
