"""What a page asks while it waits: a person's answer arrives, whatever else was done before it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest
from desktop_rooms import CdpPerson, Room, person_at, room, until_true
from login_site import login_site

from jupyter_agent.desktop.provider import Desktop

AT_ONCE = 10.0
"""Seconds; half of what the browser is given to answer a command."""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Room, str, Desktop]]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_AGENT_HOME", str(tmp_path_factory.mktemp("h")))
        with login_site("not-typed-here", "482 913") as site, room() as there:
            yield there, site.url, there.run(there.start("local-cdp", f"{site.url}/extras"))


@asynccontextmanager
async def person(desktop: Desktop) -> AsyncIterator[CdpPerson]:
    await desktop.take_over("ada")
    async with person_at(desktop) as there:
        assert isinstance(there, CdpPerson)
        await until_true(desktop, "document.querySelector('#file')")
        yield there


async def press(desktop: Desktop, there: CdpPerson, part: str) -> None:
    await until_true(desktop, f"!document.querySelector('#{part}').focus()")
    await there.press("Enter")


def test_a_dialog_is_answered_at_once_though_the_panel_got_another_size_meanwhile(
    place: tuple[Room, str, Desktop],
) -> None:
    there, _, desktop = place

    async def work() -> None:
        async with person(desktop) as ada:
            await press(desktop, ada, "alert")
            asked = await ada.asked("dialog")
            await ada.say(size=[700, 500])
            await ada.say(size=[800, 600])
            await ada.say(answer=asked["id"], accept=True)
            async with asyncio.timeout(AT_ONCE):
                await until_true(desktop, "document.title === 'read'")
                await until_true(desktop, "innerWidth === 800 && innerHeight === 600")

    there.run(work())


def test_a_dialog_that_a_page_shows_for_a_file_is_answered_at_once(
    place: tuple[Room, str, Desktop],
) -> None:
    there, _, desktop = place

    async def work() -> None:
        async with person(desktop) as ada:
            await until_true(
                desktop,
                "document.querySelector('#file').addEventListener('change',"
                " () => { alert('Too large'); document.title = 'told'; }) || true",
            )
            await press(desktop, ada, "file")
            asked = await ada.asked("files")
            await ada.say(file=asked["id"], name="a.txt", first=True, data="YQ==")
            await ada.say(answer=asked["id"], accept=True)
            dialog = await ada.asked("dialog")
            await ada.say(answer=dialog["id"], accept=True)
            async with asyncio.timeout(AT_ONCE):
                await until_true(desktop, "document.title === 'told'")

    there.run(work())


def test_a_page_behind_http_authentication_asks_again_when_its_tab_is_shown_again(
    place: tuple[Room, str, Desktop],
) -> None:
    there, url, desktop = place

    async def work() -> None:
        async with person(desktop) as ada:
            await ada.say(go=f"{url}/basic")
            await ada.asked("login")
            first = ada.page["shown"]
            await ada.say(new=True)
            await ada.until(lambda: ada.page["shown"] not in ("", first))
            await ada.until(lambda: ada.ask is None)
            await ada.say(tab=first)
            await ada.asked("login")
            await ada.say(go=f"{url}/extras")

    there.run(work())


def test_what_is_typed_ahead_of_a_page_that_shows_nothing_holds_nothing_else_back() -> None:
    with login_site("not-typed-here", "482 913") as site, room() as there:
        desktop = there.run(there.start("local-cdp", f"{site.url}/basic"))

        async def work() -> None:
            await desktop.take_over("ada")
            async with person_at(desktop, sees=False) as ada:
                assert isinstance(ada, CdpPerson)
                await ada.until(lambda: ada.page.get("shown"))
                await ada.type("x")
                await ada.say(go=f"{site.url}/login")
                async with asyncio.timeout(AT_ONCE):
                    # (Whether it has the focus by then, or a picture, is another question.)
                    await until_true(desktop, "document.querySelector('[name=user]')")

        there.run(work())
