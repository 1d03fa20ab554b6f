"""A lease is lost some time after its viewer is gone, and the agent does not get the desktop."""

from __future__ import annotations

import asyncio

import pytest

from jupyter_agent.desktop.cdp import Cdp
from jupyter_agent.desktop.driving import Begin, Driving
from jupyter_agent.desktop.holding import Holding
from jupyter_agent.desktop.relay import Channel, Mode
from jupyter_agent.errors import PersonDrives


class Picture:
    """A stream that one viewer after the other looks at until it is told to go."""

    viewer = "vnc"

    def __init__(self) -> None:
        self.gone = asyncio.Event()

    async def serve(self, channel: Channel, mode: Mode) -> None:
        await self.gone.wait()


class Nobody:
    """A channel that nothing comes from."""

    async def send(self, data: bytes | str) -> None:
        raise NotImplementedError

    async def receive(self) -> bytes | str | None:
        raise NotImplementedError


async def _no_browser() -> Cdp:
    raise NotImplementedError


async def _no_address(begin: Begin) -> str:
    raise NotImplementedError


async def _driven(lost_after: float) -> tuple[Driving, Picture, Holding]:
    driving = Driving(_no_browser, _no_address)
    driving.leases.ready()
    await driving.take_over("ada")
    picture = Picture()
    return driving, picture, Holding(picture, driving, lost_after=lost_after)


async def _paused(driving: Driving) -> None:
    async with asyncio.timeout(30):
        while driving.state != "idle":  # noqa: ASYNC110  (a timer tells nobody)
            await asyncio.sleep(0)


def test_the_lease_of_a_viewer_that_is_gone_is_lost_and_the_desktop_is_paused() -> None:
    async def main() -> None:
        driving, picture, stream = await _driven(0.01)
        looking = asyncio.ensure_future(stream.serve(Nobody(), "control"))
        await asyncio.sleep(0.05)  # longer than a viewer may be gone: this one is there
        assert driving.state == "human"
        picture.gone.set()
        await looking
        await _paused(driving)
        with pytest.raises(PersonDrives, match="paused"):
            await driving.agent_channel()

    asyncio.run(main())


def test_a_viewer_that_comes_back_keeps_the_lease_and_one_that_only_looks_does_not() -> None:
    async def main() -> None:
        driving, picture, stream = await _driven(0.2)
        picture.gone.set()
        await stream.serve(Nobody(), "control")
        picture.gone.clear()
        back = asyncio.ensure_future(stream.serve(Nobody(), "control"))
        await asyncio.sleep(0.3)
        assert driving.state == "human"
        picture.gone.set()
        await back
        picture.gone.clear()
        looking = asyncio.ensure_future(stream.serve(Nobody(), "view"))
        await _paused(driving)
        picture.gone.set()
        await looking

    asyncio.run(main())


def test_a_lease_that_was_taken_meanwhile_is_not_the_one_that_is_lost() -> None:
    async def main() -> None:
        driving, picture, stream = await _driven(0.01)
        picture.gone.set()
        await stream.serve(Nobody(), "control")
        await driving.take_over("ada")
        await asyncio.sleep(0.05)
        assert driving.state == "human"

    asyncio.run(main())


def test_the_end_of_a_viewer_whose_place_another_one_has_taken_loses_no_lease() -> None:
    async def main() -> None:
        driving, picture, stream = await _driven(0.01)
        first = asyncio.ensure_future(stream.serve(Nobody(), "control"))
        await asyncio.sleep(0)
        of_the_first, picture.gone = picture.gone, asyncio.Event()
        second = asyncio.ensure_future(stream.serve(Nobody(), "control"))
        await asyncio.sleep(0)
        of_the_first.set()
        await first
        await asyncio.sleep(0.05)  # longer than a viewer may be gone: the second one is there
        assert driving.state == "human"
        picture.gone.set()
        await second
        await _paused(driving)

    asyncio.run(main())
