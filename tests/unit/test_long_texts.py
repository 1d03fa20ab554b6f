"""Long texts are worked on in threads, of which there are few."""

from __future__ import annotations

import asyncio
import threading

import pytest

from jupyter_agent.long_texts import LONG, aside, in_thread, is_long

RING: list[object] = []
RING.append(RING)


@pytest.mark.parametrize(
    "value",
    [
        "x" * LONG,
        b"x" * LONG,
        memoryview(bytes(LONG)),
        memoryview(bytes(LONG)).cast("d"),
        {"x" * LONG: 1},
        {"data": [{"text": "x" * LONG}]},
        ["x" * 60] * (LONG // 60),
        list(range(LONG)),
        dict.fromkeys(range(LONG)),
        [[]] * LONG,
        RING,
    ],
)
def test_much_text_is_long_however_it_is_cut(value: object) -> None:
    assert is_long(value)
    assert is_long({}, "x = 1", value)


@pytest.mark.parametrize(
    "value", ["x" * (LONG // 2), {"code": "x = 1", "n": [1, 2.5, None, True]}, object(), {}, None]
)
def test_an_ordinary_message_is_short(value: object) -> None:
    assert not is_long(value)


async def test_the_loop_goes_on_while_a_thread_works() -> None:
    go = threading.Event()
    waiting = asyncio.ensure_future(aside(lambda: go.wait(30), "x" * LONG))
    await asyncio.sleep(0)
    go.set()

    assert await waiting


async def test_short_work_is_done_at_once_and_on_this_thread() -> None:
    assert await aside(threading.get_ident, "x") == threading.get_ident()
    assert await aside(threading.get_ident, "x" * LONG) != threading.get_ident()


async def test_what_nobody_waits_for_any_more_is_not_begun() -> None:
    begun, go, done = threading.Semaphore(0), threading.Event(), []

    def hold() -> None:
        begun.release()
        assert go.wait(30)

    holding = [asyncio.ensure_future(in_thread(hold)) for _ in range(2)]
    for _ in holding:
        assert await asyncio.to_thread(begun.acquire, timeout=30)
    dropped = asyncio.ensure_future(in_thread(lambda: done.append("dropped")))
    await asyncio.sleep(0)
    dropped.cancel()
    last = asyncio.ensure_future(in_thread(lambda: done.append("last")))
    with pytest.raises(asyncio.CancelledError):
        await dropped
    go.set()
    await asyncio.gather(*holding, last)

    assert done == ["last"]


async def test_what_goes_wrong_in_a_thread_is_told() -> None:
    with pytest.raises(ZeroDivisionError):
        await in_thread(lambda: 1 // 0)
