"""What a person does with desktops in the panel: keyboard, windows, several at once."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from canary import Canary
from desktop_panel import (
    REMEMBER_SOCKETS,
    STARTING,
    connected,
    drives,
    hand_back,
    live,
    take_over,
    type_into,
    until_pasted,
    until_there,
)
from desktop_questions import Questions
from lab import Lab
from login_site import PERSON, REPORT, LoginSite, login_site
from notebook_page import NotebookPage
from playwright.sync_api import Locator, Page, expect
from steps import wait_until

GRANT = re.compile(r"/jupyter-agent/desktops/grant")

_COMPLETE = """async code => {
  const { kernel } = window.jupyterapp.shell.currentWidget.sessionContext.session;
  return (await kernel.requestComplete({ code, cursor_pos: code.length })).content.matches;
}"""

_FOCUSED = """() => {
  const at = document.activeElement;
  const { outlineStyle, outlineWidth } = getComputedStyle(at);
  return [at.closest(".ja-desktop-live") && (at.ariaLabel || at.innerText),
          `${outlineStyle} ${outlineWidth}`];
}"""

SYNC = """import concurrent.futures

def read():
    from jupyter_agent import desktop
    page = desktop.connect()
    return page.inner_text("h1")

concurrent.futures.ThreadPoolExecutor(1).submit(read).result()"""


@pytest.fixture(scope="module")
def site() -> Iterator[LoginSite]:
    rng = random.Random("the panel")
    with login_site(Canary.make(rng).value, "482 913") as site:
        yield site


@pytest.fixture
def panel(page: Page, lab: Lab, notebook: NotebookPage) -> Iterator[Locator]:
    page.add_init_script(REMEMBER_SOCKETS)  # in the picture's page, too
    lab.notebook("desktops.ipynb", SYNC)
    notebook.open("desktops.ipynb")
    panel = page.locator(".ja-desktop")
    yield panel
    close_all(panel)


def close_all(panel: Locator) -> None:
    tabs = panel.locator(".ja-desktop-tab[data-state]")
    while count := tabs.count():
        tabs.first.click()
        panel.locator(".ja-desktop-close:visible").click()
        expect(tabs).to_have_count(count - 1, timeout=STARTING)


def start(panel: Locator, address: str) -> None:
    """By the keyboard, in the form that has the focus."""
    field = panel.get_by_label("Address")
    expect(field).to_be_focused()
    field.fill(address)
    field.press("Enter")
    expect(live(panel).locator(".ja-desktop-take")).to_be_focused(timeout=STARTING)


def reached_by_tab(page: Page, first: Locator) -> list[str]:
    """The names, as a screen reader says them, of all in a desktop that Tab leads to."""
    first.focus()
    page.keyboard.press("Shift+Tab")
    names = []
    while True:
        page.keyboard.press("Tab")
        name, outline = page.evaluate(_FOCUSED)
        if name is None:
            return names
        assert outline.startswith("solid 2px"), f"{name}: nobody sees that it has the focus"
        names.append(name)


def cut(page: Page) -> None:
    """The connection of the picture is lost, and not by its own page's doing."""
    frame = page.locator(".ja-desktop-live:not([hidden]) .ja-desktop-picture").element_handle()
    frame.content_frame().evaluate("() => window.lastSocket.close()")


def type_and_paste(page: Page, panel: Locator, site: LoginSite) -> None:
    """A name on a German keyboard, and a password from elsewhere."""
    type_into(page, panel, "zyü@ß", "Tab")
    text = paste(page, panel)
    type_into(page, panel, "Enter")
    wait_until(lambda: bool(site.posted), 30)
    assert site.posted[0][1] == {"user": "zyü@ß", "password": text}


def paste(page: Page, panel: Locator) -> str:
    """By the button, which turns paste on: only from then on may the frame read the clipboard."""
    picture = live(panel).locator(".ja-desktop-picture")
    expect(picture).to_have_attribute("allow", "fullscreen")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    # Beyond Latin-1: sent before the desktop has said what its clipboard takes, it would be "??".
    text = f"{Canary.make(random.Random('pasted')).value}€漢"
    page.evaluate("text => navigator.clipboard.writeText(text)", text)
    live(panel).locator(".ja-desktop-paste").click()
    expect(picture).to_have_attribute("allow", "fullscreen; clipboard-read")
    connected(panel)
    until_pasted(picture)
    page.evaluate("() => navigator.clipboard.writeText('')")
    page.context.clear_permissions()
    return text


def put_apart(page: Page, panel: Locator) -> None:
    """The picture in a window of its own, and back."""
    with page.context.expect_page() as opened:
        panel.locator(".ja-desktop-window").click()
    apart = opened.value
    expect(apart.locator("canvas")).to_be_visible(timeout=STARTING)
    assert not apart.url.startswith(page.url.partition("/lab")[0])
    assert "#" not in apart.url  # the ticket
    assert apart.evaluate("() => window.opener") is None
    expect(live(panel)).to_contain_text("in a window of its own")
    apart.close()
    panel.locator(".ja-desktop-here").click()
    connected(panel)


def test_the_keyboard_the_picture_and_its_windows_are_the_persons(
    notebook: NotebookPage, panel: Locator, site: LoginSite
) -> None:
    page = notebook.page
    notebook.command("jupyter-agent:open-desktop", url="")
    start(panel, f"{site.url}/login")
    assert reached_by_tab(page, live(panel).locator(".ja-desktop-take")) == [
        *("Take over", "Your keyboard", "Full screen", "Own window", "Reconnect", "Close")
    ]
    take_over(panel)

    # The keyboard: its layout, and the way out of the picture.
    with page.expect_response(re.compile(r"/desktops/layout")) as answered:
        panel.get_by_label("Your keyboard").locator("visible=true").select_option("de")
    assert answered.value.status == 204
    # Not while a page loads: the first Escape is the desktop's, and ends that there.
    until_there(site)
    panel.locator(".ja-desktop-picture").focus()
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    expect(panel.locator(".ja-desktop-back")).to_be_focused()
    type_and_paste(page, panel, site)

    # A lost connection comes back by itself, or by a click when it does not.
    with page.expect_response(GRANT):
        cut(page)
    connected(panel)
    page.route(GRANT, lambda route: route.fulfill(status=503, json=UNREACHED))
    cut(page)
    expect(live(panel).get_by_role("alert")).to_contain_text("The picture was lost.")
    expect(live(panel).get_by_role("alert")).to_contain_text("No answer.")
    page.unroute(GRANT)
    live(panel).locator(".ja-desktop-again").click()
    connected(panel)
    drives(panel, "You drive")  # all the while

    # Larger, and apart.
    panel.locator(".ja-desktop-full").click()
    full = "() => document.fullscreenElement?.classList.contains('ja-desktop-live') ?? false"
    page.wait_for_function(full)
    connected(panel)
    panel.locator(".ja-desktop-full").click()
    page.wait_for_function("() => document.fullscreenElement === null")
    put_apart(page, panel)

    # Handed back, a program that waits in a thread goes on in it, and Tab knows the desktop.
    hand_back(panel)
    expect(panel.locator(".ja-desktop-take")).to_be_focused()
    connected(panel)
    expect(live(panel).locator(".ja-desktop-picture")).to_have_attribute("allow", "fullscreen")
    notebook.run(0)
    expect(notebook.output(0)).to_contain_text("'Sign in'", timeout=STARTING)
    assert page.evaluate(_COMPLETE, "%desktop sc") == ["screenshot"]
    assert {"local-cdp", "local-vnc"} <= {
        *page.evaluate(_COMPLETE, "%desktop open --provider local-")
    }
    assert live(panel).get_attribute("data-desktop") in page.evaluate(_COMPLETE, "%desktop close ")


def test_three_desktops_at_once_each_with_its_own_driver(
    lab: Lab, notebook: NotebookPage, panel: Locator, site: LoginSite, tmp_path: Path
) -> None:
    site.there.clear()
    notebook.command("jupyter-agent:open-desktop", url="")
    tabs = panel.locator(".ja-desktop-tab[data-state]")
    for number, path in enumerate(("/extras", "/code", "/login"), 1):
        expect(panel.get_by_label("Address")).to_be_focused()
        if number == 3:  # without a screen, and to be signed in next time
            panel.get_by_label("Provider").select_option("local-cdp")
            panel.get_by_label("Keep me signed in").check()
            panel.get_by_label("Address").focus()
        start(panel, site.url + path)
        expect(tabs).to_have_count(number)
        if number < 3:
            panel.locator(".ja-desktop-new").click()
    take_over(panel)
    expect(tabs.nth(2)).to_have_attribute("data-state", "human")
    tabs.first.click()
    drives(panel, "Paused")
    connected(panel)
    expect(tabs.nth(2)).to_have_attribute("data-state", "human")
    tabs.nth(2).click()
    drives(panel, "You drive")
    connected(panel)
    shown = panel.locator(".ja-desktop-live").evaluate_all("all => all.map(n => n.dataset.desktop)")
    assert len(set(shown)) == 3

    paste_without_a_screen(notebook.page, panel, site)
    answer_what_a_page_asks(Questions(notebook.page, panel, site), tmp_path)
    download_and_move(notebook.page, panel, site, lab)
    forget_what_was_kept(panel, lab)


def paste_without_a_screen(page: Page, panel: Locator, site: LoginSite) -> None:
    """There is no clipboard in that desktop: what is pasted is typed."""
    until_there(site)
    type_into(page, panel, PERSON, "Tab")
    before = len(site.posted)
    text = paste(page, panel)
    type_into(page, panel, "Enter")
    wait_until(lambda: len(site.posted) > before, 30)
    assert site.posted[before][1] == {"user": PERSON, "password": text}


def answer_what_a_page_asks(questions: Questions, tmp_path: Path) -> None:
    """What a browser would show in windows of its own is asked in the picture's page."""
    questions.begin()
    questions.a_list_and_dialogs()
    questions.a_file(tmp_path)
    questions.a_permission()
    questions.leaving()
    questions.a_login()


def download_and_move(page: Page, panel: Locator, site: LoginSite, lab: Lab) -> None:
    """What a page gives is listed, and lies beside the notebook after a click, and only then."""
    files = live(panel).get_by_role("list", name="Downloaded files").get_by_role("listitem")
    address = live(panel).locator(".ja-desktop-picture").content_frame.get_by_label("Address")
    address.fill(f"{site.url}/report.csv")
    address.press("Enter")
    expect(files).to_contain_text("report.csv21 bytes", timeout=STARTING)
    assert not (lab.notebooks / "report.csv").exists()
    files.get_by_role("button", name="Move report.csv").click()
    expect(page.locator(".Toastify__toast")).to_contain_text("Moved to report.csv")
    expect(files).to_have_count(0)
    assert (lab.notebooks / "report.csv").read_bytes() == REPORT


def forget_what_was_kept(panel: Locator, lab: Lab) -> None:
    """It is saved when the desktop closes; the form says so, and drops it at a click."""
    tabs = panel.locator(".ja-desktop-tab[data-state]")
    panel.locator(".ja-desktop-close:visible").click()
    expect(tabs).to_have_count(2, timeout=STARTING)
    panel.locator(".ja-desktop-new").click()
    panel.get_by_label("Provider").select_option("local-cdp")
    expect(panel.locator(".ja-desktop-kept")).to_contain_text("Last kept:", timeout=STARTING)
    panel.locator(".ja-desktop-forget").click()
    expect(panel.locator(".ja-desktop-kept")).to_be_hidden()
    with lab.person() as person:
        assert person.call("profile.list")["profiles"] == []
    tabs.first.click()


UNREACHED = {"error": {"code": "desktop_unavailable", "message": "No answer.", "hint": ""}}
