"""What there is to screen in one file: its text, or each field of a notebook. Pure."""

from __future__ import annotations

import codecs
import json
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from jupyter_agent.screen.notebook import fields, is_notebook

_BYTE_ORDER_MARKS = {
    codecs.BOM_UTF32_LE: "utf-32",  # begins with the one of UTF-16
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_LOOK = 4096
"""Bytes that tell UTF-16 without a mark."""


@dataclass(frozen=True, slots=True)
class Text:
    """A text and where it stands.

    Attributes:
        path: The file.
        content: What to screen.
        cell: Number of the notebook's cell, from 1, or None.
        part: ``source``, ``output``, ``metadata`` or ``attachment`` of a notebook, or None.
    """

    path: str
    content: str
    cell: int | None = None
    part: str | None = None


class Lines:
    """Tells lines and columns of a text, however many are asked for.

    Args:
        content: The text.
    """

    def __init__(self, content: str) -> None:
        self._breaks = [at for at, char in enumerate(content) if char == "\n"]

    def place(self, at: int) -> tuple[int, int]:
        """Line and column, both from 1, of a code point."""
        line = bisect_left(self._breaks, at)
        return line + 1, at - (self._breaks[line - 1] + 1 if line else 0) + 1


def texts_of(path: str, raw: bytes) -> list[Text]:
    """Every text in a file.

    Args:
        path: Its name; ``.ipynb`` is read by cell.
        raw: Its content. Bytes that are no text are screened all the same, with replacements.
    """
    content = decoded(raw)
    if path.endswith(".ipynb") and (notebook := notebook_in(content)) is not None:
        return list(_texts_in(path, notebook))
    return [Text(path, content)]


def decoded(raw: bytes) -> str:
    """The file as text, whatever it is."""
    for mark, encoding in _BYTE_ORDER_MARKS.items():
        if raw.startswith(mark):
            return raw.decode(encoding, "replace")
    return raw.decode(_unmarked(raw[:_LOOK]), "replace")


def _unmarked(look: bytes) -> str:
    """The encoding of a file without a mark: of most characters of UTF-16 one half is zero."""
    halves = look[0::2], look[1::2]
    for zero, other, encoding in ((1, 0, "utf-16-le"), (0, 1, "utf-16-be")):
        if 0 not in halves[other] and 2 * halves[zero].count(0) > len(halves[zero]):
            return encoding
    return "utf-8"


def notebook_in(content: str) -> dict[str, Any] | None:
    """The notebook that a file holds; None where it holds none, and is then plain text.

    One in which two fields have one name is none either: a reader sees one of them, and git and
    whoever opens the file as text see both.
    """
    try:
        notebook = json.loads(content, object_pairs_hook=_unambiguous)
    except (ValueError, RecursionError):
        return None
    return notebook if is_notebook(notebook) else None


def _unambiguous(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ValueError
    return fields


def _texts_in(path: str, notebook: dict[str, Any]) -> Iterator[Text]:
    for field in fields(notebook):
        for text in field.texts():
            yield Text(path, text, field.cell, field.part)
