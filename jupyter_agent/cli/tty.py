"""The controlling terminal of Unix, on which a person is asked."""

from __future__ import annotations

import os
import select
import signal
import sys
import termios
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final, Literal, Self

from jupyter_agent.cli.hidden_line import HiddenLine

assert sys.platform != "win32"  # noqa: S101  (for mypy)

# Bracketed paste: the terminal puts marks round what is pasted, so that the lines of a pasted
# private key are not taken for Enter. Source: xterm's ctlseqs, "Bracketed Paste Mode".
_PASTE_ON: Final = "\x1b[?2004h"
_PASTE_OFF: Final = "\x1b[?2004l"
_LEAVES: Final = (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGTSTP)
"""What ends or stops a program that does not ask for it; Ctrl-C raises, and needs nothing."""
_SETTLE: Final = 0.05
"""Seconds of silence after Enter that tell a typed Enter from the first line of a long paste."""


class Tty:
    """The controlling terminal.

    Args:
        handle: A descriptor open for reading and writing; closed by ``close``.
    """

    def __init__(self, handle: int) -> None:
        self._handle = handle

    @classmethod
    def open(cls) -> Self | None:
        """The terminal on which a person could answer; None where there is none.

        A program in the background has none either: it would be stopped when it read.
        """
        try:
            handle = os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
        except OSError:
            return None
        try:
            if os.tcgetpgrp(handle) == os.getpgrp():
                return cls(handle)
        except OSError:
            pass
        os.close(handle)
        return None

    def close(self) -> None:
        """Let go of the terminal."""
        os.close(self._handle)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def say(self, text: str) -> None:
        """Write text, already printable, to the terminal."""
        left = text.encode("utf-8", "backslashreplace")
        while left:
            left = left[os.write(self._handle, left) :]

    def ask(
        self,
        question: str,
        *,
        timeout: float | None = None,
        unless: int | None = None,
        as_typed: bool = False,
    ) -> str | Literal[False] | None:
        """One visible line.

        Args:
            question: Already printable.
            timeout: Seconds; None waits for ever.
            unless: A descriptor; as soon as it is readable the question has settled itself.
            as_typed: Keep capital letters.

        Returns:
            The answer, stripped, and lower case unless ``as_typed``; None when nobody answered in
            time; False when ``unless`` became readable.
        """
        # What was typed before the question was there is no answer to it.
        termios.tcflush(self._handle, termios.TCIFLUSH)
        self.say(question)
        watched = [self._handle] if unless is None else [self._handle, unless]
        ready, _, _ = select.select(watched, [], [], timeout)
        if not ready or self._handle not in ready:
            self.say("\n")
            return False if ready else None
        line = os.read(self._handle, 4096)  # one line at most: the terminal edits lines itself
        typed = line.decode("utf-8", "replace").strip()
        return typed if as_typed else typed.lower()

    def ask_hidden(self, question: str) -> bytes:
        """One value, typed or pasted, never shown; pasted line breaks are part of it.

        Not ``getpass``: it cuts a line at 4095 bytes and stores the first line of a pasted key,
        and the lines behind it would go to the shell, which runs and remembers them.

        Raises:
            RequestInvalid: Nothing came in, it was too long, or the terminal can't mark pastes and
                several lines came in.
            KeyboardInterrupt: Ctrl-C.
        """
        marks = os.environ.get("TERM") != "dumb"  # one that would show them as letters
        before = termios.tcgetattr(self._handle)
        silent = termios.tcgetattr(self._handle)
        # No echo, and no line editing by the terminal; ISIG stays, so that Ctrl-C works.
        silent[3] &= ~(termios.ECHO | termios.ECHONL | termios.ICANON)
        silent[6][termios.VMIN], silent[6][termios.VTIME] = 1, 0

        def begin() -> None:
            termios.tcsetattr(self._handle, termios.TCSAFLUSH, silent)
            self.say(f"{_PASTE_ON if marks else ''}{question}")

        def end() -> None:
            # FLUSH: what came in behind the value must not reach the shell.
            termios.tcsetattr(self._handle, termios.TCSAFLUSH, before)
            self.say(f"{_PASTE_OFF if marks else ''}\n")

        with _left_as_it_was(begin, end):
            return self._hidden_line()

    def _hidden_line(self) -> bytes:
        line = HiddenLine()
        while not line.done:
            typed = os.read(self._handle, 65536)
            line.feed(typed or b"\x04")  # a terminal that hung up says nothing for ever
        while select.select([self._handle], [], [], _SETTLE)[0]:
            more = os.read(self._handle, 65536)
            if not more:
                break
            line.feed(more)
        return line.entered()


@contextmanager
def _left_as_it_was(begin: Callable[[], None], end: Callable[[], None]) -> Iterator[None]:
    """Keep a terminal changed, and give it back however this process leaves it.

    Also where a signal ends it, or stops it for a while (Ctrl-Z): a shell that finds a terminal
    without echo keeps it so, and the person types blindly from then on.

    Args:
        begin: Changes the terminal.
        end: Gives it back.
    """

    def leave(number: int, _frame: Any) -> None:
        with suppress(OSError, termios.error):  # it is gone
            end()
        signal.signal(number, signal.SIG_DFL)
        signal.raise_signal(number)
        # Only who was stopped comes to here, once somebody lets it go on.
        signal.signal(number, leave)
        begin()

    is_main = threading.current_thread() is threading.main_thread()  # only it may set handlers
    caught = [n for n in _LEAVES if is_main and signal.getsignal(n) is not signal.SIG_IGN]
    handlers = {number: signal.signal(number, leave) for number in caught}
    try:
        begin()
        yield
    finally:
        try:
            end()
        finally:
            for number, handler in handlers.items():
                signal.signal(number, handler)
