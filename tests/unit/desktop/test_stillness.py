"""A picture that stands still is looked at once in a while, and at once when something is done."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

import pytest

from jupyter_agent.desktop import stillness
from jupyter_agent.desktop.stillness import Stillness

CARET, NONE, OTHER = b"with the caret", b"without", b"another page"


class Making:
    """Whether pictures are made, and how often somebody began to."""

    def __init__(self) -> None:
        self.now = False
        self.begun = asyncio.Semaphore(0)

    def start(self) -> None:
        assert not self.now
        self.now = True
        self.begun.release()

    def stop(self) -> None:
        assert self.now
        self.now = False


def see(still: Stillness, pictures: Iterable[bytes]) -> None:
    for picture in pictures:
        still.seen(picture)


async def resting(*, quiet: float = 0.0, pause: float = 0.0) -> tuple[Stillness, Making]:
    """One whose caret has blinked for a while."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stillness, "QUIET", quiet)
        patch.setattr(stillness, "SOONEST", pause)
        patch.setattr(stillness, "LATEST", pause)
        making = Making()
        still = Stillness(making.start, making.stop)
        still.begin()
        await making.begun.acquire()
        see(still, [CARET, NONE, CARET, NONE])
        return still, making


def test_of_a_caret_that_blinks_no_more_pictures_are_made_and_one_is_looked_at_again() -> None:
    async def work() -> None:
        still, making = await resting()
        assert not making.now
        await making.begun.acquire()  # a look
        still.seen(CARET)
        assert not making.now

    asyncio.run(work())


def test_what_a_page_does_by_itself_is_seen_at_the_next_look_and_followed_from_then_on() -> None:
    async def work() -> None:
        still, making = await resting()
        await making.begun.acquire()
        see(still, [OTHER, CARET, NONE, OTHER])
        assert making.now

    asyncio.run(work())


@pytest.mark.parametrize(
    "done",
    [
        pytest.param(Stillness.stir, id="something was done"),
        pytest.param(lambda still: still.seen(OTHER), id="a change was on its way as it stopped"),
        pytest.param(Stillness.begin, id="somebody else looks"),
    ],
)
def test_pictures_are_made_again_at_once(done: Callable[[Stillness], None]) -> None:
    async def work() -> None:
        still, making = await resting(pause=3600.0)
        assert not making.now
        done(still)
        assert making.now

    asyncio.run(work())


def test_nothing_rests_where_something_was_just_done_or_more_than_a_caret_moves() -> None:
    async def work() -> None:
        _, making = await resting(quiet=3600.0)
        assert making.now
        making = Making()
        still = Stillness(making.start, making.stop)
        still.begin()
        still._stirred -= 3600.0
        see(still, [CARET, NONE, OTHER] * 9)
        assert making.now

    asyncio.run(work())


def test_of_what_got_another_size_a_picture_is_asked_for_where_somebody_looks() -> None:
    async def work() -> None:
        still, making = await resting(pause=3600.0)
        still.anew()
        assert not making.now
        still.stir()
        await making.begun.acquire()
        still.anew()
        await making.begun.acquire()
        assert making.now

    asyncio.run(work())


def test_nobody_who_is_gone_is_looked_for() -> None:
    async def work() -> None:
        still, making = await resting()
        still.end()
        await asyncio.sleep(0)  # a look would be due by now
        await asyncio.sleep(0)
        assert not making.now

    asyncio.run(work())
