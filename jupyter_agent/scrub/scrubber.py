"""Replaces known values in a stream of bytes by their markers, piece by piece.

What comes out depends on what went in, never on how it was cut into pieces or on how long it took:

1. In each piece, with what was held back before it, find where a value might still be beginning:
   the earliest place from which everything up to the end could become a value (``tail``).
2. Replace the values before that place, leftmost first and of these the longest (``Matches``).
3. Hand out everything before that place and hold the rest back until more input or ``finish``.

Step 1 is exact in the one direction that matters: what is handed out could not have become a value.
The work for a byte is bounded by the lengths of the values, whatever the input.

A marker is not looked at again. A label is public, so a value that happens to be part of a marker
gains nothing from being masked there, and masking it would show that it is one (docs/scrubbing.md).
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from jupyter_agent.scrub.known import Known
from jupyter_agent.scrub.matches import Matches
from jupyter_agent.scrub.others import Others, OthersInStream
from jupyter_agent.scrub.sieve import Window
from jupyter_agent.scrub.views import MAX_TOKEN

_BLOCK: Final = 64 * 1024
"""Bytes looked at at a time: they stay in the processor's cache, and memory stays flat."""

_CLOSE_LOOK: Final = 2 * 1024
"""Bytes looked at at a time where a value may be; more for long values, which would span pieces."""


_EARLY: Final = 128 * 1024
"""Output after which it pays to compile; nearly all runs print less."""


class Scrubber:
    """Scrubs one stream.

    Args:
        secrets: Label → value, all of them granted. Values may be any bytes; of equal values the
            first label's marker is used. With no secrets everything passes through.
        others: Values that were not granted. Where one is there completely it is replaced, too;
            nothing waits for it, and nothing depends on a part of one.

    Attributes:
        hits: Label → how often a marker of it was put in; 0 for a granted label that has not been
            seen.

    Raises:
        ValueError: A value is empty. The message names the label only.
    """

    __slots__ = (
        *("_close_look", "_early", "_finished", "_held", "_known", "_labels"),
        *("_others", "_out", "_start", "hits"),
    )

    def __init__(self, secrets: Mapping[str, bytes], *, others: Others | None = None) -> None:
        longest = max(map(len, secrets.values()), default=0)
        self._known = Known(secrets)
        self._close_look = max(_CLOSE_LOOK, 4 * longest)
        self._early = _EARLY
        self._labels = tuple(secrets)
        self._begin(OthersInStream(others, self._labels) if others else None)

    def _begin(self, others: OthersInStream | None) -> None:
        self._others = others
        self._held = b""  # what waits, after up to MAX_TOKEN bytes that are out already
        self._start = 0  # where in it the part begins that is not out yet
        self._out = 0  # how much of the stream is out
        self._finished = False
        self.hits: dict[str, int] = dict.fromkeys(self._labels, 0)

    def sibling(self, others: Others | None = None) -> Scrubber:
        """A scrubber for another stream of the same run: the same values, prepared only once.

        Args:
            others: As for ``Scrubber``; this one's, if not given.
        """
        other = object.__new__(Scrubber)
        other._known, other._close_look = self._known, self._close_look
        other._early, other._labels = _EARLY, self._labels
        if others:
            other._begin(OthersInStream(others, self._labels))
        else:
            other._begin(self._others.sibling() if self._others is not None else None)
        return other

    def __repr__(self) -> str:
        return f"<Scrubber for {', '.join(self.hits) or 'nothing'}>"

    def hasten(self) -> None:
        """Compile what makes scrubbing fast: 10 ms for a secret, 0.3 s of a thread for a hundred.

        Begun by itself, in a thread, in a run that prints much. What comes out is the same before,
        meanwhile and after, and where hyperscan is missing (musl, Windows on Arm).
        """
        self._known.hasten()
        if self._others is not None:
            self._others.hasten()

    def _hasten_meanwhile(self) -> None:
        # Where no thread can be had, everything goes on as it is.
        with contextlib.suppress(RuntimeError):
            threading.Thread(target=self.hasten, name="scrub-compile", daemon=True).start()

    def feed(self, data: bytes) -> bytes:
        """Take the next bytes of the stream and return what is safe to show now.

        Args:
            data: Any number of bytes, cut anywhere, also inside a character or an escape.

        Raises:
            ValueError: The stream is finished.
        """
        self._check_open()
        if not self._known.needles and self._others is None:
            return bytes(data)
        if self._early > 0:
            self._early -= len(data)
            if self._early <= 0:
                self._hasten_meanwhile()
        return b"".join(map(self._scrub, _pieces(data, _BLOCK)))

    def finish(self) -> bytes:
        """End the stream and return what was still waiting.

        Raises:
            ValueError: The stream is finished already.
        """
        self._check_open()
        self._finished = True
        rest = self._take(b"", final=True)
        self._held = b""
        return rest

    def blank(self, data: bytes) -> bytes:
        """A whole text of its own, whose length stays: each value becomes as many other bytes.

        For data that says elsewhere how long it is, in a place that nobody here can find. Granted
        values only. The stream goes on as if this had not been.
        """
        found, _ = self._known.possible(data)
        shown: list[bytes] = []
        at = 0
        for begin, end, label in Matches(data, found, final=True).after(0) if found else ():
            marker = b"[secret:%s]" % label.encode()
            shown += data[at:begin], marker[: end - begin].ljust(end - begin, b"*")
            self.hits[label] += 1
            at = end
        return b"".join([*shown, data[at:]])

    def _check_open(self) -> None:
        if self._finished:
            raise ValueError("this scrubber has finished its stream")

    def _scrub(self, block: bytes) -> bytes:
        if self._others is not None:
            self._others.feed(block)
        return self._take(block, final=False)

    def _take(self, block: bytes, *, final: bool) -> bytes:
        raw = self._held + block
        at = self._start
        shown: list[bytes] = []
        found, close = self._known.possible(raw)
        if found and len(block) > self._close_look:
            # How the input is cut changes nothing, so the exact search can be kept to the pieces
            # that need it.
            held = len(self._held)
            windows = [(max(0, begin - held), max(0, end - held)) for begin, end in close]
            parts = _parts(block, windows, self._close_look)
            return b"".join(self._take(part, final=False) for part in parts)
        safe = len(raw) if final else self._known.unsettled(raw, at)
        if found:
            for begin, end, label in Matches(raw, found, final=final).after(at):
                if begin >= safe:
                    break
                shown += self._show(raw[at:begin]), b"[secret:%s]" % label.encode()
                self.hits[label] += 1
                self._out += end - begin
                at = end
                if at > safe:
                    safe = self._known.unsettled(raw, at)
        shown.append(self._show(raw[at:safe]))
        context = max(0, safe - MAX_TOKEN)
        self._held = raw[context:]
        self._start = safe - context
        return b"".join(shown)

    def _show(self, piece: bytes) -> bytes:
        """What goes out for the next bytes of the stream, in which no granted value is."""
        at = self._out
        self._out += len(piece)
        if self._others is None:
            return piece
        shown = []
        for text, label in self._others.show(piece, at):
            shown.append(text)
            if label is not None:
                self.hits[label] = self.hits.get(label, 0) + 1
        return b"".join(shown)


def _parts(block: bytes, close: Iterable[Window], close_look: int) -> Iterator[bytes]:
    """The block, cut around the windows, and these cut for a close look."""
    at = 0
    for begin, end in close:
        if at < begin:
            yield block[at:begin]
            at = begin
        end = max(end, at + close_look)  # noqa: PLW2901  (no part may be as long as the block)
        yield from _pieces(block[at:end], close_look)
        at = end
    if at < len(block):
        yield block[at:]


def _pieces(data: bytes, size: int) -> Iterator[bytes]:
    return (data[at : at + size] for at in range(0, len(data), size))
