r"""How values look that say nothing by themselves, and how to see quickly that there is none.

A rule of the kind "a vendor's name, and then a value" is tried wherever the name stands, and in
ordinary text names stand everywhere. So it asks first whether anything of the value's shape stands
behind the name (``needs``).
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

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


class _Beginning(NamedTuple):
    """How a value begins.

    Args:
        expression: Matches it.
        characters: As a class: those that stand in a row in it.
        run: How many do.
    """

    expression: str
    characters: str
    run: int


_REFERENCES: Final = {
    "<<hex32>>": _Beginning(SHAPES["hex32"], "[0-9a-fA-F]", 32),
    "<<hex40>>": _Beginning(SHAPES["hex40"], "[0-9a-fA-F]", 40),
    "<<hex64>>": _Beginning(SHAPES["hex64"], "[0-9a-fA-F]", 64),
    "<<uuid>>": _Beginning(SHAPES["uuid"], "[0-9a-fA-F-]", 36),
    # The beginning of one is enough.
    "<<opaque>>": _Beginning(
        r"(?=[A-Za-z]{0,100}\d)(?=\d{0,29}[A-Za-z]|\d{30})[A-Za-z0-9]{16}|[A-Z]{20}|[a-z]{20}|"
        r"(?=[\d.-]{0,80}[A-Za-z])(?=[A-Za-z0-9.-]{16})(?=[A-Za-z]{0,40}\d)[A-Za-z0-9]{4,60}[-.]",
        "[A-Za-z0-9.-]",
        16,
    ),
}
WIDTH: Final = 112
"""No expression of ``shape_of`` looks at more bytes from where it matches."""
RUN: Final = 14
"""Characters that stand in a row in whatever an expression of ``shape_of`` is part of."""
IN_RUNS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.+/-"
"""Those characters."""
_MOST: Final = 64
_REPEATED: Final = re.compile(
    r"(?:\(\?=[^()]*\))?(?P<before>(?:[A-Za-z0-9_-]|\[[A-Za-z0-9]+\])*)"
    r"(?P<characters>\[[A-Za-z0-9_+/-]+\])\{(?P<least>\d+)(?:,\d+)?\}(?:=\{0,2\})?"
)
# A value is no part of a word, but may be glued to a line end that is written \n. Because this
# begins with a class, letters and digits are skipped at memory's speed.
_BEGINS: Final = "[^A-Za-z0-9][nrt]?"


def shape_of(value: str) -> tuple[str, tuple[str, int]]:
    """An expression for bytes that matches where a value of a rule begins, from the byte before on.

    It may match elsewhere too. But for that byte, all that it looks at lies in a run of
    ``IN_RUNS``. It does not match at the beginning of a text, where a keyword stands at most.

    Args:
        value: As the rule says it.

    Returns:
        The expression, and some characters with how many of them stand in a row in all that it
        matches; or "" for values that are short, or that nobody has thought of here.
    """
    beginnings = [_beginning(one) for one in value.split("|")]
    known = [beginning for beginning in beginnings if beginning is not None]
    if len(known) < len(beginnings):
        return "", ("", 0)
    classes = "|".join(beginning.characters for beginning in known)
    characters = "".join(filter(re.compile(classes).match, map(chr, range(128))))
    expression = f"{_BEGINS}(?:{'|'.join(beginning.expression for beginning in known)})"
    return expression, (characters, min(beginning.run for beginning in known))


def _beginning(value: str) -> _Beginning | None:
    if value in _REFERENCES:
        return _REFERENCES[value]
    repeated = _REPEATED.fullmatch(value)
    if repeated is None or int(repeated["least"]) < RUN:
        return None
    before, characters = repeated["before"], repeated["characters"]
    run = min(int(repeated["least"]), _MOST)
    return _Beginning(f"{before}{characters}{{{run}}}", characters, run)
