"""Values that the vault holds and nobody granted to this run, where the output shows them whole.

Whoever may run a command could use the scrubber to guess such a value piece by piece, if anything
in it told how much of a guess is right. So these values are treated unlike granted ones:

* Only a value that is there completely counts, as it is, in no other form.
* Nothing waits for the rest of one. What was shown before the value was complete stays shown.
* Time tells nothing either. Output is cut into words in a way that does not depend on any value,
  and a word is looked up whole, by a hash with a key of this process (Python's, for ``bytes``). A
  word that is nearly right has another hash, so the lookup ends there, as for any other word.

Of a value its longest word (``words``) is looked up, then what stands around it is compared. So a
value must have a word of 16 characters, and text that goes on without another character before or
behind that word hides it, unless it is an escape that ends there.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Final

from jupyter_agent.scrub.database import Database
from jupyter_agent.scrub.words import ESCAPE, REACH, SHORTEST, behind_escapes, longest, words

# Where such a word is, and where the first 16 characters of each end: whatever the values are.
_ANY_WORD: Final = rb"[A-Za-z0-9_-]{16}"
_WORD_BEGINS: Final = rb"(?:^|[^A-Za-z0-9_-]|%b)[A-Za-z0-9_-]{16}" % ESCAPE
_WORD: Final = re.compile(rb"[A-Za-z0-9_-]{16,}")
_WORD_BYTES: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"
_ONLY_WORDS: Final = bytes(byte if byte in _WORD_BYTES else ord(" ") for byte in range(256))


@cache
def _compiled() -> tuple[Database, Database]:
    """What finds words; no value is in it, so one serves all."""
    return Database({}, expressions=[_ANY_WORD]), Database({}, expressions=[_WORD_BEGINS])


@dataclass(frozen=True, slots=True)
class _Value:
    label: str
    text: bytes = field(repr=False)
    before: int  # bytes of it before its longest word


class Others:
    """The values, built once for any number of streams.

    Args:
        values: Label → value. Only strong ones may be given (``vault.strength``); one that has no
            word of 16 characters is left out (``uncovered``).

    Attributes:
        uncovered: The labels of the values that are not looked for.
    """

    __slots__ = ("_by_word", "_compiled", "longest", "uncovered")

    def __init__(self, values: Mapping[str, bytes]) -> None:
        self._by_word: dict[bytes, list[_Value]] = {}
        self._compiled: tuple[Database, Database] | None = None
        self.longest = 0
        uncovered = []
        for label, text in values.items():
            begin, end = longest(text)
            if not end:
                uncovered.append(label)
                continue
            self._by_word.setdefault(text[begin:end], []).append(_Value(label, text, begin))
            self.longest = max(self.longest, len(text))
        self.uncovered = tuple(uncovered)

    def __repr__(self) -> str:
        return f"<Others with {len(self._by_word)} words>"

    def __bool__(self) -> bool:
        return bool(self._by_word)

    def hasten(self) -> None:
        """Compile what finds words fast (10 ms, once); blocks. No-op without hyperscan."""
        if self._compiled is not None:
            return
        with contextlib.suppress(ImportError, ValueError):
            self._compiled = _compiled()

    def spans(self, text: bytes) -> list[tuple[int, int, str]]:
        """Begin, end and label of each complete value: leftmost, then longest, none overlapping."""
        words = self._words(text)
        if self._by_word.keys().isdisjoint(words):
            return []
        spans: list[tuple[int, int, str]] = []
        # Somebody who knows 16 characters in a row of a value gets here.
        for begin, end, label in sorted(self._complete(text), key=lambda span: (span[0], -span[1])):
            if not spans or begin >= spans[-1][1]:
                spans.append((begin, end, label))
        return spans

    def _words(self, text: bytes) -> Collection[bytes]:
        """All words that may be in a value, perhaps among others."""
        if self._compiled is None:
            behind = behind_escapes(text, 0, len(text))
            return [*text.translate(_ONLY_WORDS).split(), *(text[at:end] for at, end in behind)]
        any_word, begins = self._compiled
        if not any_word.hits(text, 1):
            return ()
        ends = [end for _, end in begins.hits(text, len(text))]
        return [word[0] for end in ends if (word := _WORD.match(text, end - SHORTEST))]

    def _complete(self, text: bytes) -> Iterator[tuple[int, int, str]]:
        for at, end in words(text):
            for value in self._by_word.get(text[at:end], ()):
                begin = at - value.before
                if begin >= 0 and text.startswith(value.text, begin):
                    yield begin, begin + len(value.text), value.label


class OthersInStream:
    """Where such values stand in one stream; offsets count from the beginning of the stream.

    Args:
        others: The values.
        besides: Labels that are granted, and so none of the others.
    """

    __slots__ = ("_besides", "_last", "_others", "_seen", "_spans")

    def __init__(self, others: Others, besides: Iterable[str]) -> None:
        self._others = others
        self._besides = frozenset(besides)
        self._last = b""  # as much of what came as may begin a value, and what stands before
        self._seen = 0
        self._spans: list[_Span] = []

    def hasten(self) -> None:
        """See ``Others.hasten``."""
        self._others.hasten()

    def sibling(self) -> OthersInStream:
        """The same values for another stream."""
        return OthersInStream(self._others, self._besides)

    def feed(self, block: bytes) -> None:
        """Take the next bytes of the stream."""
        text = self._last + block
        origin = self._seen - len(self._last)
        for begin, end, label in self._others.spans(text):
            # What ended before these bytes has been dealt with when it was complete.
            if end > len(self._last) and label not in self._besides:
                self._spans.append(_Span(origin + begin, origin + end, label))
        self._seen += len(block)
        self._last = text[-self._others.longest - REACH :]

    def show(self, piece: bytes, at: int) -> Iterator[tuple[bytes, str | None]]:
        """``piece``, which begins ``at``, with markers for the values in it.

        Yields:
            Bytes to show, and the label where they are its marker.
        """
        done, end = at, at + len(piece)
        while self._spans and self._spans[0].begin < end:
            span = self._spans[0]
            if span.end > done:
                yield piece[done - at : max(done, span.begin) - at], None
                if not span.shown:
                    span.shown = True
                    yield b"[secret:%s]" % span.label.encode(), span.label
                done = min(span.end, end)
            if span.end > end:
                break
            del self._spans[0]
        yield piece[done - at :], None


@dataclass(slots=True)
class _Span:
    begin: int
    end: int
    label: str
    shown: bool = False
