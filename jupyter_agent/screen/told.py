"""Passwords told in a sentence, in any order: a word near "password" that is like nothing else.

Who tells a password says the noun and the value, and the rest of the sentence may be anything. So
the value is judged by two things that add up: how much it looks like a password and like nothing
else (``looks``), and how closely grammar ties it to the noun (``nouns``). ``W1nter!Tram`` needs no
more than the noun in the same line, ``marigold58`` a link, and a plain word is never taken for one.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from jupyter_agent.screen import entering, nouns
from jupyter_agent.screen.another import names_other
from jupyter_agent.screen.generated import is_generated
from jupyter_agent.screen.looks import BEST, shape
from jupyter_agent.screen.nouns import Noun, nouns_in

NEEDED: Final = 3.5
"""What shape and tie have to add up to."""
_ADJACENT: Final = 2.4
_CLOSE: Final = 2.5
_FAR: Final = 90
_WORD: Final = re.compile(r"(?<!/)[^\W\d_](?:['\u2019]?[^\W_])*")
_OPENS: Final = r"[\s*_\"'`(\u201c\u201e\u00ab\u300c\u2018]*$"
_MARK: Final = re.compile(
    rf"(?::|=|->|=>|<-|\u2192|\u27a1|\uff1a|\u2014|\u2013|\s-|\U0001f449){_OPENS}"
)
_MARK_FIRST: Final = re.compile(
    r"[\s\"'`*)\u201d\u00bb\u300d\u2019]*(?:<-+|=|->|\u2190|\u2014|\u2013|-\s|\()"
)
_SENTENCE: Final = re.compile(
    r"[.!?\u3002\uff01\uff1f\u061f\u0964;]+[)\"']?(?:\s|$|(?<=[\u3002\uff01\uff1f]))"
)
_CODE_SIGN: Final = re.compile(
    r"[(\[{};=<>|&\\%$]|--|::|['\"],|^\s*!|^\.[A-Z]|elif|assert|raise|import|return"
)
_CODE: Final = re.compile(
    r"[A-Za-z_][A-Za-z0-9_]*\([^)\s]|\w\(\)|[;{}]\s*$|[=!]=|</?[a-z]|"
    r"^\s*(?:def \w+\(|class \w+[(:]|import \w|from [\w.]+ import|return \w|#\s*define|"
    r"(?:const|let|var) \w+ =|export \w+=|elif|assert|raise|\$ |>>>|%|!)|"
    r"^\.[A-Z]|::|&&|\|\||\[['\"]|\.\w+\(|(?<![\w-])--[a-z]|\w=\w|[a-z]\[|\w->\w|"
    r"\], ?\[|['\"], ?['\"]|\\-|\"\w+\": "
)
_TECHNICAL_SIGN: Final = re.compile(r"[_/\\#]|\w\.[a-z]|\]\(|[Cc]lose|\(")
# Names of functions, variables and files, and what stands around them in documentation of programs.
_TECHNICAL: Final = re.compile(
    r"(?<![\w@])[A-Za-z]+_[a-z]+(?:_\w+)*(?![\w@])|[\w.]+/[\w.]+/|\b[a-z]+[A-Z][a-z]+\(|\]\(|\\f[BIR]|"
    r"\bClose[sd]:|\bPR[ #]\d|"
    r"\w\.(?:c|h|cc|cpp|py|js|ts|go|rs|java|txt|sh|conf|pl|pm|in|am|po|html|texi)\b"
)
# What comes out of a long explanation: "the boat plus the year, so Wanderlust1974".
_SO: Final = re.compile(
    r",\s(?:so|thus|hence|meaning|i\.e\.|also|donc|así que|quindi|dus|więc|takže|то есть|значит)"
    r"[\s:,]{1,2}[\"'`(]?$"
)
_SIGN: Final = re.compile(r"[!#$%&*+@?]")
_LEAD: Final = re.compile(r"([^\W\d_]+)[^\w\n]{0,4}$")
_WORD_END: Final = re.compile(r"[.,;:!?)\"']*(?:\s|$)")
_SHAPED: Final = re.compile(r"(?<![^\s\"'`(])[^\W\d_]+[-_.]?\d\w*")
_EXAMPLE: Final = re.compile(
    r"(?i:(?<![^\W_])(?:e\.g\.|eg|such as|for example|for instance|z\.\s?b\.|zum beispiel|"
    r"par exemple|p\. ?ex\.|por ejemplo|por exemplo|ad esempio|bijvoorbeeld|np\.|например|"
    r"örn\.|mesela))[\s:,\"'`(]{0,4}$|(?:sudo|[$#]) passwd(?: -[a-zA-Z]{1,8}){0,3} $"
)
_NAMED: Final = re.compile(
    r"(?i:pass\w{0,6}|pwd?|psk|psw|mdp|senha|clave|passwort|parola|has[łl]o|heslo)=$"
)
_PAIRED: Final = re.compile(
    r"(?i:credentials|creds|logins?)(?::|\s(?:is|are|were|was)(?::|\snow)?)"
    r"\s[\w@.+-]{2,60},?\s(?:and|with)\s$"
)
_PAIR: Final = re.compile(r"(?<![\w/.\\@+-])[\w@.+-]{2,40} ?/ ?$")


def _said(text: str) -> list[str]:
    return [word.lower() for word in _WORD.findall(text)]


def _after(gap: str, *, glued: bool = False) -> float:  # noqa: PLR0911  (a list of cases)
    """How closely a value is tied to the noun before it, by what stands between them.

    ``glued``: The noun ends with "'s", so "pw's still …", but not "pw's like …".
    """
    if glued:
        return 3.0 if _ends_with_is(["s", *_said(gap)]) else 0.0
    if len(gap) > _FAR:
        return 2.0 if _SO.search(gap) else 0.0
    words = _said(gap)
    if _SENTENCE.search(gap):
        return _next(gap)
    if _MARK.search(gap):
        return 3.0 if len(words) <= 8 else 2.0
    if not words:
        return _ADJACENT
    if _ends_with_is(words) or gap.endswith(_GLUED_IS):
        return 3.0 if len(words) <= 8 else 2.0
    last = words[-1]
    if last in nouns.LEADS or gap.endswith(" w/ "):
        return 2.0 if len(words) <= 5 else 1.0
    if len(words) >= 2 and words[-2] in nouns.IS:
        return 2.0
    if last in nouns.SMALL:
        return 1.0
    return 2.0 if len(words) <= 4 else 1.5 if len(gap) <= 50 else 1.0


_GLUED_IS: Final = ("คือ ", "है ", "हैं ", "হলো ", "হল ")


def _ends_with_is(words: list[str]) -> bool:
    """``… is``, ``… is still just``."""
    for word in reversed(words):
        if word in nouns.IS:
            return True
        if word not in nouns.HEDGES:
            return False
    return False


def _next(gap: str) -> float:
    """The same where a sentence ends between them: "…the password. It's …"."""
    rest = gap[[match.end() for match in _SENTENCE.finditer(gap)][-1] :]
    words = _said(rest)
    if words and (words[-1] in nouns.IS or (words[0] in nouns.IS and len(words) <= 4)):
        return _CLOSE if len(words) <= 4 else 2.0
    if words and words[-1] in nouns.SMALL:
        return 1.0
    return 2.0 if len(words) <= 2 or _MARK.search(rest) else 1.0


def _before(gap: str, lead: str) -> float:  # noqa: PLR0911  (a list of cases)
    """The same for a value before its noun; ``lead`` is the word before the value."""
    if len(gap) > _FAR - 10:
        return 0.0
    words = _said(gap)
    few = len(words)
    if _SENTENCE.search(gap):
        if words and words[0] in nouns.IS and few <= 6:
            return 2.0
        return 1.5 if few <= 2 else 1.0
    if few <= 5 and _MARK_FIRST.match(gap):
        return 3.0
    if words and words[0] in nouns.IS:
        return 3.0 if few <= 6 else 2.0
    if words and words[0] in nouns.AS and few <= 5 and gap.lstrip()[:1] not in ",;":
        return 3.0 if few <= 3 else 2.0
    if (
        lead in nouns.LEADS
        or lead in nouns.IS
        or (few <= 6 and words and words[0] in nouns.WHEN and not nouns.ASKS.isdisjoint(words))
    ):
        return 2.0
    if not nouns.IS.isdisjoint(words[:3]) or not nouns.LIKE.isdisjoint(words):
        return 2.0
    # "my iPhone15 password": the password of what stands before it.
    return 1.0


@cache
def prepare() -> None:
    """Compile what looking at a line takes, which is a cost of the process and of no text."""
    Line("user ana, password w1nter", 0, 25).tells(19, 25)
    entering.login()
    entering.entry()
    entering.asks()
    nouns_in("\u00e9")
    nouns_in("unlock it with")


class Line:
    """What stands around a keyword in its line.

    Args:
        text: The whole text.
        begin: Where the line, or what of it is looked at, begins.
        end: Where it ends.
    """

    __slots__ = ("_begin", "_line", "_nouns", "_text")

    def __init__(self, text: str, begin: int, end: int) -> None:
        self._text = text
        self._begin = begin
        self._line = text[begin:end]
        self._nouns: list[Noun] | None = None

    def tells(self, start: int, end: int) -> bool:  # noqa: PLR0911  (one question after another)
        """Whether the line tells that one of its ``lines.mixed_words`` is a password."""
        # The cheapest first: of most words, such as the parts of an address, the first is all. What
        # was drawn is looked for between blanks, and part of nothing.
        value = self._text[start:end]
        if self._is_part(start, end) and not is_generated(value):
            return False
        if self._text.endswith("SHA256:", 0, start):
            return False  # the fingerprint of a key
        line = self._line
        key = _network_key(value, line)
        good = shape(value) or key or self._answer(start, value)
        if not good or (self._is_other(start, end) and not (key and self._is_of_box(start))):
            return False
        start -= self._begin
        end -= self._begin
        tie = self._tie(start, end, good)
        if not tie or good + tie < NEEDED:
            value = line[start:end]
            tie = max(
                tie,
                self._sibling(start, value, good),
                self._logs_in(start, end, good),
                self._opens(start, end, good),
                self._changed(start, end, good),
            )
        others = f"{line[:start]}\u00b7{line[end:]}"
        if good == BEST and not tie:
            return bool(entering.entry().search(others)) and not (
                _is_code(others) or _is_technical(others)
            )
        if not tie or good + tie < NEEDED:
            return False
        if _is_code(others):
            return tie >= _CLOSE and good >= 2.5
        if good + tie < NEEDED + 1.0 and _is_technical(others):
            return False
        # One is told; of several words like that most are something else.
        return tie >= _CLOSE or good >= 3.0 or len(_SHAPED.findall(others)) <= 2

    def _is_part(self, start: int, end: int) -> bool:
        """Whether signs beside it say that it is part of something: an address, a path, a call."""
        text = self._text
        after = text[end : end + 3]
        if after[:1] in _CLOSING or after == "://":
            return True
        last = text[start - 1 : start] if start else ""
        if last not in _OPENING and last != "=":
            return False
        before = text[max(0, start - 40) : start]
        return not (_NAMED if last == "=" else _PAIR).search(before)

    def _is_other(self, start: int, end: int) -> bool:
        """Whether what stands beside it says what it is: a user, a file."""
        text = self._text
        after = text[end : end + 1]
        before = text[max(0, start - 40) : start]
        if _EXAMPLE.search(before):
            return True
        # What begins a line and has a colon behind it is what the line is about.
        if after == ":" and not before.rsplit("\n", 1)[-1].strip(" \t*-+\u2022#>"):
            return True
        return names_other(before)

    def _is_of_box(self, start: int) -> bool:
        """Whether a network's key is said to be of a box: "clé wifi de la box …"."""
        return bool(_BOX.search(self._text, max(0, start - 24), start))

    def _tie(self, start: int, end: int, good: float) -> float:
        """How closely a word is tied to a noun, at most 3."""
        if self._nouns is None:
            self._nouns = nouns_in(self._line)
        line = self._line
        most = 0.0
        lead: str | None = None
        for noun in self._nouns:
            if noun.end <= start:
                gap = line[noun.end : start]
                if noun.tight and (good < noun.least or len(gap) > 3 or gap.strip(" :\"'`(")):
                    continue
                if noun.signed and not (
                    _SIGN.search(line, start, _with_next(line, end)) or _LOGS.search(line)
                ):
                    continue
                if noun.verb and (good < 2.5 or gap.strip(" \"'`(")):
                    continue
                most = max(most, _after(gap, glued=line[noun.end - 2] in "'\u2019"))
            elif noun.start >= end:
                if noun.tight or noun.verb or (noun.key and good < 3.0):
                    continue
                if lead is None:
                    word = _LEAD.search(line, max(0, start - 24), start)
                    lead = word[1].lower() if word else ""
                most = max(most, _before(line[end : noun.start], lead))
            else:
                return 0.0
        return most

    def _sibling(self, start: int, value: str, good: float) -> float:
        """The tie of another word that begins alike: the old one, the mistyped one."""
        most = 0.0
        line = self._line
        if self._nouns and good >= _LIKELY and _is_corrected(line, value):
            return 2.0
        begin = value[: max(4, len(value) // 2)]
        at = line.find(begin)
        while at >= 0:
            if at != start and abs(at - start) < _FAR:
                end = _WORD_END.search(line, at)
                if end is not None:
                    most = max(most, self._tie(at, end.start(), good))
            at = line.find(begin, at + 1)
        return most

    def _opens(self, start: int, end: int, good: float) -> float:
        """The tie of a word behind which stands that it lets somebody in: "… got me onto"."""
        if good >= _STRONG and entering.TO_PROTECT.match(self._line, end):
            return 2.0 if entering.USED.search(self._line, max(0, start - 24), start) else 0.0
        if good < 2.0 or not entering.LETS_IN.match(self._line, end):
            return 0.0
        # "Uploading with 4G gets you in": what stands before it is no password.
        return 2.0 if entering.STANDS_ALONE.search(self._line, max(0, start - 12), start) else 0.0

    def _changed(self, start: int, end: int, good: float) -> float:
        """The tie of a word that another one was changed to or from, which is told: "from … to"."""
        if good < _LIKELY:
            return 0.0
        line = self._line
        change = entering.TO.search(line, max(0, start - 80), start)
        if change is None and entering.FROM.search(line, max(0, start - 8), start):
            change = entering.TO_WHAT.match(line, end)
        if change is None:
            return 0.0
        begin, stop = change.span(1)
        other = shape(change[1])
        return self._tie(begin, stop, other) if other else 0.0

    def _answer(self, start: int, value: str) -> float:
        """The shape of ``gr4vel.pit`` behind "answer with"."""
        if "." not in value or not entering.DOTTED.fullmatch(value):
            return 0.0
        before = self._text[max(0, start - 24) : start]
        return 2.0 if entering.ANSWERED.search(before) else 0.0

    def _logs_in(self, start: int, end: int, good: float) -> float:
        """The tie of a word behind a user name, where somebody is to log in."""
        line = self._line
        if _NAME_AND_DATE.match(line, start, end) and entering.OF_USER.search(
            line, max(0, start - 80), start
        ):
            return 2.0
        if good < 2.0 or not entering.BESIDE.search(line, max(0, start - 70), start):
            return 0.0
        begin = max(0, start - _FAR)
        between = line[max(0, start - 2) : start]
        if good < _STRONG and between == ": " and _PAIR_BEHIND.match(line, end):
            return 0.0  # "log me into moodle: bgarcia22 / …"
        is_pair = between.strip() in _BETWEEN_PAIR or bool(_PAIRED.search(line, begin, start))
        if not entering.login().search(line, begin, start) and not (
            between in _BEHIND_A_NETWORK and entering.network().search(line, begin, start)
        ):
            return 0.0
        return 2.0 if good >= 2.5 or is_pair else 0.0


def _is_corrected(line: str, value: str) -> bool:
    """Whether a word stands in its line twice, once with other capitals: that one was wrong."""
    return line.lower().count(value.lower()) > 1 and line.count(value) == 1


_NAME_AND_DATE: Final = re.compile(r"[A-Z][a-z]{2,}\d{4,}$")  # Quarz050980
_LIKELY: Final = 1.5
_STRONG: Final = 2.5
_PAIR_BEHIND: Final = re.compile(r" [/|] (?:[^\s:]{5,64}(?:\s|$)|$)")


def _network_key(value: str, line: str) -> float:
    """The shape of hexadecimal digits in a line about a network, of which routers draw keys."""
    if len(value) not in _NETWORK_KEYS or not _HEXADECIMAL.fullmatch(value):
        return 0.0
    return 2.0 if entering.network().search(line) else 0.0


_LOGS: Final = re.compile(r"(?<![a-z])(?:log(?:ging|ged|s)? ?(?:me |in|out)|auth)", re.IGNORECASE)
_BOX: Final = re.compile(r"(?:box|router|routeur|modem|hub)\s[\"'`]?$", re.IGNORECASE)
_NETWORK_KEYS: Final = (8, 10, 12, 13, 16, 20, 24, 26, 64)
_HEXADECIMAL: Final = re.compile(r"(?=[A-Fa-f]*[0-9])(?=[0-9]*[A-Fa-f])(?:[0-9A-F]+|[0-9a-f]+)")

_OPENING: Final = frozenset("/\\$<{%-[^")
_CLOSING: Final = frozenset("(/\\[=}")
_BETWEEN_PAIR: Final = frozenset("/|:")
_BEHIND_A_NETWORK: Final = ("/ ", "| ")


def _with_next(line: str, end: int) -> int:
    """Where the word ends to which this one was changed, or this one: one has the sign."""
    change = entering.TO_WHAT.match(line, end)
    return change.end(1) if change else end


def _is_code(line: str) -> bool:
    return _CODE_SIGN.search(line) is not None and _CODE.search(line) is not None


def _is_technical(line: str) -> bool:
    return _TECHNICAL_SIGN.search(line) is not None and _TECHNICAL.search(line) is not None
