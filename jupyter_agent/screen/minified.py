"""Programs without blanks, such as the libraries that plots bring along in their outputs.

Their names have one or two letters (``pw``) or come from drawing (``renderPass``), and beside them
stands whatever a program has. A notebook whose plotly was masked here and there shows no plots.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from jupyter_agent.screen.candidate import Candidate

_AROUND: Final = 300
"""Characters on each side that are looked at."""
_BLANKS: Final = 12
"""Prose and ordinary code have more than one blank in so many characters."""
_MARKS: Final = re.compile(
    r"function|return|=>|this\.|void 0|![01]\b|&&|\|\||\)\{|[,;({][A-Za-z_$]{1,2}=|[?:][a-z]\b"
)
_LEAST: Final = 75
"""A program has more than one of these marks in so many characters; data has hardly any."""
_LIST: Final = re.compile(r"(?:[\w$.]{2,40}\|){12}")
_QUOTES: Final = "\"'`"
_SHORTEST: Final = 8


def is_minified(candidate: Candidate) -> bool:
    """Whether a value is a piece of such a program, or of a list of words in one.

    A literal with letters and digits is none: passwords stand in programs like that.
    """
    text, start, end = candidate.text, candidate.start, candidate.end
    around = text[max(0, start - _AROUND) : end + _AROUND]
    if len(around) < _AROUND or around.count(" ") * _BLANKS > len(around):
        return False
    value = candidate.value
    if (
        len(value) >= _SHORTEST
        and text[start - 1 : start] in _QUOTES
        and text[end : end + 1] in _QUOTES
        and any(map(str.isdecimal, value))
        and any(map(str.isalpha, value))
    ):
        return False
    if len(_MARKS.findall(around)) * _LEAST > len(around):
        return True
    return "\n" not in around and _LIST.search(around) is not None
