"""The client for callers that may block: kernels and terminals."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from typing import Any, Self

from jupyter_agent import wire
from jupyter_agent.client.connecting import connect, gone
from jupyter_agent.client.hello import BETWEEN_GREETINGS, GREETINGS, Hello
from jupyter_agent.client.waiting import readable
from jupyter_agent.errors import AgentError, BrokerRefused, BrokerUnreachable, RunLost
from jupyter_agent.folders import Folders


class Client:
    """One conversation with the broker, for callers that may block.

    Args:
        folders: Whose broker.
        hello: Who is calling.
        start: Start a broker where none answers.
        seconds: The longest wait for anything that the broker is to say; None waits for ever.

    Raises:
        BrokerUnreachable: None answers, and none could be started.
        BrokerRefused: The socket is not ours, or the broker will not talk to this process.
        ProtocolMismatch: The two sides speak no common protocol.
    """

    def __init__(
        self,
        folders: Folders,
        hello: Hello,
        *,
        start: bool = True,
        seconds: float | None = None,
    ) -> None:
        self._ids = itertools.count(1)
        for left in reversed(range(GREETINGS)):
            self._socket = connect(folders, start=start)
            self._buffer = bytearray()
            self._socket.settimeout(seconds)
            try:
                self._send(hello.to_json())
                self.welcome: wire.Message = self.receive(0)["result"]
            except RunLost:
                self.close()
                if not left:
                    raise
                time.sleep(BETWEEN_GREETINGS)
            except BaseException:
                self.close()
                raise
            else:
                return

    def call(self, op: str, **fields: Any) -> wire.Message:
        """Ask and wait for the answer; events on the way are passed over.

        Raises:
            AgentError: What the broker answered.
        """
        gathered = wire.Gathered()
        for message in self.events(op, **fields):
            gathered.take(message)
        return gathered.result

    def begin(self, op: str, **fields: Any) -> int:
        """Ask, and return the request's id for ``receive``."""
        request = next(self._ids)
        self._send({"id": request, "op": op, **fields})
        return request

    def receive(self, request: int) -> wire.Message:
        """The next line about a request: it has ``event`` or, as the last one, ``result``.

        Raises:
            AgentError: The request ended in an error.
            RunLost: The broker went away.
        """
        while True:
            message = wire.decode(self._line())
            if message.get("id") not in (request, None):
                continue  # the answer to a request nobody waits for any more, such as `stop`
            if "error" in message:
                raise AgentError.from_json(message["error"])
            return message

    def receive_any(self) -> wire.Message:
        """The next line about any request, errors included.

        Raises:
            RunLost: The broker went away.
        """
        return wire.decode(self._line())

    def ready(self, seconds: float = 0.0) -> bool:
        """Whether the broker says something within this time, so that ``receive`` need not wait.

        Half a line counts too; the rest of it is on its way.
        """
        return bool(self._buffer) or readable(self.fileno(), seconds)

    def events(self, op: str, **fields: Any) -> Iterator[wire.Message]:
        """Ask, and yield each line about it, the one with ``result`` last."""
        request = self.begin(op, **fields)
        while True:
            message = self.receive(request)
            yield message
            if "result" in message:
                return

    def limit(self, seconds: float | None) -> None:
        """Wait no longer than this for the broker's next words; None waits for ever.

        When the time is over, it is ``BrokerUnreachable``, and the conversation is of no more use.
        """
        self._socket.settimeout(seconds)

    def fileno(self) -> int:
        """The connection, for ``select``: readable means that the broker has said something."""
        return self._socket.fileno()

    def close(self) -> None:
        """End the conversation, and with it everything it had started."""
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _send(self, message: wire.Message) -> None:
        line = wire.encode(message)
        try:
            self._socket.sendall(line)
        except OSError:
            raise gone() from None

    def _line(self) -> bytes:
        while (end := self._buffer.find(b"\n")) < 0:
            if len(self._buffer) > wire.MAX_LINE:
                raise BrokerRefused("The broker sent a line that is too long.")
            try:
                more = self._socket.recv(1 << 18)
            except TimeoutError:
                raise BrokerUnreachable("The broker does not answer.") from None
            except OSError:
                more = b""
            if not more:
                raise gone()
            self._buffer += more
        line = bytes(self._buffer[: end + 1])
        del self._buffer[: end + 1]
        return line
