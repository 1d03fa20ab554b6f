"""Takes the pictures in docs/images from a real JupyterLab: `python tests/pictures.py`."""

from __future__ import annotations

import random
import string
import tempfile
from pathlib import Path

from echo_service import echo_service
from lab import Lab, running_lab
from notebook_page import NotebookPage
from playwright.sync_api import expect, sync_playwright
from sources import ROOT
from steps import save

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


def main() -> None:
    """Start everything, take the pictures, end everything."""
    IMAGES.mkdir(parents=True, exist_ok=True)
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
        take(lab, NotebookPage(page, lab), port)
        browser.close()


if __name__ == "__main__":
    main()
