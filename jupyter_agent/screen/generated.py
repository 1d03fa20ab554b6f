"""Passwords as a password manager draws them, from all characters that a keyboard has.

``k7(Rq<2m;W]`` looks like code, a template or a placeholder to whoever looks for one of those. So
this is asked first: people do not write such a thing, and programs hardly ever do.
"""

from __future__ import annotations

import re
import string
from typing import Final

_LEAST: Final = 10
_MOST: Final = 72
_SHORT: Final = 6
# Those that base64, dates, numbers and names in programs have, too, do not count.
_HARD: Final = re.compile(r"[!\"#$%&'()*,:;<>?@\[\\\]^`{|}~]|=(?=.*[^=])")
_SORTS: Final = str.maketrans(
    string.ascii_lowercase + string.ascii_uppercase + string.digits + string.punctuation,
    "a" * 26 + "A" * 26 + "0" * 10 + "!" * 32,
)
_SAME: Final = re.compile(r"a+|A+|0+|!+")
_BRACKETS: Final = {")": "(", "]": "[", "}": "{", ">": "<"}
_ENDS: Final = frozenset(".,;:!?)\"'`")
_REST: Final = re.compile(r"\S{0,80}")
# What begins the next field of a line or of an object, or a host, or closes a tag or a line.
_NEXT: Final = re.compile(
    r"[,;&|]\s?[\"']?[A-Za-z_][\w-]{0,30}[\"']?\s?[:=]|</|\\[nrt\"']|\x1b|"
    r"@[\w.-]{1,60}(?![^\s:/\"'])"
)
_BETWEEN_BLANKS: Final = re.compile(r"\S{10,80}")
_OPENING: Final = frozenset("\"'`([{<")
_LONG_WORD: Final = re.compile(r"[A-Za-z][a-z]{4}|[A-Z]{5}")
_WORD: Final = re.compile(r"[A-Z]?[a-z]+|[A-Z]+")
_VOWEL: Final = re.compile(r"[aeiouyAEIOUY]")
_WRITTEN: Final = re.compile(
    # Addresses, operators and calls.
    r"://|^www\.|^[\w.+-]+@[\w-]+\.|&&|\|\||[=!<>]=|=>|->|\(\)|::|"
    r"^[a-z_]{3,}[\w.]*[(\[]|^[A-Za-z_]\w*\.[A-Za-z_]\w*[(\[]|[a-z]{3}\(|"
    # Fields, formats and classes of characters.
    r"\{\{|\}\}|\$\{|\$\(|%[sd]|A-Z|a-z|0-9|^\[[^\]]*\]$|^<[^>]*>$|^\{[^}]*\}$|"
    # Escapes: of strings, mail, addresses, HTML and manual pages.
    r"\\(?:[nrtux&]|[0-7]{3}|f[A-Z0-9(]|s[+-]?[0-9])|[=%][0-9A-F]{2}|"
    r"&(?:[a-z]{2,6}|#x?[0-9A-Fa-f]{1,6});|"
    r"</|/>|\.\.\."
)


def is_generated(value: str) -> bool:
    """Whether a value was drawn from letters of both cases and signs, and most likely digits.

    Args:
        value: Without blanks.
    """
    # Nearly every value ends here.
    if not _LEAST <= len(value) <= _MOST or not _HARD.search(value):
        return False
    word = _LONG_WORD.search(value)
    if word is not None and _VOWEL.search(word[0]):
        return False
    if value.isupper() or value.islower() or not (value.isascii() and value.isprintable()):
        return False
    sorts = value.translate(_SORTS)
    digits = sorts.count("0")
    # Without a digit it takes more signs, because programs have few digits.
    signs = len(set(_HARD.findall(value)))
    if signs < (3 if not digits else 2 if digits < 2 else 1):
        return False
    if len(_SAME.findall(sorts)) * 2 < len(value):
        return False
    return not _has_short_words(value) and not _WRITTEN.search(value) and not _pairs(value)


def whole_end(text: str, start: int, end: int) -> int:
    """Where a password that was drawn ends, if it goes on behind what was taken for its end.

    Args:
        text: The text.
        start: Where it begins. It is not in quotation marks.
        end: What an expression took for its end: a bracket, a comma, a quotation mark.

    Returns:
        Where it ends, or ``end``: then all of it was not drawn.
    """
    # What ends a word ends nearly every one.
    behind = text[end : end + 2]
    if not behind or behind[0].isspace() or (behind[0] in _ENDS and not behind[1:].strip()):
        return end
    rest = _REST.match(text, end)
    stop = rest.end() if rest else end
    # (Before that there is too little for a password that something follows.)
    if following := _NEXT.search(text, max(end, start + _SHORT), stop):
        stop = following.start()
    value = trimmed(text[start:stop])
    return start + len(value) if start + len(value) > end and is_generated(value) else end


def before_pictures(text: str, start: int, end: int) -> int:
    """Where a password ends behind which a picture stands, as on a phone: nobody can type those.

    Args:
        text: The text.
        start: Where the password begins. It is not in quotation marks.
        end: Where it ends, pictures included.
    """
    while end - start > _SHORT and text[end - 1] >= _PICTURES and _PICTURE.match(text, end - 1):
        end -= 1
    return end


_PICTURES: Final = "\u200d"
_PICTURE: Final = re.compile(
    "[\u200d\u2190-\u21ff\u2300-\u27bf\u2b00-\u2bff\ufe0f\U0001f000-\U0001faff]"
)


def trimmed(value: str) -> str:
    """The value without what ends a sentence or closes what was opened before it."""
    while value:
        last = value[-1]
        opens = _BRACKETS.get(last)
        if last in ".,;:\"'`" or (opens and value.count(last) > value.count(opens)):
            value = value[:-1]
        else:
            break
    return value


def generated_in(text: str, begin: int, end: int) -> list[tuple[int, int]]:
    """Where drawn passwords begin and end in a stretch of a line, between blanks."""
    found: list[tuple[int, int]] = []
    for match in _BETWEEN_BLANKS.finditer(text, begin, end):
        start = match.start()
        value = match[0]
        # What stands around a word, though it may be drawn, too: one character of many.
        while value and value[0] in _OPENING:
            start += 1
            value = value[1:]
        value = trimmed(value)
        if is_generated(value):
            found.append((start, start + len(value)))
    return found


def _has_short_words(value: str) -> bool:
    """Whether letters stand together as words do, more than once."""
    short = [word for word in _WORD.findall(value) if len(word) > 3 and _VOWEL.search(word)]
    return len(short) > 1


def _pairs(value: str) -> bool:
    """Whether brackets are there and pair, as in code."""
    opened: list[str] = []
    pairs = 0
    for char in value:
        if char in "([{":
            opened.append(char)
        elif char in ")]}":
            if not opened or opened.pop() != _BRACKETS[char]:
                return False
            pairs += 1
    return pairs > 0 and not opened
