"""The entry widget in pages that are not Jupyter's, such as VS Code's: ciphertext by the kernel."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import pytest
from canary import Canary
from lab import Lab
from playwright.sync_api import Page, expect
from steps import run
from widget_host import PLAIN, WEBVIEW, PlainKernel, WidgetPage, everything_said, plain_kernel


@pytest.fixture(scope="module")
def kernel(lab: Lab) -> Iterator[PlainKernel]:
    environ = {"JUPYTER_AGENT_HOME": str(lab.root / "agent home")}
    with plain_kernel(lab.root / "no server", environ) as kernel:
        yield kernel


def test_a_page_with_only_a_comm_seals_to_the_broker_through_the_kernel(
    lab: Lab, kernel: PlainKernel, own_page: Page, canary: Canary
) -> None:
    asked: list[str] = []
    own_page.on("request", lambda request: asked.append(request.url))
    form = WidgetPage(own_page, kernel, WEBVIEW)
    form.show("%secret set FROM_WEBVIEW")
    own_page.locator(".ja-field-value").click()
    own_page.keyboard.type(canary.value)
    own_page.get_by_role("button", name="Save").click()

    assert [form.relay() for _ in range(3)] == ["offer", "sealed", "saved"]
    expect(own_page.locator(".ja-entry")).to_contain_text("Saved FROM_WEBVIEW.")
    state = kernel.comm(form.comm_id, {"method": "request_state"})
    assert "FROM_WEBVIEW" in str(state)
    kernel.run("%history -g")

    with lab.person() as person:
        person.call("grant.add", label="FROM_WEBVIEW", any_command=True)
        outcome = run(person, 'printf %s "$FROM_WEBVIEW" | sha256sum', "FROM_WEBVIEW")
    assert outcome.stdout.decode().split()[0] == hashlib.sha256(canary.value.encode()).hexdigest()
    said = everything_said(kernel)
    assert b"sealed" in said
    assert not canary.found_in(said)
    assert canary.value not in own_page.content()
    # Only the page itself and the module, which came from the kernel: no server was asked.
    assert [url for url in asked if not url.startswith("blob:")] == [WEBVIEW]


def test_the_sealed_form_tells_no_length_and_opens_for_no_other_page(
    lab: Lab, kernel: PlainKernel, own_page: Page
) -> None:
    form = WidgetPage(own_page, kernel, WEBVIEW)
    sizes = set()
    for label, value in (("SHORT", "1234"), ("LONG", "y" * 200)):
        before = len(kernel.sent)
        own_page.goto(WEBVIEW)
        form.show(f"%secret set {label}")
        own_page.locator(".ja-field-value").fill(value)
        own_page.get_by_role("button", name="Save").click()
        assert [form.relay() for _ in range(3)] == ["offer", "sealed", "saved"]
        contents = [message["content"]["data"]["content"] for message in kernel.sent[before:]]
        offered, sealed, _ = contents
        assert offered["origin"] == sealed["origin"] == WEBVIEW.rstrip("/")
        sizes.add(len(sealed["sealed"]))
        replayed = kernel.comm(form.comm_id, {"method": "custom", "content": sealed})
        assert replayed[0]["content"]["type"] == "error"
    assert len(sizes) == 1


def test_a_plain_http_page_is_refused_and_asks_the_kernel_for_nothing(
    lab: Lab, kernel: PlainKernel, own_page: Page
) -> None:
    sent = len(kernel.sent)
    form = WidgetPage(own_page, kernel, PLAIN)
    form.show("%secret set OVER_HTTP")
    expect(own_page.get_by_role("alert")).to_contain_text("Not on plain http.")
    expect(own_page.get_by_role("alert")).to_contain_text("jupyter agent secret set OVER_HTTP")
    assert own_page.locator("input").count() == 0
    assert len(kernel.sent) == sent
