"""Requirements 7, 8 and 9 of the secure desktop, with an agent that tries what it can.

The agent is a program at its one-time address: it turns on every event it may have, plants scripts
in pages before a person drives, and looks everywhere afterwards. All it was ever told is kept, and
searched for what the person typed.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import logging
import random
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from canary import Canary
from desktop_rooms import Room, hand_back, person_at, room, sign_in, until_field, until_true
from login_site import PERSON, LoginSite, login_site
from tornado.websocket import WebSocketClientConnection, websocket_connect

from jupyter_agent.desktop.lease import Lease
from jupyter_agent.desktop.provider import Desktop
from jupyter_agent.errors import DesktopError, LeaseLost, PersonDrives

SPY = """(() => {
  const keep = event => {
    const caught = localStorage.caught || '';
    localStorage.caught = caught + '|' + event.target.value;
    (window.caught ||= []).push(event.target.value);
    console.log('caught', event.target.value);
  };
  for (const name of ['input', 'change', 'keyup', 'submit']) addEventListener(name, keep, true);
  return 'planted';
})()"""

EVERYTHING = ("Page.enable", "Runtime.enable", "Network.enable", "Log.enable", "Inspector.enable")


class Spy:
    """A program that speaks the protocol by hand, and keeps all it is told."""

    def __init__(self, socket: WebSocketClientConnection) -> None:
        self.told: list[str] = []
        self.pages: list[str] = []
        self.ended = asyncio.Event()
        self._socket = socket
        self._ids = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._reading = asyncio.ensure_future(self._read())

    async def begin(self) -> None:
        """Attach to every page, and turn on what can be."""
        await self.ask("Target.setAutoAttach", autoAttach=True, waitForDebuggerOnStart=False)
        for page in self.pages:
            for method in EVERYTHING:
                await self.ask(method, page)

    async def ask(self, method: str, page: str = "", /, **params: Any) -> dict[str, Any]:
        number = next(self._ids)
        message: dict[str, Any] = {"id": number, "method": method, "params": params}
        if page:
            message["sessionId"] = page
        self._waiting[number] = asyncio.get_running_loop().create_future()
        await self._socket.write_message(json.dumps(message))
        return await asyncio.wait_for(self._waiting[number], 20)

    async def run(self, expression: str) -> Any:
        """Run a script in the newest page."""
        asked = {"expression": expression, "returnByValue": True, "awaitPromise": True}
        answer = await self.ask("Runtime.evaluate", self.pages[-1], **asked)
        return answer.get("result", {}).get("result", {}).get("value")

    async def _read(self) -> None:
        while (raw := await self._socket.read_message()) is not None:
            self.told.append(str(raw))
            message = json.loads(raw)
            if message.get("method") == "Target.attachedToTarget":
                self.pages.append(message["params"]["sessionId"])
            elif (waiting := self._waiting.pop(message.get("id", 0), None)) is not None:
                waiting.set_result(message)
        self.ended.set()


@asynccontextmanager
async def spy_at(desktop: Desktop) -> AsyncIterator[Spy]:
    socket = await websocket_connect(await (await desktop.agent_channel()).endpoint())
    spy = Spy(socket)
    try:
        await spy.begin()
        yield spy
    finally:
        socket.close()


@pytest.fixture(scope="module")
def canaries() -> tuple[Canary, Canary]:
    rng = random.Random(f"desktop {time.time_ns()}")
    return Canary.make(rng), Canary.make(rng)


@pytest.fixture(scope="module")
def logged() -> Iterator[list[str]]:
    """Everything that is logged, at every level, asyncio's debug mode too."""
    lines: list[str] = []
    handler = logging.Handler(0)
    handler.emit = lambda record: lines.append(logging.Formatter().format(record))
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(0)
    yield lines
    root.removeHandler(handler)
    root.setLevel(before)


@pytest.fixture(scope="module")
def place(
    canaries: tuple[Canary, Canary], logged: list[str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Room, LoginSite, Desktop]]:
    """One desktop for these tests, at the page to sign in at, with the agent driving."""
    password, code = canaries
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_AGENT_HOME", str(tmp_path_factory.mktemp("home")))
        with login_site(password.value, code.value) as site, room() as there:
            desktop = there.run(there.start("local-cdp", site.url))
            there.run(_let_the_agent_in(desktop))
            yield there, site, desktop


async def _let_the_agent_in(desktop: Desktop) -> None:
    lease = await desktop.take_over("ada")
    await until_field(desktop, "user")
    assert (await hand_back(desktop, lease)).done


def _found(canaries: tuple[Canary, Canary], texts: list[str]) -> list[str]:
    said = "\n".join(texts).encode()
    return [form for canary in canaries for form in canary.found_in(said)]


def test_requirement_7_what_a_person_types_is_found_nowhere_that_an_agent_or_a_log_is(
    place: tuple[Room, LoginSite, Desktop], canaries: tuple[Canary, Canary], logged: list[str]
) -> None:
    there, site, desktop = place
    told: list[str] = []

    async def work() -> None:
        agent = await desktop.agent_channel()
        async with spy_at(desktop) as spy:
            assert await spy.run(SPY) == "planted"
            source = {"source": SPY, "worldName": "hidden"}
            await spy.ask("Page.addScriptToEvaluateOnNewDocument", spy.pages[-1], **source)
            lease = await sign_in(desktop, site, PERSON)
            await asyncio.wait_for(spy.ended.wait(), 10)
            for attempt in (agent.text(), agent.screenshot(), agent.type("x"), agent.endpoint()):
                with pytest.raises(PersonDrives) as refused:
                    await attempt
                told.append(repr(refused.value))
            told.extend(spy.told)
        assert (await hand_back(desktop, lease)).done
        agent = await desktop.agent_channel()
        async with spy_at(desktop) as spy:
            told.append(await agent.text())
            told.append(str(await spy.run("[localStorage.caught, window.caught].toString()")))
            history = await spy.ask("Page.getNavigationHistory", spy.pages[-1])
            assert len(history["result"]["entries"]) == 1
            await spy.run("history.back()")
            await spy.ask("Page.reload", spy.pages[-1])
            await agent.navigate(site.url + "/login")
            told.append(
                str(await spy.run("[...document.querySelectorAll('input')].map(i => i.value)"))
            )
            told.extend(spy.told)

    there.run(work())
    assert site.paths() == ["/login", "/code"]  # it was typed, and arrived
    assert len(told) > 20
    assert not _found(canaries, told)
    assert not _found(canaries, logged)
    folder: Path = desktop._machine.folder
    outside = [path for path in folder.iterdir() if path.name not in ("profile", "home")]
    for canary in canaries:
        assert not canary.search_tree(*outside)
        assert not canary.search_proc()


def test_requirement_7_an_agent_s_call_fails_within_100_ms_of_a_click(
    place: tuple[Room, LoginSite, Desktop],
) -> None:
    there, site, desktop = place

    async def once() -> float:
        await _from_person_to_agent(desktop)
        agent = await desktop.agent_channel()
        site.hurry.clear()
        going = asyncio.ensure_future(agent.navigate(f"{site.url}/slow"))
        await asyncio.sleep(0.05)  # it is on its way: the site does not answer
        clicked = time.monotonic()
        over = asyncio.ensure_future(desktop.take_over("ada"))
        with pytest.raises(PersonDrives):
            await going
        passed = time.monotonic() - clicked
        site.hurry.set()
        await over
        return passed

    # The fastest of ten: a machine that does something else meanwhile is not what is measured.
    assert any(there.run(once()) < 0.1 for _ in range(10))


async def _from_person_to_agent(desktop: Desktop) -> None:
    if desktop.state == "agent":
        return
    lease = await desktop.take_over("ada")
    await until_true(desktop, "document.readyState")
    assert (await hand_back(desktop, lease)).done


def test_requirement_7_a_take_over_returns_only_when_no_session_of_the_agent_is_left(
    place: tuple[Room, LoginSite, Desktop],
) -> None:
    there, site, desktop = place

    async def work() -> None:
        await _from_person_to_agent(desktop)
        async with spy_at(desktop) as spy:
            await spy.run(f"location.href = '{site.url}/login'")
            sessions = list(spy.pages)
            assert sessions
            await desktop.take_over("ada")
            cdp = await desktop._steer()
            for session in sessions:
                with pytest.raises(DesktopError, match="refused"):
                    await cdp.send("Runtime.evaluate", {"expression": "1"}, session)

    there.run(work())


def test_requirement_8_only_the_lease_of_the_last_click_hands_back_and_the_agent_may_only_ask(
    place: tuple[Room, LoginSite, Desktop],
) -> None:
    there, _, desktop = place

    async def work() -> None:
        first = await desktop.take_over("ada")
        lease = await desktop.take_over("ada")
        for other in (first, Lease("ada"), Lease("ada", lease.id[:-1])):
            with pytest.raises(LeaseLost):
                await desktop.hand_back(other)
        desktop._driving.ask("Please let me in")
        with pytest.raises(PersonDrives):
            await desktop.agent_channel()
        assert desktop.state == "human"
        # The tab is closed: paused, and not the agent's. The lease is worth nothing any more.
        desktop._driving.lose(lease)
        assert desktop.state == "idle"
        with pytest.raises(PersonDrives, match="paused"):
            await desktop.agent_channel()
        with pytest.raises(LeaseLost):
            await desktop.hand_back(lease)

    there.run(work())


PAGE_WITH_FIELDS = """(() => {
  document.body.innerHTML = '<p>fields</p>';
  const inside = WHERE;
  inside.innerHTML = `<input NAME>`;
  inside.querySelector('input').value = 'typed';
})() || true"""

PLACES = {
    "the page": "document.body.appendChild(document.createElement('div'))",
    "a shadow root": "document.body.appendChild(document.createElement('div'))"
    ".attachShadow({mode: 'open'})",
    "a closed shadow root": "document.body.appendChild(document.createElement('div'))"
    ".attachShadow({mode: 'closed'})",
    "a frame": "document.body.appendChild(document.createElement('iframe')).contentDocument.body",
}


def test_requirement_9_handing_back_is_refused_wherever_a_password_or_a_code_stands(
    place: tuple[Room, LoginSite, Desktop],
) -> None:
    there, site, desktop = place

    async def work() -> None:
        lease = await desktop.take_over("ada")
        async with person_at(desktop) as person:
            await person.say(go=f"{site.url}/login")
            await until_field(desktop, "user")
            names = ('type="password"', 'autocomplete="one-time-code"', 'name="otp"')
            for where, name in [
                *((p, names[0]) for p in PLACES.values()),
                *((PLACES["the page"], name) for name in names[1:]),
            ]:
                page = PAGE_WITH_FIELDS.replace("WHERE", where).replace("NAME", name)
                await until_true(desktop, page)
                refused = await hand_back(desktop, lease)
                assert not refused.done, (where, name)
                assert "still holds text" in refused.reason
                assert "typed" not in refused.reason
            # In a tab behind the one that is seen, too.
            await person.say(new=True)
            await person.until(lambda: len(person.page["tabs"]) > 1)
            assert not (await hand_back(desktop, lease)).done
            await person.say(close=person.page["tabs"][0]["id"])
            await person.until(lambda: len(person.page["tabs"]) == 1)
        assert (await hand_back(desktop, lease)).done

    there.run(work())


def test_requirement_9_handing_back_is_refused_while_an_address_has_a_password_in_it(
    place: tuple[Room, LoginSite, Desktop], canaries: tuple[Canary, Canary]
) -> None:
    there, site, desktop = place
    known = site.url.replace("//", f"//ada:{canaries[0].value}@")

    async def work() -> None:
        lease = await desktop.take_over("ada")
        async with person_at(desktop) as person:
            await person.say(go=f"{known}/login")
            await until_true(desktop, "document.URL.includes('@')")
            refused = await hand_back(desktop, lease)
            assert "a name or a password in it" in refused.reason
            assert not _found(canaries, [refused.reason])
            await person.say(go=f"{site.url}/extras")
            await until_true(desktop, "!document.URL.includes('@')")
            assert (await hand_back(desktop, lease)).done

    there.run(work())


def test_requirement_9_cookies_storage_and_forms_are_denied_to_an_agent_by_the_real_browser_s_way(
    place: tuple[Room, LoginSite, Desktop], canaries: tuple[Canary, Canary]
) -> None:
    there, site, desktop = place

    async def work() -> list[str]:
        await _from_person_to_agent(desktop)
        await (await desktop.agent_channel()).navigate(f"{site.url}/login")
        session = next(iter(site.sessions))
        async with spy_at(desktop) as spy:
            page = spy.pages[-1]
            for method, where in (
                ("Network.getCookies", page),
                ("Network.getAllCookies", page),
                ("Storage.getCookies", ""),
                ("DOMStorage.enable", page),
                ("Fetch.enable", page),
                ("Debugger.enable", page),
                ("HeapProfiler.takeHeapSnapshot", page),
                ("Target.getTargets", ""),
            ):
                assert "error" in await spy.ask(method, where), method
            assert (await spy.ask("Browser.setDownloadBehavior", behavior="allow"))["result"] == {}
            # A form that a page sends by itself: told of, and without what is in it.
            await spy.run(
                "fetch('/note', {method: 'POST', body: new URLSearchParams({note: 'in-the-form'})})"
            )
            for told in spy.told:
                assert "in-the-form" not in told or '"method"' not in told
                assert session not in told
            return spy.told

    told = there.run(work())
    assert any("Network.requestWillBeSent" in message for message in told)
    assert not _found(canaries, told)
