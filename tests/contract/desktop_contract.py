"""What every provider of desktops keeps to, whatever serves it.

One desktop a provider, used by the tests in their order: a person signs in, hands back, the agent
uses it, the person takes over again, and it is closed.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from canary import Canary
from desktop_rooms import (
    PARENT,
    PATIENCE,
    Room,
    hand_back,
    person_at,
    room,
    sign_in,
    until_field,
    until_true,
)
from login_site import BALANCE, PERSON, REPORT, LoginSite, login_site
from playwright.async_api import Error as PlaywrightError
from playwright.async_api import async_playwright
from tornado.httpclient import HTTPClientError
from tornado.websocket import websocket_connect

from jupyter_agent.desktop.lease import Lease
from jupyter_agent.desktop.provider import Desktop, Download, Pause
from jupyter_agent.errors import (
    DesktopClosed,
    DesktopError,
    LeaseLost,
    PersonDrives,
    RequestInvalid,
)


@dataclass(repr=False)
class Stage:
    """What the tests of one provider share: the desktop goes from one state to the next."""

    room: Room
    site: LoginSite
    desktop: Desktop
    password: Canary
    lease: Lease | None = None


class DesktopContract:
    """Inherited once for each provider; ``name`` says which."""

    name: str
    pause = Pause.ENFORCED
    view_only = "server"

    @classmethod
    def rooms(cls, home: Path) -> AbstractContextManager[Any]:
        """Where its desktops are opened."""
        del home
        return room()

    @classmethod
    def left(cls, stage: Stage) -> list[Any]:
        """What is there of its desktop outside this process: its folder, or its session."""
        folder: Path = stage.desktop._machine.folder
        return [folder] if folder.exists() else []

    @classmethod
    def secret_in(cls, address: str) -> str:
        """What of a picture's address nobody may know."""
        return address.partition("#")[2]

    @classmethod
    def check_picture(cls, stage: Stage) -> None:
        """Further things that hold for this provider's address."""

    @pytest.fixture(scope="class")
    @classmethod
    def stage(cls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
        with pytest.MonkeyPatch.context() as patch:
            home = tmp_path_factory.mktemp("home")
            patch.setenv("JUPYTER_AGENT_HOME", str(home))
            rng = random.Random(f"{cls.name} {time.time_ns()}")
            password, code = Canary.make(rng), str(rng.randrange(10**7, 10**8))
            with login_site(password.value, code) as site, cls.rooms(home) as there:
                provider = there.provider(cls.name)
                ready = there.run(provider.available())
                assert ready.ok, ready.reason
                yield Stage(there, site, there.run(there.start(cls.name, site.url)), password)

    def test_it_begins_paused_and_lets_no_agent_in(self, stage: Stage) -> None:
        assert stage.desktop.state == "idle"
        with pytest.raises(PersonDrives, match="paused"):
            stage.room.run(stage.desktop.agent_channel())

    def test_its_caps_say_that_the_agent_is_kept_out_and_it_has_an_id_without_a_secret(
        self, stage: Stage
    ) -> None:
        assert stage.desktop.caps.pause is self.pause
        assert stage.desktop.caps.view_only == self.view_only
        assert stage.desktop.provider == self.name
        assert 8 <= len(stage.desktop.id) <= 16

    def test_a_person_types_where_the_lease_is_theirs_and_no_first_letter_is_lost(
        self, stage: Stage
    ) -> None:
        async def work() -> None:
            stage.lease = await stage.desktop.take_over("ada")
            async with person_at(stage.desktop) as person:
                # At once: its browser may not even have a window yet.
                await person.type("ada")
                await until_true(stage.desktop, "document.forms[0]?.user.value === 'ada'")
                await person.press("Tab")
                await until_field(stage.desktop, "password")
                await person.type(stage.password.value)
                expected = f"activeElement.value.length === {len(stage.password.value)}"
                await until_true(stage.desktop, f"document.{expected}")

        stage.room.run(work())
        assert stage.desktop.state == "human"
        assert stage.room.run(stage.desktop.host()) == stage.site.url.removeprefix("http://")

    def test_handing_back_is_refused_while_a_password_stands_in_a_field(self, stage: Stage) -> None:
        assert stage.lease is not None
        refused = stage.room.run(hand_back(stage.desktop, stage.lease))
        assert not refused.done
        assert "password" in refused.reason
        assert stage.password.value not in refused.reason
        assert stage.desktop.state == "human"

    def test_a_person_signs_in_and_hands_back(self, stage: Stage) -> None:
        async def work() -> None:
            lease = await stage.desktop.take_over("ada")  # the same person, in another tab
            with pytest.raises(LeaseLost):
                await stage.desktop.hand_back(stage.lease or lease)
            await until_true(stage.desktop, "document.forms[0].reset() || true")
            await until_true(stage.desktop, "document.forms[0].user.focus() || true")
            lease = await sign_in(stage.desktop, stage.site, PERSON)
            assert (await hand_back(stage.desktop, lease)).done

        stage.room.run(work())
        assert stage.site.paths() == ["/login", "/code"]
        assert stage.desktop.state == "agent"

    def test_the_agent_reads_looks_clicks_types_and_goes_where_it_is_signed_in(
        self, stage: Stage
    ) -> None:
        async def work() -> None:
            agent = await stage.desktop.agent_channel()
            assert BALANCE in await agent.text()
            picture = await agent.screenshot(limit=20_000)
            assert picture[:2] == b"\xff\xd8"
            assert len(picture) <= 20_000
            await agent.press("Tab")
            await agent.type("written by the agent: é漢")
            await agent.press("Enter")
            await until_true(stage.desktop, "document.querySelector('p#note').textContent")
            assert "written by the agent: é漢" in await agent.text()
            await agent.navigate(f"{stage.site.url}/extras")
            assert "Colour" in await agent.text()
            for address in ("file:///etc/passwd", "chrome://settings", "javascript:1"):
                with pytest.raises(RequestInvalid):
                    await agent.navigate(address)

        stage.room.run(work())

    def test_playwright_drives_the_site_that_a_person_has_signed_in_at(self, stage: Stage) -> None:
        async def work() -> None:
            agent = await stage.desktop.agent_channel()
            async with async_playwright() as playwright:
                browser = await playwright.chromium.connect_over_cdp(await agent.endpoint())
                page = browser.contexts[0].pages[0]
                await page.goto(f"{stage.site.url}/account")
                assert await page.inner_text("#balance") == BALANCE
                await page.fill("input[name=note]", "by Playwright")
                await page.click("text=Save note")
                assert await page.inner_text("p#note") == "by Playwright"
                assert await page.evaluate("document.cookie") == ""  # HttpOnly
                with pytest.raises(PlaywrightError, match="not permitted to an agent"):
                    await browser.contexts[0].cookies()
                await browser.close()

        stage.room.run(work())
        assert stage.site.note == "by Playwright"
        assert stage.password.value not in [form.get("note") for _, form in stage.site.posted]

    def test_an_address_for_a_program_is_good_once(self, stage: Stage) -> None:
        async def work() -> None:
            agent = await stage.desktop.agent_channel()
            address = await agent.endpoint()
            program = await websocket_connect(address)
            await program.write_message('{"id": 1, "method": "Browser.getVersion"}')
            assert '"id": 1' in str(await program.read_message())
            program.close()
            with pytest.raises(HTTPClientError, match="403"):
                await websocket_connect(address)

        stage.room.run(work())

    def test_taking_over_ends_what_the_agent_is_doing_with_a_typed_error(
        self, stage: Stage
    ) -> None:
        async def work() -> None:
            agent = await stage.desktop.agent_channel()
            going = asyncio.ensure_future(agent.navigate(f"{stage.site.url}/slow"))
            await asyncio.sleep(0)
            stage.lease = await stage.desktop.take_over("ada")
            for attempt in (going, agent.text(), agent.screenshot(), agent.endpoint()):
                with pytest.raises(PersonDrives):
                    await attempt
            with pytest.raises(PersonDrives):
                await stage.desktop.agent_channel()

        stage.room.run(work())
        stage.site.hurry.set()
        assert stage.desktop.state == "human"

    def test_a_picture_s_address_has_a_secret_and_no_repr(self, stage: Stage) -> None:
        grant = stage.room.run(stage.desktop.grant("view", PARENT))
        secret = self.secret_in(grant.url)
        assert len(secret) >= 16
        assert secret not in repr(grant)
        self.check_picture(stage)

    def test_requirement_14_a_download_stays_inside_until_a_person_moves_it_and_writes_over_nothing(
        self, stage: Stage, tmp_path: Path
    ) -> None:
        async def download(count: int) -> Download:
            await until_true(stage.desktop, "document.querySelector('#report').click() || true")
            async with asyncio.timeout(PATIENCE):
                while True:
                    files = await stage.desktop.files()
                    if len(files) == count and all(file.done for file in files):
                        return files[0]
                    await asyncio.sleep(0.02)  # nobody is told of a file

        async def work() -> None:
            # The page before may be the same one, and what is clicked there is lost when it goes.
            where = f"window.left = true, location.assign({stage.site.url + '/extras'!r}), true"
            await until_true(stage.desktop, where)
            await until_true(stage.desktop, "!window.left && document.querySelector('#report')")
            first = await download(1)
            assert (first.name, first.size) == ("report.csv", len(REPORT))
            assert await stage.desktop.move(first.id, tmp_path) == "report.csv"
            assert await stage.desktop.files() == []
            with pytest.raises(DesktopError):
                await stage.desktop.move(first.id, tmp_path)
            second = await download(1)
            assert await stage.desktop.move(second.id, tmp_path) == "report (1).csv"

        if not stage.desktop.caps.downloads:
            assert stage.room.run(stage.desktop.files()) == []
            pytest.skip("what is downloaded elsewhere stays there")
        stage.room.run(work())
        assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == {
            "report.csv": REPORT,
            "report (1).csv": REPORT,
        }

    def test_closing_leaves_nothing_and_everything_after_it_is_refused(self, stage: Stage) -> None:
        assert self.left(stage)
        report = stage.room.run(stage.desktop.close())
        assert not report.left
        assert not self.left(stage)
        assert stage.desktop.state == "closed"
        for refused in (
            stage.desktop.agent_channel(),
            stage.desktop.take_over("ada"),
            stage.desktop.grant("control", PARENT),
            stage.desktop.host(),
        ):
            with pytest.raises(DesktopClosed):
                stage.room.run(refused)
        assert stage.room.run(stage.desktop.close()) == report
