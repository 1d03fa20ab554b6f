"""Where a place in a notebook's cell lies in the file. Pure.

People think in cells; programs that read SARIF, and editors, want a line of the file. So a file
with findings is parsed once more, by a decoder that remembers where each string begins.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Iterator
from itertools import accumulate
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
        self._number = -1
        self._offsets: list[int] = []
        self._starts: list[int] = []
        self._walked = (-1, 0, 0)

    def place(self, number: int, at: int) -> tuple[int, int]:
        """Line and column in the file, both from 1.

        Args:
            number: Which text, in the order of ``texts.texts_of``.
            at: Code point in that text. Of a tree of JSON the place is where the tree begins.
                Asked for in order, places of a text are work in proportion to its length.
        """
        field, text = self._texts[number]
        if number != self._number:
            self._number = number
            self._offsets, self._starts = _laid_out(field, text)
        if _is_tree(field, text):
            return self._lines.place(self._starts[0] if self._starts else 0)
        piece = bisect_right(self._offsets, at) - 1
        return self._lines.place(self._behind(self._starts[piece], at - self._offsets[piece]))

    def _behind(self, begin: int, characters: int) -> int:
        at, gone = begin, 0
        if self._walked[0] == begin and self._walked[1] <= characters:
            _, gone, at = self._walked
        for _ in range(characters - gone):
            character = _CHARACTER.match(self._content, at)
            if character is None:
                break
            at = character.end()
        self._walked = begin, characters, at
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


def _laid_out(field: Field, text: str) -> tuple[list[int], list[int]]:
    """The strings that a text is made of: where each begins in the text, and where in the file."""
    if isinstance(text, _Placed):
        return [0], [text.start]
    pieces = list(_pieces(field.value))
    between = 1 if field.form is Form.TRACEBACK else 0
    lengths = [len(piece) + between for piece in pieces]
    return list(accumulate(lengths, initial=0))[:-1], [piece.start for piece in pieces]


def _is_tree(field: Field, text: str) -> bool:
    return field.form is Form.TREE and not isinstance(text, _Placed)


def _pieces(tree: Any) -> Iterator[_Placed]:
    if isinstance(tree, _Placed):
        yield tree
    elif isinstance(tree, list | dict):
        for member in tree.values() if isinstance(tree, dict) else tree:
            yield from _pieces(member)
