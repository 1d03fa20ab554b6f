"""A client for the protocol by which Chromium is steered, over the pipe it was started with.

A message is JSON in UTF-8, ended by a zero byte: ``--remote-debugging-pipe``, DevToolsPipeHandler
in Chromium. Commands and events: https://chromedevtools.github.io/devtools-protocol/. A session is
one attachment to one target (a tab, a frame of another site); "" is the browser itself.

What passes here may hold what a person types. So nothing of it is logged, and no error, repr or
traceback has any of it: a failed command is named by its method and its number alone.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Protocol, Self, cast

from jupyter_agent.errors import DesktopClosed, DesktopError
from jupyter_agent.processes.pipes import PipeThreads

PATIENCE: Final = 20.0
"""Seconds for an answer. A page that hangs answers nothing that runs in it."""

LONGEST_MESSAGE: Final = 256 * 1024 * 1024
"""Bytes; Chromium's own limit is the same order. More is no message but a fault."""


BY_THREADS: Final = sys.platform == "win32"
"""Whether threads read and write the pipe, because this system's event loops may not be able to."""


@dataclass(frozen=True, slots=True, repr=False)
class Event:
    """Something happened in the browser.

    Attributes:
        method: Its name, such as ``Page.frameNavigated``.
        params: What is told with it; may hold what a person typed.
        session: Whose it is; "" for the browser's own.
    """

    method: str
    params: dict[str, Any]
    session: str = ""

    def __repr__(self) -> str:
        return f"Event({self.method})"


class CommandRefused(DesktopError):
    """The browser did not do what it was told.

    Attributes:
        method: The command.
        number: Chromium's error number.
        said: Its sentence. May quote the page: only for whoever sent the command.
    """

    def __init__(self, method: str, number: int, said: str) -> None:
        super().__init__(f"The browser refused {method} ({number}).")
        self.method = method
        self.number = number
        self.said = said


class Line(Protocol):
    """What carries messages to a browser: a pipe, or a socket to another machine."""

    def say(self, message: bytes) -> None:
        """Send one message; must not block."""
        ...

    def close(self) -> None:
        """Hang up."""
        ...


class Cdp:
    """One browser's pipe. Made in the event loop that it is used in.

    Args:
        line: What carries it, if that is no pair of descriptors (``over``). It hands what the
            browser says to ``take``, and calls ``close`` when it has ended.

    Attributes:
        closed: Done once the browser, or we, have closed the pipe.
    """

    def __init__(self, line: Line | None = None) -> None:
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._ids = itertools.count(1)
        self._waiting: dict[int, _Waiting] = {}
        self._listeners: dict[str | None, list[Callable[[Event], None]]] = {}
        self._line = line

    @classmethod
    async def over(cls, reads: int, writes: int) -> Self:
        """Speak with the browser over two descriptors, which are ours from here on.

        Args:
            reads: What the browser writes to (its descriptor 4).
            writes: What the browser reads from (its descriptor 3).
        """
        cdp = cls()
        loop = asyncio.get_running_loop()
        reading = _Messages(cdp.take, cdp._end)
        if BY_THREADS:
            cdp._line = _Threads(
                PipeThreads(reads, writes, reading.data_received, cdp._end), reading
            )
            return cdp
        # Unbuffered: what is read is handed on whole, what is written is the loop's own buffer.
        inwards, _ = await loop.connect_read_pipe(lambda: reading, os.fdopen(reads, "rb", 0))
        outwards, _ = await loop.connect_write_pipe(
            lambda: _Ending(cdp._end), os.fdopen(writes, "wb", 0)
        )
        cdp._line = _Pipe(inwards, outwards)
        return cdp

    async def send(
        self,
        method: str,
        params: dict[str, Any] | None = None,
        session: str = "",
        *,
        patience: float = PATIENCE,
    ) -> dict[str, Any]:
        """Send a command, and wait for what it answers.

        Args:
            method: Such as ``Page.navigate``.
            params: Its parameters.
            session: Where to; "" is the browser itself.
            patience: Seconds to wait for the answer.

        Raises:
            CommandRefused: The browser did not do it; a session that has ended is one reason.
            DesktopError: No answer in time.
            DesktopClosed: The browser is gone.
        """
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()

        def answered(result: dict[str, Any] | DesktopError) -> None:
            if answer.done():
                return  # nobody waits any more
            if isinstance(result, DesktopError):
                answer.set_exception(result)
            else:
                answer.set_result(result)

        number = self.post(method, params, session, answered)
        try:
            async with asyncio.timeout(patience):
                return await answer
        except TimeoutError:
            # Not chained: nothing of the message is in the sentence, and so it stays.
            raise DesktopError(
                f"The browser did not answer {method} in {patience:g} s.",
                "The page may hang: load it again.",
            ) from None
        finally:
            self._waiting.pop(number, None)

    def post(
        self, method: str, params: dict[str, Any] | None, session: str, answered: Answered
    ) -> int:
        """Send a command, and have its answer brought in order with the events around it.

        Args:
            method: Such as ``Page.navigate``.
            params: Its parameters.
            session: Where to.
            answered: Called once, with the result or the error; must not block.

        Returns:
            The command's number.

        Raises:
            DesktopClosed: The browser is gone.
        """
        if self.closed.done() or self._line is None:
            raise _gone()
        number = next(self._ids)
        message: dict[str, Any] = {"id": number, "method": method, "params": params or {}}
        if session:
            message["sessionId"] = session
        self._waiting[number] = _Waiting(method, session, answered)
        self._line.say(json.dumps(message).encode())
        return number

    def listen(self, handler: Callable[[Event], None], session: str | None = "") -> _Stop:
        """Call ``handler`` with every event of a session, in order, until the answer is called.

        Args:
            handler: Must not block. That it raised, and nothing else of it, is logged.
            session: Whose events; None for those of all sessions.
        """
        handlers = self._listeners.setdefault(session, [])
        handlers.append(handler)

        def stop() -> None:
            with contextlib.suppress(ValueError):
                handlers.remove(handler)
            if not handlers and self._listeners.get(session) is handlers:
                del self._listeners[session]

        return stop

    def close(self) -> None:
        """Close our ends. Chromium ends by itself when its pipe is closed."""
        if self._line is not None:
            self._line.close()
        self._end()

    def take(self, raw: str | bytes) -> None:
        """Take a message of the browser's. Only what carries it calls this."""
        message = json.loads(raw)
        number = message.get("id")
        if number is None:
            self._tell(
                Event(message["method"], message.get("params") or {}, message.get("sessionId", ""))
            )
            return
        waiting = self._waiting.pop(number, None)
        if waiting is None:
            return
        if (error := message.get("error")) is not None:
            said = str(error.get("message", ""))
            waiting.answered(CommandRefused(waiting.method, int(error.get("code", 0)), said))
        else:
            waiting.answered(message.get("result") or {})

    def _tell(self, event: Event) -> None:
        if event.method == "Target.detachedFromTarget":
            # The browser forgets the commands of a session that has ended; nobody should wait.
            self._give_up(str(event.params.get("sessionId", "")))
        for key in (event.session, None):
            for handler in tuple(self._listeners.get(key, ())):
                try:
                    handler(event)
                except Exception as error:  # noqa: BLE001  (the next listener must still hear it)
                    # By its kind alone: the sentence could quote what was in the event.
                    asyncio.get_running_loop().call_exception_handler(
                        {"message": f"{type(error).__name__} in a listener to {event.method}"}
                    )

    def _give_up(self, ended: str) -> None:
        for number, waiting in tuple(self._waiting.items()):
            if waiting.session == ended:
                del self._waiting[number]
                waiting.answered(CommandRefused(waiting.method, -32001, "Session has ended."))

    def _end(self) -> None:
        if self.closed.done():
            return
        self.closed.set_result(None)
        for waiting in tuple(self._waiting.values()):
            waiting.answered(_gone())
        self._waiting.clear()


@dataclass(frozen=True, slots=True)
class _Pipe:
    """Both ends of a pipe (``Line``)."""

    reads: asyncio.ReadTransport
    writes: asyncio.WriteTransport

    def say(self, message: bytes) -> None:
        self.writes.write(message + b"\0")

    def close(self) -> None:
        self.reads.close()
        self.writes.close()


@dataclass(frozen=True, slots=True)
class _Threads:
    """The same, by threads."""

    pipes: PipeThreads
    reading: _Messages

    def say(self, message: bytes) -> None:
        self.pipes.write(message + b"\0")

    def close(self) -> None:
        self.reading.ignore()
        self.pipes.close()


Answered = Callable[[dict[str, Any] | DesktopError], None]
"""Hears a command's result, or its error."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    method: str
    session: str
    answered: Answered


def _gone() -> DesktopClosed:
    return DesktopClosed("The desktop's browser has ended.", "Open the desktop again.")


_Stop = Callable[[], None]


class _Ending(asyncio.BaseProtocol):
    def __init__(self, end: _Stop) -> None:
        self._end = end

    def connection_lost(self, exc: Exception | None) -> None:
        del exc  # how it ended makes no difference
        self._end()


class _Messages(_Ending, asyncio.Protocol):
    """Cuts the stream at its zero bytes.

    A large message comes in many pieces: they are kept apart and joined once, or each piece would
    copy all that came before it.
    """

    def __init__(self, take: Callable[[bytes], None], end: _Stop) -> None:
        super().__init__(end)
        self._take = take
        self._pieces: list[bytes] = []
        self._size = 0
        self._transport: asyncio.ReadTransport | None = None
        self._ignored = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.ReadTransport", transport)

    def ignore(self) -> None:
        """Take nothing more of what may still come."""
        self._ignored = True
        self._pieces.clear()

    def data_received(self, data: bytes) -> None:
        if self._ignored:
            return
        *whole, rest = data.split(b"\0")
        for piece in whole:
            self._pieces.append(piece)
            message = b"".join(self._pieces)
            self._pieces.clear()
            self._size = 0
            if message:
                self._take(message)
        if rest:
            self._pieces.append(rest)
            self._size += len(rest)
        if self._size > LONGEST_MESSAGE:
            self.ignore()
            if self._transport is not None:
                self._transport.close()
            self._end()
