"""How a rule's matches begin, as an expression over bytes that a multi-pattern engine can run.

Keywords alone stop at too many places: "token" and "://" stand in every other cell. A head is the
first few characters of everything a rule can match (``token``, then ``=``, then four characters of
a value), so stage 2 runs where there is nearly always something to find.

A head is derived from the rule's own expression and only ever matches more: lookarounds are left
out, long repetitions end it, and every character outside ASCII counts as any other. So it can't
lose a finding, and nobody writes one by hand.
"""

from __future__ import annotations

import re

# The parser behind ``re`` is not a documented module. Heads are made by ``compile`` and by the
# plain engine only, and the tests compare them with the expressions they come from.
from re import _constants as sre  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any, Final, NamedTuple

_BUDGETS: Final = (44, 32, 24, 16, 12)
"""How long a head may get, in bytes; what lies behind is left to the rule's own expression."""

_SHORT: Final = 2000
"""Characters of a head that compiles fast. Longer ones are made again with a smaller budget."""

_ENOUGH: Final = 12
"""So many characters of one class behind each other decide; more would only cost states."""

_LONG: Final = 400
"""Bytes that one repeated class may span. The engine counts them cheaply, so they don't use up the
budget."""

_CATEGORIES: Final = {
    sre.CATEGORY_DIGIT: (rb"0-9", rb"\x00-\x2f\x3a-\xff"),
    sre.CATEGORY_SPACE: (rb"\x09-\x0d\x20", rb"\x00-\x08\x0e-\x1f\x21-\xff"),
    sre.CATEGORY_WORD: (rb"0-9A-Z_a-z", rb"\x00-\x2f\x3a-\x40\x5b-\x5e\x60\x7b-\xff"),
}
_OPPOSITE: Final = {
    sre.CATEGORY_NOT_DIGIT: sre.CATEGORY_DIGIT,
    sre.CATEGORY_NOT_SPACE: sre.CATEGORY_SPACE,
    sre.CATEGORY_NOT_WORD: sre.CATEGORY_WORD,
}


class Head(NamedTuple):
    """The beginning of a rule's matches.

    Args:
        expression: Bytes expression without lookarounds, references or unbounded repetitions.
        reach: Most bytes it can match.
    """

    expression: bytes
    reach: int


def head_of(pattern: str, *, short: bool = False) -> Head:
    """The head of a rule's expression.

    Args:
        pattern: As in a rule: Python, ASCII classes, begins at a keyword.
        short: Whether a few characters are enough, because the keyword hardly stands anywhere else
            and the rest of the token may be on the next line.
    """
    if short:
        expression = _CLASS_TIMES.sub(_fewer, head_of(pattern).expression)
        return Head(expression, parser.parse(expression).getwidth()[1])
    nodes = list(parser.parse(pattern, re.ASCII))
    for budget in _BUDGETS:
        piece = _sequence(nodes, budget, ignore_case=False)
        ways = piece.cuts if piece.whole is None else [*piece.cuts, piece.whole]
        expression = b"(?:" + b"|".join(dict.fromkeys(ways)) + b")"
        if len(expression) <= _SHORT:
            break
    return Head(expression, parser.parse(expression).getwidth()[1])


_CLASS_TIMES: Final = re.compile(rb"(\][{])%d[}](?=[|)])" % _ENOUGH)
_FEW: Final = 4


def _fewer(repeat: re.Match[bytes]) -> bytes:
    return repeat[1] + b"%d}" % _FEW


class _Piece(NamedTuple):
    # Everything that the nodes can match, or None where that is too long for the budget.
    whole: bytes | None
    # What that takes from the budget.
    cost: int
    # Beginnings after which the head ends.
    cuts: list[bytes]


def _sequence(nodes: list[Any], budget: int, *, ignore_case: bool) -> _Piece:
    done = b""
    cost = 0
    cuts: list[bytes] = []
    for node in nodes:
        if cost >= budget:
            return _Piece(None, cost, [*cuts, done])
        piece = _node(node, budget - cost, ignore_case=ignore_case)
        cuts += [done + cut for cut in piece.cuts]
        if piece.whole is None:
            return _Piece(None, cost, cuts)
        done += piece.whole
        cost += piece.cost
    return _Piece(done, cost, cuts)


def _node(  # noqa: PLR0911  (one way out for each sort of node)
    node: tuple[Any, Any], budget: int, *, ignore_case: bool
) -> _Piece:
    kind, value = node
    one = _one_character(kind, value, ignore_case=ignore_case)
    if one is not None:
        expression, bytes_each = one
        repeat = b"{1,%d}" % bytes_each if bytes_each > 1 else b""
        return _Piece(expression + repeat, bytes_each, [])
    if kind is sre.LITERAL:  # outside ASCII
        raw = chr(value).encode()
        return _Piece(b"".join(b"\\x%02x" % byte for byte in raw), len(raw), [])
    if kind in (sre.AT, sre.ASSERT, sre.ASSERT_NOT):
        return _Piece(b"", 0, [])
    if kind is sre.SUBPATTERN:
        _group, add, remove, inner = value
        folded = (ignore_case or bool(add & re.IGNORECASE)) and not remove & re.IGNORECASE
        return _grouped(_sequence(list(inner), budget, ignore_case=folded))
    if kind is sre.ATOMIC_GROUP:
        return _grouped(_sequence(list(value), budget, ignore_case=ignore_case))
    if kind is sre.BRANCH:
        return _branches(value[1], budget, ignore_case=ignore_case)
    if kind in (sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT):
        least, most, inner = value
        return _repeated((least, int(most)), inner, budget, ignore_case=ignore_case)
    # Anything else (a reference to a group): the head ends here.
    return _Piece(None, 0, [b""])


def _grouped(piece: _Piece) -> _Piece:
    if piece.whole is None:
        return piece
    return _Piece(b"(?:" + piece.whole + b")", piece.cost, piece.cuts)


def _branches(ways: list[Any], budget: int, *, ignore_case: bool) -> _Piece:
    pieces = [_sequence(list(way), budget, ignore_case=ignore_case) for way in ways]
    whole = [piece.whole for piece in pieces if piece.whole is not None]
    return _Piece(
        b"(?:" + b"|".join(dict.fromkeys(whole)) + b")" if whole else None,
        max((piece.cost for piece in pieces), default=0),
        list(dict.fromkeys(cut for piece in pieces for cut in piece.cuts)),
    )


def _repeated(times: tuple[int, int], inner: Any, budget: int, *, ignore_case: bool) -> _Piece:
    least, most = times
    nodes = list(inner)
    one = _one_character(*nodes[0], ignore_case=ignore_case) if len(nodes) == 1 else None
    if one is not None:
        expression, bytes_each = one
        if least > _ENOUGH or least * bytes_each > budget:
            return _Piece(None, 0, [b"%s{%d}" % (expression, min(least, _ENOUGH))])
        if most * bytes_each <= _LONG:
            whole = b"%s{%d,%d}" % (expression, least, most * bytes_each)
            return _Piece(whole, min(most * bytes_each, _ENOUGH), [])
        fits = min(most, max(least, budget // bytes_each))
        whole = b"%s{%d,%d}" % (expression, least, fits * bytes_each) if fits else b""
        cuts = [b"%s{%d}" % (expression, max(fits, 1))] if fits < most else []
        return _Piece(whole, fits * bytes_each, cuts)
    piece = _sequence(nodes, budget, ignore_case=ignore_case)
    if piece.whole is None or piece.cost > budget:
        return _Piece(
            b"" if least == 0 else None,
            0,
            piece.cuts if piece.whole is None else [piece.whole, *piece.cuts],
        )
    fits = min(most, max(least, 1 if piece.cost == 0 else budget // piece.cost))
    if fits < least or least * piece.cost > budget:
        return _Piece(None, 0, [piece.whole, *piece.cuts])
    cuts = list(piece.cuts)
    if piece.cuts and fits > 1:
        # A later turn may be the one that is cut off.
        cuts = [b"(?:%s){0,%d}%s" % (piece.whole, fits - 1, cut) for cut in piece.cuts]
    if fits < most:
        cuts.append(b"(?:%s){%d}" % (piece.whole, max(fits, 1)))
    whole = b"(?:%s){%d,%d}" % (piece.whole, least, fits) if fits else b""
    return _Piece(whole, fits * piece.cost, cuts)


def _one_character(  # noqa: C901, PLR0911  (one way out for each sort of node)
    kind: Any, value: Any, *, ignore_case: bool
) -> tuple[bytes, int] | None:
    """A byte class that one character of the node begins with, and the most bytes it has."""
    if kind is sre.LITERAL:
        if value > 127:
            return None
        return _byte_class({value}, ignore_case=ignore_case), 1
    if kind is sre.NOT_LITERAL:
        return b"[^%s]" % _escaped(value) if value < 128 else rb"[\x00-\xff]", 4
    if kind is sre.ANY:
        return rb"[^\x0a]", 4
    if kind is not sre.IN:
        return None
    members: set[int] = set()
    beyond = False
    negated = False
    for what, item in value:
        if what is sre.NEGATE:
            negated = True
        elif what is sre.LITERAL:
            members |= {item} if item < 128 else set()
            beyond |= item > 127
        elif what is sre.RANGE:
            members |= set(range(item[0], min(item[1], 127) + 1))
            beyond |= item[1] > 127
        elif what is sre.CATEGORY:
            members |= _category(item)
            beyond |= item in _OPPOSITE
    if ignore_case:
        members = _both_cases(members)
    if negated:
        # What is named beyond ASCII shares its first bytes with what is not.
        return _byte_class(set(range(128)) - members | set(range(128, 256))), 4
    return _byte_class(members | (set(range(128, 256)) if beyond else set())), 4 if beyond else 1


def _category(item: Any) -> set[int]:
    inside, outside = _CATEGORIES[_OPPOSITE.get(item, item)]
    which = outside if item in _OPPOSITE else inside
    return {byte for byte in range(128) if re.match(b"[" + which + b"]", bytes([byte]))}


def _both_cases(members: set[int]) -> set[int]:
    letters = {byte for byte in members if chr(byte).isalpha() and byte < 128}
    return members | {ord(chr(byte).swapcase()) for byte in letters}


def _byte_class(members: set[int], *, ignore_case: bool = False) -> bytes:
    if ignore_case:
        members = _both_cases(members)
    ordered = sorted(members)
    if len(ordered) == 1:
        return _escaped(ordered[0])
    parts = b""
    at = 0
    while at < len(ordered):
        last = at
        while last + 1 < len(ordered) and ordered[last + 1] == ordered[last] + 1:
            last += 1
        parts += _escaped(ordered[at])
        if last > at:
            parts += b"-" + _escaped(ordered[last])
        at = last + 1
    return b"[" + parts + b"]"


def _escaped(byte: int) -> bytes:
    return bytes([byte]) if chr(byte).isalnum() and byte < 128 else b"\\x%02x" % byte
