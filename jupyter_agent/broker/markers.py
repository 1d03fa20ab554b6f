"""``{{LABEL}}`` in a text: where the markers stand, and a template filled in. Pure.

A marker is two braces, a label, two braces; blanks inside do not matter. What is not shaped like a
label in capitals (``{{ name }}``, ``{{.State}}``, ``{% if %}``) is ordinary text, so most templates
of other programs pass as they are. A backslash in front makes a marker ordinary text too.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import quote

from jupyter_agent.errors import RequestInvalid
from jupyter_agent.secret import check_label

BARE: Final = re.compile(r"\{\{[ \t]*([A-Z][A-Z0-9_]*)[ \t]*\}\}")
"""A marker without a way of writing, which is all that a script may hold."""

_MARKER = re.compile(
    r"(\\*)(\{\{[ \t]*([A-Z][A-Z0-9_]*)[ \t]*(?:\|[ \t]*([A-Za-z0-9_-]+)[ \t]*)?\}\})"
)


def _as_json(value: bytes) -> bytes:
    return json.dumps(value.decode(), ensure_ascii=False)[1:-1].encode()


_WRITINGS: Final[dict[str, Callable[[bytes], bytes]]] = {
    "base64": base64.b64encode,
    "json": _as_json,
    "url": lambda value: quote(value, safe="").encode(),
}
"""How a marker may ask for a value to be written. Each is a form that scrubbing knows."""


def labels_in(template: str) -> tuple[str, ...]:
    """The labels that a template asks for, each once, in their order.

    Raises:
        LabelInvalid: A marker names what can't be a label.
        RequestInvalid: A marker asks for a writing that does not exist.
    """
    found: dict[str, None] = {}
    for backslashes, _, label, writing in _MARKER.findall(template):
        if len(backslashes) % 2:
            continue
        if writing and writing not in _WRITINGS:
            raise RequestInvalid(
                f"The marker of {check_label(label)} asks for a writing that does not exist.",
                f"There are {', '.join(_WRITINGS)}: {{{{{label}|json}}}}.",
            )
        found[check_label(label)] = None
    return tuple(found)


def fill(template: str, values: Mapping[str, bytes]) -> bytes:
    """A template with its values, byte for byte.

    Args:
        template: Text; it is written as UTF-8.
        values: Label → value, for every label that ``labels_in`` names.

    Raises:
        RequestInvalid: A value is to be written as JSON and is no UTF-8.
    """
    # Pieces in bytes, not one text: a value need not be text in any encoding. And one pass: what a
    # value holds is never read as a marker.
    pieces: list[bytes] = []
    end = 0
    for found in _MARKER.finditer(template):
        backslashes, marker, label, writing = found.groups()
        pieces.append((template[end : found.start()] + "\\" * (len(backslashes) // 2)).encode())
        pieces.append(
            marker.encode() if len(backslashes) % 2 else _written(label, writing, values[label])
        )
        end = found.end()
    pieces.append(template[end:].encode())
    return b"".join(pieces)


def _written(label: str, writing: str | None, value: bytes) -> bytes:
    try:
        return _WRITINGS[writing](value) if writing else value
    except UnicodeDecodeError:
        raise RequestInvalid(
            f"{label} is no text and can't be written as {writing}.", "Use {{LABEL|base64}}."
        ) from None
