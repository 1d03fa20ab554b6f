"""The three stages together: where may a secret begin, is there one, is it harmless after all?"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Sequence

from jupyter_agent.screen.anchors import Anchors, CompiledAnchors, Hit, PlainAnchors
from jupyter_agent.screen.candidate import Candidate, entropy
from jupyter_agent.screen.catalogue import Catalogue, fingerprint
from jupyter_agent.screen.deadline import Deadline
from jupyter_agent.screen.disguise import LINE_ENDS, SIGNS, Sign, joints, stretches, view
from jupyter_agent.screen.filters import FILTERS
from jupyter_agent.screen.finding import Finding
from jupyter_agent.screen.rule import VENDOR_RANK, Rule
from jupyter_agent.screen.spans import Barriers, Span, best, covered, merged, uncovered

_FEW = 16
_PLAIN_PATIENCE = 8.0  # the plain engine is that much slower on ordinary cells, see bench_screen
_WRITTEN_LINE_ENDS = ("\\n", "\\r", "\\t")
# What people paste first; ``warm`` compiles these rules' expressions beforehand.
_COMMON = (
    "anthropic-api-key",
    "api-key-setting",
    "access-token-setting",
    "aws-access-key-id",
    "bearer-token",
    "database-url-password",
    "environment-password",
    "github-token",
    "google-api-key",
    "huggingface-token",
    "login-code-sentence",
    "openai-api-key",
    "openai-legacy-key",
    "password-beside",
    "password-quoted",
    "password-sentence",
    "password-setting",
    "url-password",
)


class Screener:
    """Finds secrets that nobody has stored yet.

    It works at once, without hyperscan and without any preparation; ``adopt`` makes it faster and
    changes no finding. One screener may be used from several threads.

    Args:
        database: A compiled database to adopt (see ``adopt``), or None.
        rules: The catalogue, or None for the one that ships with the package.
        clock: Seconds this thread has used, for the time budget. CPU time, so that a busy machine
            does not turn into blocked cells.
    """

    def __init__(
        self,
        database: bytes | None = None,
        *,
        rules: Sequence[Rule] | None = None,
        clock: Callable[[], float] = time.thread_time,
    ) -> None:
        self._given_rules = rules
        self._clock = clock
        self._engine: tuple[Catalogue, Anchors] | None = None
        if database is not None:
            self.adopt(database)

    def screen(self, text: str) -> list[Finding]:
        """Every secret in the text, sorted and not overlapping.

        Raises:
            ScreenTimeout: It took too long; treat the text as if it held a secret.
        """
        _ = self._ready  # reading the rules is a cost of the process, not of this text
        deadline = Deadline(self._clock, len(text), 1.0 if self.compiled else _PLAIN_PATIENCE)
        found = self._look(text, deadline)
        fresh = found
        while fresh:
            # A mask removes characters that kept a neighbour from being seen. So look again, and
            # translate what turns up back into places of the original text.
            fresh = list(uncovered(self._look(covered(text, found), deadline), found))
            found = merged(found, fresh)
        return found

    def rule(self, rule_id: str) -> Rule:
        """The rule with this id.

        Raises:
            KeyError: There is none.
        """
        return self._ready[0].by_id[rule_id]

    @property
    def compiled(self) -> bool:
        """Whether the fast engine is in use."""
        return self._engine is not None and isinstance(self._engine[1], CompiledAnchors)

    @property
    def fingerprint(self) -> str:
        """Tells whether a database compiled earlier, or elsewhere, fits this screener."""
        return fingerprint(self._given_rules)

    def compile(self) -> bytes:
        """Compile the fast engine's database; up to some seconds, never done by ``screen``.

        Raises:
            ImportError: hyperscan can't be imported here.
        """
        return self._ready[0].compile()

    def adopt(self, database: bytes) -> None:
        """Use a compiled database, and the catalogue packed with it, from now on.

        Args:
            database: From ``compile`` of a screener with the same ``fingerprint``. The
                deserializer trusts these bytes: bytes that were on a disk must have been
                authenticated first (``jupyter_agent.rulecache``).

        Raises:
            ImportError: hyperscan can't be imported here.
            ValueError: hyperscan does not accept it; the engine in use stays.
        """
        catalogue, compiled = Catalogue.unpack(database)
        # One assignment, so that a thread sees either engine with its own catalogue.
        self._engine = catalogue, CompiledAnchors(catalogue.rules, compiled)

    def warm(self) -> None:
        """Compile the expressions that most findings need, so that the first one is no slower."""
        catalogue, _ = self._ready
        for rule_id in _COMMON:
            rule = catalogue.by_id.get(rule_id)
            if rule is not None:
                _ = rule.regex

    @property
    def _ready(self) -> tuple[Catalogue, Anchors]:
        # Read on first use, because importing this package must stay cheap. Two threads may both
        # read it; they read the same.
        if self._engine is None:
            rules = self._given_rules
            catalogue = Catalogue.shipped() if rules is None else Catalogue(rules)
            self._engine = catalogue, PlainAnchors(catalogue.rules)
        return self._engine

    def _look(self, text: str, deadline: Deadline) -> list[Finding]:
        catalogue, anchors = self._ready
        data = text.encode("utf-8", "surrogatepass")
        hits, signs = anchors.seen(data, deadline.check)
        if not hits and not signs:
            return []
        look = _Look(catalogue.rules, text, data, deadline)
        spans = look.spans(hits)
        # Places where the rules themselves met a disguise count like signs.
        places = [(end, SIGNS[index]) for index, end in signs]
        places += [(byte, LINE_ENDS) for byte in look.suspects]
        deadline.check_now()
        done = before = 0
        for begin, end, chosen in stretches(data, places):
            deadline.check()
            before += len(data[done:begin].decode("utf-8", "surrogatepass"))
            done = begin
            piece = data[begin:end].decode("utf-8", "surrogatepass")
            spans += self._undisguised(piece, before, chosen, look.joints, deadline)
        return best(spans)

    def _undisguised(
        self,
        text: str,
        offset: int,
        signs: Sequence[Sign],
        joints: Iterable[tuple[int, int]],
        deadline: Deadline,
    ) -> Iterable[Span]:
        """What is found in a stretch of a text once its disguises are undone."""
        catalogue, anchors = self._ready
        inside = [
            (start - offset, end - offset)
            for start, end in joints
            if offset <= start and end <= offset + len(text)
        ]
        undone = view(text, signs, inside, deadline.check)
        data = undone.text.encode("utf-8", "surrogatepass")
        hits, _ = anchors.seen(data, deadline.check)
        if not hits:
            return
        for found in _Look(catalogue.rules, undone.text, data, deadline).spans(hits):
            start, end = undone.original(found.start, found.end)
            yield Span(start + offset, end + offset, found.rule)


class _Look:
    """Stages 2 and 3 for one text, and what they notice on the way."""

    def __init__(self, rules: Sequence[Rule], text: str, data: bytes, deadline: Deadline) -> None:
        self._rules = rules
        self._text = text
        self._data = data
        self._deadline = deadline
        self._barriers = Barriers(text)
        self.suspects: list[int] = []
        self.joints: list[tuple[int, int]] = []

    def spans(self, hits: Sequence[Hit]) -> list[Span]:  # noqa: C901  (the hot loop)
        """What the rules accept at these places; the highest rank comes first."""
        text = self._text
        rules = self._rules
        check = self._deadline.check
        found: list[Span] = []
        places = self._places(hits)
        # Compiling an expression is a cost of the process, not of this text.
        if any("regex" not in rules[index].__dict__ for index, _ in hits):
            with self._deadline.paused():
                for index in {index for index, _ in hits}:
                    _ = rules[index].regex
        last = -1
        done = 0
        for index, byte in hits:
            check()
            at = places[byte] if places else byte
            if index != last:
                last = index
                done = 0
            # A keyword inside a value that this rule has just found is part of that value.
            if at < done:
                continue
            rule = rules[index]
            if rule.window is None:
                match = rule.regex.match(text, at)
                fresh = self._accepted(rule, match, found) if match else ()
                if not fresh and text[max(0, at - 2) : at] in _WRITTEN_LINE_ENDS:
                    self.suspects.append(byte)
                if rule.rank == VENDOR_RANK and rule.prefixes:
                    cuts = joints(text, at, match)
                    if cuts:
                        self.joints += cuts
                        self.suspects.append(byte)
            else:
                fresh = [
                    span
                    for match in _around(rule, text, at)
                    for span in self._accepted(rule, match, found)
                ]
            if fresh:
                found += fresh
                done = fresh[-1].end
        return found

    def _accepted(self, rule: Rule, match: re.Match[str], found: list[Span]) -> Sequence[Span]:
        if self._barriers.cross(*match.span()):
            return ()
        start, end = match.span("secret")
        # What overlaps a finding of a higher rank goes in the end; so it need not be judged.
        for other in found[:_FEW]:
            if other.start < end and start < other.end and other.rule.rank > rule.rank:
                return ()
        if not rule.each:
            secret = _is_secret(rule, Candidate(self._text, start, end, match))
            return (Span(start, end, rule),) if secret else ()
        places = (one.span() for one in rule.each_regex.finditer(self._text, start, end))
        return [
            Span(*place, rule)
            for place in places
            if _is_secret(rule, Candidate(self._text, *place, match))
        ]

    def _places(self, hits: Sequence[Hit]) -> dict[int, int]:
        """Code points of the hits' byte offsets; empty where they are the same."""
        data = self._data
        places: dict[int, int] = {}
        if len(data) == len(self._text):
            return places
        at_byte = at_point = 0
        for byte in sorted({byte for _, byte in hits}):
            # Keywords are whole characters, so a hit always starts on a character's first byte.
            at_point += len(data[at_byte:byte].decode("utf-8", "surrogatepass"))
            at_byte = byte
            places[byte] = at_point
        return places


def _around(rule: Rule, text: str, at: int) -> Iterable[re.Match[str]]:
    before, after = rule.window or (0, 0)
    for match in rule.regex.finditer(text, max(0, at - before), at + after):
        if match.start() <= at < match.end():
            yield match


def _is_secret(rule: Rule, candidate: Candidate) -> bool:
    if rule.entropy and entropy(candidate.value) < rule.entropy:
        return False
    return not any(FILTERS[name](candidate) for name in rule.filters)
