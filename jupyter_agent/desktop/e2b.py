"""Desktops in sandboxes of E2B, by their own SDK (``pip install 'jupyter-agent-secrets[e2b]'``).

https://e2b.dev/docs and the SDK's source (e2b-desktop 2.7) are what this was written from. The SDK
gets the address of a way out and a placeholder; the key never comes into this process. What E2B
answers for one sandbox does: the token of its process stream, and the password of its picture.

The picture is E2B's noVNC page. Its password goes into the fragment, which no server and no log on
the way sees; the SDK would put it into the query. ``Sandbox.connect`` of the SDK has no stream, so
the sandbox and the password are kept here, in memory, until the desktop is closed.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
from typing import Any, Final, Literal
from urllib.parse import urlsplit

from jupyter_agent.desktop import e2b_browser
from jupyter_agent.desktop.cdp import Cdp
from jupyter_agent.desktop.driving import Publish
from jupyter_agent.desktop.provider import Availability, Caps, Isolation, Pause, StartOptions
from jupyter_agent.desktop.remote import Places, RemoteDesktop, made, refuse_of_here
from jupyter_agent.desktop.rest import saving
from jupyter_agent.desktop.ways import Way, Ways, refused, unusable
from jupyter_agent.errors import AgentError, DesktopUnavailable, ProviderFailed

LABEL: Final = "E2B_API_KEY"
HOST: Final = "api.e2b.app"
HEADER: Final = "X-API-Key: {}"
FRAMES: Final = ("https://*.e2b.app",)
INSTALL: Final = "pip install 'jupyter-agent-secrets[e2b]'"

CAPS: Final = Caps(isolation=Isolation.REMOTE, pause=Pause.ADVISORY, view_only="client", agent=True)

LEASE: Final = 15 * 60
"""Seconds for which a sandbox lives without us; E2B ends it then by itself."""

_RENEW: Final = 5 * 60.0  # seconds
_REQUEST: Final = 60.0  # seconds
_GONE: Final = 404


class E2b:
    """The provider ``e2b``.

    Args:
        ways: Opens ways out.
        publish: Makes the address of a program's connection.
        label: Whose value is its key.
        host: Where its API is; its sandboxes are below the same domain.
    """

    id = "e2b"
    title = "E2B"

    def __init__(
        self, ways: Ways, publish: Publish, *, label: str = LABEL, host: str = HOST
    ) -> None:
        self.label = label or LABEL
        self._ways = ways
        self._publish = publish
        self._host = host or HOST

    def caps(self) -> Caps:
        """What its desktops can do."""
        return CAPS

    async def available(self) -> Availability:
        """Whether its SDK and its key are there."""
        if importlib.util.find_spec("e2b_desktop") is None:
            return Availability(ok=False, reason="E2B's SDK is not installed.", install=INSTALL)
        why = await self._ways.missing(self.label)
        return Availability(ok=not why, reason=why, install=saving(self.label) if why else "")

    async def start(self, options: StartOptions) -> RemoteDesktop:
        """Begin a sandbox; returns when there is a picture, and a browser in it.

        Raises:
            DesktopUnavailable: Strict mode was asked for, or E2B refuses.
            AgentError: The way to it is not permitted.
        """
        refuse_of_here(options)
        if importlib.util.find_spec("e2b_desktop") is None:
            raise DesktopUnavailable("E2B's SDK is not installed.", f"Install it: {INSTALL}")
        way = await self._ways.open(self.label, self._host, HEADER)
        try:
            making = asyncio.to_thread(self._make, way, options)
            session = await made(making, _Sandbox.release)
        except BaseException:
            await way.close()
            raise
        desktop = RemoteDesktop(
            self.id, CAPS, session, self._publish, lambda: session.browser(options)
        )
        try:
            await desktop.begin(options)
        except BaseException:
            await desktop.close()
            raise
        return session.kept(desktop)

    def _make(self, way: Way, options: StartOptions) -> _Sandbox:
        # Loading it takes a second, which only those pay who use it.
        from e2b_desktop import Sandbox  # noqa: PLC0415

        access = {
            "api_key": way.placeholder,
            "api_url": way.address,
            "http_version": "1.1",  # what the way speaks
            "request_timeout": _REQUEST,
            "domain": self.places.domains[0],
        }
        try:
            sandbox = Sandbox.create(
                resolution=(options.width, options.height), timeout=LEASE, **access
            )
        except Exception as problem:  # noqa: BLE001  (the SDK's, whose sentences may quote answers)
            raise self._failed(problem) from None
        session = _Sandbox(sandbox, access, way, self)
        try:
            sandbox.stream.start(require_auth=True)
            session.see()
        except Exception as problem:  # noqa: BLE001
            with contextlib.suppress(Exception):
                sandbox.kill()
            raise self._failed(problem) from None
        return session

    def _failed(self, problem: Exception) -> ProviderFailed:
        return failure(problem, self.label)

    @property
    def places(self) -> Places:
        """Where a picture may be."""
        host = urlsplit(self._host if "://" in self._host else f"//{self._host}").hostname or ""
        # An API on this machine is a test's: it answers with the domain that E2B has.
        here = self._host == HOST or host in ("127.0.0.1", "localhost")
        return Places(["e2b.app" if here else host.removeprefix("api.")])


def failure(problem: Exception, label: str) -> ProviderFailed:
    """What the SDK has raised, by its kind and number alone.

    Args:
        problem: Its sentence may hold an answer, and is not repeated.
        label: Whose value was used.
    """
    number = getattr(problem, "status_code", None)
    kinds = {
        "AuthenticationException": 401,
        "RateLimitException": 429,
        "ServiceBusyException": 503,
        "SandboxNotFoundException": 404,
        "NotFoundException": 404,
        "SandboxNotRunningException": 404,
        "SandboxUnreachableException": 504,
        "TimeoutException": 504,
    }
    status = number or kinds.get(type(problem).__name__)
    if not isinstance(status, int):
        return ProviderFailed(
            f"E2B could not be reached ({type(problem).__name__}).",
            "Check the network, and try again.",
            data={"provider": E2b.id, "reason": "down"},
        )
    return refused(E2b.id, E2b.title, label, status)


class _Sandbox:
    """One sandbox (``remote.Session``)."""

    outlives = "E2B ends it by itself within 15 minutes."

    def __init__(self, sandbox: Any, access: dict[str, Any], way: Way, provider: E2b) -> None:
        self.host = "e2b.app"
        self._sandbox = sandbox
        self._access = access
        self._way = way
        self._provider = provider
        self._password = ""
        self._browsed = False
        self._released = False
        self._renewing: asyncio.Task[None] | None = None

    def see(self) -> None:
        """Keep the picture's password. In a thread, once."""
        self._password = self._sandbox.stream.get_auth_key()

    def kept(self, desktop: RemoteDesktop) -> RemoteDesktop:
        """Have it live on for as long as its desktop does."""
        self._renewing = asyncio.create_task(self._renew())
        return desktop

    async def browser(self, options: StartOptions) -> Cdp:
        """Start its browser, and have its pipe.

        Raises:
            ProviderFailed: It had one: a second beside it would not have its pages.
        """
        from e2b import AsyncSandbox  # noqa: PLC0415

        if self._browsed:
            raise refused(E2b.id, E2b.title, self._provider.label, _GONE)
        self._browsed = True
        try:
            sandbox = await AsyncSandbox.connect(
                self._sandbox.sandbox_id, timeout=LEASE, **self._access
            )
            return await e2b_browser.steered(sandbox, options)
        except Exception as problem:  # noqa: BLE001
            raise self._failed(problem) from None

    async def picture(self, mode: Literal["control", "view"]) -> str:
        """E2B's noVNC page, its password in the fragment, before which noVNC looks nowhere else."""
        url = self._sandbox.stream.get_url(view_only=mode == "view", auth_key=None)
        if not self._provider.places.allows(url, "https"):
            raise unusable(self._provider.id, self._provider.title)
        return f"{url}#password={self._password}"

    async def release(self) -> None:
        """End it."""
        if self._released:
            return
        try:
            await asyncio.to_thread(self._sandbox.kill)  # false where it has gone by itself
        except Exception as problem:  # noqa: BLE001
            raise self._failed(problem) from None
        self._released = True

    async def leave(self) -> None:
        """Close the way."""
        if self._renewing is not None:
            self._renewing.cancel()
        await self._way.close()

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(_RENEW)
            # Where it fails the sandbox ends in time, and the browser's line with it: that is told.
            with contextlib.suppress(Exception):
                await asyncio.to_thread(self._sandbox.set_timeout, LEASE)

    def _failed(self, problem: Exception) -> AgentError:
        if isinstance(problem, AgentError):
            return problem
        return failure(problem, self._provider.label)
