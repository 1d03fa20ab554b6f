"""The pipe to the browser, with a browser's end that the test writes byte by byte."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from jupyter_agent.desktop.cdp import Cdp, CommandRefused, Event
from jupyter_agent.errors import DesktopClosed, DesktopError

TYPED = "typed-by-a-person"


class BrowserEnd:
    """What Chromium holds of the two pipes."""

    def __init__(self, reads: int, writes: int) -> None:
        self._reads = reads
        self._writes = writes
        self._rest = b""

    async def next_command(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            self._rest += await asyncio.to_thread(os.read, self._reads, 65536)
        raw, _, self._rest = self._rest.partition(b"\0")
        message: dict[str, Any] = json.loads(raw)
        return message

    async def write(self, raw: bytes) -> None:
        while raw:
            raw = raw[await asyncio.to_thread(os.write, self._writes, raw) :]

    async def say(self, message: dict[str, Any]) -> None:
        await self.write(json.dumps(message).encode() + b"\0")

    def close(self) -> None:
        for end in (self._reads, self._writes):
            if end >= 0:
                os.close(end)
        self._reads = self._writes = -1


@asynccontextmanager
async def pipe() -> AsyncIterator[tuple[Cdp, BrowserEnd]]:
    to_browser, from_browser = os.pipe(), os.pipe()
    browser = BrowserEnd(to_browser[0], from_browser[1])
    cdp = await Cdp.over(from_browser[0], to_browser[1])
    try:
        yield cdp, browser
    finally:
        cdp.close()
        browser.close()


def test_a_command_gets_the_answer_with_its_number() -> None:
    async def main() -> None:
        async with pipe() as (cdp, browser):
            first = asyncio.ensure_future(cdp.send("A.one", {"x": 1}))
            second = asyncio.ensure_future(cdp.send("A.two", session="S"))
            asked = [await browser.next_command(), await browser.next_command()]
            assert asked[0] == {"id": 1, "method": "A.one", "params": {"x": 1}}
            assert asked[1] == {"id": 2, "method": "A.two", "params": {}, "sessionId": "S"}
            await browser.say({"id": 2, "result": {"n": 2}, "sessionId": "S"})
            await browser.say({"id": 1, "result": {"n": 1}})
            assert (await first, await second) == ({"n": 1}, {"n": 2})

    asyncio.run(main())


def test_messages_are_cut_at_their_zero_bytes_wherever_the_pieces_end() -> None:
    async def main() -> None:
        async with pipe() as (cdp, browser):
            heard: asyncio.Queue[Event] = asyncio.Queue()
            cdp.listen(heard.put_nowait, None)
            long = {"method": "Page.big", "params": {"data": "x" * 300_000}}
            short = {"method": "Page.small", "params": {"text": "é€漢"}, "sessionId": "S"}
            raw = b"\0".join(json.dumps(m, ensure_ascii=False).encode() for m in (long, short))
            await browser.write(raw[:-3])
            await browser.write(raw[-3:] + b"\0")
            events = [await heard.get(), await heard.get()]
            assert [(e.method, e.session) for e in events] == [
                ("Page.big", ""),
                ("Page.small", "S"),
            ]
            assert (len(events[0].params["data"]), events[1].params["text"]) == (300_000, "é€漢")

    asyncio.run(main())


def test_events_go_to_the_listeners_of_their_session_until_those_stop() -> None:
    async def main() -> None:
        async with pipe() as (cdp, browser):
            mine: list[str] = []
            everything: asyncio.Queue[Event] = asyncio.Queue()
            stop = cdp.listen(lambda event: mine.append(event.method), "S")
            cdp.listen(everything.put_nowait, None)
            for method, session in (("A.a", "S"), ("A.b", "T")):
                await browser.say({"method": method, "params": {}, "sessionId": session})
                await everything.get()
            stop()
            stop()  # a second time is no fault
            await browser.say({"method": "A.c", "params": {}, "sessionId": "S"})
            await everything.get()
            assert mine == ["A.a"]

    asyncio.run(main())


def test_a_listener_that_fails_takes_nothing_from_the_next_and_is_reported_without_its_words() -> (
    None
):
    async def main() -> None:
        async with pipe() as (cdp, browser):
            reported: list[dict[str, Any]] = []
            asyncio.get_running_loop().set_exception_handler(lambda _, what: reported.append(what))
            heard: asyncio.Queue[Event] = asyncio.Queue()

            def fails(event: Event) -> None:
                raise ValueError(event.params["text"])

            cdp.listen(fails)
            cdp.listen(heard.put_nowait)
            await browser.say({"method": "A.a", "params": {"text": TYPED}})
            assert (await heard.get()).params == {"text": TYPED}
            assert reported == [{"message": "ValueError in a listener to A.a"}]

    asyncio.run(main())


def test_a_refused_command_is_named_without_what_the_browser_said() -> None:
    async def main() -> None:
        async with pipe() as (cdp, browser):
            asking = asyncio.ensure_future(cdp.send("Runtime.evaluate", {"expression": TYPED}))
            await browser.next_command()
            await browser.say({"id": 1, "error": {"code": -32000, "message": f"No {TYPED}"}})
            with pytest.raises(CommandRefused) as refused:
                await asking
            assert str(refused.value) == "The browser refused Runtime.evaluate (-32000)."
            assert TYPED not in repr(refused.value)
            assert refused.value.said == f"No {TYPED}"

    asyncio.run(main())


def test_what_waits_in_a_session_is_refused_when_the_session_ends() -> None:
    async def main() -> None:
        async with pipe() as (cdp, browser):
            waiting = asyncio.ensure_future(cdp.send("Runtime.evaluate", session="S"))
            other = asyncio.ensure_future(cdp.send("Runtime.evaluate", session="T"))
            await browser.next_command()
            await browser.next_command()
            await browser.say({"method": "Target.detachedFromTarget", "params": {"sessionId": "S"}})
            with pytest.raises(CommandRefused):
                await waiting
            await browser.say({"id": 2, "result": {}, "sessionId": "T"})
            assert await other == {}

    asyncio.run(main())


def test_no_answer_in_time_is_an_error_that_says_so() -> None:
    async def main() -> None:
        async with pipe() as (cdp, _):
            with pytest.raises(DesktopError, match=r"did not answer Page.navigate in 0.01 s"):
                await cdp.send("Page.navigate", {"url": TYPED}, patience=0.01)

    asyncio.run(main())


def test_the_end_of_the_browser_ends_what_waits_and_what_comes_later() -> None:
    async def main() -> None:
        async with pipe() as (cdp, browser):
            waiting = asyncio.ensure_future(cdp.send("Page.navigate"))
            await browser.next_command()
            browser.close()
            await asyncio.wait_for(asyncio.shield(cdp.closed), 5)
            for asked in (waiting, cdp.send("Page.navigate")):
                with pytest.raises(DesktopClosed):
                    await asked

    asyncio.run(main())
