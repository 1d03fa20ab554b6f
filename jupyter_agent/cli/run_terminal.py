"""``jupyter agent run --pty``: the command on a terminal of its own, driven from this one.

While it runs, this terminal hands on every key as it is pressed, Ctrl-C and Ctrl-Z included, so the
command's terminal does with them what terminals do. However we leave, this one is as it was before.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import termios
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Final

from jupyter_agent import wire
from jupyter_agent.errors import AgentError

assert sys.platform != "win32"  # noqa: S101  (for mypy: it has no such terminals)

if TYPE_CHECKING:
    from jupyter_agent.client import Client

_KEYBOARD: Final = 0
_KEYS: Final = 4096  # bytes read at a time
_ENDS: Final = (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGINT)
_DEFAULT_SIZE: Final = (24, 80)


def wanted(answers: list[str]) -> dict[str, Any]:
    """The field `terminal` of the `run` request.

    Args:
        answers: Labels that are typed at hidden prompts.
    """
    rows, cols = _size()
    return {"rows": rows, "cols": cols, "keyboard": os.isatty(_KEYBOARD), "answers": answers}


def follow(client: Client, number: int, show: Callable[[wire.Message], None]) -> wire.Message:
    """Carry keys, sizes and output until the run has ended; return its result.

    Args:
        client: The conversation that it was started in.
        number: Its request.
        show: Takes the events about it.

    Raises:
        AgentError: It was lost.
        BrokenPipeError: Nobody reads the output any more.
    """
    with _keys_as_pressed(), _signals() as signals:
        return _Carrying(client, number, show, signals).until_ended()


class _Carrying:
    def __init__(
        self, client: Client, number: int, show: Callable[[wire.Message], None], signals: int
    ) -> None:
        self._client = client
        self._number = number
        self._show = show
        self._signals = signals
        self._has_keyboard = os.isatty(_KEYBOARD)
        # Keys that the command has not taken yet. No more are read meanwhile: they wait where they
        # always wait, in this terminal.
        self._typing: int | None = None
        self._stopping = False

    def until_ended(self) -> wire.Message:
        while True:
            if not self._client.ready():
                self._wait()
                continue
            message = self._client.receive_any()
            if message.get("id") == self._typing:
                self._typing = None
            elif message.get("id") in (self._number, None):
                if "error" in message:
                    raise AgentError.from_json(message["error"])
                if "result" in message:
                    result: wire.Message = message["result"]
                    return result
                self._show(message)

    def _wait(self) -> None:
        watched = [self._client.fileno(), self._signals]
        if self._has_keyboard and self._typing is None:
            watched.append(_KEYBOARD)
        ready, _, _ = select.select(watched, (), ())
        if self._signals in ready:
            self._take_signals(os.read(self._signals, 512))
        if _KEYBOARD in ready:
            self._take_keys()

    def _take_keys(self) -> None:
        try:
            keys = os.read(_KEYBOARD, _KEYS)
        except OSError:  # the terminal is gone
            keys = b""
        if keys:
            self._typing = self._client.begin("type", run=self._number, data=wire.to_base64(keys))
        else:
            self._has_keyboard = False

    def _take_signals(self, numbers: bytes) -> None:
        if signal.SIGWINCH in numbers:
            rows, cols = _size()
            self._client.begin("resize", run=self._number, rows=rows, cols=cols)
        if any(number in numbers for number in _ENDS):
            if self._stopping:
                raise KeyboardInterrupt  # asked again: leaving ends it for certain
            self._stopping = True
            self._client.begin("stop", run=self._number)


@contextmanager
def _keys_as_pressed() -> Iterator[None]:
    """Raw mode: no key is kept back, shown or taken for a signal here."""
    if not os.isatty(_KEYBOARD):
        yield
        return
    before = termios.tcgetattr(_KEYBOARD)
    try:
        tty.setraw(_KEYBOARD, termios.TCSADRAIN)
        yield
    finally:
        with suppress(termios.error):  # it is gone
            termios.tcsetattr(_KEYBOARD, termios.TCSADRAIN, before)


@contextmanager
def _signals() -> Iterator[int]:
    """A descriptor on which the numbers of signals can be read, instead of being hit by them.

    None of them may interrupt a line that is being sent to the broker, or leave the terminal raw.
    """
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    watched = [signal.SIGWINCH, *_ENDS]
    caught = [number for number in watched if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, lambda *_: None) for number in caught}
    wakeup = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    try:
        yield reading
    finally:
        signal.set_wakeup_fd(wakeup)
        for number, handler in before.items():
            signal.signal(number, handler)
        os.close(reading)
        os.close(writing)


def _size() -> tuple[int, int]:
    """Rows and columns of the terminal that shows the output."""
    for handle in (1, 2, _KEYBOARD):
        with suppress(OSError):
            size = os.get_terminal_size(handle)
            if size.lines > 0 and size.columns > 0:
                return size.lines, size.columns
    return _DEFAULT_SIZE
