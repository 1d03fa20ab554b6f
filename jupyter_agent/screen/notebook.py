"""The one walk over a notebook: every place in it that holds text. Pure.

Saves, the git filter and the command line must agree on what a notebook holds, so all of them come
through here. What is left out is named here too; everything else is a field, known key or not.

Format: nbformat 4, https://nbformat.readthedocs.io/en/latest/format_description.html. Older
formats (``worksheets``) are not walked: ``is_notebook`` says so, and their file is a plain text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

SOURCE: Final = "source"
OUTPUT: Final = "output"
METADATA: Final = "metadata"
ATTACHMENT: Final = "attachment"

# Names that the format itself chooses from; an id has its own alphabet and 64 characters at most,
# is made by programs, and may not change. Whatever else stands there is a text like any other.
_FIXED: Final = {
    "cell_type": re.compile("code|markdown|raw"),
    "id": re.compile("[A-Za-z0-9_-]{1,64}"),
    "name": re.compile("stdout|stderr"),
    "output_type": re.compile("stream|display_data|execute_result|error"),
}
_BINARY: Final = re.compile(
    r"(?:image/(?!svg)|audio/|video/|font/|application/(?:pdf|octet-stream|zip|gzip)\b)"
)
_TEXT: Final = re.compile(r"text/|application/(?:json|javascript|xml|x-latex)\b|.*\+(?:json|xml)\b")
# Words and keys of vendors look the same, and are shorter or have blanks between them.
_BASE64: Final = re.compile(r"[A-Za-z0-9+/\r\n]{200,}+={0,2}\s*+")


class Form(Enum):
    """How a field keeps its text."""

    LINES = "lines"
    """nbformat's multi-line string: a text, or a list of pieces that belong together."""
    TRACEBACK = "traceback"
    """A list of entries with a line break between each two."""
    TREE = "tree"
    """Any JSON."""


@dataclass(frozen=True, slots=True)
class Field:
    """One place in a notebook that holds text.

    Attributes:
        cell: Number of the cell, from 1; None for the notebook itself.
        part: ``source``, ``output``, ``metadata`` or ``attachment``.
        holder: The object in the notebook that holds it.
        key: Under which name.
        form: How the text is kept there.
    """

    cell: int | None
    part: str
    holder: dict[str, Any]
    key: str
    form: Form

    @property
    def value(self) -> Any:
        """What stands there now."""
        return self.holder[self.key]

    def put(self, value: Any) -> None:
        """Put something else there."""
        self.holder[self.key] = value

    def texts(self) -> Iterator[str]:
        """What there is to screen: the whole, then what the whole shows in another spelling."""
        if self.form is Form.TREE:
            yield from tree_texts(self.value)
        else:
            yield joined(self.value, self.form)


def is_notebook(content: Any) -> bool:
    """Whether this is a notebook of nbformat 4, so that ``fields`` sees all of it."""
    if not isinstance(content, dict) or not isinstance(cells := content.get("cells"), list):
        return False
    return all(
        isinstance(cell, dict)
        and isinstance(outputs := cell.get("outputs") or [], list)
        and all(isinstance(output, dict) for output in outputs)
        for cell in cells
    )


def fields(content: dict[str, Any]) -> Iterator[Field]:
    """Every field of a notebook, in the order of its cells; the notebook's own come first.

    Args:
        content: For which ``is_notebook`` holds.
    """
    for field in _fields(content):
        if isinstance(field.value, str | dict | list) and field.value:  # numbers hold no text
            yield field


def joined(value: Any, form: Form = Form.LINES) -> str:
    """The text of a field that is no tree."""
    if isinstance(value, str):
        return value
    return ("\n" if form is Form.TRACEBACK else "").join(value)


def whole(tree: Any) -> str:
    """JSON as the one text in which names stand beside what they name."""
    return json.dumps(tree, ensure_ascii=False)


def tree_texts(tree: Any) -> Iterator[str]:
    """The whole of a tree, then each text that JSON spells differently.

    Inside JSON a line break is two characters, so a text with one is looked at again by itself.
    """
    yield tree if isinstance(tree, str) else whole(tree)
    if not isinstance(tree, str):
        yield from (text for text in _strings(tree) if is_spelled_differently(text))


def is_spelled_differently(text: str) -> bool:
    """Whether JSON writes this text with escapes."""
    return not text.isprintable() or '"' in text or "\\" in text


def _fields(content: dict[str, Any]) -> Iterator[Field]:
    yield from _others(content, None, METADATA, known=("cells",))
    for number, cell in enumerate(content["cells"], start=1):
        if SOURCE in cell:
            yield _text(number, SOURCE, cell, SOURCE)
        for output in cell.get("outputs") or ():
            yield from _of_output(number, output)
        yield from _bundles(number, cell.get("attachments"))
        yield from _others(cell, number, METADATA, known=(SOURCE, "outputs", "attachments"))


def _of_output(cell: int, output: dict[str, Any]) -> Iterator[Field]:
    if "text" in output:
        yield _text(cell, OUTPUT, output, "text")
    if "traceback" in output:
        yield _text(cell, OUTPUT, output, "traceback", Form.TRACEBACK)
    if isinstance(data := output.get("data"), dict):
        yield from _bundle(cell, OUTPUT, data)
        known: tuple[str, ...] = ("text", "traceback", "data")
    else:
        known = ("text", "traceback")
    yield from _others(output, cell, OUTPUT, known=known)


def _bundles(cell: int, attachments: Any) -> Iterator[Field]:
    """The attachments of a cell: file name → mime bundle."""
    if not isinstance(attachments, dict):
        return
    for name, bundle in attachments.items():
        if isinstance(bundle, dict):
            yield from _bundle(cell, ATTACHMENT, bundle)
        else:
            yield Field(cell, ATTACHMENT, attachments, name, Form.TREE)


def _bundle(cell: int, part: str, bundle: dict[str, Any]) -> Iterator[Field]:
    for kind, value in bundle.items():
        if _is_binary(kind, value):
            continue
        # As nbformat tells them: of all others a list is the lines of one text.
        if kind == "application/json" or kind.endswith("+json"):
            yield Field(cell, part, bundle, kind, Form.TREE)
        else:
            yield _text(cell, part, bundle, kind)


def _is_binary(kind: str, value: Any) -> bool:
    """Pictures and the like are long base64, in which nobody reads a secret."""
    if _TEXT.match(kind):
        return False
    if _BINARY.match(kind):
        return True
    # A type nobody knows: base64 says that it is binary, anything else that it is not.
    return _is_lines(value) and _BASE64.fullmatch(joined(value)) is not None


def _others(
    holder: dict[str, Any], cell: int | None, part: str, known: tuple[str, ...]
) -> Iterator[Field]:
    """Whatever else an object holds: metadata, names of errors, keys of other programs."""
    for key, value in holder.items():
        if key not in known and not (
            key in _FIXED and isinstance(value, str) and _FIXED[key].fullmatch(value)
        ):
            yield Field(cell, part, holder, key, Form.TREE)


def _text(cell: int, part: str, holder: dict[str, Any], key: str, form: Form = Form.LINES) -> Field:
    # A notebook that breaks the format keeps a tree where a text belongs: screened all the same.
    return Field(cell, part, holder, key, form if _is_lines(holder[key]) else Form.TREE)


def _is_lines(value: Any) -> bool:
    return isinstance(value, str) or (
        isinstance(value, list) and all(isinstance(line, str) for line in value)
    )


def _strings(tree: Any) -> Iterator[str]:
    if isinstance(tree, str):
        yield tree
    elif isinstance(tree, dict):
        for member in tree.values():
            yield from _strings(member)
    elif isinstance(tree, list):
        for member in tree:
            yield from _strings(member)
