"""Stage 1: where in a text may a rule's match begin?

Two engines give the same answer. ``PlainAnchors`` needs nothing and is ready at once;
``CompiledAnchors`` is hyperscan, one pass whatever the number of rules. Both look at UTF-8 bytes. A
place counts when one of the rule's keywords stands there and the rule's head (``heads``) matches
there. Because stages 2 and 3 only see these places, both engines lead to the same findings by
construction.

The same pass tells which disguises (``disguise.SIGNS``) the text shows.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from typing import Any, Final, NamedTuple, Protocol

from jupyter_agent.screen.disguise import SIGNS
from jupyter_agent.screen.heads import Head, head_of
from jupyter_agent.screen.rule import VENDOR_RANK, Rule

Hit = tuple[int, int]
"""A rule's index, and the byte offset at which (with a window: near which) a match may begin."""


class Seen(NamedTuple):
    """What stage 1 says about a text.

    Args:
        hits: Sorted, without repetition.
        signs: Index into ``disguise.SIGNS`` and byte offset of the end, sorted, without repetition.
    """

    hits: list[Hit]
    signs: list[tuple[int, int]]


NOTHING: Final = Seen([], [])


class Probe:
    """What stage 1 has to know about one rule.

    Args:
        rule: The rule.
        head: Its head where that was worked out before, or None.
    """

    def __init__(self, rule: Rule, head: Head | None = None) -> None:
        self.keywords = tuple(keyword.encode() for keyword in rule.keywords)
        self.has_head = rule.window is None
        self._pattern = rule.pattern
        self._short = bool(rule.rank == VENDOR_RANK and rule.prefixes)
        self._given = head

    @cached_property
    def head(self) -> Head:
        """See ``heads``; for rules without a window only."""
        return self._given or head_of(self._pattern, short=self._short)

    @cached_property
    def begins(self) -> re.Pattern[bytes]:
        """Matches where the head does."""
        return re.compile(self.head.expression)


class Anchors(Protocol):
    """Finds the places."""

    def seen(self, data: bytes, check_time: Callable[[], None]) -> Seen:
        """Every place, and every sign of a disguise.

        Args:
            data: UTF-8, with surrogates passed through.
            check_time: Raises when the text's time is used up.
        """
        ...


class PlainAnchors:
    """One search for each keyword that can be there at all: a tenth of a millisecond a cell.

    Args:
        probes: One for each rule.
    """

    def __init__(self, probes: Sequence[Probe]) -> None:
        of_keyword: dict[bytes, list[tuple[int, Probe]]] = {}
        for index, probe in enumerate(probes):
            for keyword in probe.keywords:
                of_keyword.setdefault(keyword, []).append((index, probe))
        self._of_keyword = tuple(
            (keyword, frozenset(_threes(keyword)), rules) for keyword, rules in of_keyword.items()
        )
        self._signs = tuple(
            (sign.needles, re.compile(b"(?=(%s))" % sign.in_bytes)) for sign in SIGNS
        )

    def seen(self, data: bytes, check_time: Callable[[], None]) -> Seen:
        """See ``Anchors.seen``."""
        found: set[Hit] = set()
        # bytes.lower folds ASCII only and so keeps every offset; str.lower would not.
        folded = data.lower()
        # Most keywords have three characters in a row that the text has nowhere.
        present = set(_threes(folded))
        for keyword, threes, rules in self._of_keyword:
            if not threes <= present:
                continue
            at = folded.find(keyword)
            while at >= 0:
                for index, probe in rules:
                    check_time()
                    if not probe.has_head or probe.begins.match(data, at):
                        found.add((index, at))
                at = folded.find(keyword, at + 1)
            check_time()
        signs: set[tuple[int, int]] = set()
        for index, (needles, sign) in enumerate(self._signs):
            check_time()
            if any(needle in data for needle in needles):
                for match in sign.finditer(data):
                    check_time()
                    signs.add((index, match.end(1)))
        return Seen(sorted(found), sorted(signs))


def _threes(data: bytes) -> Iterable[tuple[int, int, int]]:
    return zip(data, data[1:], data[2:], strict=False)


class CompiledAnchors:
    """A hyperscan database: about two microseconds for 2,000 characters.

    Args:
        probes: The same, in the same order, that were compiled.
        database: What ``compile_probes`` gave. hyperscan trusts these bytes, so they must come
            from this process or have been authenticated.

    Raises:
        ImportError: hyperscan can't be imported here.
        ValueError: hyperscan does not accept the database, for instance from another CPU.
    """

    def __init__(self, probes: Sequence[Probe], database: bytes) -> None:
        import hyperscan  # noqa: PLC0415  (15 ms that a cell without it must not pay)

        self._probes = tuple(probes)
        self._targets = tuple(_targets(probes))
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

        def on_match(target: int, _start: int, end: int, _flags: int, _context: object) -> None:
            ends.append((target, end))
            if not len(ends) % _EVERY:
                # What it raises ends the scan.
                check_time()

        try:
            scratch = self._scratches.pop()
        except IndexError:
            scratch = self._new_scratch(self._database)
        try:
            self._database.scan(data, on_match, scratch=scratch)
        finally:
            self._scratches.append(scratch)
        return self._placed(data, ends, check_time) if ends else NOTHING

    def _placed(
        self, data: bytes, ends: list[tuple[int, int]], check_time: Callable[[], None]
    ) -> Seen:
        found: set[Hit] = set()
        signs: set[tuple[int, int]] = set()
        targets = self._targets
        # hyperscan tells where a head ends. Where it begins is looked up in the few bytes before,
        # one stretch for ends that lie close together.
        stretches: dict[int, list[list[int]]] = {}
        for target, end in ends:
            what, index, length = targets[target]
            if what == _KEYWORD:
                found.add((index, end - length))
            elif what == _SIGN:
                signs.add((index, end))
            else:
                begin = max(0, end - length)
                so_far = stretches.setdefault(index, [])
                if so_far and begin <= so_far[-1][1]:
                    so_far[-1][1] = max(end, so_far[-1][1])
                else:
                    so_far.append([begin, end])
        folded = data.lower() if stretches else b""
        for index, so_far in stretches.items():
            probe = self._probes[index]
            begins = probe.begins.match
            for keyword in probe.keywords:
                # A short head may end inside its keyword.
                more = len(keyword) - 1
                for begin, end in so_far:
                    at = folded.find(keyword, begin, end + more)
                    while at >= 0:
                        check_time()
                        if begins(data, at):
                            found.add((index, at))
                        at = folded.find(keyword, at + 1, end + more)
        return Seen(sorted(found), sorted(signs))


_EVERY: Final = 64
_HEAD: Final = 0
_KEYWORD: Final = 1
_SIGN: Final = 2


def _targets(probes: Sequence[Probe]) -> list[tuple[int, int, int]]:
    """What each expression of a database stands for: sort, index, and length or reach."""
    targets = []
    for index, probe in enumerate(probes):
        if probe.has_head:
            targets.append((_HEAD, index, probe.head.reach))
        else:
            targets += [(_KEYWORD, index, len(keyword)) for keyword in probe.keywords]
    return [*targets, *((_SIGN, index, 0) for index in range(len(SIGNS)))]


def compile_probes(probes: Sequence[Probe]) -> bytes:
    """Compile into a serialized hyperscan database.

    Args:
        probes: One for each rule.

    Raises:
        ImportError: hyperscan can't be imported here.
    """
    import hyperscan  # noqa: PLC0415

    expressions: list[bytes] = []
    flags: list[int] = []
    for probe in probes:
        if probe.has_head:
            expressions.append(probe.head.expression)
            flags.append(0)
        else:
            expressions += [b"".join(b"\\x%02x" % byte for byte in word) for word in probe.keywords]
            flags += [hyperscan.HS_FLAG_CASELESS] * len(probe.keywords)
    expressions += [sign.in_bytes for sign in SIGNS]
    flags += [0] * len(SIGNS)
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
