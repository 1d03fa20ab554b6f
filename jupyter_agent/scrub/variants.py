"""What a value may look like when it comes back: the texts to look for, and in which view."""

from __future__ import annotations

import base64
import html
import json
import re
import shlex
import urllib.parse
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Final

from jupyter_agent.scrub.pieces import Piece, base64_pieces, hex_pieces, text_pieces
from jupyter_agent.scrub.views import BASE64, HEX, RAW, TEXT, View

SHORT: Final = 8
"""A value of fewer bytes is looked for as it is and in no other form: its encodings are so short
that ordinary output would be full of them."""

_MIN_SEEN: Final = 6
"""Fewest characters of a value that a view may look for."""

# "-----BEGIN OPENSSH PRIVATE KEY-----" stands in every key file and is no secret.
_BOILERPLATE: Final = re.compile(rb"-----(?:BEGIN|END) [A-Z0-9 ]+-----|\W*")

# A line of base64 that is hard enough to guess to count as the whole (24 bytes and more).


@dataclass(frozen=True, slots=True)
class Needle:
    """One text to look for, on behalf of one label.

    Attributes:
        order: Which of the secrets, counted from 0; the first one wins a tie.
        label: Whose value it is.
        text: What to look for in what ``view`` sees. Never shown.
        view: How to look.
        core: A part of ``text``: where that is not seen, ``text`` is not there either.
        pieces: Gives the pieces of ``text``, one of which must be written in a usual way. None
            where there is one way only.
    """

    order: int
    label: str
    text: bytes = field(repr=False)
    view: View
    core: bytes = field(repr=False)
    pieces: Callable[[], tuple[Piece, ...]] | None = field(default=None, repr=False)


def needles(secrets: Mapping[str, bytes]) -> list[Needle]:
    """Everything to look for, without duplicates; of equal texts the first label's stays.

    Args:
        secrets: Label → value.

    Raises:
        ValueError: A value is empty. Names the label only.
    """
    found: dict[tuple[bytes, int], Needle] = {}
    for order, (label, value) in enumerate(secrets.items()):
        if not value:
            raise ValueError(f"the value for {label} is empty")
        for text, view, core, pieces in _texts(value):
            found.setdefault((text, id(view)), Needle(order, label, text, view, core, pieces))
    return list(found.values())


def too_short(secrets: Mapping[str, bytes]) -> list[str]:
    """The labels of values that are looked for as they are and in no other form."""
    return [label for label, value in secrets.items() if len(value) < SHORT]


_Pieces = Callable[[], tuple[Piece, ...]]
_Text = tuple[bytes, View, bytes, _Pieces | None]


def _texts(value: bytes) -> Iterator[_Text]:
    """Text, view, core and pieces of each needle."""
    yield value, RAW, value, None
    if len(value) < SHORT:
        return
    spelled: list[tuple[bytes, View, _Pieces]] = [
        (text, TEXT, partial(text_pieces, part, text))
        for part in (value, *_lines(value))
        for text in _seen_as_text(part)
    ]
    spelled += [(core, BASE64, partial(base64_pieces, core)) for core in _base64_cores(value)]
    digits = value.hex().encode()
    spelled.append((digits, HEX, partial(hex_pieces, digits)))
    for text, view, pieces in spelled:
        yield from _whole_and_late(text, view, pieces)
    for text in _seen_as_text(value[::-1]):
        pieces = partial(text_pieces, value[::-1], text, one_by_one=False)
        yield text, TEXT, text, cache(pieces)


def _whole_and_late(text: bytes, view: View, pieces: _Pieces) -> Iterator[_Text]:
    """The text, and the text without its first characters.

    A view wants ``lead`` characters before a line may be wrapped. Where a line ends earlier than
    that, what follows on the next line is still found.
    """
    pieces = cache(pieces)
    missing = view.first_break - 1
    late = text[missing:]
    if len(late) < _MIN_SEEN:
        yield text, view, text, pieces
        return
    yield text, view, late, pieces
    yield late, view, late, cache(partial(_late, pieces, missing))


def _late(pieces: _Pieces, missing: int) -> tuple[Piece, ...]:
    return tuple(piece.without(missing) for piece in pieces() if piece.begin >= missing)


def _seen_as_text(value: bytes) -> list[bytes]:
    r"""What the text view sees of a value that was escaped, and of one that was not.

    They differ for a value that itself looks escaped, such as ``50%25`` or ``C:\new``.
    """
    escaped = value.translate(TEXT.fold, TEXT.dropped)
    return [seen for seen in (escaped, TEXT.read(value)) if len(seen) >= _MIN_SEEN]


def _lines(value: bytes) -> list[bytes]:
    """The lines of a value that are secret by themselves; none if it has only one line."""
    lines = [line.strip() for line in value.splitlines()]
    if len(lines) < 2:
        return []
    return [line for line in lines if len(line) >= SHORT and not _BOILERPLATE.fullmatch(line)]


def _base64_cores(value: bytes) -> Iterator[bytes]:
    """The base64 characters that depend on the value only, for its three places in a group.

    Base64 writes three bytes as four characters (RFC 4648, section 4). Bytes before and after the
    value change the characters at its edges; these are left out.
    """
    for before in range(3):
        first = -(-before * 8 // 6)  # the first character that begins inside the value
        last = (before + len(value)) * 8 // 6
        text = base64.b64encode(bytes(before) + value)
        yield text[first:last].translate(BASE64.fold, BASE64.dropped)


def forms(value: bytes) -> dict[str, bytes]:
    """Common encodings of a value by name, to look for with plain ``in``.

    For searching logs and folders in tests. The scrubber itself finds more than these.

    Args:
        value: At least 1 byte.

    Returns:
        Name → bytes, such as ``{"raw": ..., "base64 at offset 1": ..., "reversed": ...}``; a form
        that equals an earlier one is left out.
    """
    text = value.decode("utf-8", "surrogateescape")
    lossless = value.decode("utf-8", "replace")
    every = {
        "raw": value,
        "reversed": value[::-1],
        "upper case": value.upper(),
        "hex": value.hex().encode(),
        "hex in capitals": value.hex().upper().encode(),
        "hex with spaces": value.hex(" ").encode(),
        "hex with colons": value.hex(":").encode(),
        "hex with \\x": b"".join(b"\\x%02x" % byte for byte in value),
        "URL": urllib.parse.quote(value, safe="").encode(),
        "URL path": urllib.parse.quote(value).encode(),
        "URL form": urllib.parse.quote_plus(value).encode(),
        "URL, every byte": b"".join(b"%%%02X" % byte for byte in value),
        "JSON": json.dumps(lossless)[1:-1].encode(),
        "JSON in UTF-8": json.dumps(lossless, ensure_ascii=False)[1:-1].encode(),
        "repr": repr(value)[2:-1].encode(),
        "shell": shlex.quote(lossless).encode(),
        "HTML": html.escape(lossless).encode(),
        "UTF-16": text.encode("utf-16-le", "surrogatepass"),
        "one character a line": b"\n".join(value[at : at + 1] for at in range(len(value))),
    }
    for before, core in enumerate(_base64_cores(value)):
        every[f"base64 at offset {before}"] = core
        every[f"base64url at offset {before}"] = core.translate(bytes.maketrans(b"+/", b"-_"))
    found: dict[bytes, str] = {}
    for name, form in every.items():
        found.setdefault(form, name)
    return {name: form for form, name in found.items()}
