r"""Ways to look at a stream of bytes in which every spelling of a value becomes one plain text.

A program may print a value in base64 that is wrapped at 76 columns, in hex with colons, with
``%2F`` for a slash, or with a colour code in the middle. A *view* undoes that: it drops what may
stand between the characters, undoes escapes, folds what is the same, and remembers where each
character stood. Looking for a value is then a plain search, and its place in the output is known.

Two rules make views safe to use on a stream that arrives in pieces:

* **A token is recognised by itself.** An escape (``%2F``, ``&amp;``, ``\u0026``, a colour code)
  starts with a byte that can't stand inside another one and is at most ``MAX_TOKEN`` bytes long.
  So ``MAX_TOKEN`` bytes of context before any place are enough to read on from there as if the
  input had been read from its beginning.
* **A gap ends.** At most ``MAX_GAP`` bytes may stand between two characters of a value. So the
  part of the output that waits for more input is bounded by the length of the value.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import compress
from typing import Final

MAX_TOKEN: Final = 24
MAX_GAP: Final = 32
"""Most bytes between two characters of a value: room for two colour codes."""

BOUNDARY: Final = frozenset(b"\r\n'\"")
"""What stands before a value that is printed one character at a time."""

_LOWER: Final = bytes(range(256)).lower()

# Escapes of letters and digits are left alone here: no encoder writes them, except those that
# escape every byte, and these are hex with separators (HEX below). The probes rely on it: a
# letter or digit of a value always stands in the output as itself.
_HEX_BYTE: Final = (
    rb"(?:[012][0-9A-Fa-f]|3[A-Fa-f]|40|5[B-Fb-f]|60|7[B-Fb-f]|[89A-Fa-f][0-9A-Fa-f])"
)
# Three octal digits, as bash ($'…'), git, C and strace write what is beyond ASCII.
_OCTAL: Final = (
    rb"(?:0[0-5][0-7]|07[2-7]|100|13[3-7]|140|17[3-7]|[23][0-7]{2})"  # no letter, no digit
)
_DECIMAL: Final = (
    rb"(?:[0-9]|[123][0-9]|4[0-7]|5[89]|6[0-4]|9[1-6]|12[3-9]|1[3-9][0-9]|[2-9][0-9]{2}|[0-9]{4,6})"
)
_ENTITY: Final = (
    rb"(?:amp|lt|gt|quot|apos|sol|bsol|nbsp|num|excl|dollar|percnt|ast|commat|lowbar|equals|colon|"
    rb"semi|quest|period|comma|plus|lpar|rpar|lsqb|rsqb|lcub|rcub|verbar|grave|Hat|Tab|NewLine)"
)
_COLOUR: Final = re.compile(rb"\x1b\[[0-9;:?]{0,16}[A-Za-z]")
_TOKEN: Final = re.compile(
    b"|".join(
        (
            _COLOUR.pattern,
            rb"%" + _HEX_BYTE,
            rb"\\[nrt]",
            rb"\\" + _OCTAL,
            rb"\\x" + _HEX_BYTE,
            rb"\\u00" + _HEX_BYTE,
            rb"\\u(?!00)[0-9A-Fa-f]{4}",
            rb"&" + _ENTITY + rb";",
            rb"&#0{0,4}" + _DECIMAL + rb";",
            rb"&#[xX]0{0,4}" + _HEX_BYTE + rb";",
        )
    )
)
_PARTIAL_TOKEN: Final = re.compile(
    rb"(?:\x1b(?:\[[0-9;:?]{0,16})?|%[0-9A-Fa-f]?|\\(?:x[0-9A-Fa-f]?|u[0-9A-Fa-f]{0,3}|[0-3][0-7]?)?"
    rb"|&(?:[A-Za-z]{0,7}|#[0-9]{0,10}|#[xX][0-9A-Fa-f]{0,6}))\Z"
)


def _undo(token: bytes) -> bytes:
    """The bytes that an escape of the text view stands for; nothing for a colour code."""
    if token.startswith(b"\x1b"):
        return b""
    if token.startswith(b"%"):
        return bytes.fromhex(token[1:].decode("ascii"))
    if token.startswith(b"&"):
        return html.unescape(token.decode("ascii")).encode("utf-8", "surrogatepass")
    return _undo_backslash(token[1:2], token[1:])


def _undo_backslash(kind: bytes, rest: bytes) -> bytes:
    if kind in b"nrt":
        return b"\n"  # white space, whichever: every view drops it
    if kind in b"0123":
        return bytes((int(rest, 8),))
    number = bytes.fromhex(rest[1:].decode("ascii"))
    if kind == b"x":
        return number
    return chr(int.from_bytes(number)).encode("utf-8", "surrogatepass")


def _nothing(_token: bytes) -> bytes:
    return b""


@dataclass(frozen=True, slots=True)
class Places:
    """Where the characters that a view sees stand in the output.

    Attributes:
        starts: Where each one begins, ascending.
        wide: Index → where it ends, for those that were escaped; the others are one byte long.
    """

    starts: Sequence[int]
    wide: Mapping[int, int]

    def end(self, index: int) -> int:
        """Where the character ``index`` ends."""
        return self.wide.get(index) or self.starts[index] + 1


@dataclass(frozen=True, slots=True)
class View:
    """How to read bytes so that different spellings of a value look the same.

    Attributes:
        fold: 256 bytes; what each byte is read as.
        dropped: Bytes that may stand between the characters of a value.
        lead: How many characters must stand together before the first gap.
        breaks: The bytes of ``dropped`` that lines and prompts end with.
        first_break: How many must stand together before a first gap with one of these. Without
            it a line that ends in the first character of a value would wait for the next line.
        token: Escapes that stand for other bytes, or None.
        introducers: What each of these begins with: where none is, there is no escape.
        partial: An escape that the end of the input cuts off, or None.
        undo: What an escape stands for.
        spelled_out: Whether a value may be printed one character a line.
    """

    fold: bytes = field(repr=False)
    dropped: bytes
    lead: int
    breaks: bytes
    first_break: int
    token: re.Pattern[bytes] | None = None
    introducers: tuple[bytes, ...] = ()
    partial: re.Pattern[bytes] | None = None
    undo: Callable[[bytes], bytes] = _nothing
    spelled_out: bool = False

    def read(self, raw: bytes) -> bytes:
        """The text that this view sees."""
        if self.token is not None and self.has_tokens(raw):
            undo = self.undo
            raw = self.token.sub(lambda token: undo(token[0]), raw)
        return raw.translate(self.fold, self.dropped)

    def has_tokens(self, raw: bytes) -> bool:
        """Whether there may be an escape; true wherever there is one."""
        return any(introducer in raw for introducer in self.introducers)

    def without_tokens(self, raw: bytes) -> bytes:
        """The bytes with every escape taken out, whatever it stands for."""
        return raw if self.token is None else self.token.sub(b"", raw)

    def settled(self, raw: bytes) -> int:
        """Where an escape begins that the end of ``raw`` may have cut off; else its length."""
        if self.partial is None:
            return len(raw)
        cut = self.partial.search(raw, max(0, len(raw) - MAX_TOKEN))
        return cut.start() if cut else len(raw)

    def places(self, raw: bytes, begin: int, end: int) -> Places:
        """Where each character of ``read(raw[begin:end])`` stands in ``raw``."""
        if self.token is None and not self.dropped:
            return Places(range(begin, end), {})
        kept = bytearray(b"\1" * 256)
        for byte in self.dropped:
            kept[byte] = 0
        starts: list[int] = []
        wide: dict[int, int] = {}

        def plain(begin: int, end: int) -> None:
            starts.extend(compress(range(begin, end), raw[begin:end].translate(kept)))

        at = begin
        for token in self.token.finditer(raw, begin, end) if self.token else ():
            plain(at, token.start())
            width = len(self.undo(token[0]).translate(None, self.dropped))
            wide.update(dict.fromkeys(range(len(starts), len(starts) + width), token.end()))
            starts.extend([token.start()] * width)
            at = token.end()
        plain(at, end)
        return Places(starts, wide)

    def may_lead(self, raw: bytes, begin: int, length: int, gap: bytes) -> bool:
        """Whether a value may have its first gap here.

        Args:
            raw: The output.
            begin: Where in it the value begins.
            length: Characters of the value before the gap.
            gap: The bytes of the gap.
        """
        if length >= self.first_break:
            return True
        if not any(byte in self.breaks for byte in gap):
            return length >= self.lead
        return self.spelled_out and (begin == 0 or raw[begin - 1] in BOUNDARY)


RAW: Final = View(fold=bytes(range(256)), dropped=b"", lead=1, breaks=b"", first_break=1)
"""The bytes as they are."""

TEXT: Final = View(
    fold=_LOWER,
    dropped=b" \t\r\n'\"`\\,+",
    lead=1,
    breaks=b" \t\r\n",
    first_break=4,
    token=_TOKEN,
    introducers=(b"\\", b"%", b"&", b"\x1b"),
    partial=_PARTIAL_TOKEN,
    undo=_undo,
    spelled_out=True,
)
"""Letters, whatever their case; quotes, white space, escapes and colour codes do not count."""

BASE64: Final = View(
    fold=bytes.maketrans(b"-_", b"+/"),
    dropped=b"\r\n\\",
    lead=3,
    breaks=b"\r\n",
    first_break=3,
    # Line ends inside a JSON text: so GitHub's API and others give files.
    token=re.compile(rb"\\[nr]"),
    introducers=(b"\\n", b"\\r"),
    partial=re.compile(rb"\\\Z"),
)
"""Both alphabets of RFC 4648; may be wrapped at any column."""

HEX: Final = View(
    fold=_LOWER,
    dropped=b" \t\r\n:-_,;%\\xX'\"",
    lead=2,
    breaks=b"\r\n",
    first_break=3,
    token=re.compile(rb"0[xX]|\\u00"),
    introducers=(b"0x", b"0X", b"\\u00"),
    partial=re.compile(rb"(?:0|\\(?:u0?)?)\Z"),
)
"""Hex digits, whatever their case, with what is printed between bytes: ``0x``, ``\\x``, ``%``."""
