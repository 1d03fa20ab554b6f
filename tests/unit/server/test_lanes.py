"""Messages keep their order, and bursts stay together, while somebody is asked about them."""

from __future__ import annotations

import asyncio
import logging

import pytest

from jupyter_agent.screen.box import Stop
from jupyter_agent.server.lanes import Lanes


@pytest.fixture
def lanes():
    return Lanes(logging.getLogger("test"))


async def answered(future):
    return await future


def put(lanes, done, name, lane="shell"):
    """Add a message; returns what its verdict waits for."""
    future = asyncio.get_running_loop().create_future()
    lanes.put(lane, answered(future), lambda verdict: done.append((name, verdict)))
    return future


async def until(holds):
    async with asyncio.timeout(30):
        while not holds():  # noqa: ASYNC110  (what is waited for sends no event)
            await asyncio.sleep(0)


async def test_a_later_message_waits_for_an_earlier_one(lanes):
    done = []
    first, second = put(lanes, done, 1), put(lanes, done, 2)
    second.set_result(None)
    for _ in range(10):
        await asyncio.sleep(0)
    assert done == []
    first.set_result(None)
    await until(lambda: lanes.idle("shell"))
    assert done == [(1, None), (2, None)]


async def test_what_came_together_goes_on_together(lanes):
    """A cell that arrived at its kernel alone could fail before the next one is there."""
    done = []
    first, second = put(lanes, done, 1), put(lanes, done, 2)
    first.set_result(None)
    for _ in range(10):
        await asyncio.sleep(0)
    assert done == []
    second.set_result(None)
    await until(lambda: done)
    assert [name for name, _ in done] == [1, 2]


async def test_a_burst_that_never_ends_does_not_hold_its_first_message_for_ever(lanes, monkeypatch):
    monkeypatch.setattr("jupyter_agent.server.lanes._LONGEST_BURST", 0.05)
    done = []
    put(lanes, done, 1).set_result(None)
    last = put(lanes, done, 2)
    await until(lambda: done == [(1, None)])
    last.set_result(None)
    await until(lambda: lanes.idle("shell"))


async def test_lanes_do_not_wait_for_each_other(lanes):
    done = []
    shell = put(lanes, done, "cell")
    put(lanes, done, "debugger", lane="control").set_result(None)
    await until(lambda: done)
    assert done == [("debugger", None)]
    shell.set_result(None)
    await until(lambda: len(done) == 2)


async def test_a_verdict_that_fails_stops_its_message_and_no_other(lanes):
    done = []
    first, second = put(lanes, done, 1), put(lanes, done, 2)
    first.set_exception(ValueError("a cell's text"))
    second.set_result(None)
    await until(lambda: lanes.idle("shell"))
    assert done == [(1, Stop()), (2, None)]


async def test_a_message_that_can_not_be_dealt_with_holds_up_no_other_and_is_not_logged(
    lanes, caplog
):
    done = []

    def fail(_verdict):
        raise ValueError("a cell's text")

    future = asyncio.get_running_loop().create_future()
    lanes.put("shell", answered(future), fail)
    future.set_result(None)
    put(lanes, done, 2).set_result(None)
    await until(lambda: done)
    assert "ValueError" in caplog.text
    assert "cell's text" not in caplog.text


async def test_closing_drops_what_waits(lanes):
    done = []
    waiting = put(lanes, done, 1)
    for _ in range(10):
        await asyncio.sleep(0)
    lanes.close()
    assert lanes.idle("shell")
    for _ in range(10):
        await asyncio.sleep(0)
    assert waiting.cancelled()
    assert done == []


async def test_a_lane_is_used_again_after_it_was_empty(lanes):
    done = []
    for name in range(3):
        put(lanes, done, name).set_result(None)
        await until(lambda: lanes.idle("shell"))
    assert [name for name, _ in done] == [0, 1, 2]


async def test_what_waits_when_there_is_no_time_left_goes_in_order_and_by_the_rules(lanes):
    done, by_rules = [], Stop(late=True)
    first = put(lanes, done, 1)
    waits = asyncio.get_running_loop().create_future()
    lanes.put("shell", answered(waits), lambda verdict: done.append((2, verdict)), lambda: by_rules)

    lanes.hurry()

    assert done == [(1, Stop()), (2, by_rules)]
    first.cancel()
    await until(lambda: lanes.idle("shell"))
    assert len(done) == 2
