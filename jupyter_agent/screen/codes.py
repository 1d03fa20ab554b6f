"""Filters for numbers: a code to log in with, a PIN, or any other number?

A rule for codes says which words stand in a number's line. What is left to ask is whether the
number is one of something else, and whether a word such as "code" is there and near enough
(``number_line``).
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from jupyter_agent.screen.code_words import (
    APPROVED,
    APPROVING,
    AUTH,
    DEVICES,
    NOUN,
    OWNING,
    PIN,
    PURPOSES,
    SOURCE,
    TAKING,
    USE,
    WORDS,
)
from jupyter_agent.screen.number_line import LINE, NEAR, Line

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from jupyter_agent.screen.candidate import Candidate
from jupyter_agent.screen.expressions import at_need

_CLOSE: Final = 14
_SHORTEST: Final = 3
_DATE: Final = re.compile(
    r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])|(?:19|20)\d\d-(?:(?:19|20)\d\d|[01]\d[0-3]\d)"
)
_STANDARD: Final = re.compile(
    r"(?:RFC|ISO|IEEE|SHA|AES|RSA|UTF|MD|ED|HS|RS|ES|PS|CVE|IPV|HTTP|TLS|OAUTH|BASE|FIPS|TOTP|HOTP|OTP|API|[VXH])\d{1,5}"
)
_SAID: Final = re.compile(r"[^\W\d_]+")
_DRAWN: Final = re.compile(r"\d[a-z]|(?<![a-z])[a-z]{1,2}\d\d", re.IGNORECASE)


def _is_date(value: str) -> bool:
    return _DATE.fullmatch(value) is not None


def _is_other_number(candidate: Candidate) -> bool:
    """In a line with "verification code" or "OTP": a number of something else.

    Four or five digits have to stand near such a word, or behind "is" and the like.
    """
    line = Line(candidate)
    if line.is_other() or _is_of_device(line) or _is_row(line) or _is_elsewhere(candidate):
        return True
    if line.is_round():
        return line.is_by_chance(line.distance(NOUN))
    if not line.is_few:
        return _is_date(line.value)
    if line.has_failed():
        return True
    distance = line.distance(NOUN)
    return distance > NEAR and not (distance < LINE and line.is_linked())


def _is_no_code(candidate: Candidate) -> bool:
    """In a line with "SMS" or "door": a number that nothing calls a code."""
    line = Line(candidate)
    if line.is_other() or _is_of_device(line) or _is_row(line) or _is_elsewhere(candidate):
        return True
    distance = line.distance(NOUN | USE)
    if line.is_round():
        return line.is_by_chance(distance)
    if _is_date(line.value) or line.has_failed():
        return True
    near = NEAR if line.is_few and not line.is_linked() else 2 * NEAR
    if distance <= near or line.is_keyed() or _is_spelt(line) or _approves(line):
        return False
    if line.value.isdigit():
        return line.is_few or not line.is_sent()
    return line.distance(SOURCE) > _CLOSE and not line.is_sent()


def _is_unsaid(candidate: Candidate) -> bool:
    """In a line with "my code": nothing says that it is this number."""
    line = Line(candidate)
    if line.is_other() or line.is_round() or _is_date(line.value) or line.has_failed():
        return True
    if _is_row(line) or _is_postal(candidate) or _is_in_object(candidate):
        return True
    distance = line.distance(NOUN)
    if line.is_linked():
        return distance > 2 * NEAR
    if distance > _CLOSE:
        return True
    return (line.value.isdigit() or line.value[3:4] == "-") and not line.is_given()


# India's postal code is called PIN.
_POSTAL: Final = (
    r"(?i:pin ?code (?:of|in)) (?:the )?[A-Z][a-z]+(?: [A-Z][a-z]+)?(?: is| was|:| =| -)? $|"
    r"(?P<here>(?i:pin ?code)[^\n\d]{0,20})$"
)
_TOWN: Final = (
    r",? [A-Z][a-z]{2,}[^\n]{0,80}?\b(?:deliver|courier|address|area|district|city|post|ship)"
)


# The last digits of a card, or an example.
_ENDING: Final = (
    # (A whole word: the code "for Alex: …" is none.)
    r"(?<![^\W_])(?i:ending (?:in|with)|endend auf|endet auf|finissant par|terminant par|"
    r"eindigend op|terminad[ao] en|que termina en|terminante con|ex\.?:|e\.g\.|p\. ?ex\.|"
    r"z\. ?b\.)\s?$|"
    r"(?:\u5c3e\u53f7|\u672b\u5c3e|\u4e0b4\u6841)\s?$"
)


def _is_end_of_card(candidate: Candidate) -> bool:
    """``my card ending in 8820``: neither its number nor its PIN."""
    start = candidate.start
    return at_need(_ENDING).search(candidate.text, max(0, start - 24), start) is not None


def _is_elsewhere(candidate: Candidate) -> bool:
    return _is_end_of_card(candidate) or _is_in_object(candidate)


_PAIRS_BEFORE: Final = (
    r"(?:\{|(?P<one>(?P<two>[A-Za-z_$]{2,24}:(?:0x|\")?[0-9a-fA-F]{1,10}\"?,)?"
    r"[A-Za-z_$]{2,24}:(?:0x|\")?[0-9a-fA-F]{1,10}\"?,))(?P<name>[A-Za-z_$]{2,24}):\"?$"
)
_PAIRS_BEHIND: Final = (
    r"\"?(?:\}|(?P<one>,[A-Za-z_$]{2,24}:(?:0x|\")?[0-9a-fA-F]{1,10}\"?(?=[,}]))"
    r"(?P<two>,[A-Za-z_$]{2,24}:(?:0x|\")?[0-9a-fA-F]{1,10}\"?(?=[,}]))?)"
)


def _is_in_object(candidate: Candidate) -> bool:
    """``steelblue:4620980,tan:13808780,teal:32896``: the colours in every library that draws."""
    text, start, end = candidate.text, candidate.start, candidate.end
    if text[start - 1 : start] not in {":", '"'}:
        return False
    before = at_need(_PAIRS_BEFORE).search(text, max(0, start - 100), start)
    behind = at_need(_PAIRS_BEHIND).match(text, end)
    if before is None or not (
        (before["one"] and behind) or before["two"] or (behind and behind["two"])
    ):
        return False
    name = before["name"].lower()
    return name == "tan" or not WORDS.get(name, 0) & (NOUN | PIN)


def _is_postal(candidate: Candidate) -> bool:
    """``PIN code of Bengaluru is 560001``, ``pin code is 600028, Chennai``."""
    start = candidate.start
    if len(candidate.value) != 6 or candidate.value[0] in "09":
        return False
    said = at_need(_POSTAL).search(candidate.text, max(0, start - 60), start)
    if said is None:
        return False
    return said["here"] is None or bool(at_need(_TOWN).match(candidate.text, candidate.end))


def _is_no_pin(candidate: Candidate) -> bool:
    """Near "pin": a number of something else, or the pin of a board."""
    line = Line(candidate)
    if _is_postal(candidate) or _is_end_of_card(candidate):
        return True
    if line.is_other() or line.is_wired() or _is_of_device(line):
        return True
    distance = line.distance(PIN)
    if line.is_round():
        return line.is_by_chance(distance)
    return distance > 2 * NEAR


def _is_no_lock(candidate: Candidate) -> bool:
    """Behind "bike lock … to": what it weighs, costs, or how old it is."""
    line = Line(candidate)
    return line.is_other() or (line.is_round() and len(line.value) > _SHORTEST)


def _is_of_device(line: Line) -> bool:
    """``on terminal 4471``: which one of many; but no ``PIN of the ATM 4471``."""
    said = _SAID.findall(line.before[-NEAR:])
    if not said or said[-1] not in DEVICES or not line.before.endswith(f"{said[-1]} "):
        return False
    return OWNING.isdisjoint(said[-3:-1]) and not any(
        WORDS.get(word, 0) & (NOUN | PIN) for word in said[-2:-1]
    )


def _is_spelt(line: Line) -> bool:
    """``verification … on the mac: 3 7 0 9 2 6``: one by one, where it says what they are."""
    return line.value[1:2] == " " and line.is_linked() and line.distance(AUTH) <= 2 * NEAR


def _is_row(line: Line) -> bool:
    """Digits one by one that count, or to which nothing leads."""
    value = line.value
    if value[1:2] != " ":
        return False
    digits = value[::2]
    steps = {int(second) - int(first) for first, second in pairwise(digits)}
    return (
        len(steps) == 1
        or len(set(digits)) < _SHORTEST
        or not (line.is_linked() or line.distance(NOUN) <= 1)
    )


def _approves(line: Line) -> bool:
    """``Use 640182 to authorise your payment``, ``to authorise your payment use 640182``."""
    before = _SAID.findall(line.before)
    behind = _SAID.findall(line.behind)
    if not before or line.before[-1:] != " ":
        return False
    verb = before[-2] if before[-1] == "sie" and len(before) > 1 else before[-1]
    if verb in TAKING and behind and behind[0] in PURPOSES:
        said = behind[1:]
    elif verb in TAKING and not line.behind.strip(" .!)"):
        said = before
    elif before == ["mit"]:
        said = behind
    else:
        return False
    verbs = APPROVING.intersection(said)
    things = APPROVED.intersection(said)
    return bool(verbs) and bool(things - verbs if line.is_few else things)


def _is_no_recovery(candidate: Candidate) -> bool:
    """``lib32-gcc1``, ``2019-2024``: groups that name or count something.

    Digits without a dash have to have a line of their own.
    """
    value = candidate.value
    if value.replace(" ", "").isdigit():
        line = Line(candidate)
        return bool(line.before.strip(" \t-*>#.):\"',0123456789") or line.behind.strip(" \t,;\"'"))
    if value.replace("-", "").isdigit():
        return _is_date(value)
    return not _DRAWN.search(value)


def _is_unlinked(candidate: Candidate) -> bool:
    """Capitals and digits to which nothing leads ("is", ":"), or that name a standard."""
    if _STANDARD.fullmatch(candidate.value):
        return True
    line = Line(candidate)
    return line.is_other() or not (line.distance(NOUN) <= 2 or line.is_linked())


CODES: Final[Mapping[str, Callable[[Candidate], bool]]] = {
    "other-number": _is_other_number,
    "no-code": _is_no_code,
    "no-lock": _is_no_lock,
    "no-pin": _is_no_pin,
    "no-recovery": _is_no_recovery,
    "unlinked": _is_unlinked,
    "unsaid": _is_unsaid,
}
"""By the name that rules use. True means: harmless, drop the candidate."""
