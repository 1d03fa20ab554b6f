"""One client on one socket: hello, then requests, each in a task of its own."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import os
from collections.abc import Awaitable, Callable
from typing import Any, Final

from jupyter_agent import wire
from jupyter_agent.broker.ask import Ask, Operation
from jupyter_agent.broker.callers import Caller
from jupyter_agent.broker.matching import Texts
from jupyter_agent.broker.run import Run
from jupyter_agent.errors import AgentError, RequestInvalid

Emit = Callable[[wire.Message], Awaitable[None]]
Greet = Callable[[wire.Message], Awaitable[tuple[Caller, wire.Message]]]

_HELLO_SECONDS: Final = 10.0
_RUN: Final = "run"
_MOST_AT_ONCE: Final = 64  # requests of one conversation that are being answered
_FULL: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)

log = logging.getLogger(__name__)


class Conversation:
    """Reads requests and writes answers until the client hangs up.

    Args:
        reader: From the client, with a limit of ``wire.MAX_LINE``.
        writer: To the client.
        greet: Checks the hello and says who the caller is.
        table: The operations.
    """

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        greet: Greet,
        table: Callable[[str], Operation | None],
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._greet = greet
        self._table = table
        self._tasks: set[asyncio.Task[None]] = set()
        self._runs: dict[int, Run] = {}
        self._texts = Texts()

    def end(self) -> None:
        """Hang up: who is on the other end is let in no more."""
        self._writer.transport.abort()
        self._reader.feed_eof()

    async def hold(self) -> None:
        """Talk until the client hangs up; then end what it had started."""
        try:
            caller = await self._hello()
            if caller is not None:
                await self._requests(caller)
        finally:
            # At once, whatever still waits to be sent: a client that has only stopped to read would
            # keep its run waiting for ever.
            self._writer.transport.abort()
            for run in list(self._runs.values()):
                run.stop()  # its task goes on until the tree is gone and the audit is written
            tasks = self._tasks.copy()
            for task in tasks:
                if task.get_name() != _RUN:
                    task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _hello(self) -> Caller | None:
        number: Any = 0
        message: wire.Message = {}
        try:
            async with asyncio.timeout(_HELLO_SECONDS):
                message = wire.decode(await self._line())
            number = message.get("id")
            _check_is_hello(message)
            caller, welcome = await self._greet(message)
        except TimeoutError:
            return None
        except AgentError as error:
            await self._send({"id": number, "error": error.to_json()})
            return None
        except Exception as error:  # noqa: BLE001  (a caller is owed an answer, whatever it says)
            await self._send({"id": number, "error": _unexpected(error, message).to_json()})
            return None
        await self._send({"id": number, "result": welcome})
        return caller

    async def _requests(self, caller: Caller) -> None:
        while line := await self._line():
            try:
                message = self._read(line)
            except RequestInvalid as error:
                await self._send({"id": None, "error": error.to_json()})
                return
            name = "request"
            if message.get("op") == _RUN:
                # Known from here on, so that a stop or a hang-up finds it however early it comes.
                name, self._runs[message["id"]] = _RUN, Run()
            task = asyncio.create_task(self._answer(caller, message), name=name)
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def _read(self, line: bytes) -> wire.Message:
        message = wire.decode(line)
        number = message.get("id")
        if not isinstance(number, int) or number in self._runs:
            raise RequestInvalid("A request has a number of its own.")
        if len(self._tasks) >= _MOST_AT_ONCE:
            raise RequestInvalid("Too many requests at once.", "Wait for answers first.")
        return message

    async def _answer(self, caller: Caller, message: wire.Message) -> None:
        number = message["id"]

        async def emit(event: wire.Message) -> None:
            await self._send({"id": number, **event})

        try:
            operation = self._operation(message)
            result = await operation(Ask(caller, message, emit, self._runs, self._texts))
            answer = await self._in_parts(number, result, emit)
        except AgentError as error:
            answer = wire.encode({"id": number, "error": error.to_json()})
        except Exception as error:  # noqa: BLE001  (one request must not end the broker)
            answer = wire.encode({"id": number, "error": _unexpected(error, message).to_json()})
        finally:
            self._runs.pop(number, None)
        await self._write(answer)

    @staticmethod
    async def _in_parts(number: int, result: wire.Message, emit: Emit) -> bytes:
        """The line with a result, after those with the parts of it that it has no room for."""
        try:
            return wire.encode({"id": number, "result": result})
        except RequestInvalid:  # seldom, and a long list need not be written twice to know it
            *more, last = wire.parts(result)
        for part in more:
            await emit({"event": "more", "more": part})
        return wire.encode({"id": number, "result": last})

    def _operation(self, message: wire.Message) -> Operation:
        operation = self._table(wire.text(message, "op"))
        if operation is None:
            raise RequestInvalid("That operation is not known.", "See docs/protocol.md.")
        return operation

    async def _line(self) -> bytes:
        try:
            return await self._reader.readline()
        except (ValueError, OSError):  # longer than a line may be, or the client is gone
            return b""

    async def _send(self, message: wire.Message) -> None:
        await self._write(wire.encode(message))

    async def _write(self, line: bytes) -> None:
        if self._writer.is_closing():
            return  # nobody listens any more
        self._writer.write(line)
        with contextlib.suppress(OSError):
            await self._writer.drain()


def _check_is_hello(message: wire.Message) -> None:
    if message.get("op") != "hello":
        raise RequestInvalid("A conversation begins with hello.", "See docs/protocol.md.")


def _unexpected(error: Exception, message: wire.Message) -> AgentError:
    # The class and the place only: a message or a local may hold a value. What is no operation of
    # ours has been refused before it comes here.
    name = type(error).__name__
    if isinstance(error, UnicodeEncodeError):
        # JSON can carry half of a surrogate pair, and nothing that is written down can.
        return RequestInvalid(
            "The request holds half a character, which can't be kept.", "Type that text anew."
        )
    log.error("%s in %s", name, message.get("op"))
    if isinstance(error, OSError) and error.errno:
        why = os.strerror(error.errno)  # and not its own text, which names a file
        if error.errno in _FULL:
            hint = "Make room on the disk, then retry."
            return AgentError(f"It could not be written: {why}.", hint)
        hint = "Check the disk; see: jupyter agent doctor"
        return AgentError(f"A file could not be read or written: {why}.", hint)
    return AgentError(f"The broker failed with {name}.", "Look at: jupyter agent doctor")
