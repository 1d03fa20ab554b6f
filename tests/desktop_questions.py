"""What a page asks by windows of its browser, answered in the panel's own frame, as a person does.

Only for a desktop without a screen: the viewer shows there what no picture has. The frame's sandbox
has no forms and no dialogs of its own, so each question is tried in it, not only beside it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from desktop_panel import live
from login_site import PERSON, LoginSite
from playwright.sync_api import FrameLocator, Page, expect
from steps import wait_until


class Questions:
    """The site's page with everything that asks, in the desktop that is looked at."""

    def __init__(self, page: Page, panel: Any, site: LoginSite) -> None:
        self._page = page
        self._site = site
        frame = live(panel).locator(".ja-desktop-picture")
        assert frame.get_attribute("sandbox") == "allow-scripts allow-same-origin"
        self._picture: FrameLocator = frame.content_frame
        self._ask = self._picture.locator("form.ask")
        self._places: dict[str, list[float]] = {}

    def go(self, path: str) -> None:
        """By the address above the picture."""
        address = self._picture.get_by_label("Address")
        address.fill(f"{self._site.url}{path}")
        address.press("Enter")

    def begin(self) -> None:
        """Open the page that asks; it says where its parts are."""
        before = len(self._site.told)
        self.go("/extras")
        wait_until(lambda: len(self._site.told) > before, 30)
        self._places = json.loads(self._site.told[before])

    def click(self, part: str) -> None:
        """With the mouse, where the picture has it."""
        x, y = self._places[part]
        self._picture.locator("canvas").click(position={"x": x, "y": y})

    def told(self, what: str) -> None:
        """The page has got that answer, and nothing is asked any more."""
        wait_until(lambda: self._site.told[-1] == what, 30)
        expect(self._ask).to_be_hidden()

    def asked(self, head: str) -> None:
        expect(self._ask.locator("h1")).to_contain_text(head)

    def press(self, *keys: str) -> None:
        for key in keys:
            self._page.keyboard.press(key)

    def a_list_and_dialogs(self) -> None:
        self.click("colour")
        expect(self._ask.get_by_role("listbox")).to_be_focused()
        expect(self._ask.locator("option")).to_have_text(["choose", "Red", "Blue"])
        self.press("ArrowDown", "ArrowDown", "Enter")
        self.told("blue")

        self.click("alert")
        self.asked(f"{self._site.url.removeprefix('http://')} says")
        expect(self._ask).to_contain_text("Read this")
        self.press("Enter")  # its button has the focus
        self.told("read")

        self.click("confirm")
        self.asked("says")
        self.press("Escape")
        self.told("false")

        self.click("prompt")
        expect(self._ask.get_by_label("Your answer")).to_be_focused()
        self._page.keyboard.type("Zoë 漢")
        self.press("Enter")
        self.told("Zoë 漢")

    def a_file(self, folder: Path) -> None:
        """From the person's computer, by their browser's own dialog."""
        given = folder / "given.txt"
        given.write_text("given by a person")
        self.click("file")
        self.asked("asks for a file")
        with self._page.expect_file_chooser() as chosen:
            self._ask.get_by_label("Files").click()
        chosen.value.set_files(given)
        # A dialog that closes gives the window its focus again: it is still the question's.
        self._picture.locator("body").evaluate("() => window.dispatchEvent(new Event('focus'))")
        assert self._ask.evaluate("box => box.contains(document.activeElement)")
        self._ask.get_by_role("button", name="Give").click()
        self.told("given.txt")

    def a_permission(self) -> None:
        """Nobody can be asked when the page asks: it is refused, unless it was permitted before."""
        self.click("notices")
        self.told("denied")
        self._picture.get_by_role("button", name="Permissions").click()
        permits = self._picture.get_by_role("dialog", name="Allow 127.0.0.1")
        expect(permits.get_by_label("Notifications")).to_be_focused()
        self.press("Space")
        expect(permits.get_by_label("Notifications")).to_be_checked()
        self.press("Escape")
        expect(permits).to_be_hidden()
        self.click("notices")
        self.told("granted")

    def leaving(self) -> None:
        """A page that does not let go is stayed on, or left."""
        self.click("stay")
        self.told("stays")
        self.go("/code")
        self.asked("Leave this page?")
        self.press("Escape")
        expect(self._ask).to_be_hidden()
        self.click("confirm")  # it is still there
        self.asked("says")
        self.press("Enter")
        self.told("true")
        self.go("/basic")
        self.asked("Leave this page?")
        self._ask.get_by_role("button", name="Leave").click()

    def a_login(self) -> None:
        """HTTP authentication; a wrong password is asked for again, and none stays here."""
        self.asked("asks you to sign in")
        for password in ("wrong", self._site.password):
            expect(self._ask.get_by_label("Password")).to_have_value("")
            expect(self._ask.get_by_label("User name")).to_be_focused()
            self._page.keyboard.type(PERSON)
            self.press("Tab")
            self._page.keyboard.type(password)
            self.press("Enter")
        self.told("let in")
        assert self._site.password not in self._picture.locator("html").inner_html()
