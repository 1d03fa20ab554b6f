"""The page that shows a desktop without a screen, used by a person: Chromium looks at Chromium."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from canary import Canary
from desktop_rooms import PARENT, Room, front, room, session, until_field, until_true
from login_site import PERSON, LoginSite, login_site
from playwright.sync_api import Page, expect

from jupyter_agent.desktop.provider import Desktop

pytestmark = pytest.mark.browser


@dataclass(repr=False)
class Shown:
    """A desktop that a person drives, and the page that shows it."""

    room: Room
    site: LoginSite
    desktop: Desktop
    page: Page

    def until(self, expression: str) -> None:
        self.room.run(until_true(self.desktop, expression))

    def go(self, path: str) -> None:
        self.page.get_by_label("Address").fill(f"{self.site.url}{path}")
        self.page.keyboard.press("Enter")
        self.until(f"location.pathname === '{path}' && document.readyState === 'complete'")

    def click(self, selector: str) -> None:
        """Click where the picture has it."""
        x, y = self.room.run(self._place(selector))
        box = self.page.locator("canvas").bounding_box()
        assert box is not None
        self.page.mouse.click(box["x"] + x, box["y"] + y)

    async def _place(self, selector: str) -> list[float]:
        cdp: Any = await self.desktop._steer()
        tab = await front(cdp)
        assert tab is not None
        box = f"(b => [b.x + b.width / 2, b.y + b.height / 2])({_element(selector)})"
        async with session(cdp, tab.target) as ours:
            asked = {"expression": box, "returnByValue": True}
            return (await cdp.send("Runtime.evaluate", asked, ours))["result"]["value"]


def _element(selector: str) -> str:
    return f"document.querySelector('{selector}').getBoundingClientRect()"


@pytest.fixture
def shown(own_page: Page) -> Iterator[Shown]:
    rng = random.Random(f"pictures {time.time_ns()}")
    with login_site(Canary.make(rng).value, "90210777") as site, room() as there:
        desktop = there.run(there.start("local-cdp", f"{site.url}/login"))
        there.run(desktop.take_over("ada"))
        own_page.goto(there.run(desktop.grant("control", PARENT)).url)
        expect(own_page.locator(".note")).to_be_hidden(timeout=30_000)
        yield Shown(there, site, desktop, own_page)


def test_a_person_signs_in_chooses_answers_and_gives_a_file_in_pictures(
    shown: Shown, tmp_path: Any
) -> None:
    page, site = shown.page, shown.site
    assert "#" not in page.url  # the ticket is gone from the address
    shown.room.run(until_field(shown.desktop, "user"))
    page.keyboard.type(PERSON)
    page.keyboard.press("Tab")
    page.keyboard.insert_text(site.password)  # as an input method does
    page.keyboard.press("Enter")
    shown.room.run(until_field(shown.desktop, "otp"))
    page.keyboard.type(site.code)
    page.keyboard.press("Enter")
    shown.until("document.querySelector('#balance')")
    assert site.paths() == ["/login", "/code"]

    shown.go("/extras")
    shown.click("#colour")
    expect(page.locator(".ask option")).to_have_text(["choose", "Red", "Blue"])
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    shown.until("document.title === 'blue'")

    shown.click("#prompt")
    expect(page.locator(".ask h1")).to_contain_text("says")
    page.keyboard.type("Zoë 漢")
    page.keyboard.press("Enter")
    shown.until("document.title === 'Zoë 漢'")

    given = tmp_path / "given.txt"
    given.write_text("given by a person")
    shown.click("#file")
    page.locator(".ask input").set_input_files(given)
    page.locator(".ask").get_by_role("button", name="Give").click()
    shown.until("document.title === 'given.txt'")

    page.get_by_label("Address").fill(f"{site.url}/basic")
    page.keyboard.press("Enter")
    expect(page.locator(".ask h1")).to_contain_text("asks you to sign in")
    page.keyboard.type(PERSON)
    page.keyboard.press("Tab")
    page.keyboard.type(site.password)
    page.keyboard.press("Enter")
    shown.until("document.body.innerText.includes('Let in')")
    expect(page.locator(".ask")).to_be_hidden()
    assert site.password not in page.content()  # it went with its field
