"""A browser without a screen as a stream: pictures to viewers, and what a person does back to it.

    to the viewer     bytes: width and height of the page, two big-endian numbers of 2 bytes, then
                      the picture (JPEG). Text: {"page": …}, {"ask": …} and {"permits": …}, see
                      ``_page``, ``Asks.open``, ``Permits.told``
    from the viewer   text: one object a message, see ``PersonHands``

What a viewer says is obeyed while a person drives and it controls; else it is dropped. Keys
wait until the first page takes them (``ahead``).
Nothing that passes is logged.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import struct
from collections.abc import Callable
from typing import Any

from jupyter_agent.desktop.ahead import Ahead
from jupyter_agent.desktop.asks import Asks
from jupyter_agent.desktop.listening import Listening
from jupyter_agent.desktop.person import PersonHands
from jupyter_agent.desktop.relay import Channel, Mode
from jupyter_agent.desktop.stage import Frame, Stage
from jupyter_agent.errors import DesktopError, RequestInvalid


class Screencast:
    """The stream of one browser.

    Args:
        stage: What is shown.
        asks: What pages ask a person.
        hands: Carries out what a person does.
        may_type: Whether a controlling viewer may do something at this moment.
        listening: Whether what is typed arrives.
    """

    viewer = "cdp"

    def __init__(
        self,
        stage: Stage,
        asks: Asks,
        hands: PersonHands,
        may_type: Callable[[], bool],
        listening: Listening,
    ) -> None:
        self._stage = stage
        self._asks = asks
        self._hands = hands
        self._may_type = may_type
        self._listening = listening
        self._viewers: set[_Viewer] = set()
        stage.changed = self._wake
        asks.changed = self._wake

    async def serve(self, channel: Channel, mode: Mode) -> None:
        """Serve one viewer until it, or the browser, is gone."""
        viewer = _Viewer(channel, self._stage)
        if mode == "control":
            viewer.told = {"ask": self._asks.open, "permits": self._hands.permits.told}
        self._viewers.add(viewer)
        await self._stage.watch()
        try:
            async with asyncio.TaskGroup() as both:
                outwards = both.create_task(viewer.tell())
                inwards = both.create_task(self._obey(channel, mode))
                await asyncio.wait((outwards, inwards), return_when=asyncio.FIRST_COMPLETED)
                outwards.cancel()
                inwards.cancel()
        except* (OSError, DesktopError, RequestInvalid):
            pass  # the viewer or the browser is gone, or the viewer was sent away: it is over
        finally:
            self._viewers.discard(viewer)
            await self._stage.unwatch()

    async def _obey(self, channel: Channel, mode: Mode) -> None:
        ahead = Ahead(self._listening, self._carry_out)
        heard = asyncio.ensure_future(self._listening.wait())
        receiving = asyncio.ensure_future(channel.receive())
        try:
            while True:
                waited = (receiving, heard) if ahead.is_held else (receiving,)
                await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
                await ahead.catch_up()
                if not receiving.done():
                    continue
                if (data := receiving.result()) is None:
                    return
                receiving = asyncio.ensure_future(channel.receive())
                message = _read(data)
                if mode == "control":
                    await ahead.take(message)
        finally:
            heard.cancel()
            receiving.cancel()

    async def _carry_out(self, message: dict[str, Any]) -> None:
        # Asked for each one: the lease may have ended since the last.
        if self._may_type():
            self._stage.stir()
            with contextlib.suppress(DesktopError):  # this page hangs, or is gone
                await self._hands.do(message)

    def _wake(self) -> None:
        for viewer in self._viewers:
            viewer.wake.set()


class _Viewer:
    """What one viewer was shown already."""

    def __init__(self, channel: Channel, stage: Stage) -> None:
        self.wake = asyncio.Event()
        self.told: dict[str, Callable[[], Any]] = {}  # what only who may answer it is told
        self._channel = channel
        self._stage = stage
        self._frame: Frame | None = None
        self._said: dict[str, str] = {}

    async def tell(self) -> None:
        """Send what has changed; of pictures only the newest, however slow the viewer is."""
        while True:
            self.wake.clear()
            await self._say("page", _page(self._stage))
            for name, told in self.told.items():
                await self._say(name, told())
            if (frame := self._stage.frame) is not None and frame is not self._frame:
                self._frame = frame
                await self._channel.send(struct.pack("!HH", frame.width, frame.height) + frame.jpeg)
                continue
            await self.wake.wait()

    async def _say(self, name: str, what: Any) -> None:
        message = json.dumps({name: what})
        if self._said.get(name) != message:
            self._said[name] = message
            await self._channel.send(message)


def _page(stage: Stage) -> dict[str, Any]:
    return {"tabs": stage.tabs(), "shown": stage.target}


def _read(data: bytes | str) -> dict[str, Any]:
    """A viewer's message.

    Raises:
        RequestInvalid: It is none: whoever speaks there is no viewer of ours.
    """
    try:
        message = json.loads(data)
    except (ValueError, RecursionError):
        message = None
    if not isinstance(message, dict):
        raise RequestInvalid("That is no message of a viewer.")
    return message
