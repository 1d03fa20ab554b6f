"""Turns: in order, not all in one round, and nobody is forgotten."""

from __future__ import annotations

import asyncio
import time

from jupyter_agent.broker.turns import Turns


def test_a_run_alone_does_not_wait():
    async def scenario() -> int:
        turns, rounds = Turns(), 0
        for _ in range(3):
            await turns.take()
            await asyncio.sleep(0)
            rounds += 1
        return rounds

    assert asyncio.run(asyncio.wait_for(scenario(), 5)) == 3


def test_many_take_their_turns_in_the_order_in_which_they_came():
    async def scenario() -> list[int]:
        turns, order = Turns(), []

        async def one(number: int) -> None:
            await turns.take()
            order.append(number)

        await asyncio.gather(*(one(number) for number in range(100)))
        return order

    assert asyncio.run(asyncio.wait_for(scenario(), 5)) == list(range(100))


def test_when_turns_are_long_others_get_between_them():
    async def scenario() -> int:
        turns, between = Turns(), 0
        done = asyncio.Event()

        async def long() -> None:
            await turns.take()
            time.sleep(0.005)  # noqa: ASYNC251  (as scrubbing does, it keeps the loop)

        async def small() -> None:
            nonlocal between
            while not done.is_set():
                await asyncio.sleep(0)
                between += 1

        watching = asyncio.create_task(small())
        await asyncio.gather(*(long() for _ in range(20)))
        done.set()
        await watching
        return between

    # With all of them in one round it would be 1 or 2.
    assert asyncio.run(asyncio.wait_for(scenario(), 5)) >= 15


def test_one_that_is_cancelled_costs_nobody_his_turn():
    async def scenario() -> int:
        turns, came = Turns(), 0

        async def one() -> None:
            nonlocal came
            await turns.take()
            came += 1

        tasks = [asyncio.create_task(one()) for _ in range(10)]
        await asyncio.sleep(0)
        for task in tasks[2:8]:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await turns.take()
        return came

    assert asyncio.run(asyncio.wait_for(scenario(), 5)) >= 4
