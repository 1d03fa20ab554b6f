"""■ during a run: the first press stops the command, the second one hangs up.

A signal handler, because the kernel's main thread waits for output all that time, and an exception
in the middle of a line from the broker would lose what the command still has to say.
"""

from __future__ import annotations

import signal
import threading
from types import FrameType
from typing import Any, Self

from jupyter_agent.client import Client
from jupyter_agent.kernel import failures


class Interrupts:
    """Takes SIGINT while one run is under way.

    Before the command has started, or when pressed again, a ``KeyboardInterrupt`` is
    raised; leaving the conversation then ends the run for certain (INT, TERM, KILL by the broker).

    Args:
        client: The conversation the run is in.
        request: Id of the run's request.
    """

    def __init__(self, client: Client, request: int) -> None:
        self._client = client
        self._request = request
        self._before: Any = None
        self.started = False
        self.stopped = False

    def __enter__(self) -> Self:
        # Python delivers signals to the main thread only; in another thread nobody can press ■.
        if threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGINT, self._pressed)
        return self

    def __exit__(self, *_: object) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)

    def _pressed(self, _number: int, _frame: FrameType | None) -> None:
        if not self.started:
            raise failures.KeyboardInterrupt("it was left before the script began.")
        if self.stopped:
            raise failures.KeyboardInterrupt("the script is being ended, without waiting for it.")
        self.stopped = True
        # Safe here: the run's own request has left whole, so no other line is being written.
        self._client.begin("stop", run=self._request)
