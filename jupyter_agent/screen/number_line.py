"""What the line of a number says about it: a code to log in with, a PIN, or any other number?

The answer depends on the number and its line alone, whichever word led there.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from jupyter_agent.screen.code_words import (
    AUTH,
    CODE,
    ENDINGS,
    FAILED,
    GIVEN,
    GLUED_CODES,
    GLUED_LINKS,
    GLUED_OTHERS,
    GLUED_PINS,
    GLUED_UNITS,
    GLUED_USES,
    LINK,
    NAMED,
    NO_COMPOUNDS,
    NO_PLURALS,
    NOUN,
    OPENS,
    OTHER,
    PIN,
    QUALIFYING,
    SENT,
    SHOWING,
    SMALL,
    SORT,
    SOURCE,
    UNIT,
    UNLOCKS,
    USE,
    WHEN,
    WHOM,
    WIRED,
    WITH,
    WORDS,
    is_compound,
)
from jupyter_agent.screen.spans import MARKER_LENGTH

if TYPE_CHECKING:
    from jupyter_agent.screen.candidate import Candidate

LINE: Final = 90
"""Characters to either side that are looked at."""
NEAR: Final = 28
"""Characters between four or five digits and what makes them a code; six have twice as many."""
_BESIDE: Final = 7
_BRIEF: Final = 3
_NEARER: Final = 24
_CHINESE: Final = "\u2e80"
_NOWHERE: Final = 1_000
# Scripts without blanks between words have them glued to those of others, which part there.
_WORD: Final = re.compile(r"[^\W_\u2e80-\U0010ffff]+|[^\W_\x00-\u2e7f]+")
_MARKER: Final = re.compile(r"\[(?:secret:[A-Za-z0-9_-]{1,64}|\x00)\]")
_OPENING: Final = " \t\"'`*([\u300c\u201c\u201e\u00ab-"
_YEAR: Final = re.compile(r"19\d\d|20[0-4]\d")
_STANDARD_PART: Final = re.compile(r"(?:SHA|MD|RFC|AES|UTF|ISO|RSA)-?\d")
_NEXT_IN_LIST: Final = re.compile(r"\s{1,4}[1-9][0-9]?[.)] ")
_ENDS: Final = re.compile(r"[.;!?\d]")


class Line:
    """What stands to either side of a number in its line, in lower case.

    Args:
        candidate: The number.

    Attributes:
        before: What stands before it.
        behind: What stands behind it.
        value: The number.
    """

    __slots__ = ("_firsts", "_lasts", "before", "behind", "value")

    def __init__(self, candidate: Candidate) -> None:
        text = candidate.text
        start = candidate.start
        self.value = candidate.value.rstrip("#*")  # which doors want behind it
        end = start + len(self.value)
        begin = text.rfind("\n", max(0, start - LINE), start) + 1 or max(0, start - LINE)
        stop = text.find("\n", end, end + LINE)
        before = text[begin:start]
        behind = text[end : end + LINE if stop < 0 else stop]
        # Words in a marker, or beyond one, say nothing about the number.
        # (A marker may reach over what is looked at: its label would be read as words.)
        if "]" in before:
            for marker in _MARKER.finditer(text, max(0, begin - MARKER_LENGTH), start):
                before = text[max(begin, marker.end()) : start]
        if "[" in behind:
            marked = _MARKER.search(text, end, end + len(behind) + MARKER_LENGTH)
            if marked is not None:
                behind = text[end : min(end + len(behind), marked.start())]
        self.before = before.lower()
        # Blanks at a line's end part no columns.
        self.behind = behind.rstrip().lower()
        # Each word with its distance from the number; the nearest first.
        length = len(self.before)
        lasts = [(word[0], length - word.end()) for word in _WORD.finditer(self.before)]
        lasts.reverse()
        self._lasts = lasts
        self._firsts = [(word[0], word.start()) for word in _WORD.finditer(self.behind)]

    def is_other(self) -> bool:
        """Whether what stands beside the number says that it is another sort of number."""
        value = self.value
        before = self.before
        behind = self.behind
        if not value.isdigit() and _STANDARD_PART.search(value):
            return True
        if not before.strip(" \t-*#([{>") and self._is_listed():
            return True
        is_in_table = behind.startswith(("  ", "\t")) and not _NEXT_IN_LIST.match(behind)
        if (
            is_in_table
            or behind.startswith(("`](", "]("))
            or (
                # A citation, an entry of a change log.
                (behind[:1] == "]" and before[-1:] == "[" and self.is_few)
                or (behind[:1] == ":" and before.endswith(": "))
            )
        ):
            return True
        return self._is_counted() or self._is_named()

    def _is_listed(self) -> bool:
        """At the beginning of a line: an entry of a list, unless a code could go on like that."""
        rest = self.behind.lstrip("])}:.")
        if not rest[:1].isspace() or not self._firsts:
            return False
        word, at = self._firsts[0]
        if at > len(self.behind) - len(rest) + 2:
            return False
        return not WORDS.get(word, 0) & (LINK | CODE | AUTH | SMALL) and word.isascii()

    def _is_counted(self) -> bool:  # noqa: PLR0911  (one question after another)
        """``1200 new users``, ``30 €``."""
        behind = self.behind
        rest = behind.lstrip(" \"'`*)]")
        if not rest:
            return False
        if rest[0] in "%\u2030\u20ac$\u00a3\u00a5\u20bd\u20b4\u00b0":
            return True
        if not rest[0].isascii() and GLUED_UNITS.match(rest):
            return True
        following = self._firsts[:3]
        if not following or following[0][1] > 3:
            return False
        if WORDS.get(following[0][0], 0) & UNIT:
            return True
        for word, at in following:
            if behind[at - 1 : at] != " " or behind[0] in ",;" or word in NO_PLURALS:
                return False
            if len(word) > 3 and word[-1] == "s" and word[-2] != "s" and word.isascii():
                return True
            if word not in QUALIFYING:
                return False
        return False

    def _is_named(self) -> bool:  # noqa: PLR0911  (one question after another)
        """``order 482913``, ``the limit is 128000``, ``the error code is 500123``."""
        before = self.before
        if not before.isascii() and GLUED_OTHERS.search(before[-16:]):
            return True
        lasts = self._lasts
        if not lasts:
            return False
        word, distance = lasts[0]
        kind = WORDS.get(word, 0)
        if (kind & OTHER and self._is_right_before(distance)) or (kind & NAMED and distance <= 3):
            return True
        if len(lasts) > 1:
            previous, far = lasts[1]
            if word in ("in", "auf") and previous in ("ending", "ends", "endet", "endend"):
                return True
            is_beside = distance <= 3 and far - distance - len(word) <= 1
            is_shown = previous == "phone" and word in SHOWING
            if kind & LINK and is_beside and WORDS.get(previous, 0) & OTHER and not is_shown:
                return not self._is_owner(1)
            if kind == CODE and distance <= 2 and not WORDS.get(previous, 0):
                # "chart number 0098213"
                said = [other for other, far in lasts if far <= 2 * NEAR]
                return not any(WORDS.get(w, 0) & (NOUN | AUTH) or is_compound(w) for w in said)
        return self._is_other_code()

    def _is_owner(self, number: int) -> bool:
        """Whether the word so far before the number says of what a code is: "PIN of my phone"."""
        return any(
            WORDS.get(word, 0) & (NOUN | PIN) or is_compound(word)
            for word, _ in self._lasts[number + 2 : number + 6]
        )

    def _is_right_before(self, distance: int) -> bool:
        """Whether nothing but signs stands between a number and a word so far before it."""
        return distance <= 4 and not self.before[-distance:].strip(" \t\"'`*([:=#.")

    def _is_other_code(self) -> bool:
        """``the error code is 500123``, ``código de error 500123``."""
        before = self.before
        lasts = self._lasts
        for number, (word, distance) in enumerate(lasts[:5]):
            if distance > 20 or (distance and _ENDS.search(before[-distance:])):
                return False
            kind = WORDS.get(word, 0)
            is_code = bool(kind & CODE) or (not kind and is_compound(word))
            if is_code and number + 1 < len(lasts):
                previous, far = lasts[number + 1]
                if WORDS.get(previous, 0) & SORT and far - distance - len(word) <= 2:
                    return True
            if word.endswith(ENDINGS) and word.startswith(NO_COMPOUNDS):
                return True  # "Fehlercode"
            if kind & SORT and self._is_of_code(number):
                return True
        return False

    def _is_of_code(self, number: int) -> bool:
        """Whether the word so far before the number says which code: ``código de error``."""
        for word, _ in self._lasts[number + 1 : number + 3]:
            kind = WORDS.get(word, 0)
            if kind & CODE:
                return True
            if not kind & SMALL and len(word) > 3:
                return False
        return False

    def distance(self, kinds: int) -> int:
        """Characters to the nearest word of these kinds."""
        least = _NOWHERE
        for word, distance in self._lasts:
            kind = WORDS.get(word, 0)
            if kind & kinds or (not kind and kinds & NOUN and is_compound(word)):
                least = distance
                break
        for number, (word, distance) in enumerate(self._firsts):
            if distance >= least:
                break
            kind = WORDS.get(word, 0)
            if (
                kind & kinds or (not kind and kinds & NOUN and is_compound(word))
            ) and not self._is_spent(number):
                least = distance
                break
        if self.before.isascii() and self.behind.isascii():
            return least
        # Where nothing parts words, a character says as much as three.
        glued = GLUED_PINS if kinds & PIN else GLUED_USES if kinds & USE else GLUED_CODES
        for found in glued.finditer(self.before):
            apart = len(self.before) - found.end()
            least = min(least, 3 * apart if found[0] > _CHINESE else apart)
        behind = glued.search(self.behind)
        if behind is None:
            return least
        return min(least, 3 * behind.start() if behind[0] > _CHINESE else behind.start())

    def _is_spent(self, number: int) -> bool:
        """Whether a word behind the number has a number of its own: "alarm code E07"."""
        word, at = self._firsts[number]
        return any(
            self.behind[at + len(word) : begin] == " "
            and any(map(str.isdigit, own))
            and not (own.isdigit() and len(own) > _BRIEF)
            for own, begin in self._firsts[number + 1 : number + 2]
        )

    def is_linked(self) -> bool:  # noqa: PLR0911  (one question after another)
        """``… is``, ``…:``, ``it's``."""
        before = self.before.rstrip(_OPENING)
        if not before:
            return False
        if before[-1] in ":=\uff1a\u2192\u2014\u2013" or before.endswith(
            ("'s", "\u2019s", "...", "->", "=>", ">>")
        ):
            return True
        if not before[-1].isascii() and before.endswith(GLUED_LINKS):
            return True
        if self.before[-2:] == "- ":
            return True
        most = len(self.before) - len(before)
        for word, distance in self._lasts[:4]:
            if distance > most:
                return False
            kind = WORDS.get(word, 0)
            if kind & LINK:
                return True
            # "ist seit heute", "is now"
            if not kind & WHEN:
                return False
            most = distance + len(word) + 1
        return False

    def is_keyed(self) -> bool:  # noqa: PLR0911  (one question after another)
        """``7731#``, ``door: 7731``, ``verification: 482913``, ``the alarm goes off with 7731``."""
        if self.behind[:1] == "#":
            return True
        if not self._lasts or self._lasts[0][1] > 3:
            return False
        word, distance = self._lasts[0]
        kind = WORDS.get(word, 0)
        if kind & OPENS and (distance > 1 or not self.behind[:1].isspace()):
            return True
        if kind & AUTH and (distance > 1 or not self.behind):
            return not self.is_few
        if self._is_come() and self.is_linked():
            return not self.is_few
        if kind & WITH or self.before.endswith("w/ "):
            if len(self._lasts) > 1 and self._lasts[1][0].startswith(UNLOCKS):
                return True
            return any(
                WORDS.get(other, 0) & OPENS and far <= 2 * NEAR for other, far in self._lasts
            )
        return False

    def _is_come(self) -> bool:
        """``verification came in: 559-043``: how it came, and before that what it is."""
        for word, distance in self._lasts[:5]:
            kind = WORDS.get(word, 0)
            if kind & AUTH:
                return distance <= NEAR
            if not kind & (SMALL | GIVEN | SOURCE | LINK) and len(word) > 1:
                return False
        return False

    def has_failed(self) -> bool:
        """Whether something before the number failed: it is an error's number."""
        for word, distance in self._lasts[:6]:
            if distance > 40:
                return False
            if WORDS.get(word, 0) & FAILED:
                return True
        return False

    def is_sent(self) -> bool:
        """``… by SMS``, ``the SMS says …``: where it comes from, right beside it."""
        words = self._firsts
        for number, (word, distance) in enumerate(words[:5]):
            if distance > NEAR:
                break
            is_source = number and WORDS.get(word, 0) & SOURCE
            if is_source and WORDS.get(words[number - 1][0], 0) & SMALL:
                return True
        lasts = self._lasts
        return self._is_delivered() or (
            self.is_linked()
            and any(
                WORDS.get(word, 0) & SOURCE and distance <= NEAR for word, distance in lasts[:5]
            )
        )

    def _is_delivered(self) -> bool:
        """``my bank texted me 884213``, ``Okta just sent 306917, enter it``."""
        lasts = self._lasts
        if self.is_few or not lasts or lasts[0][1] > 1:
            return False
        for word, _ in lasts[:3]:
            kind = WORDS.get(word, 0)
            if kind & SENT:
                return True
            if not kind & WHOM:
                return False
        return False

    def is_given(self) -> bool:
        """Whether its line tells who sent it, or hands it over: ``here is …``."""
        return any(
            WORDS.get(word, 0) & (GIVEN | AUTH)
            for words in (self._lasts, self._firsts)
            for word, _ in words
        )

    @property
    def is_few(self) -> bool:
        """Whether it is so short that many numbers look like it."""
        return len(self.value) < 6

    def is_round(self) -> bool:
        """Years, thousands, one digit only: what numbers in a sentence usually are."""
        value = self.value
        if value.isdigit() and (len(value.rstrip("0")) <= 2 or len(set(value)) == 1):
            return True
        return value.endswith("000") or (len(value) < 6 and _YEAR.fullmatch(value) is not None)

    def is_by_chance(self, distance: int) -> bool:
        """Whether a round number has to be taken for one."""
        near = _NEARER if self.value.startswith("19") and self.is_linked() else _BESIDE
        return distance > near or (self.value.startswith("20") and not self.is_linked())

    def is_wired(self) -> bool:
        """Whether this is about the pins of a board, or of a package manager."""
        return any(
            WORDS.get(word, 0) & WIRED for words in (self._lasts, self._firsts) for word, _ in words
        )
