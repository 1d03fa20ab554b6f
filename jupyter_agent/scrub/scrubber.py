"""Replaces known values in a stream of bytes by their markers, piece by piece.

What comes out depends on what went in, never on how it was cut into pieces or on how long it took:

1. In each piece, with what was held back before it, find where a value might still be beginning:
   the earliest place from which everything up to the end could become a value (``_unsettled``).
2. Replace the values before that place, leftmost first and of these the longest (``Matches``).
3. Hand out everything before that place and hold the rest back until more input or ``finish``.

Step 1 is exact in the one direction that matters: what is handed out could not have become a value.
The work for a byte is bounded by the lengths of the values, whatever the input.

A marker is not looked at again. A label is public, so a value that happens to be part of a marker
gains nothing from being masked there, and masking it would show that it is one (docs/scrubbing.md).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from jupyter_agent.scrub.known import Known
from jupyter_agent.scrub.matches import Matches
from jupyter_agent.scrub.tail import Tail
from jupyter_agent.scrub.variants import Needle
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

    Attributes:
        hits: Label → how often a marker of it was put in; 0 for a label that has not been seen.

    Raises:
        ValueError: A value is empty. The message names the label only.
    """

    __slots__ = (
        "_close_look",
        "_early",
        "_finished",
        "_held",
        "_known",
        "_start",
        "_tails",
        "hits",
    )

    def __init__(self, secrets: Mapping[str, bytes]) -> None:
        self._known = Known(secrets)
        by_view: dict[int, list[Needle]] = {}
        for needle in self._known.needles:
            by_view.setdefault(id(needle.view), []).append(needle)
        self._tails = [
            Tail(group[0].view, [needle.text for needle in group]) for group in by_view.values()
        ]
        longest = max(map(len, secrets.values()), default=0)
        self._close_look = max(_CLOSE_LOOK, 4 * longest)
        self._held = b""  # what waits, after up to MAX_TOKEN bytes that are out already
        self._start = 0  # where in it the part begins that is not out yet
        self._finished = False
        self._early = _EARLY
        self.hits: dict[str, int] = dict.fromkeys(secrets, 0)

    def __repr__(self) -> str:
        return f"<Scrubber for {', '.join(self.hits) or 'nothing'}>"

    def feed(self, data: bytes) -> bytes:
        """Take the next bytes of the stream and return what is safe to show now.

        Args:
            data: Any number of bytes, cut anywhere, also inside a character or an escape.

        Raises:
            ValueError: The stream is finished.
        """
        self._check_open()
        if not self._tails:
            return bytes(data)
        if self._early > 0:
            self._early -= len(data)
            if self._early <= 0:
                self._known.hasten_meanwhile()
        return b"".join(self._take(piece, final=False) for piece in _pieces(data, _BLOCK))

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

    def _check_open(self) -> None:
        if self._finished:
            raise ValueError("this scrubber has finished its stream")

    def _take(self, block: bytes, *, final: bool) -> bytes:
        raw = self._held + block
        at = self._start
        shown: list[bytes] = []
        found = self._known.possible(raw)
        if found and len(block) > self._close_look:
            # How the input is cut changes nothing, so the exact search can be kept to the pieces
            # that need it.
            return b"".join(
                self._take(piece, final=False) for piece in _pieces(block, self._close_look)
            )
        safe = len(raw) if final else self._unsettled(raw, at)
        if found:
            for begin, end, label in Matches(raw, found, final=final).after(at):
                if begin >= safe:
                    break
                shown += raw[at:begin], b"[secret:%s]" % label.encode()
                self.hits[label] += 1
                at = end
                if at > safe:
                    safe = self._unsettled(raw, at)
        shown.append(raw[at:safe])
        context = max(0, safe - MAX_TOKEN)
        self._held = raw[context:]
        self._start = safe - context
        return b"".join(shown)

    def _unsettled(self, raw: bytes, at: int) -> int:
        return min(tail.unsettled(raw, at) for tail in self._tails)


def _pieces(data: bytes, size: int) -> Iterator[bytes]:
    return (data[at : at + size] for at in range(0, len(data), size))
