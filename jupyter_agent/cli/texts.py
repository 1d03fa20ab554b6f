"""What there is to screen in one file: its text, or each cell of a notebook. Pure."""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

_BYTE_ORDER_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}


@dataclass(frozen=True, slots=True)
class Text:
    """A text and where it stands.

    Attributes:
        path: The file.
        content: What to screen.
        cell: Number of the notebook's cell, from 1, or None.
        part: ``source`` or ``output``, for a cell.
    """

    path: str
    content: str
    cell: int | None = None
    part: str | None = None

    def place(self, at: int) -> tuple[int, int]:
        """Line and column, both from 1, of a code point."""
        before = self.content[:at]
        return before.count("\n") + 1, at - (before.rfind("\n") + 1) + 1


def texts_of(path: str, raw: bytes) -> list[Text]:
    """Every text in a file.

    Args:
        path: Its name; ``.ipynb`` is read by cell.
        raw: Its content. Bytes that are no text are screened all the same, with replacements.
    """
    content = _decoded(raw)
    if path.endswith(".ipynb"):
        cells = _cells(content)
        if cells is not None:
            return list(_notebook(path, cells))
    return [Text(path, content)]


def _decoded(raw: bytes) -> str:
    for mark, encoding in _BYTE_ORDER_MARKS.items():
        if raw.startswith(mark):
            return raw.decode(encoding, "replace")
    return raw.decode("utf-8", "replace")


def _cells(content: str) -> list[dict[str, Any]] | None:
    """The cells of an nbformat 4 notebook; None where it is none, which is then plain text."""
    try:
        cells = json.loads(content)["cells"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    good = isinstance(cells, list) and all(isinstance(cell, dict) for cell in cells)
    return cells if good else None


def _notebook(path: str, cells: list[dict[str, Any]]) -> Iterator[Text]:
    for number, cell in enumerate(cells, start=1):
        for text in _strings(cell.get("source")):
            yield Text(path, text, number, "source")
        rest = {name: part for name, part in cell.items() if name != "source"}
        for text in _strings(rest):
            yield Text(path, text, number, "output")


def _strings(node: Any) -> Iterator[str]:
    """Every text in a piece of JSON; nbformat's lists of lines are one text."""
    if isinstance(node, str):
        yield node
    elif isinstance(node, list):
        if node and all(isinstance(line, str) for line in node):
            yield "".join(node)
            return
        for item in node:
            yield from _strings(item)
    elif isinstance(node, dict):
        for name, item in node.items():
            # Pictures are long base64 and no text; SVG is.
            if not (str(name).startswith("image/") and "svg" not in str(name)):
                yield from _strings(item)
