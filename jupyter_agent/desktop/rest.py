"""Providers that serve a browser by REST: Browserbase, Steel, Kernel, by the table of ``vendors``.

Vendors' own pages, from which the table was written:
https://docs.browserbase.com/reference/api/create-a-session,
https://docs.steel.dev/overview/sessions-api/session-lifecycle,
https://kernel.sh/docs/browsers/create-a-browser.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final, Literal
from urllib.parse import urlsplit

from jupyter_agent.desktop.cdp import Cdp
from jupyter_agent.desktop.driving import Publish
from jupyter_agent.desktop.provider import Availability, Caps, Isolation, Pause, StartOptions
from jupyter_agent.desktop.remote import Places, RemoteDesktop, made, refuse_of_here
from jupyter_agent.desktop.vendors import Request, Vendor, named, session_name, with_query
from jupyter_agent.desktop.ways import Answer, Way, Ways, refused, unusable
from jupyter_agent.errors import AgentError

Dial = Callable[[str], Awaitable[Cdp]]
"""Opens a socket to a browser. Its address is a value: no error and no log has it."""

_OK: Final = range(200, 300)
_GONE: Final = (404, 410)


class RestProvider:
    """One vendor.

    Args:
        vendor: Which.
        ways: Opens ways out.
        dial: Opens sockets to browsers.
        publish: Makes the address of a program's connection.
        label: Whose value is its key; the vendor's usual one, if none is given.
        host: Where its API is, if not at the vendor: a server of one's own.
    """

    def __init__(  # noqa: PLR0913  (two of them are settings)
        self,
        vendor: Vendor,
        ways: Ways,
        dial: Dial,
        publish: Publish,
        *,
        label: str = "",
        host: str = "",
    ) -> None:
        self.id = vendor.name
        self.title = vendor.title
        self.label = label or vendor.label
        self._vendor = vendor
        self._ways = ways
        self._dial = dial
        self._publish = publish
        self._host = host or vendor.host
        here = urlsplit(host if "://" in host else f"//{host}").hostname if host else None
        self._places = Places(vendor.domains, here or "")
        self._agent = bool(vendor.cdp) and (bool(host) or not vendor.cdp_wants_key)

    def caps(self) -> Caps:
        """What its desktops can do."""
        return Caps(
            isolation=Isolation.REMOTE,
            pause=Pause.ADVISORY if self._agent else Pause.NONE,
            view_only="client",
            agent=self._agent,
        )

    async def available(self) -> Availability:
        """Whether its key is there to be used."""
        why = await self._ways.missing(self.label)
        return Availability(ok=not why, reason=why, install=saving(self.label) if why else "")

    async def start(self, options: StartOptions) -> RemoteDesktop:
        """Begin a session; returns when it can be looked at.

        Raises:
            DesktopUnavailable: Strict mode was asked for, or the vendor refuses.
            AgentError: The way to it is not permitted.
        """
        refuse_of_here(options)
        way = await self._ways.open(self.label, self._host, self._vendor.header)
        asking = _Asking(self._vendor, self.label, way)
        try:
            session = await made(self._begin(asking, options), _Session.release)
        except BaseException:
            await way.close()
            raise
        desktop = RemoteDesktop(
            self.id,
            self.caps(),
            session,
            self._publish,
            (lambda: self._dial(session.socket)) if self._agent else None,
        )
        try:
            await desktop.begin(options)
        except BaseException:
            await desktop.close()
            raise
        return desktop

    async def _begin(self, asking: _Asking, options: StartOptions) -> _Session:
        vendor = self._vendor
        answer = await asking.ask(vendor.create, body=vendor.body(options))
        name = session_name(answer.body, vendor.id)
        if not name:
            raise unusable(self.id, self.title)
        session = _Session(asking, self._places, name, answer.body)
        if self._agent and not self._places.allows(session.socket, "wss"):
            await session.release()
            raise unusable(self.id, self.title)
        return session


class _Asking:
    """Asks one vendor, by one way."""

    def __init__(self, vendor: Vendor, label: str, way: Way) -> None:
        self.vendor = vendor
        self.label = label
        self.way = way

    async def ask(self, request: Request, session: str = "", *, body: Any = None) -> Answer:
        """Send a request of the table.

        Raises:
            ProviderFailed: The vendor refuses.
            AgentError: It could not be asked.
        """
        answer = await self.way.ask(
            request.method,
            request.at(session),
            headers=self.vendor.key_header(self.way.placeholder),
            body=request.body if body is None else body,
        )
        if answer.status not in _OK:
            raise refused(self.vendor.name, self.vendor.title, self.label, answer.status)
        return answer


class _Session:
    """A vendor's session (``remote.Session``). What it has answered is a value: no repr of it."""

    def __init__(self, asking: _Asking, places: Places, name: str, answer: Any) -> None:
        self.host = urlsplit(f"//{asking.vendor.domains[0]}").netloc
        self.outlives = asking.vendor.outlives
        self.socket = named(answer, asking.vendor.cdp)
        self._asking = asking
        self._places = places
        self._name = name
        self._answer = answer
        self._released = False

    async def picture(self, mode: Literal["control", "view"]) -> str:
        """Ask for its address where that is a request of its own, and check where it leads."""
        vendor = self._asking.vendor
        answer = self._answer
        if vendor.view.path:  # for the tab that is in front now
            answer = (await self._asking.ask(vendor.view, self._name)).body
        url = named(answer, vendor.view.field)
        if not self._places.allows(url, "https"):
            raise unusable(vendor.name, vendor.title)
        return with_query(url, vendor.control if mode == "control" else vendor.look)

    async def release(self) -> None:
        """End it there; one that has ended by itself is as good."""
        if self._released:
            return
        try:
            await self._asking.ask(self._asking.vendor.release, self._name)
        except AgentError as error:
            if error.data.get("status") not in _GONE:
                raise
        self._released = True

    async def leave(self) -> None:
        """Close the way."""
        await self._asking.way.close()


def saving(label: str) -> str:
    """The command that saves a key."""
    return f"jupyter agent secret set {label}"
