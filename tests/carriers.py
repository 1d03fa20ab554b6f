"""Programs that print a value in 26 ways, and the three made-up values of the matrix.

The values are made when the tests run, from a seed: no file of this project holds anything that
looks like a credential.
"""

from __future__ import annotations

import base64
import gzip
import html
import json
import random
import shlex
import string
import urllib.parse
from collections.abc import Callable
from itertools import takewhile

Pieces = list[bytes]
ESCAPES = (
    b"\x1b[31m",  # a terminal's colours, as they are ...
    b"\x1b[01;31m\x1b[K",
    b"\x1b[38;2;250;120;10m",
    b"\x1b(B",
    rb"\x1b[31m",  # ... and as Python and the shell write them out
    rb"\033[1m",
    rb"\n",
    rb"\t",
    rb"\0",
    rb"\x00",
    rb"\u2028",
    rb"\U0001f511",
    rb"\302\240",
    b"token%3D",
)
"""What may stand in front of a value and ends in a letter or digit that is none of it."""

_BEFORE, _AFTER = b"user=alice auth=", b" status=ok"


def made_up_secrets(seed: int) -> dict[str, bytes]:
    """A 36-byte token, a private key of 4 lines and a 10-byte password with special characters."""
    rng = random.Random(seed)
    letters = string.ascii_letters + string.digits
    armour = "-----{} OPENSSH " + "PRIVATE KEY-----"
    body = ["".join(rng.choices(letters + "+/", k=70)) for _ in range(2)]
    password = [*rng.choices(letters, k=5), *rng.choices("!#%&/?@<>'\"\\", k=3)]
    rng.shuffle(password)
    # A quote at its very end is a case of its own: test_scrubber.py.
    password = [rng.choice(letters), *password, rng.choice(letters)]
    return {
        "token": "".join(rng.choices(letters, k=36)).encode(),
        "ssh-key": "\n".join([armour.format("BEGIN"), *body, armour.format("END"), ""]).encode(),
        "password": "".join(password).encode(),
    }


def _around(form: bytes) -> Pieces:
    return [_BEFORE + form + _AFTER + b"\n"]


def _text(value: bytes) -> str:
    return value.decode("ascii")


def _split(value: bytes) -> Pieces:
    middle = len(value) // 2
    return [_BEFORE + value[:middle], value[middle:] + _AFTER]


def _lines(text: bytes, columns: int) -> bytes:
    return b"\n".join(text[at : at + columns] for at in range(0, len(text), columns))


CARRIERS: dict[str, Callable[[bytes], Pieces]] = {
    "raw": _around,
    "split-no-pause": _split,
    "split-200-ms-pause": lambda value: [_split(value)[0], b"", _split(value)[1]],
    "base64": lambda value: _around(base64.b64encode(value)),
    "base64-of-a-longer-text": lambda value: _around(base64.b64encode(b"user:" + value + b"\n")),
    "base64-in-76-columns": lambda value: _around(base64.encodebytes(b"x" * 50 + value)),
    "base64-without-padding": lambda value: _around(base64.b64encode(b"q" + value).rstrip(b"=")),
    "base64url": lambda value: _around(base64.urlsafe_b64encode(value)),
    "hex": lambda value: _around(value.hex().encode()),
    "hex-with-colons": lambda value: _around(value.hex(":").upper().encode()),
    "xxd-p-lines": lambda value: _around(_lines(value.hex().encode(), 60)),
    "url-every-special-character": lambda value: _around(
        urllib.parse.quote(value, safe="").encode()
    ),
    "url-form": lambda value: _around(urllib.parse.quote_plus(value).encode()),
    "url-path-in-small-letters": lambda value: _around(
        "".join(c if c.isalnum() else f"%{ord(c):02x}" for c in _text(value)).encode()
    ),
    "json": lambda value: _around(json.dumps(_text(value)).encode()),
    "repr": lambda value: _around(repr(value).encode()),
    "shell-quoting": lambda value: _around(shlex.quote(_text(value)).encode()),
    "crlf": lambda value: _around(value.replace(b"\n", b"\r\n")),
    "newline-to-space": lambda value: _around(value.replace(b"\n", b" ")),
    "html": lambda value: _around(html.escape(_text(value)).encode()),
    "reversed": lambda value: _around(value[::-1]),
    "one-character-a-line": lambda value: [b"\n" + _lines(value, 1) + b"\n"],
    "colour-code-inside": lambda value: _around(
        value[:5] + b"\x1b[01;31m" + value[5:9] + b"\x1b[m" + value[9:]
    ),
    "upper-case": lambda value: _around(value.upper()),
    "first-75": lambda value: _around(value[: len(value) * 3 // 4]),
    "gzip-and-base64": lambda value: _around(base64.b64encode(gzip.compress(value))),
}
"""Name → the writes of a program that prints a value in this way."""


def carrier_of(name: str, value: bytes) -> bytes:
    """What of the writes carries the value: where they change when the value does."""
    shown, other = (
        b"".join(CARRIERS[name](text)) for text in (value, bytes(byte ^ 2 for byte in value))
    )
    begin, end = _alike(shown, other), _alike(shown[::-1], other[::-1])
    return shown[begin : len(shown) - end]


def _alike(one: bytes, other: bytes) -> int:
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))
