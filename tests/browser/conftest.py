"""One JupyterLab, one Chromium and one page for these tests; a vault and a canary for each."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from canary import Canary
from conftest import end_brokers
from lab import OTHER_NAME, Lab, running_lab
from notebook_page import NotebookPage, tidy
from playwright.sync_api import Browser, Page, ViewportSize, expect, sync_playwright
from rest_service import RestService, rest_service

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
SIZE: ViewportSize = {"width": 1280, "height": 800}
TEAMS_PAGE = "https://desk.example.com/vnc.html"
"""A desktop that somebody else runs: nobody is there but what a test puts in its place."""
AWAY = 8.0
"""Seconds without a word from its page, after which that one is paused."""
PICTURES = Path(__file__).resolve().parents[2] / "test-results"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.timeout(180))
    # Last, because dev.sh is still making an environment for them when the first tests begin.
    items.sort(key=lambda item: "jupyter_ai" in item.path.parts)


@pytest.fixture(scope="session")
def desktop_service() -> Iterator[RestService]:
    """A service with desktops, which the server of these tests knows as its own Steel."""
    with rest_service() as service:
        yield service


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory, desktop_service: RestService) -> Iterator[Lab]:
    root = tmp_path_factory.mktemp("a lab")
    desktops = [
        *(f"--SecureDesktop.enabled={name}" for name in ("local-vnc", "local-cdp", "steel")),
        f"--SecureDesktop.hosts=steel={desktop_service.origin}",
        f"--SecureDesktop.pages=team={TEAMS_PAGE}",
        f"--SecureDesktop.away=url-team={AWAY}",
    ]
    with running_lab(root, "file", *desktops) as lab:
        yield lab
    end_brokers(root)


@pytest.fixture
def jp_asyncio_loop() -> None:
    """Playwright has an event loop of its own; pytest-jupyter's is not for these tests."""


@pytest.fixture
def jp_server_cleanup() -> None:
    """No server runs in this process."""


# For this package, not for the session: while it is there no other test could run an event loop.
@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="package")
def opened(browser: Browser) -> Iterator[list[Page]]:
    """The page that these tests share, once there is one.

    JupyterLab takes ten seconds of processor time to load, a notebook in a page that is there two.
    """
    opened: list[Page] = []
    yield opened
    for page in opened:
        page.context.close()


@pytest.fixture(scope="module")
def tidied(lab: Lab, opened: list[Page]) -> None:
    """The shared page, as a module finds it that has it for itself."""
    for page in opened:
        tidy(page, lab, SIZE)


@pytest.fixture
def page(
    browser: Browser, opened: list[Page], tidied: None, request: pytest.FixtureRequest
) -> Iterator[Page]:
    if not opened:
        opened.append(browser.new_context(viewport=SIZE).new_page())
    failed_before = request.session.testsfailed
    yield patient(opened[0])
    if request.session.testsfailed > failed_before:
        photograph(opened[0], request.node)
        opened.pop().context.close()


@pytest.fixture
def own_page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A page without the cookies and the JupyterLab of the shared one."""
    context = browser.new_context(viewport=SIZE)
    failed_before = request.session.testsfailed
    page = patient(context.new_page())
    yield page
    if request.session.testsfailed > failed_before:
        photograph(page, request.node)
    context.close()


def patient(page: Page) -> Page:
    """A busy machine is slow, not wrong."""
    page.set_default_timeout(40_000)
    expect.set_options(timeout=40_000)
    return page


def photograph(page: Page, item: pytest.Item) -> None:
    """What a page looked like when its test failed."""
    PICTURES.mkdir(exist_ok=True)
    page.screenshot(path=PICTURES / f"{re.sub(r'[^a-z0-9_]+', '-', item.name)}.png")


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
