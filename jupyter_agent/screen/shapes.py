r"""How values look that say nothing by themselves, and how to see quickly that there is none.

A rule of the kind "a vendor's name, and then a value" is tried wherever the name stands, and in
ordinary text names stand everywhere. So it asks first whether anything of the value's shape stands
behind the name (``needs``).
"""

from __future__ import annotations

import re
from typing import Final

SHAPES: Final = {
    "hex32": r"[0-9a-fA-F]{32}",
    "hex40": r"[0-9a-fA-F]{40}",
    "hex64": r"[0-9a-fA-F]{64}",
    "uuid": r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}",
    # Drawn by a machine: letters and digits, or one case only; never camelCase, which is a name.
    # Or in groups, each with a digit: a1b2c3d4-e5f6a7b8.
    "opaque": (
        r"(?:(?=[A-Za-z]{0,100}\d)(?=\d{0,29}[A-Za-z]|\d{30})[A-Za-z0-9]{16,1200}|[A-Z]{20,160}|[a-z]{20,160}|"
        r"(?=[\d.-]{0,80}[A-Za-z])(?=[A-Za-z0-9.-]{16})(?=[A-Za-z]{0,40}\d)[A-Za-z0-9]{4,60}"
        r"(?:[-.](?=[A-Za-z]{0,40}\d)[A-Za-z0-9]{4,60}){1,8})"
    ),
}
"""Names for expressions that rules use for ``value``: ``<<hex32>>``."""
_REFERENCES: Final = {f"<<{name}>>": shape for name, shape in SHAPES.items()} | {
    # The beginning of one is enough.
    "<<opaque>>": (
        r"(?=[A-Za-z]{0,100}\d)(?=\d{0,29}[A-Za-z]|\d{30})[A-Za-z0-9]{16}|[A-Z]{20}|[a-z]{20}|"
        r"(?=[\d.-]{0,80}[A-Za-z])(?=[A-Za-z0-9.-]{16})(?=[A-Za-z]{0,40}\d)[A-Za-z0-9]{4,60}[-.]"
    ),
}
WIDTH: Final = 112
"""No expression of ``shape_of`` looks at more bytes from where it matches."""
RUN: Final = 14
"""Characters that stand in a row in whatever an expression of ``shape_of`` is part of."""
IN_RUNS: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.+/-"
"""Those characters."""
_MOST: Final = 64
_REPEATED: Final = re.compile(
    r"(?:\(\?=[^()]*\))?(?P<before>(?:[A-Za-z0-9_-]|\[[A-Za-z0-9]+\])*)"
    r"(?P<characters>\[[A-Za-z0-9_+/-]+\])\{(?P<least>\d+)(?:,\d+)?\}(?:=\{0,2\})?"
)
# A value is no part of a word, but may be glued to a line end that is written \n. Because this
# begins with a class, letters and digits are skipped at memory's speed.
_BEGINS: Final = "[^A-Za-z0-9][nrt]?"


def shape_of(value: str) -> str:
    """An expression for bytes that matches where a value of a rule begins, from the byte before on.

    It may match elsewhere too. But for that byte, all that it looks at lies in a run of
    ``IN_RUNS``. It does not match at the beginning of a text, where a keyword stands at most.

    Args:
        value: As the rule says it.

    Returns:
        The expression; or "" for values that are short, or that nobody has thought of here.
    """
    shapes = [_beginning(one) for one in value.split("|")]
    return f"{_BEGINS}(?:{'|'.join(shapes)})" if all(shapes) else ""


def _beginning(value: str) -> str:
    if value in _REFERENCES:
        return _REFERENCES[value]
    repeated = _REPEATED.fullmatch(value)
    if repeated is None or int(repeated["least"]) < RUN:
        return ""
    return f"{repeated['before']}{repeated['characters']}{{{min(int(repeated['least']), _MOST)}}}"
