"""Stage 1: where in a text may a rule's match begin?

Two engines give the same answer. ``PlainAnchors`` needs nothing and is ready at once;
``CompiledAnchors`` is hyperscan, one pass whatever the number of rules. Both look at UTF-8 bytes. A
place counts when one of the rule's keywords stands there and, where the rule has a gate, the gate
matches there. Because stages 2 and 3 only see these places, both engines lead to the same findings
by construction.

The same pass tells which disguises (``disguise.SIGNS``) the text shows.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, NamedTuple, Protocol

from jupyter_agent.screen.disguise import SIGNS
from jupyter_agent.screen.rule import GATE_REACH, Rule

Hit = tuple[int, int]
"""A rule's index, and the byte offset at which (with a window: near which) a match may begin."""

_EVERY: Final = 256
"""Matches of stage 1 between two looks at the clock."""


class Seen(NamedTuple):
    """What stage 1 says about a text.

    Args:
        hits: Sorted, without repetition.
        signs: Index into ``disguise.SIGNS`` and byte offset of the end, sorted, without repetition.
    """

    hits: list[Hit]
    signs: list[tuple[int, int]]


NOTHING: Final = Seen([], [])


class Anchors(Protocol):
    """Finds the places.

    Attributes:
        patience: How many time budgets a text gets; see ``Deadline``.
    """

    patience: float

    def seen(self, data: bytes, check_time: Callable[[], None]) -> Seen:
        """Every place, and every sign of a disguise.

        Args:
            data: UTF-8, with surrogates passed through.
            check_time: Raises when the text's time is used up.
        """
        ...


class _Gate:
    """A gate and the rules behind it: families of rules share one."""

    def __init__(self, expression: str, keywords: set[bytes], who: Sequence[int]) -> None:
        self.expression = expression.encode()
        self.matches_at = re.compile(self.expression).match
        # Where "password" stands "pass" does too, and the gate decides either way.
        self.keywords = sorted(
            word for word in keywords if not any(word.startswith(w) for w in keywords - {word})
        )
        self.who = tuple(who)


class _Words:
    """Who wants to know about which keyword, and through which gate."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        alone: dict[tuple[bytes, bool], list[int]] = {}
        gated: dict[str, list[int]] = {}
        for index, rule in enumerate(rules):
            if rule.gate:
                gated.setdefault(rule.gate, []).append(index)
                continue
            for keyword in rule.keywords:
                alone.setdefault((keyword.encode(), rule.folded), []).append(index)
        # In one order, the same in every process: a database knows its parts by number.
        self.alone = [(word, folded, tuple(who)) for (word, folded), who in sorted(alone.items())]
        self.gates = [
            _Gate(expression, {k.lower().encode() for i in who for k in rules[i].keywords}, who)
            for expression, who in sorted(gated.items())
        ]


class PlainAnchors:
    """A search for each keyword that can be there at all: some microseconds a cell.

    Args:
        rules: The catalogue's rules.
    """

    patience = 8.0  # it is that much slower on ordinary cells, see bench_screen

    def __init__(self, rules: Sequence[Rule]) -> None:
        words = _Words(rules)
        # What to do where a word stands: the word, how it is written, its gate, the rules.
        tasks: list[tuple[bytes, bytes | None, _Gate | None, tuple[int, ...]]] = []
        for word, folded, who in words.alone:
            tasks.append((_lowered(word), None if folded else word, None, who))
        for gate in words.gates:
            tasks += [(word, None, gate, gate.who) for word in gate.keywords]
        # A word can only be there if its rarest three characters are, so most are never looked for.
        common = Counter(three for task in tasks for three in set(_threes(task[0])))
        self._by_three: dict[tuple[int, int, int], list[Any]] = {}
        self._always: list[Any] = []
        for task in tasks:
            threes = sorted(_threes(task[0]), key=lambda three: (common[three], three))
            (self._by_three.setdefault(threes[0], []) if threes else self._always).append(task)
        self._signs = tuple(
            (sign.needles, re.compile(b"(?=(%s))" % sign.in_bytes)) for sign in SIGNS
        )

    def seen(self, data: bytes, check_time: Callable[[], None]) -> Seen:
        """See ``Anchors.seen``."""
        found: set[Hit] = set()
        # Folds ASCII only and so keeps every offset; str.lower would not.
        folded = data.lower()
        tasks = list(self._always)
        for three in self._by_three.keys() & set(_threes(folded)):
            tasks += self._by_three[three]
        for word, exact, gate, who in tasks:
            at = folded.find(word)
            while at >= 0:
                check_time()
                if (exact is None or data.startswith(exact, at)) and (
                    gate is None or gate.matches_at(data, at)
                ):
                    found.update((index, at) for index in who)
                at = folded.find(word, at + 1)
        return Seen(sorted(found), self._signs_in(data, check_time))

    def _signs_in(self, data: bytes, check_time: Callable[[], None]) -> list[tuple[int, int]]:
        signs: set[tuple[int, int]] = set()
        for index, (needles, sign) in enumerate(self._signs):
            if any(needle in data for needle in needles):
                for match in sign.finditer(data):
                    check_time()
                    signs.add((index, match.end(1)))
        return sorted(signs)


def _lowered(word: bytes) -> bytes:
    return word.lower()


def _threes(data: bytes) -> Iterable[tuple[int, int, int]]:
    return zip(data, data[1:], data[2:], strict=False)


class CompiledAnchors:
    """A hyperscan database: about two microseconds for 2,000 characters.

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

        words = _Words(rules)
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

    def seen(self, data: bytes, check_time: Callable[[], None]) -> Seen:
        """See ``Anchors.seen``."""
        ends: list[tuple[int, int]] = []
        try:
            scratch = self._scratches.pop()
        except IndexError:
            scratch = self._new_scratch(self._database)
        try:
            self._database.scan(data, _note, context=(ends, check_time), scratch=scratch)
        finally:
            self._scratches.append(scratch)
        return self._placed(data, ends, check_time) if ends else NOTHING

    def _placed(
        self, data: bytes, ends: list[tuple[int, int]], check_time: Callable[[], None]
    ) -> Seen:
        found: set[Hit] = set()
        signs: set[tuple[int, int]] = set()
        alone = self._alone
        first_gate = len(alone)
        first_sign = first_gate + len(self._gates)
        # hyperscan tells where a gate ends. Where it begins is looked up in the bytes before, once
        # for ends that lie close together.
        stretches: dict[int, list[list[int]]] = {}
        for part, end in ends:
            if part < first_gate:
                length, who = alone[part]
                at = end - length
                for index in who:
                    found.add((index, at))
            elif part < first_sign:
                begin = end - GATE_REACH if end > GATE_REACH else 0
                so_far = stretches.setdefault(part - first_gate, [])
                if so_far and begin <= so_far[-1][1]:
                    so_far[-1][1] = max(end, so_far[-1][1])
                else:
                    so_far.append([begin, end])
            else:
                signs.add((part - first_sign, end))
        for part, so_far in stretches.items():
            gate = self._gates[part]
            for begin, end in so_far:
                _find_begins(gate, data, begin, end, found, check_time)
        return Seen(sorted(found), sorted(signs))


def _note(
    part: int,
    _start: int,
    end: int,
    _flags: int,
    context: tuple[list[tuple[int, int]], Callable[[], None]],
) -> None:
    """hyperscan calls this for each match."""
    ends, check_time = context
    ends.append((part, end))
    if not len(ends) % _EVERY:
        check_time()  # what it raises ends the scan


def _find_begins(  # noqa: PLR0913, PLR0917  (the hot loop)
    gate: _Gate,
    data: bytes,
    begin: int,
    end: int,
    found: set[Hit],
    check_time: Callable[[], None],
) -> None:
    folded = data[begin:end].lower()
    matches_at = gate.matches_at
    for word in gate.keywords:
        at = folded.find(word)
        while at >= 0:
            check_time()
            if matches_at(data, begin + at):
                found.update((index, begin + at) for index in gate.who)
            at = folded.find(word, at + 1)


def compile_anchors(rules: Sequence[Rule]) -> bytes:
    """Compile into a serialized hyperscan database.

    Args:
        rules: The catalogue's rules.

    Raises:
        ImportError: hyperscan can't be imported here.
    """
    import hyperscan  # noqa: PLC0415

    words = _Words(rules)
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
