"""Stage 1: where in a text may a rule's match begin?

Two engines give the same answer. ``PlainAnchors`` needs nothing and is ready at once;
``CompiledAnchors`` (``compiled``) is hyperscan, one pass whatever the number of rules. Both look at
UTF-8 bytes. A place counts when one of the rule's keywords stands there and, where the rule has a
gate, the gate matches there. Because stages 2 and 3 only see these places, both engines lead to the
same findings by construction.

The same pass tells which disguises (``disguise.SIGNS``) the text shows. Neither engine looks into
the middle of a picture (``blobs``).
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any, Final, Protocol

from jupyter_agent.screen.blobs import blobs, outside
from jupyter_agent.screen.deadline import STEPS, Deadline
from jupyter_agent.screen.disguise import BLOCK, SIGNS
from jupyter_agent.screen.expressions import inflated
from jupyter_agent.screen.rule import GATE_REACH, Rule

Hits = tuple[int, Sequence[int]]
"""A rule's index, and the byte offsets at which (with a window: near which) a match may begin."""

_SLICE: Final = 65_536
"""Bytes in which the plain engine looks for threes at once."""
_MANY: Final = 256
"""Places between two looks at the clock, which takes longer than a look at a place."""

Seen = tuple[Sequence[Hits], Collection[tuple[int, int]]]
"""What stage 1 says about a text: hits and signs.

The hits are sorted, each rule once; its places are sorted and differ. Rules may share a sequence.

A sign is an index into ``disguise.SIGNS`` and the block of ``disguise.BLOCK`` bytes in which one
ends, without repetition. A coloured text has thousands of signs in few blocks.
"""


class Anchors(Protocol):
    """Finds the places, in two steps: most texts end with the first.

    Attributes:
        patience: How many time budgets a text gets; see ``Deadline``.
    """

    patience: float

    def noticed(self, data: bytes) -> Any:
        """What ``seen`` needs to know; false where there is nothing to see.

        Args:
            data: UTF-8, with surrogates passed through.
        """
        ...

    def among(self, texts: Sequence[str]) -> Iterable[tuple[int, Any]]:
        """Those of many texts in which there may be something to see.

        Args:
            texts: The texts.

        Returns:
            Their numbers, each once, with what ``seen`` needs to know, or None: then
            ``noticed`` has to say. ``seen`` may see more than there is, never less.
        """
        ...

    def seen(self, data: bytes, noticed: Any, deadline: Deadline) -> Seen:
        """Every place, and every sign of a disguise.

        Args:
            data: See ``noticed``.
            noticed: What ``noticed`` said about these very bytes.
            deadline: The text's time.

        Raises:
            ScreenTimeout: It is used up.
        """
        ...


class Gate:
    """A gate and the rules behind it: families of rules share one.

    Args:
        expression: See ``Rule.gate``.
        keywords: Of the rules behind it, in lower case; without those that begin with another one:
            where "password" stands "pass" does too, and the gate decides either way.
        stems: What is looked for; few, because "key " and "key=" begin alike.
        who: Indices of these rules.
        kept: The expression's code (``expressions``), or nothing.
    """

    def __init__(
        self,
        expression: bytes,
        keywords: Sequence[bytes],
        stems: Sequence[bytes],
        who: Sequence[int],
        kept: bytes = b"",
    ) -> None:
        self.expression = expression
        self._kept = kept
        self._match: Callable[[bytes, int], re.Match[bytes] | None] | None = None
        self.keywords = tuple(keywords)
        self.stems = stems
        # As text, see ``folded``. Of a stem that is a keyword nothing else has to be asked.
        self._stems: list[tuple[str, tuple[str, ...]]] = [
            (
                stem.decode("latin-1"),
                tuple(
                    word.decode("latin-1")
                    for word in self.keywords
                    if word.startswith(stem) and word != stem
                ),
            )
            for stem in stems
        ]
        self.longest = max(map(len, self.keywords))
        self.who = tuple(who)

    def matcher(self) -> Callable[[bytes, int], re.Match[bytes] | None]:
        """What says whether the gate matches at a place of some bytes.

        Compiled on first use, like a rule's expression. No property: mypyc takes the call of one
        for a call of its getter, and what was called with is gone (mypyc/mypyc#1212).
        """
        if self._match is None:
            self._match = inflated(self.expression, 0, self._kept).match
        return self._match

    def begins_in(self, data: bytes, stretch: str, offset: int, deadline: Deadline) -> list[int]:
        """Where in a stretch of a text a keyword stands and the gate matches, in order.

        Args:
            data: The text.
            stretch: From ``folded``.
            offset: Where it begins.
            deadline: The text's time.
        """
        matches_at = self.matcher()
        found: list[int] = []
        for number, place in enumerate(self.stands(stretch, deadline), 1):
            # Other threads get their turn, too.
            if not number % _MANY:
                deadline.check_now()
            at = offset + place
            if matches_at(data, at):
                found.append(at)
        return in_order(found) if len(found) > 1 else found

    def begins_before(self, ends: list[int], data: bytes, places: list[int]) -> list[int]:
        """``begins_in`` for a short text in which it is known where matches of the gate end.

        Such an end behind a place, and before the next one, shows that the gate matches there; all
        others are asked. (Where one keyword stands, it is that one, and nobody need ask.)

        Args:
            ends: Where matches end, in order.
            data: The text.
            places: Where the keywords stand, in order.
        """
        kept: list[int] = []
        # Until then an end may belong to a match that began before.
        unclear = 0
        last = ends[-1]
        for number, at in enumerate(places, 1):
            if at >= last:
                break
            following = places[number] if number < len(places) else last
            end = ends[bisect_right(ends, at)]
            if at < unclear or end > following:
                if not self.matcher()(data, at):
                    continue
                unclear = at + GATE_REACH
            kept.append(at)
        return kept

    def stands(self, stretch: str, deadline: Deadline) -> list[int]:
        """Where a keyword stands in a stretch from ``folded``, in the order of the stems."""
        places: list[int] = []
        longest = self.longest
        steps = STEPS
        for stem, keywords in self._stems:
            at = stretch.find(stem)
            while at >= 0:
                steps -= 1
                if not steps:
                    steps = STEPS
                    deadline.check_now()
                if not keywords or stretch[at : at + longest].startswith(keywords):
                    places.append(at)
                at = stretch.find(stem, at + 1)
        return places


def folded(data: bytes) -> str:
    """Bytes in lower case, a character each.

    Folding bytes is for ASCII only and so keeps every offset; ``str.lower`` would not. As text,
    because Python looks for text in text in a third of what bytes in bytes take.
    """
    return data.lower().decode("latin-1")


_STEM: Final = 3


def _gate(expression: bytes, rules: Iterable[Rule], who: Sequence[int]) -> Gate:
    # ASCII only, like what it is looked for in.
    keywords = {keyword.encode().lower() for rule in rules for keyword in rule.keywords}
    stems = _shortest({keyword[:_STEM] for keyword in keywords})
    return Gate(expression, _shortest(keywords), stems, who)


def _shortest(words: Collection[bytes]) -> list[bytes]:
    """The words that do not begin with another one."""
    return sorted(word for word in words if not any(word.startswith(w) for w in words if w != word))


def in_order(places: list[int]) -> list[int]:
    """Sorted, and each place once."""
    return sorted(set(places))


class Words:
    """Who wants to know about which keyword, and through which gate.

    Args:
        alone: Keywords without a gate: the word, whether it is folded, the rules' indices.
        gates: The gates.
    """

    def __init__(
        self, alone: Sequence[tuple[bytes, bool, tuple[int, ...]]], gates: Sequence[Gate]
    ) -> None:
        self.alone = alone
        self.gates = gates

    @staticmethod
    def of(rules: Sequence[Rule]) -> Words:
        """The keywords of these rules.

        Args:
            rules: Their order fixes the order of everything here, because a database knows its
                parts by number.
        """
        alone: dict[tuple[bytes, bool], list[int]] = {}
        gated: dict[str, list[int]] = {}
        for index, rule in enumerate(rules):
            if rule.gate:
                gated.setdefault(rule.gate, []).append(index)
                continue
            for keyword in rule.keywords:
                alone.setdefault((keyword.encode(), rule.folded), []).append(index)
        return Words(
            [(word, folded, tuple(who)) for (word, folded), who in alone.items()],
            [
                _gate(expression.encode(), [rules[index] for index in who], who)
                for expression, who in gated.items()
            ],
        )

    def packed(self) -> list[Any]:
        """As JSON."""
        return [
            [[word.decode(), folded, who] for word, folded, who in self.alone],
            [
                [
                    gate.expression.decode(),
                    [word.decode() for word in gate.keywords],
                    [stem.decode("latin-1") for stem in gate.stems],
                    gate.who,
                ]
                for gate in self.gates
            ],
        ]

    @staticmethod
    def unpacked(content: list[Any], kept: Sequence[bytes]) -> Words:
        """From what ``packed`` gave.

        Args:
            content: That.
            kept: Of each gate the expression's code, or nothing.
        """
        alone, gates = content
        return Words(
            [(word.encode(), folded, tuple(who)) for word, folded, who in alone],
            [
                Gate(
                    expression.encode(),
                    [word.encode() for word in keywords],
                    [stem.encode("latin-1") for stem in stems],
                    who,
                    code,
                )
                for (expression, keywords, stems, who), code in zip(gates, kept, strict=True)
            ],
        )


class PlainAnchors:
    """A search for each keyword that can be there at all: some microseconds a cell.

    Args:
        rules: The catalogue's rules.
    """

    patience = 8.0  # it is that much slower on ordinary cells, see bench_screen

    def __init__(self, rules: Sequence[Rule]) -> None:
        words = Words.of(rules)
        # What to do where a word stands: the word, how it is written, its gate, the rules.
        tasks: list[tuple[bytes, bytes | None, Gate | None, tuple[int, ...]]] = []
        for word, folded, who in words.alone:
            tasks.append((word.lower(), None if folded else word, None, who))
        for gate in words.gates:
            tasks += [(word, None, gate, gate.who) for word in gate.keywords]
        # A word can only be there if its rarest three characters are, so most are never looked for.
        common = Counter(three for task in tasks for three in set(_threes(task[0])))
        self._by_three: dict[tuple[int, int, int], list[Any]] = {}
        self._always: list[Any] = []
        for task in tasks:
            threes = sorted(_threes(task[0]), key=lambda three: (common[three], three))
            (self._by_three.setdefault(threes[0], []) if threes else self._always).append(task)
        self._signs = tuple((sign.needles, re.compile(sign.in_bytes).finditer) for sign in SIGNS)

    def noticed(self, data: bytes) -> bool:
        """See ``Anchors.noticed``: this engine has no cheap first step."""
        return bool(data)

    def among(self, texts: Sequence[str]) -> Iterable[tuple[int, None]]:
        """See ``Anchors.among``: together they cost this engine as much as one by one."""
        return ((number, None) for number in range(len(texts)))

    def seen(self, data: bytes, noticed: bool, deadline: Deadline) -> Seen:  # noqa: ARG002, FBT001
        """See ``Anchors.seen``."""
        found: dict[int, list[int]] = {}
        # Folds ASCII only and so keeps every offset; str.lower would not.
        folded = data.lower()
        tasks = list(self._always)
        threes: set[tuple[int, int, int]] = set()
        # Looking at the clock lets other threads in, between steps of some milliseconds.
        is_long = len(folded) > _SLICE
        for begin in range(0, len(folded), _SLICE):
            if is_long:
                deadline.check_now()
            threes.update(_threes(folded[begin : begin + _SLICE + 2]))
        for three in self._by_three.keys() & threes:
            tasks += self._by_three[three]
        for word, exact, gate, who in tasks:
            if is_long:
                deadline.check_now()
            at = folded.find(word)
            matches_at = gate.matcher() if gate is not None and at >= 0 else None
            while at >= 0:
                deadline.check()
                if (exact is None or data.startswith(exact, at)) and (
                    matches_at is None or matches_at(data, at)
                ):
                    for index in who:
                        found.setdefault(index, []).append(at)
                at = folded.find(word, at + 1)
        signs = {
            (index, match.end() // BLOCK)
            for index, (needles, finditer) in enumerate(self._signs)
            if any(map(data.__contains__, needles))
            for match in finditer(data)
        }
        middles = blobs(data)
        hits = ((index, outside(in_order(places), middles)) for index, places in found.items())
        return sorted(hit for hit in hits if hit[1]), signs


def _threes(data: bytes) -> Iterable[tuple[int, int, int]]:
    return zip(data, data[1:], data[2:], strict=False)
