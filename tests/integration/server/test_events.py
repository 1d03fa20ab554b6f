"""The events websocket: pages are asked, answer, and learn of changes."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import signal
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from steps import request, save

from jupyter_agent.client import Client, Hello
from jupyter_agent.errors import GrantDenied, GrantRequired
from jupyter_agent.folders import Folders


class EventsPage:
    """A page on the events websocket."""

    def __init__(self, socket: Any) -> None:
        self._socket = socket

    async def until(self, **wanted: Any) -> dict[str, Any]:
        async with asyncio.timeout(30):
            while True:
                raw = await self._socket.read_message()
                assert raw is not None, "the server closed the websocket"
                event = json.loads(raw)
                if wanted.items() <= event.items():
                    return event

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def page(jp_ws_fetch: Callable[..., Awaitable[Any]]) -> Callable[[], Awaitable[EventsPage]]:
    async def connect() -> EventsPage:
        connected = EventsPage(await jp_ws_fetch("jupyter-agent", "events"))
        await connected.until(event="broker", state="up")
        return connected

    return connect


@pytest.fixture
def answer(jp_fetch: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[int]]:
    async def post(approval: dict[str, Any], word: str) -> int:
        body = {name: approval[name] for name in ("approval_id", "nonce")} | {"answer": word}
        sent = json.dumps(body)
        return (await jp_fetch("jupyter-agent", "approvals", method="POST", body=sent)).code

    return post


def run_as_guest(folders: Folders, script: str, label: str) -> bytes:
    """What a run prints; blocks, as a kernel would."""
    with Client(folders, Hello()) as guest:
        events = guest.events("run", **request(script, label))
        return b"".join(base64.b64decode(e["data"]) for e in events if e.get("event") == "output")


async def test_a_page_is_asked_and_its_answer_lets_the_run_go_on(
    page, answer, person, folders, jp_fetch
):
    save(person, "A_KEY", "a-value-that-is-long-enough")
    first, second = await page(), await page()

    running = asyncio.create_task(
        asyncio.to_thread(run_as_guest, folders, 'echo "it is ${#A_KEY} long"', "A_KEY")
    )
    asked = await first.until(event="approval")
    assert (await second.until(event="approval")) == asked
    approval = asked["approval"]
    assert approval["labels"] == ["A_KEY"]
    assert approval["script"] == 'echo "it is ${#A_KEY} long"'
    listed = json.loads((await jp_fetch("jupyter-agent", "approvals")).body)["approvals"]
    assert [one["approval_id"] for one in listed] == [approval["approval_id"]]
    late = await page()
    assert (await late.until(event="approval"))["approval"] == approval

    assert await answer(approval, "once") == 204

    assert await running == b"it is 27 long\n"
    closed = await second.until(event="approval_closed")
    assert closed["approval_id"] == approval["approval_id"]


async def test_a_denied_run_does_not_start(page, answer, person, folders):
    save(person, "A_KEY", "a-value-that-is-long-enough")
    connected = await page()

    running = asyncio.create_task(asyncio.to_thread(run_as_guest, folders, "echo ran", "A_KEY"))
    asked = await connected.until(event="approval")
    await answer(asked["approval"], "deny")

    with pytest.raises(GrantDenied):
        await running


async def test_without_a_page_nobody_is_asked(page, person, folders):
    save(person, "A_KEY", "a-value-that-is-long-enough")
    connected = await page()
    assert person.call("status")["approvers"] == 1

    connected.close()
    async with asyncio.timeout(20):
        while (await asyncio.to_thread(person.call, "status"))["approvers"]:
            pass

    with pytest.raises(GrantRequired):
        await asyncio.to_thread(run_as_guest, folders, "echo ran", "A_KEY")


async def test_pages_learn_of_changes(page, person):
    connected = await page()

    await asyncio.to_thread(save, person, "A_KEY", "a-value-that-is-long-enough")

    assert await connected.until(event="changed", what="secrets")


async def test_pages_learn_that_the_broker_went_away_and_came_back(page, person, folders):
    connected = await page()

    os.kill(person.welcome["pid"], signal.SIGKILL)

    await connected.until(event="broker", state="down")
    await connected.until(event="broker", state="up")
    with Client(folders, Hello()) as guest:
        assert guest.call("status")["approvers"] == 1
