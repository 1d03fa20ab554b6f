"""Remote providers for tests: a real broker with the key, a stand-in for the service, a browser.

The key is stored in the vault and granted to the stand-in's origin, as a person does it; what runs
in this process has a placeholder.
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import pytest
import steps
from conftest import end_brokers
from desktop_rooms import PARENT, Room, persons_elsewhere, room
from e2b_service import E2bService
from remote_browser import RemoteBrowser, RemotePerson, focus
from rest_service import RestService
from tornado.httpclient import AsyncHTTPClient

from jupyter_agent.desktop import vendors
from jupyter_agent.desktop.e2b import LABEL, E2b
from jupyter_agent.desktop.provider import Desktop, DesktopProvider, StartOptions
from jupyter_agent.desktop.rest import RestProvider
from jupyter_agent.folders import Folders
from jupyter_agent.person import open_client
from jupyter_agent.server.desktop.dial import dial
from jupyter_agent.server.desktop.ways import BrokerWays
from jupyter_agent.server.link import Link


class RemoteRoom:
    """A room in which desktops are elsewhere."""

    def __init__(self, inner: Room, name: str, folders: Folders, key: str) -> None:
        self.inner, self.name, self.folders, self.key = inner, name, folders, key
        self.run = inner.run
        self.label = LABEL if name == "e2b" else vendors.known()[name].label
        self.browser: RemoteBrowser | None = None
        self.service: Any = None
        self.home = Path()
        self._stack = AsyncExitStack()

    async def open(self, *, browser: bool = True) -> None:
        if self.name == "e2b":
            self.service = E2bService(self.key)
        else:
            if browser:
                self.browser = await self._stack.enter_async_context(RemoteBrowser.running())
            self.service = RestService(self.key, self.browser.socket if self.browser else "")
        self.service.serve()
        self._stack.push_async_callback(self.service.close)
        self.link = Link(self.folders)
        self._stack.push_async_callback(self.link.close)

    async def close(self) -> None:
        for desktop in self.inner.opened:
            await desktop.close()
        self.inner.opened.clear()
        await self._stack.aclose()

    def provider(self, name: str, *, label: str = "") -> DesktopProvider:
        ways, publish = BrokerWays(self.link), self.inner.door.publish
        host = self.service.origin
        if name == "e2b":
            return E2b(ways, publish, label=label, host=host)
        return RestProvider(vendors.known()[name], ways, dial, publish, label=label, host=host)

    async def start(self, name: str, url: str = "") -> Desktop:
        if self.browser is not None:
            await self.browser.empty()
        desktop = await self.provider(name).start(StartOptions(url=url, width=900, height=700))
        self.inner.opened.append(desktop)
        if desktop.caps.agent:
            await focus(await desktop._steer())
            persons_elsewhere[desktop.id] = self._person_at
        return desktop

    @asynccontextmanager
    async def _person_at(self, desktop: Any) -> AsyncIterator[RemotePerson]:
        """A person at the provider's page; it is asked for first, as the panel does."""
        grant = await desktop.grant("control", PARENT)
        assert grant.origin != PARENT
        if self.browser is None:  # E2B's page is E2B's: it types into the same browser
            yield RemotePerson(await desktop._steer())
            return
        assert (await AsyncHTTPClient().fetch(grant.url)).code == 200
        cdp = await dial(self.browser.socket)
        yield RemotePerson(cdp)
        cdp.close()


@contextmanager
def remote_room(name: str, home: Path, *, browser: bool = True) -> Iterator[RemoteRoom]:
    """A room for one provider, until the block is left."""
    key = "k" + secrets.token_urlsafe(30)
    with pytest.MonkeyPatch.context() as patch, room() as inner:
        patch.setenv("JUPYTER_AGENT_HOME", str(home))
        patch.setenv("JUPYTER_AGENT_KEY_SOURCE", "file")
        folders = Folders.of({"JUPYTER_AGENT_HOME": str(home)})
        there = RemoteRoom(inner, name, folders, key)
        there.home = home
        there.run(there.open(browser=browser))
        if name == "e2b":
            # Where envd is; E2B's own SDK reads it. Its API is reached by the way out alone.
            patch.setenv("E2B_SANDBOX_URL", there.service.origin)
        with open_client(folders) as person:
            steps.save(person, there.label, key)
            script = f"egress {there.service.origin}"
            person.call("grant.add", label=there.label, script=script)
        try:
            yield there
        finally:
            there.run(there.close())
            end_brokers(home)
