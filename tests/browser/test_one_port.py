"""The secure desktop where a browser reaches Jupyter's own port only, as behind a hub."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from canary import Canary
from conftest import end_brokers
from desktop_panel import (
    REMEMBER_SOCKETS,
    STARTING,
    live,
    take_over,
    type_into,
    until_pasted,
    until_there,
)
from lab import OTHER_NAME, Lab, running_lab
from login_site import PERSON, login_site
from notebook_page import LOADING
from playwright.sync_api import Page, expect
from steps import wait_until

PREFIX = "/user/ada"


@pytest.fixture
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A person's server as a hub runs it: below a prefix, by a name of another machine."""
    root = tmp_path_factory.mktemp("hub")
    with running_lab(root, "file", f"--ServerApp.base_url={PREFIX}/") as lab:
        yield Lab(root, lab.url.replace("localhost", OTHER_NAME), lab.token)
    end_brokers(root)


@pytest.mark.timeout(300)  # a server of its own
def test_what_a_person_types_on_jupyters_own_port_below_a_prefix_arrives_after_a_login_by_token(
    hub: Lab, own_page: Page, canary: Canary
) -> None:
    page = own_page
    assert hub.url.endswith(PREFIX)
    page.add_init_script(REMEMBER_SOCKETS)
    page.goto(f"{hub.url}/lab")
    assert f"{PREFIX}/login" in page.url
    page.locator("#password_input").fill(hub.token)
    page.keyboard.press("Enter")
    page.wait_for_function("() => window.jupyterapp?.restored", timeout=LOADING)
    with login_site(canary.value, "482 913") as site:
        page.evaluate(
            "url => window.jupyterapp.commands.execute('jupyter-agent:open-desktop', { url })",
            f"{site.url}/login",
        )
        panel = page.locator(".ja-desktop")
        field = panel.get_by_label("Address")
        expect(field).to_have_value(f"{site.url}/login", timeout=LOADING)
        # No key: a page that has just been restored may give the keyboard to its launcher.
        panel.get_by_role("button", name="Start", exact=True).click()
        expect(live(panel).locator(".ja-desktop-take")).to_be_visible(timeout=STARTING)
        take_over(panel)

        picture = live(panel).locator(".ja-desktop-picture")
        assert picture.get_attribute("sandbox") == "allow-scripts"
        address = picture.get_attribute("src") or ""
        assert address.startswith(f"{hub.url}/jupyter-agent/desktop/look/")
        frame = picture.element_handle().content_frame()
        assert frame is not None
        assert frame.evaluate("() => self.origin") == "null"
        until_there(site)
        type_into(page, panel, PERSON, "Tab")
        # A frame without an origin reads no clipboard: it asks, in a masked field of its own.
        live(panel).locator(".ja-desktop-paste").click()
        asked = picture.content_frame.get_by_label("What to paste")
        expect(asked).to_be_focused(timeout=STARTING)
        expect(asked).to_have_attribute("type", "password")
        asked.fill(canary.value)
        asked.press("Enter")
        expect(asked).to_be_hidden()
        until_pasted(picture)
        type_into(page, panel, "Enter")
        wait_until(lambda: bool(site.posted), 30)
        assert site.posted[0] == ("/login", {"user": PERSON, "password": canary.value})

        panel.locator(".ja-desktop-close:visible").click()
        expect(panel.locator(".ja-desktop-start")).to_be_visible(timeout=STARTING)
    assert canary.search_tree(hub.root) == []
    assert address.partition("#")[2] not in hub.log.read_text()
