"""A run on a terminal: what it asks for, and the values that are typed at its hidden prompts."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from jupyter_agent import wire
from jupyter_agent.errors import CommandNotStarted, RequestInvalid
from jupyter_agent.secret import check_label
from jupyter_agent.shell.terminal import Size, Terminal

MOST_ANSWERS: Final = 16
MOST_TYPED: Final = 4000
"""Longest value that is typed, in bytes: a terminal takes 4,095 in one line (termios(3))."""

_MOST_CELLS: Final = 10_000
_LOOK: Final = 0.02
"""Seconds between two looks at whether the terminal hides what is typed: nobody tells us."""
_LOOK_SELDOM: Final = 0.25
_SOON: Final = 1.0  # seconds after output in which a prompt is likely
_LONGEST: Final = (
    0.5  # seconds after which it is a prompt although something is printed all the time
)


@dataclass(frozen=True, slots=True)
class WantedTerminal:
    """The terminal that a run asks for.

    Attributes:
        size: To begin with.
        keyboard: Whether a person types; a notebook has no keyboard.
        answers: Labels, one for each hidden prompt, in the order of the prompts.
    """

    size: Size
    keyboard: bool
    answers: tuple[str, ...]

    def open(self) -> Terminal:
        """A terminal like that.

        Raises:
            CommandNotStarted: There is none to be had.
        """
        if sys.platform == "win32":
            raise CommandNotStarted("Windows has no such terminal.", "Run it without --pty.")
        try:
            return Terminal(self.size, line_ends=self.keyboard)
        except OSError as error:
            reason = os.strerror(error.errno or 0)
            raise CommandNotStarted(
                f"No terminal can be had for the command: {reason}.", "Run it without --pty."
            ) from None

    def environment(self, supplied: Mapping[str, str]) -> dict[str, str]:
        """What a command finds in its environment because it is on a terminal.

        Args:
            supplied: What its caller supplies.
        """
        env = {"TERM": supplied.get("TERM", "xterm-256color")}
        # Nobody could press a key in a pager, and it would wait for one.
        return env if self.keyboard else {**env, "PAGER": "cat", "GIT_PAGER": "cat"}

    def lines(self, values: Mapping[str, bytes]) -> list[bytes]:
        """What is typed at each prompt.

        Args:
            values: Label → value.

        Raises:
            RequestInvalid: A value can't be typed.
        """
        for label in self.answers:
            value = values[label]
            if len(value) > MOST_TYPED or any(byte < 0x20 or byte == 0x7F for byte in value):
                raise RequestInvalid(
                    f"{label} can't be typed at a prompt: it has several lines, control characters "
                    f"or more than {MOST_TYPED} bytes.",
                    "Give it to the command in another way: -s or --file.",
                )
        return [values[label] + b"\n" for label in self.answers]


def read_terminal(message: wire.Message) -> WantedTerminal | None:
    """Read the field `terminal` of a `run` request.

    Raises:
        RequestInvalid: It has another type or an impossible size.
        LabelInvalid: What stands where a label belongs is none.
    """
    wanted = message.get("terminal")
    if wanted is None:
        return None
    if not isinstance(wanted, dict):
        raise RequestInvalid('"terminal" is an object.')
    answers = wanted.get("answers", [])
    if not isinstance(answers, list) or len(answers) > MOST_ANSWERS:
        raise RequestInvalid(f'"answers" is a list of at most {MOST_ANSWERS} labels.')
    return WantedTerminal(
        size=read_size(wanted),
        keyboard=wanted.get("keyboard") is True,
        answers=tuple(check_label(label) for label in answers),
    )


def read_size(message: Mapping[str, Any]) -> Size:
    """Read `rows` and `cols`.

    Raises:
        RequestInvalid: They are no size.
    """
    return Size(_length(message.get("rows")), _length(message.get("cols")))


def _length(number: Any) -> int:
    if type(number) is not int or not 0 < number <= _MOST_CELLS:
        raise RequestInvalid(f"A terminal has 1 to {_MOST_CELLS} rows and columns.")
    return number


class Prompts:
    """Answers the hidden prompts of one run.

    A value is written only while the terminal reads a hidden line, and each one once. Another
    prompt than the one before is one that came after something was printed, or after the terminal
    had shown again what is typed: else a slow program would get two answers to one question. What
    is printed before it has read the first answer is still that question.

    Programs hide first and print their question then. So nothing is typed before a look has found
    the line hidden and the next one that nothing was printed since.

    Args:
        terminal: The run's own; no other run's prompt can be reached through it.
        lines: What is typed, in order.
        unanswered: Called for each hidden prompt when nothing is left to type.
    """

    def __init__(
        self, terminal: Terminal, lines: Sequence[bytes], unanswered: Callable[[], Awaitable[None]]
    ) -> None:
        self._terminal = terminal
        self._left = list(lines)
        self._unanswered = unanswered
        self._is_new = True
        self._unread = False  # what was typed last
        self._since: float | None = None  # when a look first found this prompt
        self._printed = asyncio.Event()

    def saw(self, output: bytes) -> None:
        """Take notice of what the command has printed."""
        self._printed.set()
        # What ends the line in which a value was typed is no new prompt.
        if output.strip(b"\r\n"):
            self._unread = self._unread and self._terminal.has_unread()
            self._is_new = not self._unread

    async def watch(self) -> None:
        """Look at the terminal until cancelled."""
        loop = asyncio.get_running_loop()
        soon = loop.time() + _SOON
        printed = True
        while True:
            await self._look(printed=printed)
            often = self._since is not None or loop.time() < soon
            pause = _LOOK if often else _LOOK_SELDOM
            try:
                async with asyncio.timeout(pause):
                    await self._printed.wait()
            except TimeoutError:
                printed = False
                continue
            printed = True
            self._printed.clear()
            soon = loop.time() + _SOON

    async def _look(self, *, printed: bool) -> None:
        now = asyncio.get_running_loop().time()
        if not self._terminal.hides_a_line():
            self._is_new, self._unread, self._since = True, False, None
        elif self._is_new and self._since is None:
            self._since = now
        elif self._is_new and not (printed and now < (self._since or 0) + _LONGEST):
            self._is_new, self._since = False, None
            if self._left:
                self._unread = True
                await self._terminal.type(self._left.pop(0))
            else:
                await self._unanswered()
