"""Strong stored values recognised where no value may be: by keyed hashes, complete and as they are.

The Jupyter server passes on everything that kernels print, at a speed at which nobody can be asked
about each line, and it must not hold values. So the broker hands it fingerprints: of each value the
length and a keyed hash of its longest word, and of the whole value the same. A word is a run of
letters, digits, ``_`` and ``-`` of at least 16 characters, found whatever the values are; one whose
hash is known makes the whole be hashed and compared. As with ``others``, nothing depends on a part
of a value: a word that is nearly right has another hash.

Of words only 32 bits are handed out, enough to look no further in nearly all texts and too few to
tell which of many guesses is right. A whole value is strong (64 bits and more), so its hash, keyed
and of 128 bits, helps nobody to find it.
"""

from __future__ import annotations

import base64
import contextlib
import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, Final

from jupyter_agent.scrub.database import Database
from jupyter_agent.scrub.words import IN_JSON, REACH, longest, words

_BLOCK: Final = 256 * 1024
"""Characters searched at a time: a thread that searches a long text lets others have their turn."""

_EDGE: Final = rb"[^A-Za-z0-9_-]"
_ESCAPE: Final = rb"\\[bfnrt]|\\u[0-9a-fA-F]{4}|" + IN_JSON


@dataclass(frozen=True, slots=True)
class Span:
    """A stored value in a text.

    Attributes:
        begin: First code point.
        end: One past its last.
        label: Whose.
    """

    begin: int
    end: int
    label: str


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """One value.

    Attributes:
        label: Whose.
        word: Hash of its longest word.
        width: Characters of that word.
        before: Characters of the value in front of that word.
        length: Characters of the value.
        whole: Hash of the value.
    """

    label: str
    word: bytes = field(repr=False)
    width: int
    before: int
    length: int
    whole: bytes = field(repr=False)


class Fingerprints:
    """A fixed set of fingerprints.

    Args:
        key: Of the hashes, 32 bytes.
        every: The fingerprints.

    Attributes:
        reach: Characters of a text in pieces that have to be kept for a value that may end in the
            next one.
    """

    __slots__ = ("_by_word", "_database", "_every", "_key", "_widths", "reach")

    def __init__(self, key: bytes, every: list[Fingerprint]) -> None:
        self._key = key
        self._every = every
        self._by_word: dict[bytes, list[Fingerprint]] = {}
        for one in every:
            self._by_word.setdefault(one.word, []).append(one)
        self._widths = frozenset(one.width for one in every)
        self._database: Database | None = None
        self.reach = max((one.length for one in every), default=0) + REACH

    @classmethod
    def of(cls, values: Mapping[str, bytes]) -> Fingerprints:
        """Those of some values, under a new key.

        Args:
            values: Label → value, strong ones only. One that is no UTF-8, or has no word of 16
                characters, is left out.
        """
        key = secrets.token_bytes(32)
        return cls(key, [one for item in values.items() for one in _fingerprint(key, *item)])

    def and_of(self, values: Iterable[tuple[str, bytes]]) -> Fingerprints:
        """These, and those of further values, under the same key.

        Args:
            values: Label and value, strong ones only; a label may stand for several.
        """
        more = [one for item in values for one in _fingerprint(self._key, *item)]
        return Fingerprints(self._key, [*self._every, *more])

    @classmethod
    def from_json(cls, message: Mapping[str, Any]) -> Fingerprints:
        """As ``to_json`` has written them.

        Raises:
            KeyError, TypeError, ValueError: It was something else.
        """
        every = [
            Fingerprint(label, base64.b64decode(word), width, before, length, base64.b64decode(it))
            for label, word, width, before, length, it in message["values"]
        ]
        return cls(base64.b64decode(message["key"]), every)

    def to_json(self) -> dict[str, Any]:
        """As it travels to the server."""
        return {
            "key": _text(self._key),
            "values": [
                [one.label, _text(one.word), one.width, one.before, one.length, _text(one.whole)]
                for one in self._every
            ],
        }

    def __repr__(self) -> str:
        return f"<{len(self._every)} fingerprints>"

    def __bool__(self) -> bool:
        return bool(self._every)

    def hasten(self) -> None:
        """Compile what passes most texts unread (a few ms); without hyperscan nothing happens."""
        if not self._every or self._database is not None:
            return
        word = b"|".join(b"[A-Za-z0-9_-]{%d}" % width for width in sorted(self._widths))
        # In JSON a word may follow the letter of an escape, and must be seen there too.
        expression = b"(?:^|%s|%s)(?:%s)(?:$|%s)" % (_EDGE, _ESCAPE, word, _EDGE)
        with contextlib.suppress(ImportError, ValueError):
            self._database = Database({}, expressions=[expression], once=True)

    def possible(self, raw: bytes) -> bool:
        """Whether one may be in a text in JSON; never no where one is.

        Args:
            raw: UTF-8, in which letters and digits stand as themselves.
        """
        if not self._every:
            return False
        return self._database is None or bool(self._database.hits(raw, 1))

    def spans(self, text: str) -> list[Span]:
        """Each complete value in a text: leftmost, then longest, none overlapping."""
        found = sorted(self._complete(text), key=lambda span: (span.begin, -span.end))
        kept: list[Span] = []
        for span in found:
            if not kept or span.begin >= kept[-1].end:
                kept.append(span)
        return kept

    def _complete(self, text: str) -> Iterator[Span]:
        for at, behind in _words(text):
            if behind - at not in self._widths:
                continue
            for one in self._by_word.get(_hash(self._key, text[at:behind], 4), ()):
                begin = at - one.before
                end = begin + one.length
                if begin >= 0 and _hash(self._key, text[begin:end], 16) == one.whole:
                    yield Span(begin, end, one.label)


def _words(text: str) -> Iterator[tuple[int, int]]:
    at = 0
    while at < len(text):
        end = at + _BLOCK
        while end < len(text) and (text[end].isalnum() or text[end] in "_-"):
            end += 1  # no word is cut
        yield from words(text, at, end)
        at = end


def _fingerprint(key: bytes, label: str, value: bytes) -> Iterator[Fingerprint]:
    try:
        text = value.decode()
    except UnicodeDecodeError:
        return
    begin, end = longest(text)
    if end:
        hashes = _hash(key, text[begin:end], 4), _hash(key, text, 16)
        yield Fingerprint(label, hashes[0], end - begin, begin, len(text), hashes[1])


def _hash(key: bytes, text: str, size: int) -> bytes:
    # Of another size, so that the short hash is no part of the long one.
    return blake2b(text.encode("utf-8", "replace"), key=key, digest_size=size).digest()


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii")
