"""Where a place in a notebook's cell lies in the file. Pure.

People think in cells; programs that read SARIF, and editors, want a line of the file. So a file
with findings is parsed once more, by a decoder that remembers where each string begins.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from json import decoder, scanner
from typing import Any, Final

from jupyter_agent.cli.screening.texts import Lines
from jupyter_agent.screen.notebook import Field, Form, fields

_CHARACTER: Final = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\.|[^\\]",
    re.DOTALL,
)
"""One character of a JSON string, as it is written (RFC 8259, section 7)."""


class _Placed(str):
    """A string and where its first character stands in the file."""

    __slots__ = ("start",)
    start: int


class Positions:
    """Places of a notebook's texts in its file.

    Args:
        content: The file; JSON for which ``screen.notebook.is_notebook`` holds.

    Raises:
        RecursionError: It is nested too deeply for this decoder.
    """

    def __init__(self, content: str) -> None:
        self._content = content
        self._lines = Lines(content)
        self._texts = [
            (field, text) for field in fields(_parsed(content)) for text in field.texts()
        ]

    def place(self, number: int, at: int) -> tuple[int, int]:
        """Line and column in the file, both from 1.

        Args:
            number: Which text, in the order of ``texts.texts_of``.
            at: Code point in that text. Of a tree of JSON the place is where the tree begins.
        """
        field, text = self._texts[number]
        begin, skipped = _begin(field, text, at)
        return self._lines.place(self._behind(begin, skipped))

    def _behind(self, at: int, characters: int) -> int:
        for _ in range(characters):
            character = _CHARACTER.match(self._content, at)
            if character is None:
                break
            at = character.end()
        return at


def _parsed(content: str) -> dict[str, Any]:
    reader: Any = json.JSONDecoder()
    reader.parse_string = _placed
    # The scanner in C reads strings by itself; the one in Python asks ``parse_string``.
    reader.scan_once = vars(scanner)["py_make_scanner"](reader)
    notebook: dict[str, Any] = reader.decode(content)
    return notebook


def _placed(content: str, at: int, strict: bool = True) -> tuple[str, int]:  # noqa: FBT001, FBT002  (json's own signature)
    text, end = vars(decoder)["scanstring"](content, at, strict)
    placed = _Placed(text)
    placed.start = at
    return placed, end


def _begin(field: Field, text: str, at: int) -> tuple[int, int]:
    """Where the string begins in which a code point lies, and how many come before it there."""
    if isinstance(text, _Placed):
        return text.start, at
    pieces = list(_pieces(field.value))
    if field.form is not Form.TREE:
        between = 1 if field.form is Form.TRACEBACK else 0
        for piece in pieces:
            if at < len(piece) + between:
                return piece.start, at
            at -= len(piece) + between
    return (pieces[0].start if pieces else 0), 0


def _pieces(tree: Any) -> Iterator[_Placed]:
    if isinstance(tree, _Placed):
        yield tree
    elif isinstance(tree, list | dict):
        for member in tree.values() if isinstance(tree, dict) else tree:
            yield from _pieces(member)
