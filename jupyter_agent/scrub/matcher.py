"""Recognises stored values in a text that goes out, whatever they look like. Pure.

The scrubber replaces the values granted to one run; whoever runs it has them anyway. A matcher
knows every value there is and answers whoever asks, so that it must not help anybody who guesses:

* It finds whole values only: no single lines of a key file, no value without its first characters.
* Until a stretch that is by itself too hard to guess stands in the text, nothing of the text is
  compared to anything (``windows``).
* Weak values (PINs, short passwords), which can be guessed whole, are left out of ``first`` and
  found by ``every``, which is for the person who owns them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from jupyter_agent.scrub.probes import Probes
from jupyter_agent.scrub.reading import Reading
from jupyter_agent.scrub.variants import SHORT, Needle, needles
from jupyter_agent.scrub.views import MAX_GAP, MAX_TOKEN, RAW, TEXT
from jupyter_agent.scrub.windows import WHOLE, Windows, fold

_BLOCK: Final = 8 * 1024
_SHORTEST: Final = 4
"""Shorter values ("1", "yes") stand in every text; stopping these would teach people to click."""

_INTRODUCERS: Final = (b"\\", b"%", b"&", b"\x1b")
_ASSIGNED: Final = b"=:\"'`@("


@dataclass(frozen=True, slots=True)
class Match:
    """A stored value in a text.

    Attributes:
        label: Whose value.
        start: First byte.
        end: One past its last byte.
        weak: Whether it is a value that could be guessed.
        exact: Whether it stands there as it is, and not encoded or taken apart.
    """

    label: str
    start: int
    end: int
    weak: bool = False
    exact: bool = True


class Matcher:
    """Knows a fixed set of values. Making one takes a while (0.2 ms a value), asking it does not.

    Args:
        strong: Label → value, those that may be recognised for anybody.
        bits: For each of these labels, an estimate of the bits in its value.
        weak: Label → value, the others.

    Raises:
        ValueError: A value is empty. Names the label only.
    """

    __slots__ = ("_probes", "_short", "_values", "_weak_longest", "_windows", "_words")

    def __init__(
        self,
        strong: Mapping[str, bytes],
        bits: Mapping[str, float],
        weak: Mapping[str, bytes] | None = None,
    ) -> None:
        self._windows = Windows(_whole(strong), dict(bits))
        self._values = {**strong, **(weak or {})}
        guessable = {k: v for k, v in (weak or {}).items() if len(v) >= _SHORTEST}
        self._short = {k: v for k, v in guessable.items() if len(v) < SHORT}
        longer = {k: v for k, v in guessable.items() if len(v) >= SHORT}
        self._probes = Probes(_whole(longer))
        self._weak_longest = max(map(len, longer.values()), default=0)
        self._words = {k for k, v in guessable.items() if v.isalpha() or v.isdigit()}

    def __repr__(self) -> str:
        return "Matcher(hidden)"

    def first(self, text: bytes) -> str | None:
        """The label of the strong value that begins first, or None.

        Args:
            text: UTF-8, of any length.
        """
        found = min(self._strong(text), default=None, key=lambda match: match.start)
        return None if found is None else found.label

    def every(self, text: bytes) -> list[Match]:
        """Every value in the text, weak ones too, leftmost first, then longest, none overlapping.

        Args:
            text: UTF-8, of any length.
        """
        found = sorted(
            {*self._strong(text), *self._weak(text)}, key=lambda match: (match.start, -match.end)
        )
        kept: list[Match] = []
        for match in found:
            if not kept or match.start >= kept[-1].end:
                kept.append(match)
        return kept

    def _strong(self, text: bytes) -> Iterator[Match]:
        if not self._windows:
            return
        raw = folded = undone = b""
        for begin, end in _blocks(text):
            block = text[begin:end]
            plain = fold(block)
            escapes = any(byte in block for byte in _INTRODUCERS)
            # The end of what came before goes along: a value may begin there.
            raw = raw[-WHOLE:] + block
            folded = folded[-WHOLE:] + plain
            undone = undone[-WHOLE:] + (fold(TEXT.read(block)) if escapes else plain)
            spellings = [folded] if undone == folded else [folded, undone]
            for needle in self._windows.possible(raw, spellings):
                yield from self._exactly(needle, text, begin, end, weak=False)

    def _weak(self, text: bytes) -> Iterator[Match]:
        for label, value in self._short.items():
            at = text.find(value)
            while at >= 0:
                if self._stands_alone(label, text, at, at + len(value)):
                    yield Match(label, at, at + len(value), weak=True)
                at = text.find(value, at + 1)
        if not self._weak_longest:
            return
        for begin, end in _blocks(text):
            stretch = text[max(0, begin - _span(self._weak_longest)) : end]
            for needle in self._probes.possible(stretch):
                for match in self._exactly(needle, text, begin, end, weak=True):
                    coded = needle.view is not RAW and needle.view is not TEXT
                    if coded or self._stands_alone(match.label, text, match.start, match.end):
                        yield match

    def _exactly(
        self, needle: Needle, text: bytes, begin: int, end: int, *, weak: bool
    ) -> Iterator[Match]:
        """The exact search around a stretch in which a needle may stand."""
        reach = _span(len(needle.text))
        first, last = max(0, begin - reach), min(len(text), end + reach)
        reading = Reading(needle.view, text, first, last)
        value, at = self._values[needle.label], first
        while (place := reading.find(needle, at)) is not None:
            start, at = place
            yield Match(needle.label, start, at, weak, text[start:at] == value)

    def _stands_alone(self, label: str, text: bytes, start: int, end: int) -> bool:
        """Whether a weak value stands in a text as values do.

        It has to be a word of its own and, if it is only letters or only digits, behind something
        that assigns: a password ``postgres`` is not seen in ``import postgres``.
        """
        if _in_word(text[start - 1 : start]) or _in_word(text[end : end + 1]):
            return False
        before = text[max(0, start - 3) : start].rstrip(b" ")[-1:]
        return label not in self._words or (before != b"" and before in _ASSIGNED)


def _whole(values: Mapping[str, bytes]) -> list[Needle]:
    """What stands for a value as a whole: not its lines, and not it without its first characters.

    The scrubber wants these, because it may take too much; what is recognised for anybody who asks
    must not be a part.
    """
    every = [n for n in needles(values) if n.view is not TEXT]
    # The text view drops line breaks; a value without them has no lines of its own.
    in_one_line = {label: b"".join(value.splitlines()) or value for label, value in values.items()}
    every += [n for n in needles(in_one_line) if n.view is TEXT]
    texts: dict[tuple[str, int], list[bytes]] = {}
    for needle in every:
        texts.setdefault((needle.label, id(needle.view)), []).append(needle.text)
    return [
        needle
        for needle in every
        if not any(
            len(other) > len(needle.text) and other.endswith(needle.text)
            for other in texts[needle.label, id(needle.view)]
        )
    ]


def _blocks(text: bytes) -> Iterator[tuple[int, int]]:
    """Begin and end of each stretch that is looked at; no escape is cut in two."""
    begin = 0
    while begin < len(text):
        end = begin + _BLOCK
        if end < len(text):
            end = begin + TEXT.settled(text[begin:end])
        yield begin, min(end, len(text))
        begin = end


def _span(length: int) -> int:
    """The most bytes that a value of so many characters can be spread over."""
    return length * (1 + MAX_GAP) + MAX_TOKEN


def _in_word(byte: bytes) -> bool:
    return byte.isalnum() or byte == b"_" or byte > b"\x7f"
