"""Takes the pictures in docs/images from a real JupyterLab: `python tests/pictures.py`.

With the word `desktop` behind it only those of the secure desktop, with `chat` only that of Jupyter
AI's chat.
"""

from __future__ import annotations

import random
import string
import sys
import tempfile
from pathlib import Path

from chat_page import ChatPage
from echo_service import echo_service
from jupyter_ai_environment import made as jupyter_ai
from lab import Lab, running_lab
from login_site import PERSON, LoginSite, login_site
from notebook_page import NotebookPage
from playwright.sync_api import expect, sync_playwright
from sources import ROOT
from steps import save, wait_until

IMAGES = ROOT / "docs" / "images"
SIZE = {"width": 1120, "height": 560}


def made_up(length: int) -> str:
    return "".join(random.choices(string.ascii_letters + string.digits, k=length))


def take(lab: Lab, notebook: NotebookPage, port: int) -> None:
    page = notebook.page
    lab.notebook(
        "release.ipynb",
        "%%agent_run -s DEMO_TOKEN\n"
        f'curl -s -H "Authorization: Bearer $DEMO_TOKEN" http://127.0.0.1:{port}/me',
        "",
    )
    notebook.open("release.ipynb")
    notebook.open_secrets()
    notebook.run(0)
    expect(notebook.approval).to_be_visible()
    expect(notebook.approval.locator(".ja-approval-deny")).to_be_enabled()
    page.screenshot(path=IMAGES / "approval.png")
    notebook.answer("always")
    expect(notebook.output(0)).to_contain_text("[secret:DEMO_TOKEN]")
    while "used once" not in notebook.open_secrets().inner_text():
        page.wait_for_timeout(500)  # uses are written together, some seconds later
    notebook.write(1, f"%%ai claude\nPlease tag the release, my token is ghp{'_'}{made_up(36)}")
    notebook.run(1)
    expect(notebook.output(1).locator(".ja-blocked")).to_be_visible()
    notebook.page.locator(".jp-Notebook").press("Escape")
    page.screenshot(path=IMAGES / "notebook.png")
    page.set_viewport_size({"width": 700, "height": 420})
    notebook.panel.locator(".ja-add").first.click()
    notebook.command("apputils:change-theme", theme="JupyterLab Dark")
    expect(page.locator("body")).to_have_attribute("data-jp-theme-light", "false")
    expect(page.locator("#jupyterlab-splash")).to_have_count(0)
    page.screenshot(path=IMAGES / "panel-dark.png")


def take_desktop(notebook: NotebookPage, lab: Lab, site: LoginSite) -> None:
    """The secure desktop: the form, a person who signs in, and the agent that goes on."""
    page = notebook.page
    page.set_viewport_size({"width": 1240, "height": 640})
    lab.notebook(
        "orders.ipynb",
        f"%desktop open {site.url}/login",
        "from jupyter_agent import desktop\n\npage = await desktop.connect()\n"
        "await page.inner_text('#balance')",
    )
    notebook.open("orders.ipynb")
    notebook.command("apputils:change-theme", theme="JupyterLab Light")
    page.evaluate("() => window.jupyterapp.shell.collapseLeft()")
    panel = page.locator(".ja-desktop")
    notebook.command("jupyter-agent:open-desktop")
    panel.locator("#ja-desktop-address").fill("https://example.com/login")
    panel.locator("summary").click()
    page.screenshot(path=IMAGES / "desktop-start.png")
    panel.locator("#ja-desktop-address").fill("")
    notebook.run(0)
    expect.set_options(timeout=30_000)
    panel.locator(".ja-desktop-take").click(timeout=60_000)
    picture = panel.locator(".ja-desktop-picture[title*='you drive']")
    live = panel.locator(".ja-desktop-live:not([hidden])")
    expect(picture).to_be_visible()
    expect(live).to_have_attribute("data-connection", "connected", timeout=60_000)
    page.wait_for_timeout(3000)  # the picture follows the panel's size
    picture.focus()
    page.keyboard.type(PERSON, delay=20)
    page.keyboard.press("Tab")
    page.keyboard.type(site.password, delay=20)
    page.wait_for_timeout(1500)
    page.screenshot(path=IMAGES / "desktop.png")
    page.keyboard.press("Enter")
    wait_until(lambda: "/code" in site.looked)
    page.wait_for_timeout(3000)
    page.keyboard.type(site.code, delay=20)
    page.keyboard.press("Enter")
    wait_until(lambda: bool(site.sessions))
    page.wait_for_timeout(1000)
    panel.locator(".ja-desktop-back").click()
    expect(panel.locator(".ja-desktop-who")).to_have_text("The agent drives")
    notebook.run(1)
    expect(notebook.output(1)).to_contain_text("EUR", timeout=60_000)
    notebook.command("apputils:change-theme", theme="JupyterLab Dark")
    expect(page.locator("body")).to_have_attribute("data-jp-theme-light", "false")
    expect(page.locator("#jupyterlab-splash")).to_have_count(0)
    expect(live).to_have_attribute("data-connection", "connected", timeout=60_000)
    page.wait_for_timeout(3000)
    page.screenshot(path=IMAGES / "desktop-agent-dark.png")
    panel.locator(".ja-desktop-close").click()
    expect(panel.locator(".ja-desktop-start")).to_be_visible(timeout=60_000)


def take_chat() -> None:
    """A message in Jupyter AI's chat that was not sent, in the light and in the dark."""
    with (
        tempfile.TemporaryDirectory(prefix="work-") as root,
        running_lab(
            Path(root), "file", "--MCPExtensionApp.mcp_port=0", environment=jupyter_ai()
        ) as lab,
        sync_playwright() as playwright,
    ):
        flags = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=flags)
        page = browser.new_page(viewport=SIZE)
        page.set_default_timeout(60_000)
        expect.set_options(timeout=60_000)
        chat = ChatPage(page, lab, "release.chat").open()
        chat.send("Which of my repositories changed this week?")
        chat.shown("Which of my repositories")
        for theme in ("Light", "Dark"):
            NotebookPage(page, lab).command("apputils:change-theme", theme=f"JupyterLab {theme}")
            dark = str(theme == "Light").lower()
            expect(page.locator("body")).to_have_attribute("data-jp-theme-light", dark)
            expect(page.locator("#jupyterlab-splash")).to_have_count(0)
            chat.send(f"Use GITHUB_TOKEN=ghp{'_'}{made_up(36)} to look them up")
            expect(chat.dialog).to_be_visible()
            expect(chat.dialog.locator(".ja-save-as-secret")).to_be_focused()
            page.screenshot(path=IMAGES / f"chat{'-dark' if theme == 'Dark' else ''}.png")
            page.keyboard.press("Escape")
        browser.close()


def main() -> None:
    """Start everything, take the pictures, end everything."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    if "desktop" not in sys.argv:
        take_chat()
    if "chat" in sys.argv:
        return
    token = made_up(40)
    with (
        tempfile.TemporaryDirectory(prefix="work-") as root,
        running_lab(Path(root)) as lab,
        echo_service(token) as port,
        sync_playwright() as playwright,
    ):
        with lab.person() as person:
            save(person, "DEMO_TOKEN", token, kind="access-token")
            save(person, "WAREHOUSE_PASSWORD", made_up(20), kind="password", note="read only")
        flags = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=flags)
        page = browser.new_page(viewport=SIZE)
        page.set_default_timeout(20_000)
        if "desktop" not in sys.argv:
            take(lab, NotebookPage(page, lab), port)
        with login_site(made_up(14), "482 913") as site:
            take_desktop(NotebookPage(page, lab), lab, site)
        browser.close()


if __name__ == "__main__":
    main()
