# ruff: noqa: RUF001  (characters that look like others are what is typed here)
"""Typing: difficult passwords on the keyboards of several countries arrive as they were typed."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Coroutine, Iterator
from typing import Any

import pytest
from desktop_world import PATIENCE, World

from jupyter_agent.desktop.local_cdp import LocalCdp
from jupyter_agent.server.desktop.stream import SocketChannel

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

CLIPBOARD = b"\x1f\0\0\1"
"""In the message by which the desktop says what its clipboard can do: caps, request, peek, notify
and provide, for text (rfbproto, "Extended Clipboard Pseudo-Encoding")."""

LAYOUTS = ("us", "de", "fr", "gb", "es", "ru")

Stroke = tuple[str, str, str]
"""``keydown`` or ``keyup``, what the key gives, and which key it is."""

ENTER: tuple[Stroke, ...] = (("keydown", "Enter", "Enter"), ("keyup", "Enter", "Enter"))

_WITH_ALTGR = {
    "de": "@€{}[]\\~|²³µ",
    "fr": "~#{[|`\\^@]}€",
    "es": "|@#~€[]{}\\",
    "gb": "€",
}
_WITH_SHIFT = '!"#$%&()*+:<>?@^_{|}~'


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
        # A Russian keyboard needs its spare keys for Latin letters, and has none for further ones.
        passwords = [p for p in PASSWORDS if layout != "ru" or has_keys_beside_cyrillic(p)]
        # One behind the other, each ended by Enter, as fast as they go in.
        strokes = [s for password in passwords for s in (*strokes_on(layout, password), *ENTER)]
        await (pressed if layout == "de" else told_to_the_page)(world, strokes)
        assert [await arrived(world) for _ in passwords] == passwords

    world.run(compare())


@pytest.fixture
def without_a_screen(world: World) -> Iterator[World]:
    """The same viewer and site, at the other provider's desktop."""
    with_screen, world.kind = (world.desktop, world.kind), LocalCdp
    world.run(world.open())
    yield world
    world.run(world.desktop.close())
    world.desktop, world.kind = with_screen


def test_the_same_passwords_arrive_at_a_desktop_without_a_screen(without_a_screen: World) -> None:
    """It has no layout, and takes characters: each password comes from the next country's keys."""
    world = without_a_screen
    typed = list(zip(PASSWORDS, itertools.cycle(LAYOUTS), strict=False))

    async def compare() -> None:
        await world.show("control")
        strokes = [s for text, layout in typed for s in (*strokes_on(layout, text), *ENTER)]
        await pressed(world, strokes)
        assert [await arrived(world) for _ in typed] == list(PASSWORDS)

    world.run(compare())


_FITS = """() => {
  const [canvas, screen] = [document.querySelector('canvas'), document.querySelector('main')];
  return canvas.width === screen.clientWidth && canvas.height === screen.clientHeight;
}"""


_FRONT_IN_SIGHT = """count => {
  const tabs = document.querySelectorAll('.bar nav span');
  const front = tabs[count - 1]?.querySelector('[aria-current=true]')?.parentElement;
  if (!front) return false;
  const [tab, row] = [front, front.parentElement].map(each => each.getBoundingClientRect());
  return row.left <= tab.left && tab.right <= row.right && front.parentElement.scrollLeft > 0;
}"""


def test_without_a_screen_each_size_of_the_frame_is_filled_and_the_tab_in_front_in_sight(
    without_a_screen: World,
) -> None:
    world = without_a_screen

    async def look() -> None:
        await world.show("control")
        frame = world.page.frames[1]
        await frame.get_by_label("New tab").click()  # where nothing changes by itself
        await frame.wait_for_selector(".bar nav")
        for width, height in [(1100, 640), (420, 640), (1000, 500), (420, 700), (1000, 700)] * 2:
            await world.page.set_viewport_size({"width": width, "height": height})
            await frame.wait_for_function(_FITS, timeout=30_000)
        await world.page.set_viewport_size({"width": 420, "height": 640})
        for _ in range(3):  # faster than they open: the last one wanted is the one that is shown
            await frame.get_by_label("New tab").click()
        await frame.wait_for_function(_FRONT_IN_SIGHT, arg=5, timeout=30_000)
        await world.page.set_viewport_size({"width": 1000, "height": 700})

    world.run(look())


def test_what_a_keyboard_composes_arrives_without_its_parts(world: World) -> None:
    async def compare() -> None:
        await world.desktop.set_layout("fr")
        await world.show("control")
        await world.key("Dead", "BracketLeft")  # the circumflex, and then its letter
        await world.key("ê", "KeyE")
        await world.cdp.send("Input.insertText", {"text": "漢字"})  # as an input method does
        await world.key("Enter", "Enter")
        assert await arrived(world) == "ê漢字"

    world.run(compare())


def test_a_key_pressed_behind_a_composed_text_does_not_overtake_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The text waits for the desktop to say what its clipboard takes; Enter did not."""
    send = SocketChannel.send
    asked, typed = asyncio.Event(), asyncio.Event()

    async def late(viewer: SocketChannel, data: bytes | str) -> None:
        if isinstance(data, bytes) and CLIPBOARD in data:
            asked.set()
            await typed.wait()
        await send(viewer, data)

    async def compare() -> None:
        await world.show("control")
        await world.cdp.send("Input.insertText", {"text": "漢字"})
        await world.key("Enter", "Enter")
        await asyncio.wait_for(asked.wait(), PATIENCE)
        typed.set()
        assert await arrived(world) == "漢字"

    monkeypatch.setattr(SocketChannel, "send", late)
    world.run(compare())


def test_a_shortcut_is_that_of_the_layout_chosen_last(world: World) -> None:
    """Where a French keyboard has A, an American one has Q."""

    async def compare() -> None:
        await world.desktop.set_layout("fr")
        await world.show("control")
        for layout, code in (("fr", "KeyQ"), ("us", "KeyA"), ("fr", "KeyQ"), ("us", "KeyA")):
            await world.desktop.set_layout(layout)
            await world.key("k", "KeyK")
            await press(world, "Control", "ControlLeft", down=True)
            await world.key("a", code, modifiers=2)
            await press(world, "Control", "ControlLeft", down=False)
            await world.key("m", "KeyM" if layout == "us" else "Semicolon")
            await world.key("Enter", "Enter")
            assert await arrived(world) == "m"

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
            await world.key("Enter", "Enter")
            assert await arrived(world) == "z"
        finally:
            await context.close()
            world.page, world.cdp = before, before_cdp

    world.run(compare())


def has_keys_beside_cyrillic(text: str) -> bool:
    return all(ord(character) <= 0xFF and character != "ÿ" for character in text)


def strokes_on(layout: str, text: str) -> list[Stroke]:
    """What a person presses there, as their browser tells it: characters, with Shift and AltGr."""
    strokes: list[Stroke] = []
    for character in text:
        altgr = character in _WITH_ALTGR.get(layout, "")
        shift = not altgr and (character in _WITH_SHIFT or (character.isupper()))
        code = (
            f"Key{character.upper()}" if character.isascii() and character.isalpha() else "Digit7"
        )
        held = [("AltGraph", "AltRight")] if altgr else [("Shift", "ShiftLeft")] if shift else []
        strokes += [("keydown", *key) for key in held]
        strokes += [("keydown", character, code), ("keyup", character, code)]
        strokes += [("keyup", *key) for key in held]
    return strokes


async def pressed(world: World, strokes: list[Stroke]) -> None:
    """Press them on the viewer's keyboard; the browser tells its page."""
    sent: list[Coroutine[Any, Any, None]] = []
    for kind, key, code in strokes:
        if len(key) > 1 and key != "Enter":
            sent.append(press(world, key, code, down=kind == "keydown"))
        elif kind == "keydown":
            sent.append(world.key(key, code))  # and lets it go
    # Sent one behind the other, and only then waited for: the order is kept.
    await asyncio.gather(*sent)


async def told_to_the_page(world: World, strokes: list[Stroke]) -> None:
    """Tell the page what its browser would tell it: a hundred times cheaper than ``pressed``."""
    await world.page.frames[1].evaluate(
        """strokes => {
          const field = document.querySelector('textarea');
          for (const [type, key, code] of strokes)
            field.dispatchEvent(
              new KeyboardEvent(type, {key, code, bubbles: true, cancelable: true}));
        }""",
        strokes,
    )


async def press(world: World, key: str, code: str, *, down: bool) -> None:
    kind = "rawKeyDown" if down else "keyUp"
    await world.cdp.send("Input.dispatchKeyEvent", {"type": kind, "key": key, "code": code})


async def arrived(world: World) -> str:
    """What stood in the site's field when Enter was pressed; it is empty afterwards."""
    last = ""
    async with asyncio.timeout(PATIENCE):
        while True:
            kind, text = await world.said.get()
            if kind == "value":
                last = text
            elif kind == "cleared":
                return last
