"""JupyterLab over plain http from another machine: nothing is entered before it is confirmed."""

from __future__ import annotations

import pytest
from canary import Canary
from lab import OTHER_NAME, Lab
from notebook_page import NotebookPage
from playwright.sync_api import Page, expect

_ASK = """async () => {
  const base = JSON.parse(document.getElementById("jupyter-config-data").textContent).baseUrl;
  const xsrf = /_xsrf=([^;]*)/.exec(document.cookie)?.[1] ?? "";
  const answer = await fetch(`${base}jupyter-agent/offers`, {
    method: "POST",
    headers: { "X-XSRFToken": xsrf, "Content-Type": "application/json" },
    body: JSON.stringify({ label: "OVER_HTTP" }),
  });
  return [answer.status, (await answer.json()).error?.code];
}"""


@pytest.fixture
def elsewhere(lab: Lab, own_page: Page) -> NotebookPage:
    """The same server, by a name that is not this machine's own."""
    named = Lab(lab.root, lab.url.replace("localhost", OTHER_NAME), lab.token)
    return NotebookPage(own_page, named)


def test_panel_widget_box_and_server_refuse_until_a_person_confirms(
    lab: Lab, elsewhere: NotebookPage, canary: Canary
) -> None:
    lab.notebook("plain.ipynb", "%secret set OVER_HTTP", "")
    page = elsewhere.open("plain.ipynb").page
    assert page.evaluate("() => [isSecureContext, location.hostname]") == [False, OTHER_NAME]

    assert page.evaluate(_ASK) == [403, "plain_http"]  # the server, whatever a page may ask
    elsewhere.run(0)
    expect(elsewhere.output(0).get_by_role("alert")).to_contain_text("Not on plain http.")
    assert elsewhere.output(0).locator(".ja-field-value").count() == 0

    elsewhere.write(1, f"token = '{canary.value}'")
    elsewhere.run(1)
    box = elsewhere.output(1).locator(".ja-finding")
    box.locator(".ja-save-as-secret").click()
    box.get_by_role("textbox", name="Label").fill("FROM_A_CELL")
    box.locator(".ja-finding-save").click()
    expect(box.get_by_role("alert")).to_contain_text("Tick the box above")
    expect(box.get_by_label("This page came over plain http")).to_be_focused()
    box.get_by_label("This page came over plain http").check()
    box.locator(".ja-finding-save").click()
    expect(elsewhere.output(1).locator(".ja-blocked-saved")).to_contain_text("FROM_A_CELL")
    assert canary.value not in elsewhere.texts_in_document()

    panel = elsewhere.open_secrets()
    panel.locator(".ja-panel-tools .ja-add").click()
    panel.locator(".ja-form .ja-label-input").fill("OVER_HTTP")
    panel.locator(".ja-field-value").fill(canary.value)
    panel.locator(".ja-form-save").click()
    expect(panel.locator(".ja-form-problem")).to_contain_text("Tick the box above")
    with lab.person() as person:
        assert [one["label"] for one in person.call("secret.list")["secrets"]] == ["FROM_A_CELL"]

    panel.get_by_label("This page came over plain http").check()
    panel.locator(".ja-form-save").click()
    expect(panel.locator(".ja-secret[data-label=OVER_HTTP]")).to_be_visible()
