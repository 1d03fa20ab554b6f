"""The console of Windows, on which a person is asked.

Run by us under Wine only, not on Windows itself.
"""

from __future__ import annotations

import contextlib
import msvcrt
import os
import select
import sys
import time
from typing import Final, Literal, Self

from jupyter_agent.cli.hidden_line import HiddenLine

assert sys.platform == "win32"  # noqa: S101  (for mypy)

_ROUND: Final = 0.03
"""Seconds between looks at the keyboard: nothing there can be waited for beside a socket."""

_SETTLE: Final = 0.15
"""Seconds of silence after Enter that tell a typed Enter from the first line of a long paste."""

_INTERRUPT: Final = "\x03"
_END_OF_FILE: Final = "\x1a"
_SPECIAL: Final = ("\x00", "\xe0")
"""What comes before the number of a key that is no character, see _getwch of the C library."""


class Console:
    """The console of this process: its keys, and its screen.

    Args:
        screen: A descriptor open for writing; closed by ``close``.
    """

    def __init__(self, screen: int) -> None:
        self._screen = screen

    @classmethod
    def open(cls) -> Self | None:
        """The console on which a person could answer; None where there is none.

        A program that others talk to by pipes alone may have one that nobody sees.
        """
        if not any(_is_console(stream) for stream in (0, 1, 2)):
            return None
        try:
            return cls(os.open("CONOUT$", os.O_RDWR | os.O_BINARY | os.O_NOINHERIT))
        except OSError:
            return None

    def close(self) -> None:
        """Let go of the console."""
        os.close(self._screen)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def say(self, text: str) -> None:
        """Write text, already printable, to the console."""
        # By its own name, as Python's own streams do: whatever code page it is set to.
        with open(self._screen, "w", encoding="utf-8", closefd=False) as screen:
            screen.write(text)

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
            unless: A socket's descriptor; as soon as it is readable the question has settled
                itself.
            as_typed: Keep capital letters.

        Returns:
            The answer, stripped, and lower case unless ``as_typed``; None when nobody answered in
            time; False when ``unless`` became readable.

        Raises:
            KeyboardInterrupt: Ctrl-C.
        """
        # What was typed before the question was there is no answer to it.
        _forget_keys()
        self.say(question)
        ends = None if timeout is None else time.monotonic() + timeout
        typed = ""
        while True:
            if not msvcrt.kbhit():
                if unless is not None and select.select([unless], [], [], 0)[0]:
                    self.say("\n")
                    return False
                if ends is not None and not typed and time.monotonic() > ends:
                    self.say("\n")
                    return None
                time.sleep(_ROUND)
                continue
            key = _key()
            if key in ("\r", "\n", _END_OF_FILE):
                self.say("\n")
                break
            if key == "\b":
                self.say("\b \b" * bool(typed))
                typed = typed[:-1]
            elif key.isprintable():
                self.say(key)
                typed += key
        return typed.strip() if as_typed else typed.strip().lower()

    def ask_hidden(self, question: str) -> bytes:
        """One value, typed or pasted, never shown.

        Raises:
            RequestInvalid: Nothing came in, it was too long, or several lines came in.
            KeyboardInterrupt: Ctrl-C.
        """
        _forget_keys()
        self.say(question)
        line = HiddenLine()
        try:
            while not line.done:
                line.feed(_as_typed_elsewhere(_key()))
            quiet_from = time.monotonic()
            while time.monotonic() < quiet_from + _SETTLE:
                if msvcrt.kbhit():
                    line.feed(_as_typed_elsewhere(_key()))
                    quiet_from = time.monotonic()
                else:
                    time.sleep(_ROUND)
        finally:
            # What came in behind the value must not reach the shell.
            _forget_keys()
            self.say("\n")
        return line.entered()


def _is_console(stream: int) -> bool:
    with contextlib.suppress(OSError):
        return os.isatty(stream)
    return False


def _forget_keys() -> None:
    while msvcrt.kbhit():
        msvcrt.getwch()


def _key() -> str:
    """The next character; "" for a key that is none.

    Raises:
        KeyboardInterrupt: Ctrl-C.
    """
    key = msvcrt.getwch()
    if key in _SPECIAL:
        msvcrt.getwch()
        return ""
    if key == _INTERRUPT:
        raise KeyboardInterrupt
    if "\ud800" <= key <= "\udbff":  # the first half of a character beyond U+FFFF
        key = (key + msvcrt.getwch()).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return key


def _as_typed_elsewhere(key: str) -> bytes:
    return b"\x04" if key == _END_OF_FILE else key.encode("utf-8", "replace")
