"""Stages 2 and 3 for one rule: is there a value at a place, and is it harmless after all?"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from jupyter_agent.screen.candidate import Candidate, is_varied
from jupyter_agent.screen.generated import before_pictures, whole_end
from jupyter_agent.screen.lines import mixed_words
from jupyter_agent.screen.minified import is_minified
from jupyter_agent.screen.rule import VENDOR_RANK, WORDS_RANK, Rule
from jupyter_agent.screen.spans import Span, between_markers, reaches_marker
from jupyter_agent.screen.whole import whole_token

_FEW: Final = 16
NEARBY: Final = 40
"""Characters behind a keyword within which another one shows nothing new of a line."""
LOOKS_BACK: Final = 12
"""Characters before a match that expressions look at, and not more: ``(?<!response )``."""
_FAR: Final = 192
"""Characters before a match that filters look at."""
_CUT: Final = 12
"""Characters that a value without a place of its own may have, or a little less."""


class Trial:
    """A rule with everything looked up that trying it needs. It belongs to no text.

    Making one compiles the rule's expression.

    Args:
        rule: The rule.

    Attributes:
        match: ``re.Pattern.match`` of the rule's expression.
        window: See ``Rule.window``.
        apart: Whether a value stands apart from its keyword: see ``Rule.apart``.
        prefixes: The vendor's prefixes: a token with one may have been wrapped.
        has_rest: Whether a value may have been wrapped that only its name gives away.
        can_tell: Whether ``prepare`` was called.
        has_several: Whether a match may hold several secrets, each for itself: see ``Rule.each``.
        is_told: See ``Rule.told``.
        is_words: Whether nothing but words gives its values away, which stand behind them: one
            behind each. The head of a list names several.
        looks_before: Whether a value may stand before the keyword.
        looks_on: Whether there may be another value than the one behind the keyword.
        looks_back: How many characters before a place decide about what is found there.
    """

    __slots__ = (
        *("_each", "_entropy", "_filters", "_finditer", "_grows", "_in_line", "_is_beside"),
        *("_line", "_may_quote", "_needed", "_rank", "_rule", "apart", "can_tell"),
        *("has_rest", "has_several", "is_told", "is_words", "looks_back", "looks_before"),
        *("looks_on", "match", "prefixes"),
        "window",
    )

    def __init__(self, rule: Rule) -> None:
        # Its own expressions take ten milliseconds, for which a clean text need not wait.
        from jupyter_agent.screen.filters import FILTERS  # noqa: PLC0415
        from jupyter_agent.screen.surroundings import LOOKING_BACK  # noqa: PLC0415

        self._rule = rule
        self._rank = rule.rank
        self._finditer = rule.regex.finditer
        self._each = rule.each_regex if rule.each else None
        self.has_several = self._each is not None
        self._entropy = rule.entropy
        # A vendor's name, and then a value: the shape may be that of a part.
        self._is_beside = rule.within[0] > 0
        self._grows = rule.kind == "password" and not rule.each
        # In the order of what they cost: whichever finds the value harmless ends it.
        wanted = {*rule.filters}
        self._filters = [FILTERS[name] for name in FILTERS if name in wanted]
        self._may_quote = "q" in rule.regex.groupindex
        self.match = rule.regex.match
        self.window = rule.window
        self.apart = bool(rule.apart)
        self._in_line = rule.apart == "line"
        needs = rule.needs if rule.apart else ""
        self._needed = re.compile(needs, re.ASCII) if needs else None
        self.prefixes = rule.prefixes
        self.has_rest = rule.rank != WORDS_RANK and not rule.prefixes
        self.is_told = rule.told
        self.can_tell = False
        self._line: Any = None
        self.looks_before = rule.window is not None and not rule.behind
        self.is_words = rule.rank == WORDS_RANK and not self.looks_before and not self.has_several
        self.looks_on = self.looks_before or self.has_several
        before = rule.window[0] if rule.window else 0
        self.looks_back = before + (LOOKS_BACK if LOOKING_BACK.isdisjoint(rule.filters) else _FAR)

    def around(self, text: str, at: int, *, parted: bool) -> list[re.Match[str]]:
        """What a rule with a window matches around a keyword.

        Args:
            text: The text.
            at: Where the keyword stands.
            parted: Whether a marker or cover ends what belongs together, as a line end does.
        """
        before, after = self.window or (0, 0)
        begin, end = max(0, at - before), at + after
        if parted:
            begin, end = between_markers(text, at, begin, end)
        matches = self._finditer(text, begin, end)
        return [match for match in matches if match.start() <= at < match.end()]

    def beside(self, text: str, at: int, done: int) -> tuple[list[re.Match[str]], int]:
        """The values in a keyword's line, for a rule that takes them apart from it.

        Args:
            text: The text.
            at: Where the keyword stands.
            done: Up to where the values are known already.

        Returns:
            The values from there on, and up to where they are known then.
        """
        before, after = self.window or (0, 0)
        begin = max(0, at - before)
        around = text[at - 1 : at + 1] if at else ""
        if around.isascii() and around.isalpha():
            return [], done  # "otp" in "footprint"
        end = min(len(text), at + after)
        line_end = -1
        if self._in_line:
            begin = max(begin, text.rfind("\n", begin, at) + 1)
            line_end = text.find("\n", at, end)
        begin = max(done, begin)
        stop = end if line_end < 0 else line_end
        # Most lines do not have what a value needs, and this is seen at once.
        needed = self._needed
        matches: list[re.Match[str]] = []
        if needed is None:
            matches = list(self._finditer(text, begin, stop))
        elif (first := needed.search(text, begin, stop)) is not None:
            # No value begins farther before it.
            matches = list(self._finditer(text, max(begin, first.start() - _CUT), stop))
        if line_end >= 0:
            return matches, line_end
        # The end of the window may cut a value in two.
        if end == len(text):
            return matches, end
        if matches and matches[-1].end() > end - _CUT:
            return matches, matches.pop().start()
        return matches, max(begin, end - _CUT)

    def accepted(
        self,
        text: str,
        match: re.Match[str],
        found: Sequence[Span],
        *,
        once: bool = False,
    ) -> Sequence[Span]:
        """The secrets in what the rule's expression matched.

        Args:
            text: The text.
            match: Of the rule's expression. It reaches into no marker.
            found: What has been found before, by rules of the same rank or a higher one.
            once: Whether the same secret found again is of no interest.
        """
        if self._each is not None:
            return self._accepted_each(self._each, text, match)
        start, end = match.span("secret")
        quoted = self._may_quote and bool(match["q"])
        if self._grows and not quoted:
            end = before_pictures(text, start, whole_end(text, start, end))
        # What overlaps a finding of a higher rank goes in the end; so it need not be judged. Nor
        # what another rule of the same rank has found: the first one gives the finding its name.
        # (Beside a vendor's name it may grow, and then it is more than that one.)
        once = once and not self._is_beside
        for other in found[:_FEW]:
            if (
                other.start < end
                and start < other.end
                and (
                    other.rule.rank > self._rank
                    or (once and (other.start, other.end) == (start, end))
                )
            ):
                return ()
        if not self._is_secret(Candidate(text, start, end, match, quoted)):
            return ()
        if self._is_beside:
            start, end = whole_token(text, match.start(), start, end)
        return (Span(start, end, self._rule),)

    def _accepted_each(
        self, each: re.Pattern[str], text: str, match: re.Match[str]
    ) -> Sequence[Span]:
        """The same for a rule that finds several secrets in one match, such as a list's.

        One that is known, or masked, says nothing about its neighbours.
        """
        quoted = self._may_quote and bool(match["q"])
        return [
            Span(one.start(), one.end(), self._rule)
            for one in each.finditer(text, *match.span("secret"))
            if self._is_secret(Candidate(text, one.start(), one.end(), match, quoted))
            and not reaches_marker(text, *one.span())
        ]

    def words(
        self, text: str, match: re.Match[str], found: Sequence[Span]
    ) -> list[tuple[int, int]]:
        """The words of a line that may be passwords, but for those that are known.

        Args:
            text: The text.
            match: Of the rule's expression, which is the line.
            found: What has been found before, at least all of it in that line.
        """
        return [
            (begin, end)
            for begin, end in mixed_words(text, *match.span("secret"))
            if not any(other.start < end and begin < other.end for other in found)
        ]

    def prepare(self) -> None:
        """Compile what ``told`` takes."""
        from jupyter_agent.screen import told  # noqa: PLC0415  (as above)

        told.prepare()
        self._line = told.Line
        self.can_tell = True

    def told(self, text: str, match: re.Match[str], words: Sequence[tuple[int, int]]) -> list[Span]:
        """Those of ``words`` that the line says are passwords. ``prepare`` comes before."""
        line = self._line(text, *match.span("secret"))
        return [
            Span(begin, end, self._rule)
            for begin, end in words
            if line.tells(begin, end)
            and self._is_secret(Candidate(text, begin, end, match, quoted=False))
        ]

    def _is_secret(self, candidate: Candidate) -> bool:
        if self._entropy and not is_varied(candidate.value, self._entropy):
            return False
        for is_harmless in self._filters:
            if is_harmless(candidate):
                return False
        # (A vendor's token is one wherever it stands.)
        return self._rank == VENDOR_RANK or not is_minified(candidate)
