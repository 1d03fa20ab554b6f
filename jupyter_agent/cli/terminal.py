"""What commands print, and how: JSON or text, answers on stdout, everything else on stderr."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, TextIO

from jupyter_agent.errors import AgentError

FORMAT: Final = 1
"""The number in every JSON answer; it changes when a field changes its meaning."""

_STYLES: Final = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33"}


class Terminal:
    """Where a command's answer, its notices and its errors go.

    Args:
        out: For the answer.
        err: For everything else.
        as_json: Answer and fail in JSON.
        environ: Read for ``NO_COLOR`` (https://no-color.org) and ``TERM``.
    """

    def __init__(
        self, out: TextIO, err: TextIO, *, as_json: bool, environ: Mapping[str, str]
    ) -> None:
        self._out = out
        self._err = err
        self.as_json = as_json
        self._moves = environ.get("TERM") != "dumb"  # understands escape sequences
        self._colour = self._moves and not environ.get("NO_COLOR")
        for stream in (out, err):
            # A locale without UTF-8 must not turn an answer into an error.
            with contextlib.suppress(AttributeError, ValueError):
                stream.reconfigure(errors="backslashreplace")  # type: ignore[attr-defined]

    def answer(self, body: Mapping[str, Any], lines: Iterable[str]) -> None:
        """The answer of a command.

        Args:
            body: What it is in JSON; ``format`` is added.
            lines: What it is for people.
        """
        if self.as_json:
            import json  # noqa: PLC0415  (startup time)

            self._out.write(json.dumps({"format": FORMAT, **body}, indent=2) + "\n")
        else:
            self._out.writelines(f"{line}\n" for line in lines)

    def notice(self, line: str) -> None:
        """Something for people that is not the answer."""
        if not self.as_json:
            self._err.write(f"{line}\n")
            self._err.flush()

    def document(self, body: Mapping[str, Any]) -> None:
        """An answer in a format of somebody else's, as JSON."""
        import json  # noqa: PLC0415  (startup time)

        self._out.write(json.dumps(body, indent=2) + "\n")

    def reason(self, line: str) -> None:
        """Why something was stopped, for a program that reads standard error."""
        self._err.write(f"{line}\n")

    def progress(self, line: str) -> None:
        """How far it has come, over what was shown last; "" takes it away. Terminals only."""
        if not self.as_json and self._moves and self._err.isatty():
            self._err.write(f"\r\x1b[K{line}")
            self._err.flush()

    def fail(self, error: AgentError) -> None:
        """Say what went wrong and what to do next."""
        if self.as_json:
            import json  # noqa: PLC0415  (startup time)

            self._err.write(json.dumps({"error": error.to_json()}) + "\n")
            return
        self._err.write(f"{self.styled('error:', 'red', on=self._err)} {_lines(error.message)}\n")
        if error.hint:
            hint = self.styled("hint:", "bold", on=self._err)
            self._err.write(f"{hint} {_lines(error.hint)}\n")

    def crash(self, error: Exception) -> None:
        """Say that we have a bug, and where.

        Only types and places: the text of an exception that nobody foresaw may hold anything.
        """
        import traceback  # noqa: PLC0415  (startup time)

        frames = traceback.extract_tb(error.__traceback__)
        last = frames[-1] if frames else None
        place = f" at {os.path.basename(last.filename)}:{last.lineno}" if last else ""  # noqa: PTH119
        self.fail(
            AgentError(
                f"jupyter agent has a bug: {type(error).__name__}{place}.",
                "Please report this line; it holds nothing of yours.",
            )
        )

    def styled(self, text: str, style: str, *, on: TextIO | None = None) -> str:
        """The text in a style, where the stream shows styles.

        Args:
            text: Already printable.
            style: ``bold``, ``dim``, ``red``, ``green`` or ``yellow``.
            on: The stream it is meant for; the answer's, if none is given.
        """
        stream = on or self._out
        if not self._colour or not stream.isatty():
            return text
        return f"\x1b[{_STYLES[style]}m{text}\x1b[0m"

    def table(self, head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
        """Aligned columns below a head; the last column is cut to the width of a terminal."""
        cells = [[printable(cell) for cell in row] for row in rows]
        widths = [max(map(_columns, column)) for column in zip(head, *cells, strict=True)]
        lines = [self._row(row, widths) for row in (list(head), *cells)]
        return [self.styled(lines[0], "bold"), *lines[1:]]

    def flush(self) -> None:
        """Hand over everything that was printed.

        Raises:
            BrokenPipeError: Nobody reads it any more.
        """
        self._out.flush()
        self._err.flush()

    def abandon(self) -> None:
        """Drop what could not be printed."""
        # The interpreter flushes once more when it ends; let that go nowhere instead of failing.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        for stream in (self._out, self._err):
            with contextlib.suppress(OSError, ValueError):
                os.dup2(nowhere, stream.fileno())
        os.close(nowhere)

    def _row(self, cells: Sequence[str], widths: Sequence[int]) -> str:
        line = "  ".join(
            cell + " " * (width - _columns(cell)) for cell, width in zip(cells, widths, strict=True)
        ).rstrip()
        room = self._width()
        if room is None or _columns(line) <= room:
            return line
        line = line[:room]
        while _columns(line) >= room:
            line = line[:-1]
        return line + "…"

    def _width(self) -> int | None:
        """Columns of the terminal; None where the answer goes into a file or a pipe."""
        try:
            return max(40, os.get_terminal_size(self._out.fileno()).columns)
        except (OSError, ValueError):
            return None


def _columns(text: str) -> int:
    """How many columns of a terminal a text takes: 漢 takes two, a combining accent none."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width  # noqa: PLC0415  (startup time)

    return sum(
        0 if combining(char) else 2 if east_asian_width(char) in ("W", "F") else 1 for char in text
    )


def _lines(text: str) -> str:
    """Printable, with its line breaks: a hint may hold a command of several lines to copy."""
    return "\n".join(printable(line) for line in text.split("\n"))


_BLANK: Final = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u2800\u3164\ufe00-\ufe0f\uffa0"
    "\U000e0100-\U000e01ef]"
)
"""What Python calls printable and nobody sees: fillers, joiners, an empty braille cell."""


def secrets_of(number: int) -> str:
    """``1 secret``, ``2 secrets``."""
    return f"{number} secret{'' if number == 1 else 's'}"


def printable(text: str) -> str:
    """The text with everything that steers a terminal written out.

    Commands, paths and notebook names come from others. Escape sequences could repaint a question
    that a person answers; bidirectional controls could reorder it.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        char
        if char.isprintable() and not _BLANK.match(char)
        else char.encode("unicode_escape", "backslashreplace").decode()
        for char in text
    )
