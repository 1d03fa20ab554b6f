"""Desktops of a server, as an agent over MCP uses them: it waits for a person, and asks for one."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
from scripted_desktop import ScriptedProvider
from traitlets.config import Config

from jupyter_agent.chat.tools import Outcome
from jupyter_agent.client import Hello
from jupyter_agent.errors import DesktopUnavailable
from jupyter_agent.folders import Folders
from jupyter_agent.mcp.entries import Page
from jupyter_agent.mcp.host import Host
from jupyter_agent.mcp.toolbox import Toolbox
from jupyter_agent.screen import Screener

BANK = "https://bank.example/login"


@pytest.fixture
def provider() -> ScriptedProvider:
    return ScriptedProvider()


@pytest.fixture
def jp_server_config(provider: ScriptedProvider, monkeypatch: pytest.MonkeyPatch) -> Config:
    monkeypatch.setattr("jupyter_agent.server.extension.providers", lambda *_: [provider])
    return Config({"ServerApp": {"jpserver_extensions": {"jupyter_agent": True}}})


class NoForms:
    async def page(self, label: str, why: str) -> Page:
        raise AssertionError(label)


async def _serves(server: Any) -> None:
    """Return once the broker knows that this server has desktops."""
    link = server.web_app.settings["jupyter_agent"].link
    async with asyncio.timeout(30):
        while True:
            with contextlib.suppress(DesktopUnavailable):
                await link.call("desktop", do="status")
                return
            await asyncio.sleep(0.01)


@pytest.fixture
def agent(owner, jp_serverapp, jp_asyncio_loop) -> Iterator[Callable[..., Awaitable[Outcome]]]:
    """Calls a tool as an agent over MCP does."""
    token = owner.call("agent.register", name="claude")["token"]
    hello = Hello(role="agent", proof={"token": token})
    box = Toolbox(Folders.of(), hello, NoForms(), Screener(), cwd="/", env={})

    async def call(tool: str, **given: Any) -> Outcome:
        return await box.call(tool, given, Host())

    jp_asyncio_loop.run_until_complete(_serves(jp_serverapp))
    yield call
    jp_asyncio_loop.run_until_complete(box.close())


@pytest.fixture
def waiting(agent, jp_serverapp, monkeypatch) -> Callable[[], Awaitable[asyncio.Task[Outcome]]]:
    """Has the agent wait for the desktop; its question has reached the server then."""
    desktops = jp_serverapp.web_app.settings["jupyter_agent"].desktops
    waits, really = asyncio.Event(), desktops.change

    async def change() -> None:
        waits.set()
        await really()

    monkeypatch.setattr(desktops, "change", change)

    async def wait() -> asyncio.Task[Outcome]:
        waits.clear()
        task = asyncio.create_task(agent("desktop_wait", seconds=600))
        async with asyncio.timeout(30):
            await waits.wait()
        return task

    return wait


async def test_it_waits_until_a_person_has_signed_in_and_uses_the_page_then(  # noqa: PLR0917
    agent, waiting, call, desktops, provider, owner
):
    opened = await agent("open_desktop", url=BANK, why="to read the balance")
    desktop = opened.data["desktop"]["id"]
    (listed,) = await desktops()
    assert (listed["opener"], listed["state"]) == ("agent:claude", "idle")
    assert (await agent("desktop_read")).code == "person_drives"
    wait = await waiting()
    lease = (await call("POST", "desktops/take", {"id": desktop})).body["lease"]
    provider.desktops[0].filled = True
    body = {"id": desktop, "lease": lease}
    assert (await call("POST", "desktops/hand-back", body)).body["done"] is False
    assert not wait.done()
    provider.desktops[0].filled = False
    await call("POST", "desktops/hand-back", body)
    async with asyncio.timeout(30):
        waited = await wait
    assert (waited.data["handed_back"], waited.data["host"]) == (True, "bank.example")
    assert (await agent("desktop_read")).data["text"] == "Welcome"
    await agent("desktop_click", x=3, y=4)
    await agent("desktop_type", text="ten euros")
    await agent("desktop_press", key="Enter")
    await agent("desktop_navigate", url="https://bank.example/statement")
    assert [deed[0] for deed in provider.desktops[0].done] == [
        *("click", "type", "press", "navigate"),
    ]


async def test_after_it_has_asked_it_waits_for_the_person_although_it_drives_itself(  # noqa: PLR0917
    agent, waiting, call, click, desktops, stored_value
):
    desktop = await click()
    lease = (await call("POST", "desktops/take", {"id": desktop})).body["lease"]
    await call("POST", "desktops/hand-back", {"id": desktop, "lease": lease})
    refused = await agent("desktop_ask", why=f"Type {stored_value} there.")
    assert refused.code == "secret_blocked"
    assert (await agent("desktop_ask", why="The site wants a code.")).data["asked"] is True
    (listed,) = await desktops()
    assert listed["state"] == "agent"
    assert (listed["asked"]["who"], listed["asked"]["why"]) == (
        "agent:claude",
        "The site wants a code.",
    )
    early = await agent("desktop_wait", seconds=1)
    assert early.data["handed_back"] is False
    assert "not taken it over yet" in early.data["note"]
    wait = await waiting()
    lease = (await call("POST", "desktops/take", {"id": desktop})).body["lease"]
    assert not wait.done()
    await call("POST", "desktops/hand-back", {"id": desktop, "lease": lease})
    async with asyncio.timeout(30):
        assert (await wait).data["handed_back"] is True


async def test_a_desktop_that_is_closed_is_waited_for_no_longer(agent, waiting, call, click):
    desktop = await click()
    wait = await waiting()
    await call("POST", "desktops/close", {"id": desktop})
    async with asyncio.timeout(30):
        assert (await wait).code == "desktop_closed"
    assert (await agent("desktop_wait")).code == "desktop_closed"
