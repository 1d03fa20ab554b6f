"""One JupyterLab and one Chromium for all browser tests; a page, a vault and a canary for each."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from canary import Canary
from conftest import end_brokers
from lab import OTHER_NAME, Lab, running_lab
from notebook_page import NotebookPage
from playwright.sync_api import Browser, Page, expect, sync_playwright

CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--disable-background-networking",  # no look-ups of its maker's hosts
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    f"--host-resolver-rules=MAP {OTHER_NAME} 127.0.0.1",
]
PICTURES = Path(__file__).resolve().parents[2] / "test-results"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.timeout(180))
    # Last, because dev.sh is still making an environment for them when the first tests begin.
    items.sort(key=lambda item: "jupyter_ai" in item.path.parts)


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    root = tmp_path_factory.mktemp("a lab")
    with running_lab(root) as lab:
        yield lab
    end_brokers(root)


@pytest.fixture
def jp_asyncio_loop() -> None:
    """Playwright has an event loop of its own; pytest-jupyter's is not for these tests."""


@pytest.fixture
def jp_server_cleanup() -> None:
    """No server runs in this process."""


# For each module, not for the session: while it is there no other test could run an event loop.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def opened(browser: Browser) -> Iterator[list[Page]]:
    """The page of this module, once there is one: JupyterLab takes seconds to load."""
    opened: list[Page] = []
    yield opened
    for page in opened:
        page.context.close()


@pytest.fixture
def page(browser: Browser, opened: list[Page], request: pytest.FixtureRequest) -> Iterator[Page]:
    if not opened:
        context = browser.new_context(viewport={"width": 1280, "height": 800})
        opened.append(context.new_page())
    page = opened[0]
    page.set_default_timeout(40_000)
    expect.set_options(timeout=40_000)  # a busy machine is slow, not wrong
    failed_before = request.session.testsfailed
    yield page
    if request.session.testsfailed > failed_before:
        PICTURES.mkdir(exist_ok=True)
        page.screenshot(path=PICTURES / f"{re.sub(r'[^a-z0-9_]+', '-', request.node.name)}.png")
        opened.remove(page)
        page.context.close()


@pytest.fixture
def notebook(page: Page, lab: Lab) -> NotebookPage:
    return NotebookPage(page, lab)


@pytest.fixture(autouse=True)
def empty_vault(lab: Lab) -> Iterator[None]:
    yield
    with lab.person() as person:
        person.call("unlock")
        for secret in person.call("secret.list")["secrets"]:
            person.call("secret.remove", label=secret["label"])
        for grant in person.call("grant.list")["grants"]:
            person.call("grant.remove", grant=grant["id"])
        for allowance in person.call("allow.list")["allowances"]:
            person.call("allow.remove", allowance=allowance["id"])


@pytest.fixture(autouse=True)
def canary(lab: Lab, request: pytest.FixtureRequest) -> Iterator[Canary]:
    """A made-up GitHub token; it may be in no file that server, kernel and broker write."""
    rng = random.Random(request.node.name)
    letters = "".join(rng.choices("abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789", k=36))
    canary = Canary("ghp" + "_" + letters)
    yield canary
    assert not canary.search_tree(lab.root)
