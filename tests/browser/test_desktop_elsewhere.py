"""Desktops of others in the panel: their own page in a frame, whose address is nowhere else."""

from __future__ import annotations

import re

import pytest
import steps
from canary import Canary
from desktop_panel import STARTING, drives, live
from lab import Lab
from notebook_page import NotebookPage
from playwright.sync_api import Locator, Page, expect
from rest_service import RestService

_ALL_BUT_THE_FRAMES_ADDRESS = """() => {
  const shown = document.documentElement.cloneNode(true);
  for (const frame of shown.querySelectorAll("iframe")) {
    frame.removeAttribute("src");
  }
  const stored = JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie]);
  return shown.outerHTML + document.body.innerText + stored + document.title + location.href;
}"""

HOLD = re.compile(r"/jupyter-agent/desktops/hold")

_NOW = """async () => {
  const answer = await fetch("/jupyter-agent/desktops");
  return (await answer.json()).desktops.map(desktop => desktop.state);
}"""

_LATER = f"""async () => {{
  let states = ["human"];
  for (let round = 0; states[0] === "human" && round < 120; round++) {{
    await new Promise(done => setTimeout(done, 500));
    states = await ({_NOW})();
  }}
  return states;
}}"""

_CLOSE_PANEL = """() => {
  const { shell } = window.jupyterapp;
  [...shell.widgets("main")].find(widget => widget.hasClass("ja-desktop")).dispose();
}"""


@pytest.fixture
def panel(notebook: NotebookPage) -> Locator:
    notebook.anywhere().command("jupyter-agent:open-desktop", url="")
    return notebook.page.locator(".ja-desktop")


def start(panel: Locator, provider: str) -> Locator:
    """One that opens no address; its picture, once a person drives."""
    panel.get_by_label("Provider").select_option(provider)
    panel.locator(".ja-desktop-start").click()
    live(panel).locator(".ja-desktop-take").click(timeout=STARTING)
    drives(panel, "You drive")
    return live(panel).locator(".ja-desktop-picture[title*='you drive']")


def close(panel: Locator) -> None:
    live(panel).locator(".ja-desktop-close").click()
    expect(panel.locator(".ja-desktop-start")).to_be_visible(timeout=STARTING)


def is_shut_in(picture: Locator) -> None:
    """What the frame may: scripts on its own origin; no forms, no clipboard, no word of where."""
    expect(picture).to_have_attribute("sandbox", "allow-scripts allow-same-origin")
    expect(picture).to_have_attribute("referrerpolicy", "no-referrer")
    assert "clipboard" not in (picture.get_attribute("allow") or "")


def test_a_services_page_is_framed_and_its_address_is_nowhere_else(
    lab: Lab, notebook: NotebookPage, panel: Locator, desktop_service: RestService, canary: Canary
) -> None:
    page = notebook.page
    desktop_service.key = canary.value
    with lab.person() as person:
        steps.save(person, "STEEL_API_KEY", canary.value)
        person.call("grant.add", label="STEEL_API_KEY", script=f"egress {desktop_service.origin}")
    # The form learns by itself that there is a key now.
    picture = start(panel, "steel")
    expect(picture.content_frame.get_by_text("The browser")).to_be_visible()
    is_shut_in(picture)
    expect(live(panel).locator(".ja-desktop-where")).to_contain_text("another machine")
    expect(live(panel).locator(".ja-desktop-warning")).to_contain_text("whoever runs that machine")
    assert set(desktop_service.led) == {None}

    address = Canary(desktop_service.tokens[-1])
    assert address.value in (picture.get_attribute("src") or "")
    assert address.found_in(page.evaluate(_ALL_BUT_THE_FRAMES_ADDRESS).encode()) == []
    assert address.search_tree(lab.root) == []
    assert canary.found_in(page.content().encode()) == []
    close(panel)
    assert desktop_service.alive == {}


def test_a_page_that_the_admin_has_allowed_is_framed_as_it_is(
    page: Page, panel: Locator, desktop_service: RestService
) -> None:
    asked: list[str | None] = []

    def somebodys_page(route) -> None:
        asked.append(route.request.headers.get("referer"))
        route.fulfill(content_type="text/html", body="<h1>Their desktop</h1>")

    page.route("https://desk.example.com/**", somebodys_page)
    begun = len(desktop_service.asked)
    panel.get_by_label("Provider").select_option("url-team")
    expect(panel.get_by_label("Address")).to_be_hidden()  # it opens none
    picture = start(panel, "url-team")
    expect(picture.content_frame.get_by_role("heading", name="Their desktop")).to_be_visible()
    is_shut_in(picture)
    assert set(asked) == {None}
    expect(live(panel).locator(".ja-desktop-back")).to_be_hidden()  # there is no agent
    is_paused_once_its_page_is_gone(page, panel)
    close(panel)
    assert len(desktop_service.asked) == begun


def is_paused_once_its_page_is_gone(page: Page, panel: Locator) -> None:
    """Its picture does not pass the server: that a person is there the panel says, or nobody."""
    for _ in range(2):
        with page.expect_response(HOLD) as answered:
            pass
        assert answered.value.status == 204
    drives(panel, "You drive")
    page.evaluate(_CLOSE_PANEL)
    assert page.evaluate(_NOW) == ["human"]  # not at once: people look up a code elsewhere
    assert page.evaluate(_LATER) == ["idle"]
    page.evaluate("() => window.jupyterapp.commands.execute('jupyter-agent:open-desktop')")
    panel.locator(".ja-desktop-tab[data-state]").click()
    drives(panel, "Paused")
