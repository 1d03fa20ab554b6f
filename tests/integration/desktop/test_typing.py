# ruff: noqa: RUF001  (characters that look like others are what is typed here)
"""Typing: difficult passwords on the keyboards of several countries arrive as they were typed."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from typing import Any

import pytest
from desktop_world import World

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

PASSWORDS = (
    "hunter2",
    "correct horse battery staple",
    "P@ssw0rd!",
    "!@#$%^&*()_+",
    "{}[]|\\:;\"'<>,.?/~`",
    "a^b~c`d",
    "aA1!aA1!aA1!",
    "ZzYyZzYy",
    "QqAaWwZz",
    "l1I|O0o",
    "\\\\\\\\",
    "\"\"\"\"''''",
    "```^^^~~~",
    "AAAAaaaaAAAA",
    "1234567890",
    "0987654321!",
    "=-=-+_+_",
    "<script>alert(1)</script>",
    "%00%0a%0d",
    "$HOME`id`$(id)",
    "' OR 1=1 --",
    "  leading and trailing  ",
    "a  b   c",
    "éèàùç",
    "ÄÖÜäöüß",
    "ñÑ¿¡ºª",
    "£100 €200 ¥300",
    "§°²³µ",
    "Zürich-Genève",
    "Łódź-Kraków",
    "Çelik-ğıİş",
    "žluťoučký kůň",
    "Őrült-űrhajó",
    "åÅøØæÆ",
    "«guillemets»",
    "„quoted“ ‚single‘",
    "a–b—c…d",
    "×÷±¬¦",
    "ÿþðÞÐ",
    "kT9#xQ2$mW7&pL4*",
)
"""Forty: with signs that move from keyboard to keyboard, repetitions, and letters of many."""

LAYOUTS = ("us", "de", "fr", "gb", "es", "ru")

_WITH_ALTGR = {
    "de": "@€{}[]\\~|²³µ",
    "fr": "~#{[|`\\^@]}€",
    "es": "|@#~€[]{}\\",
    "gb": "€",
}
_WITH_SHIFT = '!"#$%&()*+:<>?@^_{|}~'


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    loop = asyncio.new_event_loop()
    world = World(loop)
    world.run(world.begin())
    yield world
    world.run(world.end())
    loop.close()


@pytest.fixture
def jp_server_cleanup() -> None:
    """No Jupyter server runs here."""


def test_there_are_forty_passwords() -> None:
    assert len(set(PASSWORDS)) == 40


@pytest.mark.parametrize("layout", LAYOUTS)
def test_difficult_passwords_arrive_as_they_were_typed(world: World, layout: str) -> None:
    async def compare() -> None:
        await world.desktop.set_layout(layout)
        await world.show("control")
        wrong = []
        # A Russian keyboard needs its spare keys for Latin letters, and has none for further ones.
        passwords = [p for p in PASSWORDS if layout != "ru" or has_keys_beside_cyrillic(p)]
        for password in passwords:
            await typed_on(world, layout, password)
            arrived = await arrives(world, password)
            if arrived != password:
                wrong.append((password, arrived))
        assert not wrong

    world.run(compare())


def test_what_a_keyboard_composes_arrives_without_its_parts(world: World) -> None:
    async def compare() -> None:
        await world.desktop.set_layout("fr")
        await world.show("control")
        await world.key("Dead", "BracketLeft")  # the circumflex, and then its letter
        await world.key("ê", "KeyE")
        await world.cdp.send("Input.insertText", {"text": "漢字"})  # as an input method does
        assert await arrives(world, "ê漢字") == "ê漢字"

    world.run(compare())


def test_a_macs_command_key_is_the_desktops_control(world: World) -> None:
    async def compare() -> None:
        context = await world.page.context.browser.new_context(
            viewport={"width": 1000, "height": 700}
        )
        await context.add_init_script(
            "Object.defineProperty(navigator, 'platform', {get: () => 'MacIntel'})"
        )
        before, world.page = world.page, await context.new_page()
        before_cdp, world.cdp = world.cdp, await context.new_cdp_session(world.page)
        try:
            await before.evaluate("document.querySelector('iframe')?.remove()")
            await world.page.goto(world.panel)
            await world.desktop.set_layout("us")
            await world.show("control")
            await world.key("k", "KeyK")
            await world.until("value", "k")
            await press(world, "Meta", "MetaLeft", down=True)
            await world.key("a", "KeyA", modifiers=4)
            await press(world, "Meta", "MetaLeft", down=False)
            await world.key("z", "KeyZ")  # instead of all that is selected
            assert await world.until("value") == "z"
            assert await arrives(world, "z") in ("z", "")
        finally:
            await context.close()
            world.page, world.cdp = before, before_cdp

    world.run(compare())


def has_keys_beside_cyrillic(text: str) -> bool:
    return all(ord(character) <= 0xFF and character != "ÿ" for character in text)


async def typed_on(world: World, layout: str, text: str) -> None:
    """Press what a person presses, as their browser tells it: characters, with Shift and AltGr."""
    sent: list[Coroutine[Any, Any, None]] = []
    for character in text:
        altgr = character in _WITH_ALTGR.get(layout, "")
        shift = not altgr and (character in _WITH_SHIFT or (character.isupper()))
        code = (
            f"Key{character.upper()}" if character.isascii() and character.isalpha() else "Digit7"
        )
        held = [("AltGraph", "AltRight")] if altgr else [("Shift", "ShiftLeft")] if shift else []
        # Sent one behind the other, and only then waited for: the order is kept.
        sent += [press(world, *key, down=True) for key in held]
        sent.append(world.key(character, code))
        sent += [press(world, *key, down=False) for key in held]
    await asyncio.gather(*sent)


async def press(world: World, key: str, code: str, *, down: bool) -> None:
    kind = "rawKeyDown" if down else "keyUp"
    await world.cdp.send("Input.dispatchKeyEvent", {"type": kind, "key": key, "code": code})


async def arrives(world: World, wanted: str) -> str:
    """What stands in the site's field in the end; it is empty afterwards."""
    last = ""
    await world.key("Enter", "Enter")
    async with asyncio.timeout(20):
        while True:
            kind, text = await world.said.get()
            if kind == "value":
                last = text
            elif kind == "cleared":
                return last
