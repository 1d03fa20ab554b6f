"""Where a run's bytes go: printed as they come, or kept for a Python name.

They arrive scrubbed. Decoding is incremental, so a character split over two events stays whole,
and bytes that are no UTF-8 become U+FFFD instead of an error.
"""

from __future__ import annotations

import codecs
import io
import time
from collections.abc import Callable
from typing import Final, Protocol, TextIO

from jupyter_agent import wire

FLUSH_GAP: Final = 0.02
"""Seconds between two flushes of a kernel's stream.

Each flush is a message to every client. The first one goes out at once; under a flood the stream's
own timer (``flush_interval``, 0.2 s) gathers what is in between.
"""


MOST_KEPT: Final = 256 * 1024 * 1024
"""Characters that are bound to a Python name. A kernel that runs out of memory loses everything."""


class Sink(Protocol):
    """One end for decoded text."""

    def write(self, text: str) -> None:
        """Take some text."""
        ...

    def flush(self) -> None:
        """Show what was taken."""
        ...

    @property
    def waits(self) -> bool:
        """Whether something was taken that is not shown yet."""
        ...


class Printed:
    """Text that people see while the command runs.

    Args:
        file: ``sys.stdout`` or ``sys.stderr`` of the moment.

    Attributes:
        waits: Whether something is printed that is not shown yet.
    """

    def __init__(self, file: TextIO) -> None:
        self._file = file
        # A terminal has no timer of its own, so there nothing is left for later.
        self._gap = FLUSH_GAP if hasattr(file, "flush_interval") else 0.0
        self._flushed = float("-inf")
        self.waits = False

    def write(self, text: str) -> None:
        """Print it, and show it unless something was shown a moment ago."""
        self._file.write(text)
        self.waits = True
        if time.monotonic() - self._flushed >= self._gap:
            self.flush()

    def flush(self) -> None:
        """Show everything printed so far."""
        if not self.waits:
            return  # a kernel's flush waits for another thread, also when there is nothing
        self.waits = False
        self._file.flush()
        self._flushed = time.monotonic()


class Kept:
    """Text that goes to a Python name instead of the cell's output.

    Attributes:
        cut: Whether there was more than ``MOST_KEPT``.
    """

    waits = False

    def __init__(self) -> None:
        self._text = io.StringIO()
        self.cut = False

    def write(self, text: str) -> None:
        """Keep it, as far as there is room."""
        room = MOST_KEPT - self._text.tell()
        self._text.write(text[:room])
        self.cut = self.cut or len(text) > room

    def flush(self) -> None:
        """Nothing to show."""

    @property
    def text(self) -> str:
        """All of it."""
        return self._text.getvalue()


class Output:
    """Both streams of one run.

    Args:
        stdout: Where standard output goes.
        stderr: Where standard error goes.
        saved: Takes every byte of both, too.
    """

    def __init__(
        self, stdout: Sink, stderr: Sink, saved: Callable[[bytes], None] | None = None
    ) -> None:
        self._saved = saved
        self._sinks = {"stdout": stdout, "stderr": stderr}
        new_decoder = codecs.getincrementaldecoder("utf-8")
        self._decoders = {name: new_decoder(errors="replace") for name in self._sinks}
        self._last = ""

    def feed(self, event: wire.Message) -> None:
        """Take one ``output`` event.

        Raises:
            RequestInvalid: The event is not one of docs/protocol.md.
        """
        stream = "stderr" if event.get("stream") == "stderr" else "stdout"
        data = wire.data(event, "data")
        if self._saved is not None:
            self._saved(data)
        text = self._decoders[stream].decode(data)
        if not text:
            return
        if self._last not in ("", stream):
            # Else the kernel would show what was said first after what was said next.
            self._sinks[self._last].flush()
        self._last = stream
        self._sinks[stream].write(text)

    @property
    def waits(self) -> bool:
        """Whether something is printed that is not shown yet."""
        return any(sink.waits for sink in self._sinks.values())

    def flush(self) -> None:
        """Show everything that came so far."""
        for sink in self._sinks.values():
            sink.flush()

    def finish(self) -> None:
        """Show the rest, a half character at the very end included."""
        for stream, sink in self._sinks.items():
            if rest := self._decoders[stream].decode(b"", final=True):
                sink.write(rest)
            sink.flush()
