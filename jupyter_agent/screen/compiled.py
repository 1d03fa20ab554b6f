"""Stage 1 on hyperscan: one pass over a text, whatever the number of rules."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any, Final

from jupyter_agent.screen.anchors import NOTHING, Gate, Hit, Seen, Words
from jupyter_agent.screen.deadline import Deadline
from jupyter_agent.screen.disguise import BLOCK, SIGNS
from jupyter_agent.screen.rule import GATE_REACH, Rule

_PIECE: Final = 65_536
"""Bytes that are scanned between two looks at the clock."""
_OVERLAP: Final = 4 * GATE_REACH
"""Bytes that are scanned twice, so that nothing is lost where two pieces meet."""
_End = tuple[int, int]
"""What hyperscan reports: the number of an expression, and where a match of it ends."""


class CompiledAnchors:
    """A hyperscan database: two microseconds for 2,000 characters.

    Args:
        rules: The same, in the same order, that were compiled.
        database: What ``compile_anchors`` gave. hyperscan trusts these bytes, so they must come
            from this process or have been authenticated.

    Raises:
        ImportError: hyperscan can't be imported here.
        ValueError: hyperscan does not accept the database, for instance from another CPU.
    """

    patience = 1.0

    def __init__(self, rules: Sequence[Rule], database: bytes) -> None:
        import hyperscan  # noqa: PLC0415  (15 ms that a cell without it must not pay)

        words = Words(rules)
        self._alone = [(len(word), who) for word, _, who in words.alone]
        self._gates = words.gates
        try:
            self._database = hyperscan.loadb(database, hyperscan.HS_MODE_BLOCK)
            spare = hyperscan.Scratch(self._database)
        except hyperscan.error as problem:
            raise ValueError("hyperscan does not accept this database") from problem
        # Scratch space belongs to one scan at a time; list.pop and append are atomic, so threads
        # take one each without a lock.
        self._scratches: list[Any] = [spare]
        self._new_scratch = hyperscan.Scratch

    def seen(self, data: bytes, deadline: Deadline) -> Seen:
        """See ``Anchors.seen``."""
        ends: list[_End] = []
        try:
            scratch = self._scratches.pop()
        except IndexError:
            scratch = self._new_scratch(self._database)
        try:
            if len(data) > _PIECE:
                return self._seen_in_pieces(data, scratch, deadline)
            self._database.scan(data, _note, context=ends.append, scratch=scratch)
        finally:
            self._scratches.append(scratch)
        if not ends:
            return NOTHING
        found: set[Hit] = set()
        signs: set[tuple[int, int]] = set()
        self._place(data, ends, found, signs, deadline)
        return Seen(sorted(found), signs)

    def _seen_in_pieces(self, data: bytes, scratch: Any, deadline: Deadline) -> Seen:
        found: set[Hit] = set()
        signs: set[tuple[int, int]] = set()
        for begin in range(0, len(data), _PIECE):
            ends: list[_End] = []
            start = max(0, begin - _OVERLAP)
            deadline.check_now()
            piece = data[start : begin + _PIECE]
            self._database.scan(piece, _note, context=ends.append, scratch=scratch)
            deadline.check_now()
            moved = [(part, start + end) for part, end in ends]
            self._place(data, moved, found, signs, deadline)
        return Seen(sorted(found), signs) if found or signs else NOTHING

    def _place(
        self,
        data: bytes,
        ends: list[_End],
        found: set[Hit],
        signs: set[tuple[int, int]],
        deadline: Deadline,
    ) -> None:
        """Turn what hyperscan reports into places."""
        alone = self._alone
        first_gate = len(alone)
        first_sign = first_gate + len(self._gates)
        # Only the end of a match is known. Where a gate begins is looked up in the bytes before,
        # once for ends that lie close together.
        stretches: dict[int, list[list[int]]] = {}
        for part, end in ends:
            if part < first_gate:
                length, who = alone[part]
                at = end - length
                for index in who:
                    found.add((index, at))
            elif part < first_sign:
                begin = end - GATE_REACH if end > GATE_REACH else 0
                so_far = stretches.get(part)
                if so_far is None:
                    stretches[part] = [[begin, end]]
                elif begin <= so_far[-1][1]:
                    so_far[-1][1] = end
                else:
                    so_far.append([begin, end])
            else:
                signs.add((part - first_sign, end // BLOCK))
        for part, so_far in stretches.items():
            gate = self._gates[part - first_gate]
            for begin, end in so_far:
                _add_begins(gate, data, begin, end, found, deadline)


def _note(part: int, _start: int, end: int, _flags: int, add: Any) -> None:
    """Hyperscan calls this for each match, with a list's ``append``."""
    add((part, end))


def _add_begins(  # noqa: PLR0913, PLR0917  (the hot loop)
    gate: Gate, data: bytes, begin: int, end: int, found: set[Hit], deadline: Deadline
) -> None:
    folded = data[begin:end].lower()
    matches_at = gate.matches_at
    for word in gate.keywords:
        at = folded.find(word)
        while at >= 0:
            deadline.check()
            if matches_at(data, begin + at):
                for index in gate.who:
                    found.add((index, begin + at))
            at = folded.find(word, at + 1)


def compile_anchors(rules: Sequence[Rule]) -> bytes:
    """Compile into a serialized hyperscan database.

    Args:
        rules: The catalogue's rules.

    Raises:
        ImportError: hyperscan can't be imported here.
    """
    import hyperscan  # noqa: PLC0415

    words = Words(rules)
    expressions: list[bytes] = []
    flags: list[int] = []
    for word, folded, _ in words.alone:
        expressions.append(b"".join(b"\\x%02x" % byte for byte in word))
        flags.append(hyperscan.HS_FLAG_CASELESS if folded else 0)
    expressions += [gate.expression for gate in words.gates]
    expressions += [sign.in_bytes for sign in SIGNS]
    flags += [0] * (len(expressions) - len(flags))
    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    database.compile(expressions=expressions, ids=list(range(len(expressions))), flags=flags)
    return bytes(hyperscan.dumpb(database))


def engine_name() -> str:
    """What hyperscan writes into a database and checks when it loads one: version and CPU."""
    from platform import machine  # noqa: PLC0415

    try:
        import hyperscan  # noqa: PLC0415

        probe = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
        probe.compile(expressions=[b"probe"], ids=[0], flags=[0], literal=True)
        engine = repr(probe.info())
    except ImportError:
        engine = "none"
    return f"{engine} {sys.platform} {machine()}"
