"""The git filter and the text conversion for notebooks: bytes in, bytes out. Pure.

``clean`` is what git calls before a notebook is stored (gitattributes(5), "filter"): secrets are
masked on the way into the repository and stay in the working copy. A notebook without a finding
comes back byte for byte, and cleaning twice is cleaning once. What can't be screened raises, and
git, told that the filter is required, stores nothing.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from jupyter_agent.cli.screening.texts import decoded, notebook_in
from jupyter_agent.errors import RequestInvalid
from jupyter_agent.screen.masking import Masker, mask_notebook
from jupyter_agent.screen.notebook import ATTACHMENT, SOURCE, fields

_MARKS: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_LITERAL: Final = re.compile(r'"(?:[^"\\\n]|\\.)*+"?')
"""A string of JSON (RFC 8259, section 7); one that never ends is passed over whole, so that the
time stays in proportion to the size."""
_INDENT: Final = re.compile(r"\{(?:\r?\n)([ \t]*)")


def clean(raw: bytes, masker: Masker) -> bytes:
    """The file as it may be stored.

    Args:
        raw: A notebook, or half of one: what is no valid notebook is masked as a text.
        masker: Masks what it finds.

    Raises:
        ScreenTimeout: It could not be screened in its time.
        RequestInvalid: It is no UTF-8 text.
    """
    if b"\0" in raw:  # in UTF-16 or UTF-32 no rule would find anything
        raise RequestInvalid("The file is no UTF-8; notebooks are.", "Save it again as UTF-8.")
    mark, text = _decoded(raw)
    before = masker.count
    masked = _masked(text, masker)
    if masker.count == before:
        return raw
    return mark + masked.encode("utf-8", "surrogateescape")


def readable(raw: bytes, masker: Masker) -> bytes:
    """A notebook as text to compare (gitattributes(5), "textconv"), masked.

    What may not be stored may have been, long ago: that is shown too, whatever its encoding.

    Args:
        raw: The notebook; anything else comes back as masked text.
        masker: Masks what it finds.

    Raises:
        ScreenTimeout: It could not be screened in its time.
    """
    text = decoded(raw) if b"\0" in raw else _decoded(raw)[1]
    notebook = notebook_in(text)
    if notebook is None:
        shown = _half_masked(text, masker)
    else:
        mask_notebook(notebook, masker)
        shown = "".join(_shown(notebook))
    return shown.encode("utf-8", "backslashreplace")


def _decoded(raw: bytes) -> tuple[bytes, str]:
    if raw.startswith(_MARKS):
        raise RequestInvalid("The file is UTF-16; notebooks are UTF-8.", "Save it again as UTF-8.")
    mark = codecs.BOM_UTF8 if raw.startswith(codecs.BOM_UTF8) else b""
    # surrogateescape: bytes that are no text come back as they were.
    return mark, raw[len(mark) :].decode("utf-8", "surrogateescape")


def _masked(text: str, masker: Masker) -> str:
    notebook = notebook_in(text)
    if notebook is None:
        return _half_masked(text, masker)
    mask_notebook(notebook, masker)
    return _Style.of(text).written(notebook)


def _half_masked(text: str, masker: Masker) -> str:
    r"""What is no valid notebook: half-written, in a conflict, of an old format.

    Its strings are looked into one by one, because an escape glues what stands behind it to a
    letter: ``\n`` before a value hides where the value begins.
    """
    return _LITERAL.sub(lambda literal: _unescaped_masked(literal[0], masker), masker.text(text))


def _unescaped_masked(literal: str, masker: Masker) -> str:
    if "\\" not in literal:
        return literal
    try:
        text = json.loads(literal)
    except ValueError:
        return literal
    masked = masker.text(text)
    return literal if masked == text else json.dumps(masked, ensure_ascii=literal.isascii())


@dataclass(frozen=True, slots=True)
class _Style:
    """How a file writes JSON, so that a mask changes nothing but what it covers.

    Attributes:
        indent: Its indentation; None where everything stands in one line.
        newline: Its line break.
        is_ascii: Whether other characters are escaped.
        tail: What stands behind the last brace.
    """

    indent: str | None
    newline: str
    is_ascii: bool
    tail: str

    @staticmethod
    def of(text: str) -> _Style:
        indent = _INDENT.match(text.lstrip())
        return _Style(
            indent=indent[1] if indent else None,
            newline="\r\n" if "\r\n" in text else "\n",
            is_ascii=text.isascii() and "\\u" in text,
            tail=text[len(text.rstrip()) :],
        )

    def written(self, notebook: dict[str, Any]) -> str:
        text = self._dumped(notebook, is_ascii=self.is_ascii)
        try:
            text.encode("utf-8", "strict")
        except UnicodeEncodeError:
            text = self._dumped(notebook, is_ascii=True)  # half a surrogate pair has no UTF-8
        # Inside JSON a line break is an escape, so these are all between the lines.
        return text.replace("\n", self.newline) + self.tail

    def _dumped(self, notebook: dict[str, Any], *, is_ascii: bool) -> str:
        return json.dumps(notebook, indent=self.indent, ensure_ascii=is_ascii)


def _shown(notebook: dict[str, Any]) -> Iterator[str]:
    cell = None
    for field in fields(notebook):
        if field.cell is None or field.part == ATTACHMENT:
            continue
        if field.cell != cell:
            cell = field.cell
            kind = notebook["cells"][cell - 1].get("cell_type", "cell")
            yield f"# ── cell {cell} · {kind}\n"
        heading = "" if field.part == SOURCE else f"# {field.part} · {field.key}\n"
        # The first text of a field is the whole of it.
        text = next(field.texts())
        yield f"{heading}{text}" + ("" if text.endswith("\n") else "\n")
