"""What a person has emptied before they hand back: no agent gets it from where it went."""

from __future__ import annotations

import random

import pytest
from canary import Canary
from desktop_rooms import CdpPerson, hand_back, person_at, room, until_field, until_true
from login_site import login_site
from playwright.async_api import Error, async_playwright

from jupyter_agent.desktop.provider import Desktop

PAGE = """(() => {
  const field = '<input type="password">';
  document.body.innerHTML = `${field}<dialog>${field}</dialog><iframe></iframe>`;
  document.querySelector('iframe').contentDocument.body.innerHTML = field;
  for (const name of ['input', 'change', 'close', 'toggle'])
    document.addEventListener(name, event => (window.heard ||= []).push(event.type));
  return true;
})()"""

DIALOG = "document.querySelector('dialog')"
FIELDS = (
    "document.querySelector('body > input')",
    "document.querySelector('iframe').contentDocument.querySelector('input')",
    f"({DIALOG}.open || {DIALOG}.showModal(), {DIALOG}.querySelector('input'))",
)

UNDO = """(() => {
  const pages = [document, document.querySelector('iframe')?.contentDocument].filter(Boolean);
  const found = [];
  for (const page of pages)
    for (const field of page.querySelectorAll('input')) {
      page.querySelector('dialog')?.close();
      field.focus();
      for (const step of ['undo', 'undo', 'redo', 'redo']) {
        page.execCommand(step);
        found.push(field.value);
      }
    }
  return found.join('');
})()"""


def test_requirement_9_what_was_emptied_comes_back_by_no_undo_and_no_middle_button() -> None:
    typed = Canary.make(random.Random("emptied")).value
    with login_site(typed, "482 913") as site, room() as there:
        desktop = there.run(there.start("local-cdp", f"{site.url}/login"))
        there.run(_type_empty_and_hand_back(desktop, typed))
        there.run(_look_for_it(desktop))


async def _type_empty_and_hand_back(desktop: Desktop, text: str) -> None:
    lease = await desktop.take_over("ada")
    async with person_at(desktop) as person:
        assert isinstance(person, CdpPerson)
        await until_field(desktop, "user")
        await until_true(desktop, PAGE)
        for field in FIELDS:
            await until_true(desktop, f"!{field}.focus()")
            await person.type(text)
            await until_true(desktop, f"{field}.value")
            for kind in ("keyDown", "keyUp"):
                await person.say(key=kind, name="a", code="KeyA", number=65, text="", modifiers=2)
            await person.press("Backspace")
            await until_true(desktop, f"!{field}.value")
        await until_true(desktop, "!(window.heard = []).length")
    assert (await hand_back(desktop, lease)).done


async def _look_for_it(desktop: Desktop) -> None:
    endpoint = await (await desktop.agent_channel()).endpoint()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.connect_over_cdp(endpoint)
        page = browser.contexts[0].pages[0]
        assert await page.evaluate("heard.join()") == ""  # the page has not noticed
        assert await page.evaluate(UNDO) == ""
        with pytest.raises(Error, match="no middle button"):
            await page.mouse.click(9, 9, button="middle")
        await browser.close()
