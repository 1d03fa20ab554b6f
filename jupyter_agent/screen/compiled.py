"""Stage 1 on hyperscan: one pass over a text, whatever the number of rules."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final

from jupyter_agent.screen.anchors import Gate, Hits, Seen, Words, folded, in_order
from jupyter_agent.screen.blobs import blobs, outside
from jupyter_agent.screen.deadline import Deadline
from jupyter_agent.screen.disguise import BLOCK, SIGNS, blocks
from jupyter_agent.screen.many import Together
from jupyter_agent.screen.need import Need
from jupyter_agent.screen.processors import scan_all
from jupyter_agent.screen.rule import GATE_REACH

_PIECE: Final = 131_072
"""Bytes that are scanned between two looks at the clock."""
_AT_ONCE: Final = 40
"""Pieces whose reports are kept before they are looked at; of a hostile text they are large."""
_SHORT: Final = 1_024
"""Bytes in which looking for a few words costs less than finding out where to look."""
_FEW: Final = 8
"""Reports that are looked at one by one. Of more, those about one keyword share a look."""
_MANY: Final = 1_024
"""Places of a rule that take longer to sort than a look at the clock, which takes microseconds."""
OVERLAP: Final = 4 * GATE_REACH
"""Bytes that are scanned twice, so that nothing is lost where two pieces meet."""
_End = tuple[int, int]
"""What hyperscan reports: the number of an expression, and where a match of it ends."""
_Spare = tuple[Any, list[_End], Callable[[_End], None]]
"""Scratch space, a list that is empty, and what adds to it."""
_LONG: Final[list[_End]] = [(-1, -1)]
"""Stands for what has yet to be scanned, in pieces and by the clock."""


class CompiledAnchors:
    """A hyperscan database: two microseconds for 2,000 characters.

    Args:
        words: The same that were compiled.
        needs: What each rule needs beside its keyword, by its index.
        database: What ``compile_anchors`` gave. hyperscan trusts these bytes, so they must come
            from this process or have been authenticated.

    Raises:
        ImportError: hyperscan can't be imported here.
        ValueError: hyperscan does not accept the database, for instance from another CPU.
    """

    patience = 1.0

    def __init__(self, words: Words, needs: Sequence[Need | None], database: bytes) -> None:
        import hyperscan  # noqa: PLC0415  (15 ms that a cell without it must not pay)

        self._needs = needs
        self._alone = [(len(word), who) for word, _, who in words.alone]
        self._gates = words.gates
        self._first_gate = len(self._alone)
        try:
            self._database = hyperscan.loadb(database, hyperscan.HS_MODE_BLOCK)
            spare = hyperscan.Scratch(self._database)
        except hyperscan.error as problem:
            raise ValueError("hyperscan does not accept this database") from problem
        self._scan: Any = self._database.scan  # it takes any buffer, and its types say otherwise
        self._new_scratch = hyperscan.Scratch
        # Scratch space belongs to one scan at a time, and so does a list of reports; list.pop and
        # append are atomic, so threads take one each without a lock.
        self._spares: list[_Spare] = [_spare(spare)]
        self._together = Together(self._alone, len(self._gates), needs, self._reported)

    def noticed(self, data: bytes) -> Sequence[_End]:
        """See ``Anchors.noticed``: what hyperscan reports about a text of one piece.

        It is all in one place, because most texts end here.
        """
        if len(data) > _PIECE:
            return _LONG
        try:
            spare = self._spares.pop()
        except IndexError:
            spare = _spare(self._new_scratch(self._database))
        scratch, ends, add = spare
        self._scan(data, _note, 0, add, scratch)
        if ends:
            self._spares.append(_spare(scratch))
            # Gates and signs ask for more by themselves.
            if len(ends) > _FEW or max(ends)[0] >= self._first_gate:
                return ends
            return ends if self._is_promising(data, ends) else ()
        # Most texts are clean, and leave the list as it was.
        self._spares.append(spare)
        return ()

    def among(self, texts: Sequence[str]) -> Iterator[tuple[int, Sequence[_End] | None]]:
        """See ``Anchors.among``."""
        return self._together.among(texts)

    def _reported(self, data: bytes | memoryview) -> Sequence[_End]:
        """All that hyperscan reports about some bytes."""
        try:
            scratch, ends, add = self._spares.pop()
        except IndexError:
            scratch, ends, add = _spare(self._new_scratch(self._database))
        self._scan(data, _note, 0, add, scratch)
        self._spares.append(_spare(scratch))
        return ends

    def _is_promising(self, data: bytes, ends: Sequence[_End]) -> bool:
        """Whether there is more than vendors' names beside which nothing looks like a value.

        Four of ten texts with a keyword end here.
        """
        alone = self._alone
        needs = self._needs
        is_ascii = data.isascii()
        for part, end in ends:
            length, who = alone[part]
            for index in who:
                need = needs[index]
                if need is None or not need.early or need.stands(data, end - length, is_ascii):
                    return True
        return False

    def seen(self, data: bytes, noticed: Sequence[_End], deadline: Deadline) -> Seen:
        """See ``Anchors.seen``."""
        if len(data) <= _SHORT:
            return self._seen_at_once(data, noticed, deadline)
        places = _Places(self._alone, self._gates)
        middles = blobs(data)
        if noticed is not _LONG:
            places.add(noticed, (0, len(data)), data)
            return places.seen(data, middles, deadline)
        view = memoryview(data)  # a piece of it is no copy
        pieces = list(_pieces(len(data), middles))
        for first in range(0, len(pieces), _AT_ONCE):
            some = pieces[first : first + _AT_ONCE]
            views = [view[begin:end] for begin, end in some]
            reports = scan_all(self._reported, views, deadline.check_now)
            # What a name needs lies within the overlap, so it is all there in one of two pieces.
            for ends, piece in zip(reports, some, strict=True):
                places.add(ends, piece, data)
        return places.seen(data, middles, deadline)

    def _seen_at_once(self, data: bytes, ends: Iterable[_End], deadline: Deadline) -> Seen:
        """``_Places`` for a text so short that a gate is best looked for in all of it."""
        alone = self._alone
        first_gate = self._first_gate
        first_sign = first_gate + len(self._gates)
        by_rule: dict[int, Sequence[int]] = {}
        signs: set[tuple[int, int]] = set()
        gates: dict[int, list[int]] = {}
        for part, end in ends:
            if part < first_gate:
                length, who = alone[part]
                for index in who:
                    if index in by_rule:
                        by_rule[index] = in_order([*by_rule[index], end - length])
                    else:
                        by_rule[index] = [end - length]
            elif part < first_sign:
                gates.setdefault(part - first_gate, []).append(end)
            elif (sign := SIGNS[part - first_sign]).longest:
                signs.update((part - first_sign, at) for at in blocks(sign, data, 0, len(data)))
            else:
                signs.add((part - first_sign, end // BLOCK))
        if gates:
            self._add_gates(gates, data, by_rule, deadline)
        return sorted(by_rule.items()), signs

    def _add_gates(
        self,
        fired: dict[int, list[int]],
        data: bytes,
        by_rule: dict[int, Sequence[int]],
        deadline: Deadline,
    ) -> None:
        """Where the gates with these numbers match, of which the ends are known."""
        whole = folded(data)
        # Families of gates share their keywords.
        standing: dict[tuple[bytes, ...], list[int]] = {}
        for number, ends in fired.items():
            gate = self._gates[number]
            places = standing.get(gate.keywords)
            if places is None:
                places = standing[gate.keywords] = gate.stands(whole, deadline)
                if len(places) > 1:
                    places.sort()
            begins = places
            if len(places) > 1:
                ends.sort()
                begins = gate.begins_before(ends, data, places)
            if begins:
                for index in gate.who:
                    by_rule[index] = begins


def _pieces(length: int, middles: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Where the pieces begin and end in which a long text is scanned, but for the middles of blobs.

    Each overlaps with its neighbours.
    """
    done = 0
    for begin, end in (*middles, (length, length)):
        stop = min(begin + OVERLAP, length)
        while True:
            piece_end = min(done + _PIECE, stop)
            yield done, piece_end
            if piece_end == stop:
                break
            done = piece_end - OVERLAP
        done = max(done, end - OVERLAP)


def _spare(scratch: Any) -> _Spare:
    ends: list[_End] = []
    return scratch, ends, ends.append


def _note(part: Any, _start: Any, end: Any, _flags: Any, add: Any) -> None:
    """Hyperscan calls this for each match, with a list's ``append``.

    Its numbers are passed on as they come: as ``int`` machine code would unpack and pack them.
    """
    add((part, end))


class _Places:
    """Turns what hyperscan reports into places.

    Only the end of a match is known. Where a gate begins is looked up in the bytes before, once for
    ends that lie close together.

    Args:
        alone: For each word without a gate its length, and whom it concerns.
        gates: The gates; hyperscan numbers them behind the words, and the signs behind them.
    """

    __slots__ = ("_alone", "_by_rule", "_gates", "_signs", "_stretches")

    def __init__(self, alone: Sequence[tuple[int, tuple[int, ...]]], gates: Sequence[Gate]) -> None:
        self._alone = alone
        self._gates = gates
        self._by_rule: dict[int, list[int]] = {}
        self._stretches: dict[int, list[list[int]]] = {}
        self._signs: set[tuple[int, int]] = set()

    def add(self, ends: Iterable[_End], piece: tuple[int, int], data: bytes) -> None:
        """Take in what was reported about a piece.

        Args:
            ends: In the order in which hyperscan reports them.
            piece: Where it begins and ends. It may begin in one that was taken in before.
            data: The whole text.
        """
        offset, stop = piece
        alone = self._alone
        by_rule = self._by_rule
        stretches = self._stretches
        first_gate = len(alone)
        first_sign = first_gate + len(self._gates)
        for part, piece_end in ends:
            end = offset + piece_end
            if part < first_gate:
                length, who = alone[part]
                at = end - length
                for index in who:
                    places = by_rule.get(index)
                    if places is None:
                        by_rule[index] = [at]
                    else:
                        places.append(at)
            elif part < first_sign:
                begin = end - GATE_REACH if end > GATE_REACH else 0
                so_far = stretches.get(part)
                if so_far is None:
                    stretches[part] = [[begin, end]]
                elif begin > so_far[-1][1]:
                    so_far.append([begin, end])
                elif end > so_far[-1][1]:
                    so_far[-1][1] = end
            elif (sign := SIGNS[part - first_sign]).longest:
                # What is reported is the end of the first one.
                found = blocks(sign, data, max(0, end - sign.longest), stop)
                self._signs.update((part - first_sign, block) for block in found)
            else:
                self._signs.add((part - first_sign, end // BLOCK))

    def seen(self, data: bytes, middles: Sequence[tuple[int, int]], deadline: Deadline) -> Seen:
        """What stage 1 says about the whole text, of which some are the middles of blobs."""
        by_rule = self._by_rule
        for index, places in by_rule.items():
            if len(places) > _MANY:
                deadline.check_now()
            if len(places) > 1:
                by_rule[index] = in_order(places)
        first_gate = len(self._alone)
        for part, stretches in self._stretches.items():
            gate = self._gates[part - first_gate]
            begins: list[int] = []
            for begin, end in stretches:
                # A keyword may end behind the gate: "pass is " and its gate "pass is".
                stretch = folded(data[begin : end + gate.longest])
                begins += gate.begins_in(data, stretch, begin, deadline)
            if begins:
                for index in gate.who:
                    by_rule[index] = begins
        hits: list[Hits] = sorted(by_rule.items())
        if middles:
            there = ((index, outside(places, middles)) for index, places in hits)
            hits = [hit for hit in there if hit[1]]
        return hits, self._signs


def compile_anchors(words: Words) -> bytes:
    """Compile into a serialized hyperscan database.

    Args:
        words: Of the catalogue's rules.

    Raises:
        ImportError: hyperscan can't be imported here.
    """
    import hyperscan  # noqa: PLC0415

    expressions: list[bytes] = []
    flags: list[int] = []
    for word, is_folded, _ in words.alone:
        expressions.append(b"".join(b"\\x%02x" % byte for byte in word))
        flags.append(hyperscan.HS_FLAG_CASELESS if is_folded else 0)
    expressions += [gate.expression for gate in words.gates]
    flags += [0] * len(words.gates)
    expressions += [sign.in_bytes for sign in SIGNS]
    flags += [hyperscan.HS_FLAG_SINGLEMATCH if sign.longest else 0 for sign in SIGNS]
    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    database.compile(expressions=expressions, ids=list(range(len(expressions))), flags=flags)
    return bytes(hyperscan.dumpb(database))


def engine_name() -> str:
    """What hyperscan writes into a database and checks when it loads one: version and CPU."""
    try:
        import hyperscan  # noqa: PLC0415

        probe: Any = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
        probe.compile(expressions=[b"probe"], ids=[0], flags=[0], literal=True)
        engine = repr(probe.info())
    except ImportError:
        engine = "none"
    return f"{engine} {sys.platform} {_machine()}"


def _machine() -> str:
    uname = getattr(os, "uname", None)  # not on Windows
    if uname is not None:
        return str(uname().machine)
    from platform import machine  # noqa: PLC0415  (20 ms that others need not wait)

    return machine()
