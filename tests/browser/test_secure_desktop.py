"""A person signs in on the secure desktop, hands it back, and the notebook goes on in it."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import traces
from canary import Canary
from desktop_panel import (
    STARTING,
    connected,
    drives,
    enter_code,
    hand_back,
    take_over,
    type_into,
    until_there,
)
from lab import Lab
from login_site import BALANCE, PERSON, LoginSite, login_site
from memory import copies
from notebook_page import NotebookPage
from playwright.sync_api import Locator, Page, expect
from steps import wait_until

LISTED = re.compile(r"/jupyter-agent/desktops(\?|$)")


@pytest.fixture(scope="module")
def password() -> Canary:
    return Canary.make(random.Random("a website's password"))


@pytest.fixture(scope="module")
def code() -> Canary:
    return Canary.make(random.Random("a one-time code"))


@pytest.fixture
def site(password: Canary, code: Canary) -> Iterator[LoginSite]:
    with login_site(password.value, code.value) as site:
        yield site


@pytest.fixture
def panel(page: Page) -> Locator:
    return page.locator(".ja-desktop")


def test_a_person_signs_in_and_the_notebook_reads_the_account_without_password_or_code(  # noqa: PLR0915, PLR0917
    lab: Lab,
    notebook: NotebookPage,
    panel: Locator,
    site: LoginSite,
    password: Canary,
    code: Canary,
) -> None:
    page = notebook.page
    lab.notebook(
        "account.ipynb",
        f"%desktop open {site.url}/login",
        "%desktop screenshot",
        "from jupyter_agent import desktop\n"
        "account = await desktop.connect()\n"
        "print('balance:', await account.inner_text('#balance'))",
        "import os; os.getpid()",
    )
    notebook.open("account.ipynb")
    told = json.loads(next(Path(lab.root / "runtime").glob("jpserver-*.json")).read_text())
    x_files = traces.dead_x_files()
    notebook.run(0)
    drives(panel, "Paused")
    (folder,) = traces.folders_below(told["pid"])
    there = " ".join(traces.left_in(folder))
    assert [each for each in ("vnc", "chromium", "socket", "folder") if each not in there] == []
    expect(notebook.output(0)).to_contain_text("is open in JupyterLab")
    connected(panel)
    host = site.url.removeprefix("http://").partition(":")[0]
    expect(panel.locator(".ja-desktop-host")).to_contain_text(host)
    expect(panel.locator(".ja-desktop-where")).to_contain_text(
        "This computer (VNC): on this machine, as you"
    )
    expect(panel.locator(".ja-desktop-warning")).to_contain_text("could read this desktop")

    # Nobody has clicked: not even who opened it sees anything.
    notebook.run(1)
    expect(notebook.output(1)).to_contain_text("PersonDrives")
    take_over(panel)
    frame = panel.locator(".ja-desktop-picture")
    assert frame.get_attribute("sandbox") == "allow-scripts allow-same-origin"
    assert frame.get_attribute("referrerpolicy") == "no-referrer"
    assert "clipboard-write" not in (frame.get_attribute("allow") or "")
    assert (
        page.evaluate("() => document.querySelector('.ja-desktop-picture').contentDocument") is None
    )

    until_there(site)
    type_into(page, panel, PERSON, "Tab", password.value)
    notebook.run(1)
    expect(notebook.output(1)).to_contain_text("PersonDrives")
    panel.locator(".ja-desktop-back").click()
    expect(panel.locator(".ja-desktop-said")).to_contain_text("Not handed back", timeout=STARTING)
    drives(panel, "You drive")
    page.evaluate("() => document.querySelector('.ja-desktop-back').click()")  # no person's click
    type_into(page, panel, "Enter")
    enter_code(page, panel, site)
    assert len(site.sessions) == 1
    assert site.posted[0][1]["password"] == password.value

    hand_back(panel)
    notebook.run(1)
    expect(notebook.output(1).locator("img")).to_be_visible()
    notebook.run(2)
    expect(notebook.output(2)).to_contain_text(f"balance: {BALANCE}", timeout=STARTING)
    notebook.run(3)
    expect(notebook.output(3)).to_contain_text(re.compile(r"\d+"))
    notebook.save()

    kernel = int(re.findall(r"\d+", notebook.output(3).inner_text())[-1])
    told_panel = page.locator("body").inner_html().encode()
    for secret in (password, code):
        assert secret.found_in(told_panel + notebook.texts_in_document().encode()) == []
        assert not any(copies(kernel, secret.value.encode()).values())
        assert not any(copies(told["pid"], secret.value.encode()).values())
        assert secret.search_proc() == []

    # A form for another one, and back: the picture stays where it is.
    panel.locator(".ja-desktop-new").click()
    expect(panel.get_by_label("Address")).to_be_focused()
    panel.locator(".ja-desktop-tab").first.click()
    connected(panel)
    drives(panel, "The agent drives")

    panel.locator(".ja-desktop-close").click()
    expect(panel.locator(".ja-desktop-start")).to_be_visible(timeout=STARTING)
    wait_until(lambda: not traces.left_in(folder), 30)
    assert not traces.left_x_files(x_files)
    for secret in (password, code):
        assert secret.search_tree(lab.root) == []


def test_where_something_is_missing_the_command_that_installs_it_is_shown(
    notebook: NotebookPage, lab: Lab, panel: Locator
) -> None:
    page = notebook.page
    notebook.anywhere()
    missing = {"ok": False, "reason": "Xvnc not found.", "install": "sudo apt-get install x"}

    def without_xvnc(route) -> None:
        answer = route.fetch()
        listed = answer.json()
        listed["providers"] = [provider | missing for provider in listed["providers"]]
        route.fulfill(response=answer, json=listed)

    page.route(LISTED, without_xvnc)
    notebook.command("jupyter-agent:open-desktop")
    expect(panel.locator(".ja-desktop-missing")).to_contain_text("Xvnc not found.")
    expect(panel.locator(".ja-desktop-command")).to_have_text("sudo apt-get install x")
    expect(panel.locator(".ja-desktop-start")).to_be_hidden()
    page.unroute(LISTED)
    panel.locator(".ja-desktop-again").click()
    expect(panel.locator(".ja-desktop-start")).to_be_visible()


def test_a_websites_password_in_a_cell_leads_to_the_secure_desktop(
    notebook: NotebookPage, lab: Lab, panel: Locator
) -> None:
    lab.notebook("stopped.ipynb", "")
    notebook.open("stopped.ipynb")
    word = "Tr0ub4dor" + "&3x"
    notebook.write(0, f"# my password for the bank is {word}")
    notebook.run(0)
    notebook.output(0).locator(".ja-blocked-open").click()
    expect(panel.get_by_label("Address")).to_be_visible()
