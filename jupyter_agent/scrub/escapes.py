"""How the usual encoders write a text with special characters in it."""

from __future__ import annotations

import html
import json
import re
import shlex
import urllib.parse
from collections.abc import Callable, Iterator, Sequence
from typing import Final

_SPECIAL: Final = re.compile(r"[^A-Za-z0-9]")


def escaped(piece: bytes) -> Iterator[bytes]:
    """A part of a value as encoders write it; some of these ways are the same.

    Args:
        piece: Any bytes; where they are no UTF-8, only URL encoding and octal digits are known.
    """
    try:
        text = piece.decode()
    except UnicodeDecodeError:
        yield b"".join(b"%%%02x" % byte for byte in piece)
        yield _octal(piece)
        return
    yield _octal(piece)
    for spell in _SPELLERS:
        yield spell(text).encode()


def _octal(piece: bytes) -> bytes:
    """As bash writes it in ``$'…'`` where the locale has no such letters (``set -x``, ``%q``)."""
    return b"".join(
        b"\\%03o" % byte
        if not 0x20 <= byte < 0x7F
        else b"\\%c" % byte
        if byte in b"'\\"
        else b"%c" % byte
        for byte in piece
    )


def _each(form: str) -> Callable[[str], str]:
    """Write every special character in this way."""
    return lambda text: _SPECIAL.sub(lambda found: form.format(ord(found[0]), found[0]), text)


_SPELLERS: Final[Sequence[Callable[[str], str]]] = (
    lambda text: urllib.parse.quote(text, safe=""),
    urllib.parse.quote,
    urllib.parse.quote_plus,
    lambda text: urllib.parse.quote(text, safe="!'()*"),  # encodeURIComponent
    lambda text: urllib.parse.quote(text, safe=";,/?:@&=+$-_.!~*'()#"),  # encodeURI
    _each("%{:02x}"),
    lambda text: json.dumps(text)[1:-1],
    lambda text: json.dumps(text, ensure_ascii=False)[1:-1],
    lambda text: json.dumps(text)[1:-1].replace("/", "\\/"),
    lambda text: json.dumps(text)[1:-1].replace("'", "\\'"),
    lambda text: repr(text)[1:-1],
    lambda text: repr('"' + text)[2:-1],
    lambda text: repr("'\"" + text)[4:-1],
    lambda text: repr(text.encode())[2:-1],
    lambda text: shlex.quote(" " + text)[2:-1],
    _each("\\{1}"),
    lambda text: re.sub(r"[^A-Za-z0-9%+./:=@_-]", r"\\\g<0>", text),  # printf %q
    html.escape,
    lambda text: html.escape(text, quote=False),
    lambda text: html.escape(text).replace("&#x27;", "&#39;").replace("&quot;", "&#34;"),
    lambda text: html.escape(text).replace("&#x27;", "&apos;"),
    _each("&#{};"),
    _each("&#x{:x};"),
    _each("\\x{:02x}"),
    _each("\\u{:04x}"),
)
