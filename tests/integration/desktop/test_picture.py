"""The picture of a desktop in a frame: what its panel sees, who may type, and what arrives.

A real X server and two real Chromiums: one inside the desktop, one that looks at it.
"""

from __future__ import annotations

import asyncio
import logging
import os

import pytest
import traces
from canary import Canary
from desktop_world import World
from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest
from tornado.websocket import websocket_connect
from x_selection import Selection

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

# What the viewer's noVNC says of the desktop: "clipboard" is a text that came out of it.
_REMEMBER_EVENTS = """
window.events = [];
window.CustomEvent = class extends CustomEvent {
  constructor(type, given) { super(type, given); events.push(type); }
};"""


@pytest.fixture
def jp_server_cleanup() -> None:
    """No Jupyter server runs here."""


async def knock(world: World, url: str, *, origin: str | None, ticket: str | None) -> int:
    """Ask for the WebSocket, and return what HTTP answers."""
    page, _, own = url.partition("#")
    headers = {"Sec-WebSocket-Protocol": f"jupyter-agent-desktop, ticket.{ticket or own}"}
    if ticket == "":
        headers = {}
    if origin is not None:
        headers["Origin"] = origin
    try:
        socket = await websocket_connect(
            HTTPRequest(f"{page.replace('http', 'ws')}/stream", headers=headers)
        )
    except HTTPClientError as refusal:
        return refusal.code
    assert socket.selected_subprotocol == "jupyter-agent-desktop"
    assert await socket.read_message() == b"RFB 003.008\n"
    socket.close()
    return 101


async def fetched(url: str, **headers: str) -> tuple[int, dict[str, str]]:
    request = HTTPRequest(url.partition("#")[0], headers=headers)
    answer = await AsyncHTTPClient().fetch(request, raise_error=False)
    return answer.code, {name.lower(): value for name, value in answer.headers.get_all()}


def test_requirement_1_the_panels_page_sees_neither_the_frame_nor_its_keys(world: World) -> None:
    async def look() -> None:
        grant = await world.show()
        assert grant.origin != world.panel
        assert await world.page.evaluate("document.querySelector('iframe').contentDocument") is None
        await world.key("k", "KeyK")
        assert await world.until("value", "k")
        assert await world.page.evaluate("keys") == []
        await clear(world)

    world.run(look())


def test_requirement_1_on_jupyters_own_port_the_frame_has_no_origin_at_all(world: World) -> None:
    async def look() -> None:
        grant = await world.show(one_port=True)
        assert grant.url.startswith(f"{world.panel}/jupyter-agent/desktop/look/")
        assert grant.sandbox == "allow-scripts"
        assert await world.heard("connected") == "null"
        assert await world.page.evaluate("document.querySelector('iframe').contentDocument") is None

    world.run(look())


def test_requirement_2_a_ticket_is_good_once_and_from_its_own_origin_only(world: World) -> None:
    async def look() -> None:
        async def url() -> str:
            return (await world.desktop.grant("view", world.panel)).url

        own = (await url()).partition("/look")[0]
        used = await url()
        assert await knock(world, used, origin=own, ticket=None) == 101
        assert await knock(world, used, origin=own, ticket=None) == 403
        assert await knock(world, await url(), origin=own, ticket="") == 403
        assert await knock(world, await url(), origin=own, ticket="A" * 43) == 403
        assert await knock(world, await url(), origin=world.panel, ticket=None) == 403
        assert await knock(world, await url(), origin="null", ticket=None) == 403
        assert await knock(world, await url(), origin=None, ticket=None) == 403

    world.run(look())


def test_requirement_2_the_ticket_is_gone_from_the_address(world: World) -> None:
    async def look() -> None:
        grant = await world.show("view")
        ticket = grant.url.partition("#")[2]
        frame = world.page.frames[1]
        assert ticket
        assert "#" not in await frame.evaluate("location.href")
        assert ticket not in repr(grant)

    world.run(look())


def test_requirement_3_a_second_controlling_viewer_is_refused_until_the_first_is_gone(
    world: World,
) -> None:
    async def look() -> None:
        first = await world.show("control")
        second = await world.desktop.grant("control", world.panel)
        assert await knock(world, second.url, origin=first.origin, ticket=None) == 409
        looks = await world.desktop.grant("view", world.panel)
        assert await knock(world, looks.url, origin=first.origin, ticket=None) == 101
        await world.page.evaluate("document.querySelector('iframe').remove()")
        await world.show("control")

    world.run(look())


def test_requirement_4_no_port_is_open_but_the_relays_on_loopback(world: World) -> None:
    async def look() -> None:
        grant = await world.show("view")
        port = int(grant.origin.rpartition(":")[2])
        assert traces.listening([os.getpid()]).count(f"0100007F:{port:04X}") == 1
        assert not [
            row
            for row in traces.listening([os.getpid()])
            if row.endswith(f"{port:04X}") and not row.startswith("0100007F")
        ]

    world.run(look())


def test_requirement_5_headers_of_the_page_and_its_host(world: World) -> None:
    async def look() -> None:
        grant = await world.desktop.grant("view", world.panel)
        status, headers = await fetched(grant.url)
        policy = headers["content-security-policy"]
        assert status == 200
        assert f"frame-ancestors {world.panel};" in policy
        assert policy.startswith("default-src 'none';")
        assert "'unsafe" not in policy
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cache-control"] == "no-store"
        assert (await fetched(grant.url, Host="evil.example"))[0] == 403
        assert (await fetched(grant.url, Host=f"localhost:{grant.origin.rpartition(':')[2]}"))[
            0
        ] == 403
        one_port = await world.desktop.grant("view", world.panel, one_port=True)
        # What is served in one way is not there in the other, nor is anything else.
        own = one_port.url.rpartition("/")[2].partition("#")[0]
        assert (await fetched(f"{grant.origin}/look/{own}"))[0] == 404
        assert (await fetched(f"{grant.origin}/"))[0] == 404

    world.run(look())


def test_requirement_6_a_frame_is_let_out_of_its_sandbox_on_another_origin_only(
    world: World,
) -> None:
    async def look() -> None:
        apart = await world.desktop.grant("control", world.panel)
        assert apart.sandbox == "allow-scripts allow-same-origin"
        assert apart.origin != world.panel
        inside = await world.desktop.grant("control", world.panel, one_port=True)
        assert inside.sandbox == "allow-scripts"
        looks = await world.desktop.grant("view", world.panel)
        # No clipboard for anybody: the panel adds reading where a person has asked to paste.
        assert {apart.allow, inside.allow, looks.allow} == {"fullscreen"}

    world.run(look())


def test_whoever_may_only_look_types_nothing_whatever_its_page_sends(world: World) -> None:
    async def look() -> None:
        grant = await world.desktop.grant("view", world.panel)
        page, _, ticket = grant.url.partition("#")
        socket = await websocket_connect(
            HTTPRequest(
                f"{page.replace('http', 'ws')}/stream",
                headers={
                    "Origin": grant.origin,
                    "Sec-WebSocket-Protocol": f"jupyter-agent-desktop, ticket.{ticket}",
                },
            )
        )
        for said in (b"RFB 003.008\n", b"\x01", b"\x01"):
            await socket.read_message()
            await socket.write_message(said, binary=True)
        for letter in b"intruder":
            await socket.write_message(b"\x04\x01\0\0\0\0\0" + bytes([letter]), binary=True)
            await socket.write_message(b"\x04\0\0\0\0\0\0" + bytes([letter]), binary=True)
        await world.show("control")
        await world.key("k", "KeyK")
        assert await world.until("value") == "k"
        await clear(world)
        socket.close()

    world.run(look())


def test_a_viewer_types_no_more_once_the_person_has_taken_over_elsewhere(world: World) -> None:
    async def look() -> None:
        await world.show("control")
        world.lease = await world.desktop.take_over("me, in another tab")
        assert await world.heard("lost")

    world.run(look())


def test_requirement_10_a_text_is_pasted_exactly_and_then_gone(world: World) -> None:
    async def look() -> None:
        await world.show("control")
        clipboard = await Selection.on(world.desktop._display)
        text = "Pasted-Zürich-€漢-pw"
        await paste(world, text)
        await until_copied(clipboard, text)
        assert await world.until("value", text)
        await clear(world)
        async with asyncio.timeout(30):  # by itself, after ten seconds
            while await clipboard.text():  # noqa: ASYNC110  (nobody is told that it is empty)
                await asyncio.sleep(0.1)
        clipboard.close()
        await world.key("v", "KeyV", modifiers=2)  # as a page inside would ask for it
        await world.page.frames[1].evaluate("0")
        await paste(world, "x" * 4097)
        assert await world.page.frames[1].locator(".paste").inner_text()
        await world.page.frames[1].get_by_text("Cancel").click()
        await world.key("k", "KeyK")
        assert await world.until("value") == "k"
        await clear(world)

    world.run(look())


def test_requirement_10_what_is_copied_inside_gives_no_event_outside(world: World) -> None:
    async def look() -> None:
        await world.page.add_init_script(_REMEMBER_EVENTS)
        await world.show("control")
        await world.key("F2", "F2")
        await world.until("copied")
        clipboard = await Selection.on(world.desktop._display)
        await until_copied(clipboard, "copied inside")  # a page is told so before the screen is
        clipboard.close()
        await world.key("k", "KeyK")  # and the picture goes on after it
        assert await world.until("value", "k")
        events = await world.page.frames[1].evaluate("events")
        assert "connect" in events
        assert "clipboard" not in events
        await clear(world)

    world.run(look())


def test_requirement_11_no_keystroke_is_logged(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    canary = Canary("kQ" + "7fT2mW9xLr4HsB6vNc3Zj8Yd")

    async def look() -> None:
        said: list[str] = []
        world.page.on("console", lambda message: said.append(message.text))
        grant = await world.show("control")
        for character in canary.value:
            await world.key(character, "KeyQ")
        assert await world.until("value", canary.value)
        await clear(world)
        ticket = grant.url.partition("#")[2]
        assert not canary.found_in("\n".join([caplog.text, *said]).encode())
        assert ticket not in "\n".join([caplog.text, *said])

    world.run(look())
    assert not [s for s in canary.search_tree(world.home) if "/profile/" not in s.where]
    assert not canary.search_proc()


def test_a_picture_that_was_lost_comes_again_with_another_ticket(world: World) -> None:
    async def look() -> None:
        await world.show("control")
        await world.streams.cut(world.desktop._stream)
        await world.heard("lost")
        await world.show("control")
        await world.key("k", "KeyK")
        assert await world.until("value", "k")
        await clear(world)

    world.run(look())


def test_the_desktop_follows_the_size_of_its_frame_but_not_below_what_a_browser_needs(
    world: World,
) -> None:
    async def width() -> int:
        return int((await world.until("size")).partition(" ")[0])

    async def look() -> None:
        await world.show("control")
        await world.page.set_viewport_size({"width": 1100, "height": 640})
        while await width() <= 1000:
            pass
        # As a side bar, or a panel that comes back from full screen: the picture is made smaller,
        # or else half of the page would be out of it.
        await world.page.set_viewport_size({"width": 420, "height": 640})
        await world.page.set_viewport_size({"width": 1000, "height": 700})
        seen = [await width()]
        while seen[-1] != 1000:
            seen.append(await width())
        assert min(seen) == 1000

    world.run(look())


_WHOLE = """size => {
  const { width, height } = document.querySelector('canvas');
  return width === size[0] && height === size[1];
}"""


def test_a_frame_that_was_small_for_a_moment_is_filled_again(world: World) -> None:
    async def look() -> None:
        await world.show("control")
        for size in [(1000, 700), (1100, 640)] * 5:
            await world.page.set_viewport_size({"width": 420, "height": 640})
            await world.page.set_viewport_size({"width": size[0], "height": size[1]})
            await world.page.frames[1].wait_for_function(_WHOLE, arg=size, timeout=30_000)
        await world.page.set_viewport_size({"width": 1000, "height": 700})

    world.run(look())


async def paste(world: World, text: str) -> None:
    """Paste as the browser does on Ctrl+V, with a clipboard of this test's own."""
    await world.page.frames[1].evaluate(
        """text => {
          const data = new DataTransfer();
          data.setData('text/plain', text);
          document.querySelector('textarea').dispatchEvent(
            new ClipboardEvent('paste', {clipboardData: data, bubbles: true, cancelable: true}));
        }""",
        text,
    )


async def until_copied(clipboard: Selection, text: str) -> None:
    """Wait until the desktop's clipboard holds a text."""
    async with asyncio.timeout(30):
        while await clipboard.text() != text:  # noqa: ASYNC110  (it is on its way there)
            await asyncio.sleep(0.02)


async def clear(world: World) -> None:
    """Empty the site's field, for the next test."""
    await world.key("Enter", "Enter")
    await world.until("cleared")
