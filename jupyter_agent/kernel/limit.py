"""How much of a run's output a cell shows.

A page that gets a hundred megabytes of text is lost, and with it the notebook, which keeps them.
So printing ends at a stated size. The command runs on; the last lines are shown at the end.
"""

from __future__ import annotations

from typing import Final

from jupyter_agent.kernel.output import Sink

MOST_CHARACTERS: Final = 1_000_000
MOST_LINES: Final = 10_000
_LAST_CHARACTERS: Final = 4_000
_LAST_LINES: Final = 20


class Limit:
    """What the cell may still show; both streams share it.

    Attributes:
        cut_characters: How many were not shown.
        cut_lines: How many line ends were among them.
    """

    def __init__(self) -> None:
        self._characters = MOST_CHARACTERS
        self._lines = MOST_LINES
        self._last = ""
        self.cut_characters = 0
        self.cut_lines = 0

    def shown_of(self, text: str) -> str:
        """The part of some text that is shown; what is not is counted."""
        if self.cut_characters:
            self._cut(text)
            return ""
        room = min(len(text), self._characters)
        at = -1
        lines = text.count("\n", 0, room)
        if lines >= self._lines:
            for _ in range(self._lines):
                at = text.index("\n", at + 1)
            room = at + 1
        shown = text[:room]
        self._characters -= room
        self._lines -= min(lines, self._lines)
        if room < len(text):
            self._cut(text[room:])
        return shown

    def note(self, saved: str) -> str:
        """What was cut and how to get it; "" where nothing was.

        Args:
            saved: The file that has the whole, or "".
        """
        if not self.cut_characters:
            return ""
        size, lines = f"{self.cut_characters:,}", f"{self.cut_lines:,}"
        how = f"the whole is in {saved}" if saved else "the whole: --save FILE, or --out NAME"
        return f"not shown: {size} characters in {lines} lines more; {how}"

    @property
    def last(self) -> str:
        """The last lines of what was cut."""
        kept = self._last.splitlines(keepends=True)[-_LAST_LINES:]
        return "".join(kept)

    def _cut(self, text: str) -> None:
        self.cut_characters += len(text)
        self.cut_lines += text.count("\n")
        self._last = (self._last + text[-_LAST_CHARACTERS:])[-_LAST_CHARACTERS:]


class Limited:
    """One stream of a cell, up to the limit.

    Args:
        sink: Shows what is shown.
        limit: Shared with the other stream.
    """

    def __init__(self, sink: Sink, limit: Limit) -> None:
        self._sink = sink
        self._limit = limit

    def write(self, text: str) -> None:
        """Show it, as far as the limit goes."""
        if shown := self._limit.shown_of(text):
            self._sink.write(shown)

    def flush(self) -> None:
        """See ``Sink``."""
        self._sink.flush()

    @property
    def waits(self) -> bool:
        """See ``Sink``."""
        return self._sink.waits
