"""The judge's verdict for clients inside this server, whichever thread and loop they send from.

A client's ``send`` does not wait for anything, and its caller goes on at once. So where the client
reads its answers asynchronously, sending is put off: the message waits in a lane of its channel
until there is a verdict, and so does all that is sent behind it. A client that blocks is made to
wait, unless it blocks the server itself: then nobody could answer, and the rules decide alone.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import TimeoutError as TookTooLong
from contextlib import contextmanager
from contextvars import ContextVar
from logging import Logger
from typing import Any, Final
from weakref import WeakKeyDictionary

import zmq
import zmq.asyncio

from jupyter_agent.long_texts import in_thread
from jupyter_agent.screen.box import Stop
from jupyter_agent.server.gate import Looked
from jupyter_agent.server.judge import Judge
from jupyter_agent.server.lanes import Lanes
from jupyter_agent.server.stored import PATIENCE

_LONGEST: Final = 2 * PATIENCE + 1.0
"""Seconds. The judge has its own patience, which needs the server's loop to run; for a loop that
somebody blocks this is the end of waiting."""


class Question:
    """A message that is about to leave. No repr: it may hold anything.

    Args:
        look: What the rules say about it.
        kernel_id: The kernel it is for, or "".
        is_long: Whether that takes so long that somebody else should do it.
        spend: Whether what is allowed once is used up by it.
    """

    __slots__ = ("_look", "kernel_id", "looked", "spend")

    def __init__(
        self, look: Callable[[], Looked], kernel_id: str, *, is_long: bool, spend: bool
    ) -> None:
        self._look = look
        self.kernel_id = kernel_id
        self.spend = spend
        self.looked = None if is_long else look()

    def now(self) -> Looked:
        """What the rules say, for who can't await it."""
        if self.looked is None:
            self.looked = self._look()
        return self.looked

    async def soon(self) -> Looked:
        """The same, while the loop goes on."""
        if self.looked is None:
            self.looked = await in_thread(self._look)
        return self.looked


class Asking:
    """Brings questions to the server's loop. Made on the thread that runs it.

    Args:
        judge: Decides.
        loop: The server's loop, on which the judge's line to the broker is.
        log: Told the class of an error, never a message.
    """

    def __init__(self, judge: Judge, loop: asyncio.AbstractEventLoop, log: Logger) -> None:
        self._judge = judge
        self._loop = loop
        self._thread = threading.get_ident()
        self._blocked = ContextVar("jupyter_agent_blocked", default=False)
        self.log = log

    @contextmanager
    def blocking(self) -> Iterator[None]:
        """Inside, somebody waits; if it is the server's own thread, nobody can be asked."""
        before = self._blocked.set(self._blocked.get() or threading.get_ident() == self._thread)
        try:
            yield
        finally:
            self._blocked.reset(before)

    def may_ask(self, looked: Looked) -> bool:
        """Whether there is somebody to ask, and the answer could be another than the rules'."""
        return not self._blocked.get() and self._loop.is_running() and self._judge.may_ask(looked)

    async def verdict(self, question: Question) -> Stop | None:
        """``Judge.verdict``, for a coroutine in any loop."""
        looked = await question.soon()
        if not self.may_ask(looked):
            return looked.stop
        asking = self._judge.verdict(looked, question.kernel_id, spend=question.spend)
        if asyncio.get_running_loop() is self._loop:
            return await asking
        answer = asyncio.wrap_future(asyncio.run_coroutine_threadsafe(asking, self._loop))
        try:
            return await asyncio.wait_for(answer, _LONGEST)
        except TimeoutError:
            return looked.stop

    def wait(self, question: Question) -> Stop | None:
        """``Judge.verdict``, for a thread that waits."""
        with self.blocking():
            looked = question.now()
            if not self.may_ask(looked):
                return looked.stop
            asking = self._judge.verdict(looked, question.kernel_id, spend=question.spend)
            answer = asyncio.run_coroutine_threadsafe(asking, self._loop)
        try:
            return answer.result(_LONGEST)
        except TookTooLong:
            answer.cancel()
            return looked.stop


class Turns:
    """When a client's messages leave: in order, each once there is a verdict on it.

    Args:
        asking: Brings the questions to the judge.
    """

    def __init__(self, asking: Asking) -> None:
        self._asking = asking
        # A client is used in one loop, as a rule; one that blocks gets a loop for each call.
        self._lanes: WeakKeyDictionary[asyncio.AbstractEventLoop, Lanes] = WeakKeyDictionary()

    def take(
        self,
        stream: Any,
        lane: str,
        question: Question | None,
        then: Callable[[Stop | None], Any],
        *,
        may_wait: bool = True,
    ) -> Any:
        """Have a message leave as soon as it may.

        Args:
            stream: The socket that it leaves by.
            lane: Its channel.
            question: Whether it may leave at all; None where that is decided.
            then: Sends it, or answers for it.
            may_wait: Whether it may be answered later.

        Returns:
            What ``then`` returned, or None if the message waits.
        """
        if isinstance(stream, zmq.Socket) and not isinstance(stream, zmq.asyncio.Socket):
            # Who reads these waits for an answer, and lets no loop run meanwhile.
            return then(self._asking.wait(question) if question else None)
        loop = _running_loop()
        lanes = None if loop is None else self._lanes.get(loop)
        asks = question is not None and may_wait and self._asks(question)

        def by_rules() -> Stop | None:
            return question.now().stop if question else None

        if loop is None or not (asks or (lanes is not None and not lanes.idle(lane))):
            return then(by_rules())
        lanes = lanes or self._lanes.setdefault(loop, Lanes(self._asking.log))

        async def verdict() -> Stop | None:
            return await self._asking.verdict(question) if question and asks else by_rules()

        lanes.put(lane, verdict(), then, by_rules)
        return None

    def _asks(self, question: Question) -> bool:
        looked = question.looked
        return looked is None or self._asking.may_ask(looked)

    async def turn(self, lane: str, question: Question) -> Stop | None:
        """The verdict on a message, once it is its turn."""
        decided: asyncio.Future[Stop | None] = asyncio.get_running_loop().create_future()

        def then(stop: Stop | None) -> None:
            if not decided.done():
                decided.set_result(stop)

        self.take(None, lane, question, then)
        return await decided

    def send_all(self) -> list[str]:
        """The channels are about to close: what waits goes by what the rules say.

        Returns:
            The channels in which something waited.
        """
        loop = _running_loop()
        lanes = None if loop is None else self._lanes.get(loop)
        return [] if lanes is None else lanes.hurry()


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None
