"""Filters for numbers: a code to log in with, a PIN, or any other number?

A rule for codes says which words stand in a number's line. What is left to ask is whether the
number is one of something else, and whether a word such as "code" is there and near enough
(``number_line``).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from jupyter_agent.screen.code_words import NOUN, PIN, SOURCE, USE
from jupyter_agent.screen.number_line import LINE, NEAR, Line

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from jupyter_agent.screen.candidate import Candidate

_CLOSE: Final = 14
_DATE: Final = re.compile(
    r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])|(?:19|20)\d\d-(?:(?:19|20)\d\d|[01]\d[0-3]\d)"
)
_STANDARD: Final = re.compile(
    r"(?:RFC|ISO|IEEE|SHA|AES|RSA|UTF|MD|ED|HS|RS|ES|PS|CVE|IPV|HTTP|TLS|OAUTH|BASE|FIPS|TOTP|HOTP|OTP|API|[VXH])\d{1,5}"
)
_DRAWN: Final = re.compile(r"\d[a-z]|(?<![a-z])[a-z]{1,2}\d\d", re.IGNORECASE)


def _is_date(value: str) -> bool:
    return _DATE.fullmatch(value) is not None


def _is_other_number(candidate: Candidate) -> bool:
    """In a line with "verification code" or "OTP": a number of something else.

    Four or five digits have to stand near such a word, or behind "is" and the like.
    """
    line = Line(candidate)
    if line.is_other():
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
    if line.is_other():
        return True
    distance = line.distance(NOUN | USE)
    if line.is_round():
        return line.is_by_chance(distance)
    if _is_date(line.value) or line.has_failed():
        return True
    near = NEAR if line.is_few and not line.is_linked() else 2 * NEAR
    if distance <= near or line.is_keyed():
        return False
    if line.value.isdigit():
        return line.is_few or not line.is_sent()
    return line.distance(SOURCE) > _CLOSE and not line.is_sent()


def _is_unsaid(candidate: Candidate) -> bool:
    """In a line with "my code": nothing says that it is this number."""
    line = Line(candidate)
    if line.is_other() or line.is_round() or _is_date(line.value) or line.has_failed():
        return True
    distance = line.distance(NOUN)
    if line.is_linked():
        return distance > 2 * NEAR
    if distance > _CLOSE:
        return True
    return (line.value.isdigit() or line.value[3:4] == "-") and not line.is_given()


def _is_no_pin(candidate: Candidate) -> bool:
    """Near "pin": a number of something else, or the pin of a board."""
    line = Line(candidate)
    if line.is_other() or line.is_wired():
        return True
    distance = line.distance(PIN)
    if line.is_round():
        return line.is_by_chance(distance)
    return distance > 2 * NEAR


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
    "no-pin": _is_no_pin,
    "no-recovery": _is_no_recovery,
    "unlinked": _is_unlinked,
    "unsaid": _is_unsaid,
}
"""By the name that rules use. True means: harmless, drop the candidate."""
