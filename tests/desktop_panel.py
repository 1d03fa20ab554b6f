"""The secure desktop's panel in JupyterLab, in the words of the person who sits there."""

from __future__ import annotations

from contextlib import suppress

from login_site import PERSON, LoginSite
from playwright.sync_api import Locator, Page, expect
from steps import wait_until

STARTING = 60_000  # milliseconds; a browser on a busy machine

REMEMBER_SOCKETS = """(() => {
  const { send } = WebSocket.prototype;
  WebSocket.prototype.send = function (...given) {
    window.lastSocket = this;
    // To a desktop with a screen a text goes over when that asks for it: ClientCutText (RFC 6143),
    // "provide"; to one without it is typed.
    window.pasted ||= typeof given[0] === "string"
      ? given[0].startsWith('{"text":')
      : given[0][0] === 6 && given[0][8] === 16;
    return send.apply(this, given);
  };
})()"""
"""For the picture's page: what tells a test that a text was pasted, and the socket it can cut."""


def live(panel: Locator) -> Locator:
    """The desktop that is looked at."""
    return panel.locator(".ja-desktop-live:not([hidden])")


def drives(panel: Locator, who: str) -> None:
    try:
        expect(live(panel).locator(".ja-desktop-who")).to_have_text(who, timeout=STARTING)
    except AssertionError:  # the bar says why: that something was not handed back, say
        raise AssertionError(live(panel).locator(".ja-desktop-bar").inner_text()) from None


def connected(panel: Locator) -> None:
    expect(live(panel)).to_have_attribute("data-connection", "connected", timeout=STARTING)


def take_over(panel: Locator) -> None:
    live(panel).locator(".ja-desktop-take").click()
    drives(panel, "You drive")
    expect(live(panel).locator(".ja-desktop-picture[title*='you drive']")).to_be_visible()
    connected(panel)


def type_into(page: Page, panel: Locator, *texts: str) -> None:
    """What a person types, with the keyboard in the picture; the field in it keeps its focus."""
    live(panel).locator(".ja-desktop-picture").focus()
    for text in texts:
        if text in ("Tab", "Enter", "Control+a"):
            page.keyboard.press(text)
        else:
            page.keyboard.type(text, delay=15)


def until_there(site: LoginSite) -> None:
    """Wait until the page to sign in at hears keys: a browser shows its address before it does."""
    wait_until(lambda: bool(site.there), 60)


def until_pasted(picture: Locator) -> None:
    """Wait until a text has gone to the desktop; keys that come after it arrive after it."""
    picture.element_handle().content_frame().wait_for_function("() => window.pasted")


def sign_in(page: Page, panel: Locator, site: LoginSite) -> None:
    """Type name, password and code into the picture, as the person who drives."""
    until_there(site)
    type_into(page, panel, PERSON, "Tab", site.password, "Enter")
    enter_code(page, panel, site)


def enter_code(page: Page, panel: Locator, site: LoginSite) -> None:
    """Type the one-time code into the page that follows the password, until the site lets in."""
    wait_until(lambda: "/code" in site.looked, 30)
    for _ in range(12):  # the page may still be loading: then nobody heard the keys
        type_into(page, panel, "Control+a", site.code, "Enter")
        with suppress(AssertionError):
            wait_until(lambda: bool(site.sessions), 5)
            return
    raise AssertionError("nobody was let in")


def hand_back(panel: Locator) -> None:
    """Give the desktop to the agent; again where a page on a busy machine was not there in time."""

    def given() -> bool:
        if live(panel).locator(".ja-desktop-who").inner_text() == "The agent drives":
            return True
        if "Not handed back" in live(panel).locator(".ja-desktop-said").inner_text():
            live(panel).locator(".ja-desktop-back").click()
        return False

    live(panel).locator(".ja-desktop-back").click()
    wait_until(given, 60)
