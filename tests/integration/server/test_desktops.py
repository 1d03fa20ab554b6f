"""Desktops of a server: its routes, its clocks, and what kernels may ask of it."""

from __future__ import annotations

import asyncio
import base64
import dataclasses
import json
import secrets
from collections.abc import Iterator
from typing import Any

import pytest
from kernel_pages import KernelPage, of_kind
from scripted_desktop import JPEG, ScriptedProvider
from token_holder import what_it_gets
from traitlets.config import Config

from jupyter_agent.errors import AgentError, DesktopUnavailable
from jupyter_agent.server.desktop import starting

BANK = "https://bank.example/login"
CLICKS = (
    *("desktops", "desktops/grant", "desktops/take", "desktops/hand-back"),
    *("desktops/layout", "desktops/stay", "desktops/hold", "desktops/close"),
    *("desktops/forget", "desktops/move"),
)


pytestmark = pytest.mark.one_server


@pytest.fixture(scope="module")
def scripted() -> ScriptedProvider:
    return ScriptedProvider()


@pytest.fixture(scope="module")
def shared_config(scripted: ScriptedProvider, shared_config: Config) -> Iterator[Config]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("jupyter_agent.server.extension.providers", lambda *_: [scripted])
        yield shared_config


@pytest.fixture(autouse=True)
def provider(
    scripted: ScriptedProvider, jp_serverapp: Any, jp_asyncio_loop: asyncio.AbstractEventLoop
) -> Iterator[ScriptedProvider]:
    """The one provider, with nothing running."""
    yield scripted
    hosts = jp_serverapp.web_app.settings["jupyter_agent"].desktops
    for hosted in hosts.everyone():
        jp_asyncio_loop.run_until_complete(hosts.end(hosted.id))
    scripted.__init__()


async def shown(page: KernelPage, code: str) -> str:
    """All that a cell shows."""
    said = await page.run(code)
    return "\n".join(message.text for message in said)


class TestThePanelsRoutes:
    async def test_a_desktop_is_there_while_it_starts_and_says_what_it_is(
        self, call, desktops, provider, jp_serverapp
    ):
        provider.ready.clear()
        await call("POST", "desktops", {"url": BANK, "layout": "de", "strict": True})
        (starts,) = await desktops()
        assert (starts["state"], starts["caps"]["isolation"]) == ("starting", "same_user")
        provider.ready.set()
        hosts = jp_serverapp.web_app.settings["jupyter_agent"].desktops
        await hosts.started(hosts.find(starts["id"]))
        (runs,) = await desktops()
        assert (runs["state"], runs["host"], runs["title"]) == ("idle", "bank.example", "Scripted")
        assert 0 < runs["seconds_left"] <= 15 * 60
        asked = provider.desktops[0].options
        assert (asked.url, asked.layout, asked.strict, asked.keep) == (BANK, "de", True, False)

    async def test_one_that_can_not_be_started_says_why_until_it_is_clicked_away(
        self, call, click, desktops, provider
    ):
        provider.problem = DesktopUnavailable("The browser did not come up.", "Try again.")
        desktop = await click()
        (failed,) = await desktops()
        assert (failed["state"], failed["problem"]["hint"]) == ("failed", "Try again.")
        taken = await call("POST", "desktops/take", {"id": desktop})
        assert (taken.code, taken.body["error"]["code"]) == (503, "desktop_unavailable")
        assert (await call("POST", "desktops/close", {"id": desktop})).code == 200
        assert await desktops() == []

    async def test_what_is_missing_is_named_with_the_command_that_installs_it(self, call, provider):
        provider.missing = "Xvnc is not installed."
        listed = (await call("GET", "desktops")).body["providers"]
        assert [(p["ok"], p["reason"], p["install"]) for p in listed] == [
            (False, "Xvnc is not installed.", "apt-get install thing")
        ]
        refused = await call("POST", "desktops", {})
        assert refused.code == 503
        assert "apt-get install thing" in refused.body["error"]["hint"]

    async def test_a_person_takes_over_and_only_that_click_hands_back(
        self, call, click, desktops, provider
    ):
        desktop = await click()
        taken = (await call("POST", "desktops/take", {"id": desktop})).body
        lease, (now,) = taken["lease"], await desktops()
        assert (now["state"], now["turn"]) == ("human", taken["turn"])
        other = await call("POST", "desktops/hand-back", {"id": desktop, "lease": "x" * 43})
        assert (other.code, other.body["error"]["code"]) == (409, "lease_lost")
        provider.desktops[0].filled = True
        kept = await call("POST", "desktops/hand-back", {"id": desktop, "lease": lease})
        assert kept.body == {"done": False, "reason": "A password field holds text.", "turn": 1}
        provider.desktops[0].filled = False
        back = await call("POST", "desktops/hand-back", {"id": desktop, "lease": lease})
        assert back.body == {"done": True, "reason": "", "turn": 2}
        assert (await desktops())[0]["state"] == "agent"

    async def test_whoever_takes_over_while_it_is_handed_back_has_the_turn(
        self, call, click, desktops, provider, monkeypatch
    ):
        desktop = await click()
        lease = (await call("POST", "desktops/take", {"id": desktop})).body["lease"]
        scripted, given, taken = provider.desktops[0], asyncio.Event(), asyncio.Event()
        hand_back = scripted.hand_back

        async def slowly(lease):
            outcome = await hand_back(lease)
            given.set()  # the agent drives, and who controlled is still being cut off
            await taken.wait()
            return outcome

        monkeypatch.setattr(scripted, "hand_back", slowly)
        asked = {"id": desktop, "lease": lease}
        back = asyncio.ensure_future(call("POST", "desktops/hand-back", asked))
        await given.wait()
        turn = (await call("POST", "desktops/take", {"id": desktop})).body["turn"]
        taken.set()
        assert (await back).body["done"]
        (listed,) = await desktops()
        assert (listed["state"], listed["turn"]) == ("human", turn)

    async def test_a_pictures_address_is_answered_once_and_never_listed_stored_or_logged(
        self, call, click, desktops, everything_logged
    ):
        desktop = await click()
        answer = await call("POST", "desktops/grant", {"id": desktop, "mode": "view"})
        ticket = answer.body["url"].partition("#")[2]
        assert answer.body["sandbox"] == "allow-scripts"
        assert ticket.encode() not in json.dumps(await desktops()).encode()
        assert ticket.encode() not in everything_logged()
        assert (await call("POST", "desktops/grant", {"id": desktop, "mode": "x"})).code == 400

    async def test_a_file_is_moved_below_the_servers_root_only(  # noqa: PLR0917
        self, call, click, desktops, provider, jp_root_dir, tmp_path
    ):
        desktop = await click()
        (listed,) = await desktops()
        assert listed["files"] == [{"id": "1", "name": "report.csv", "size": 3, "done": True}]
        (jp_root_dir / "data").mkdir()
        (jp_root_dir / "out").symlink_to(tmp_path)
        asked = {"id": desktop, "file": "1"}
        moved = await call("POST", "desktops/move", {**asked, "folder": "data"})
        assert moved.body == {"path": "data/report.csv"}
        assert provider.desktops[0].done[-1] == ("move", "1", jp_root_dir.resolve() / "data")
        for folder in ("out", "..", "none", "data/../..", "\0"):
            refused = await call("POST", "desktops/move", {**asked, "folder": folder})
            assert refused.code == 400
        assert len(provider.desktops[0].done) == 1

    async def test_the_keyboard_is_that_of_whoever_sits_in_front_of_it(
        self, call, click, desktops, provider
    ):
        desktop = await click()
        assert (await call("POST", "desktops/layout", {"id": desktop, "layout": "fr"})).code == 204
        assert provider.desktops[0].done == [("layout", "fr")]
        assert (await desktops())[0]["layout"] == "fr"
        refused = await call("POST", "desktops/layout", {"id": desktop, "layout": "-I/tmp"})
        assert refused.code == 400

    async def test_a_person_who_types_keeps_it_open(self, click, jp_serverapp, provider):
        hosted = jp_serverapp.web_app.settings["jupyter_agent"].desktops.find(await click())
        before = hosted.ends
        provider.desktops[0].touched = hosted.used + 60
        assert hosted.ends == pytest.approx(before + 60)

    async def test_a_desktop_that_nobody_uses_closes_and_pages_are_told(
        self, click, desktops, provider, monkeypatch, jp_ws_fetch
    ):
        quick = starting.options
        monkeypatch.setattr(
            starting, "options", lambda fields: dataclasses.replace(quick(fields), idle=0.2)
        )
        events = await jp_ws_fetch("jupyter-agent", "events")
        await click()
        async with asyncio.timeout(30):
            while json.loads(await events.read_message()).get("closed") is None:
                pass
        assert provider.desktops[0].state == "closed"
        assert await desktops() == []
        events.close()

    async def test_a_page_that_nobody_may_see_gets_none_of_it(self, call):
        for route in CLICKS:
            headers = {"Authorization": "token wrong"}
            assert (await call("POST", route, {}, headers=headers)).code == 403

    async def test_a_kernel_with_the_servers_token_neither_takes_over_nor_hands_back(
        self, jp_serverapp, jp_http_port, owner, click, desktops
    ):
        desktop = await click()
        server = f"http://127.0.0.1:{jp_http_port}{jp_serverapp.base_url}jupyter-agent"
        token = jp_serverapp.identity_provider.token
        for route in CLICKS:
            body = json.dumps({"id": desktop, "mode": "view", "lease": "x"})
            url = f"{server}/{route}?token={token}"
            assert (await what_it_gets(url, owner, body)).startswith("403"), route
        assert (await desktops())[0]["state"] == "idle"

    @pytest.mark.parametrize(
        "url",
        ["file:///etc/passwd", "javascript:alert(1)", "https://me:word@bank.example", "h ttp"],
    )
    def test_only_web_addresses_without_a_password_are_opened(self, url):
        with pytest.raises(AgentError) as refused:
            starting.options({"url": url})
        assert url not in str(refused.value)

    def test_a_layout_is_a_name_and_no_argument(self):
        assert starting.options({"layout": "us(intl)"}).layout == "us(intl)"
        with pytest.raises(AgentError):
            starting.options({"layout": "-option x"})

    def test_an_address_without_a_scheme_is_https(self):
        assert starting.checked_address("bank.example/a") == "https://bank.example/a"
        assert starting.checked_address("localhost:8000") == "https://localhost:8000"


class TestFromAKernel:
    async def test_opening_shows_it_in_the_panel_and_takes_nobodys_lease(  # noqa: PLR0917
        self, connect, call, click, desktops, provider, jp_ws_fetch
    ):
        first = await click()
        await call("POST", "desktops/take", {"id": first})
        events = await jp_ws_fetch("jupyter-agent", "events")
        kernel = await connect()
        assert "is open in JupyterLab" in await shown(kernel, f"%desktop open {BANK} --layout fr")
        async with asyncio.timeout(30):
            while (show := json.loads(await events.read_message()).get("show")) is None:
                pass
        listed = {d["id"]: d for d in await desktops()}
        assert listed[first]["state"] == "human"
        assert (listed[show]["state"], listed[show]["opener"][:7]) == ("idle", "kernel:")
        assert provider.desktops[1].options.layout == "fr"
        status = await shown(kernel, "%desktop status")
        assert first in status
        assert show in status
        events.close()

    async def test_it_sees_the_page_while_it_drives_and_nothing_while_a_person_does(
        self, connect, call, click, desktops, provider
    ):
        desktop = await click()
        kernel = await connect()
        picture = base64.b64encode(JPEG).decode()
        assert "PersonDrives" in await shown(kernel, "%desktop screenshot")  # nobody has clicked
        lease = (await call("POST", "desktops/take", {"id": desktop})).body["lease"]
        refused = await shown(kernel, "%desktop screenshot")
        assert picture not in refused
        assert "PersonDrives" in refused
        await call("POST", "desktops/hand-back", {"id": desktop, "lease": lease})
        assert picture in await shown(kernel, "%desktop screenshot")
        assert "closed" in await shown(kernel, "%desktop close")
        assert provider.desktops[0].state == "closed"
        assert "No desktop is open" in await shown(kernel, "%desktop status")
        assert "DesktopClosed" in await shown(kernel, "%desktop screenshot")

    async def test_an_agent_asks_a_person_to_take_over_and_the_panel_shows_why_and_nothing_flips(
        self, connect, call, click, desktops
    ):
        desktop = await click()
        kernel = await connect()
        lease = (await call("POST", "desktops/take", {"id": desktop})).body["lease"]
        await call("POST", "desktops/hand-back", {"id": desktop, "lease": lease})
        await kernel.run("from jupyter_agent import desktop")
        token = "ghp_" + secrets.token_hex(18)  # a vendor's shape: it is masked
        ask = f"desktop.ask('The site wants a code ' + ''.join({list(token)!r}))"
        assert "Error" not in await shown(kernel, ask)
        (listed,) = await desktops()
        assert listed["state"] == "agent"
        assert listed["asked"]["who"].startswith("kernel:")
        assert listed["asked"]["why"].startswith("The site wants a code ")
        assert token not in listed["asked"]["why"]
        await call("POST", "desktops/take", {"id": desktop})
        (listed,) = await desktops()
        assert listed["asked"] is None

    async def test_what_happens_to_a_desktop_is_recorded_without_address_or_title(
        self, connect, call, desktops, jp_serverapp, stored_value
    ):
        link = jp_serverapp.web_app.settings["jupyter_agent"].link
        kernel = await connect()
        before = len((await link.call("audit.read"))["events"])
        await shown(kernel, f"%desktop open {BANK}?code=1234")
        (desktop,) = await desktops()
        lease = (await call("POST", "desktops/take", {"id": desktop["id"]})).body["lease"]
        await call("POST", "desktops/hand-back", {"id": desktop["id"], "lease": lease})
        await call("POST", "desktops/close", {"id": desktop["id"]})
        async with asyncio.timeout(30):
            while len(events := (await link.call("audit.read"))["events"][before:]) < 4:  # noqa: ASYNC110  (nobody is told)
                await asyncio.sleep(0.02)
        told = [(e["command"], e["actor"].partition(":")[0]) for e in events]
        assert told == [
            ("jupyter agent desktop open: scripted", "kernel"),
            ("jupyter agent desktop take over: scripted at bank.example", "person"),
            ("jupyter agent desktop hand back: scripted at bank.example", "person"),
            ("jupyter agent desktop close: scripted", "person"),
        ]

    async def test_a_kernel_does_not_choose_that_a_person_stays_signed_in(self, connect, desktops):
        kernel = await connect()
        await kernel.run("from jupyter_agent.kernel.identity import open_client")
        asked = "with open_client(get_ipython()) as c: c.call('desktop', do='open', keep=True)"
        assert "Only a person chooses" in await shown(kernel, asked)
        assert not await desktops()

    async def test_another_kernels_desktop_is_not_its_own(self, connect, desktops):
        first, second = await connect(), await connect()
        await shown(first, f"%desktop open {BANK}")
        (desktop,) = await desktops()
        assert desktop["id"] in await shown(first, "%desktop status")
        assert desktop["id"] not in await shown(second, "%desktop status")
        assert "DesktopClosed" in await shown(second, f"%desktop close {desktop['id']}")
        begun = "%desktop open --provider "
        tab = f"get_ipython().complete('', {begun!r}, {len(begun)})"
        assert "scripted" in await shown(second, tab)
        assert "[ADDRESS]" in await shown(second, "%desktop --help")

    async def test_what_is_typed_behind_desktop_is_not_repeated(self, connect):
        kernel = await connect()
        said = await kernel.run("%desktop open bank.example hunter2hunter2")
        (refused,) = of_kind(said, "error")
        assert refused["ename"] == "RequestInvalid"
        assert "hunter2" not in json.dumps(refused)
