"""Filters that ask in which column a value stands: of a page, of what pandas prints, of SQL."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from jupyter_agent.screen.candidate import Candidate


def _is_in_other_column(candidate: Candidate) -> bool:
    """Of a table with a head: a column that has another name."""
    text = candidate.text
    begin = candidate.match.start()
    first = max(0, begin - _WIDEST)
    head = text[text.rfind("\n", first, begin) + 1 or first : begin]
    row = text[text.rfind("\n", 0, candidate.start) + 1 : candidate.start]
    line = text[begin : text.find("\n", begin)]
    if head.startswith("||"):  # Jira's heads have two
        head, line = head.replace("||", "|"), line.replace("||", "|")
    for mark in ("|", "\t", ";", ","):
        if mark in head or mark in line:
            cells = (head + line).strip("|\t\r ").split(mark)
            # A sentence with commas has longer ones.
            is_head = len(cells) > 1 and all(0 < len(cell.split()) <= _MOST_WORDS for cell in cells)
            return not is_head or head.count(mark) != row.count(mark)
    return True


def _is_in_other_place(candidate: Candidate) -> bool:
    """Of a table whose columns blanks keep apart: another one than this."""
    text = candidate.text
    named = candidate.match.start()
    first = max(0, named - _WIDEST)
    # (Where the line begins before that, not at the text's beginning, which may be far.)
    head_begin = text.rfind("\n", first, named) + 1 or first
    head = text[head_begin : text.find("\n", named)]
    cells = list(_CELL.finditer(head))
    if len(cells) < _LEAST_COLUMNS or not all(
        len(cell[0].split()) <= _MOST_WORDS for cell in cells
    ):
        return True
    row_begin = text.rfind("\n", 0, candidate.start) + 1
    row_end = text.find("\n", candidate.start)
    row = list(_CELL.finditer(text[row_begin : row_end if row_end >= 0 else len(text)]))
    more = len(row) - len(cells)
    start, end = candidate.start - row_begin, candidate.end - row_begin
    place = next((n for n, cell in enumerate(row) if cell.span() == (start, end)), -1)
    column = next(n for n, cell in enumerate(cells) if cell.end() > named - head_begin)
    # Of what pandas prints, a number stands before each row.
    return more not in (0, 1) or place != column + more


_CELL: Final = re.compile(r"\S+(?: \S+)*")
_LEAST_COLUMNS: Final = 2
_WIDEST: Final = 160
_MOST_WORDS: Final = 3


# A text of SQL, in which a comma divides nothing, or what opens, divides or closes.
_TOKEN: Final = re.compile(r"'[^'\n]*'|\"[^\"\n]*\"|[(),]")
_SECRET_COLUMN: Final = re.compile(
    r"[\w\"`\[\].]{0,40}?(?<![A-Za-z])(?:pass(?:word|wd|phrase|code)?|pwd?|contrase\u00f1a|clave|senha|"
    r"mdp|kennwort|passwort|secret|(?:access_?|auth_?|api_?)?token|api_?key|secret_?key|pin)"
    r"(?:_?(?:plain|clear|text|value|hash))?[\"`\]]?",
    re.IGNORECASE,
)


def _is_other_value(candidate: Candidate) -> bool:
    """Of ``INSERT INTO users (name, password) VALUES ('ana', '…')``: what goes into another column.

    The rule's expression names the columns, and finds the rows in one piece.
    """
    match = candidate.match
    number = depth = 0
    for token in _TOKEN.finditer(candidate.text, match.start("secret"), candidate.start - 1):
        sign = token[0]
        if sign == "(":
            depth += 1
            number = 0 if depth == 1 else number
        elif sign == ")":
            depth -= 1
        elif sign == "," and depth == 1:
            number += 1
    columns = match["columns"].split(",")
    return number >= len(columns) or not _SECRET_COLUMN.fullmatch(columns[number].strip())


COLUMNS: Final[Mapping[str, Callable[[Candidate], bool]]] = {
    "other-column": _is_in_other_column,
    "other-place": _is_in_other_place,
    "other-value": _is_other_value,
}
"""By the name that rules use. True means: harmless, drop the candidate."""
