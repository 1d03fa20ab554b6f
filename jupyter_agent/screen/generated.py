"""Passwords as a password manager draws them, from all characters that a keyboard has.

``k7(Rq<2m;W]`` looks like code, a template or a placeholder to whoever looks for one of those. So
this is asked first: people do not write such a thing, and programs hardly ever do.
"""

from __future__ import annotations

import re
from typing import Final

_LEAST: Final = 10
_MOST: Final = 72
# Those that base64, dates, numbers and names in programs have, too, do not count.
_HARD: Final = frozenset("!\"#$%&'()*,:;<>?@[\\]^`{|}~")
_BRACKETS: Final = {")": "(", "]": "[", "}": "{", ">": "<"}
_REST: Final = re.compile(r"\S{0,80}")
# What begins the next field of a line or of an object, or a host, or closes a tag or a line.
_NEXT: Final = re.compile(
    r"[,;&|]\s?[\"']?[A-Za-z_][\w-]{0,30}[\"']?\s?[:=]|</|\\[nrt\"']|\x1b|"
    r"@[\w.-]{1,60}(?![^\s:/\"'])"
)
_BETWEEN_BLANKS: Final = re.compile(r"\S{10,80}")
_OPENING: Final = frozenset("\"'`([{<")
_WORD: Final = re.compile(r"[A-Z]?[a-z]+|[A-Z]+")
_VOWEL: Final = re.compile(r"[aeiouyAEIOUY]")
_WRITTEN: Final = re.compile(
    # Addresses, operators and calls.
    r"://|^www\.|^[\w.+-]+@[\w-]+\.|&&|\|\||[=!<>]=|=>|->|\(\)|::|"
    r"^[a-z_]{3,}[\w.]*[(\[]|^[A-Za-z_]\w*\.[A-Za-z_]\w*[(\[]|[a-z]{3}\(|"
    # Fields, formats and classes of characters.
    r"\{\{|\}\}|\$\{|\$\(|%[sd]|A-Z|a-z|0-9|^\[[^\]]*\]$|^<[^>]*>$|^\{[^}]*\}$|"
    # Escapes: of strings, mail, addresses, HTML and manual pages.
    r"\\(?:[nrtux&]|[0-7]{3}|f[A-Z0-9(])|[=%][0-9A-F]{2}|&(?:[a-z]{2,6}|#x?[0-9A-Fa-f]{1,6});|"
    r"</|/>|\.\.\."
)


def is_generated(value: str) -> bool:
    """Whether a value was drawn from letters of both cases and signs, and most likely digits.

    Args:
        value: Without blanks.
    """
    length = len(value)
    if not (_LEAST <= length <= _MOST and value.isascii() and value.isprintable()):
        return False
    lower = upper = digits = changes = 0
    hard: set[str] = set()
    last = ""
    for char in value:
        if char.islower():
            lower += 1
            sort = "a"
        elif char.isupper():
            upper += 1
            sort = "A"
        elif char.isdecimal():
            digits += 1
            sort = "0"
        else:
            sort = "!"
            if char in _HARD or (char == "=" and value[-1] != "="):
                hard.add(char)
        changes += sort != last
        last = sort
    if not (lower and upper and hard) or changes * 2 < length:
        return False
    # Without a digit it takes more signs, because programs have few digits.
    if len(hard) < (3 if not digits else 2 if digits < 2 else 1):
        return False
    return not _has_words(value) and not _WRITTEN.search(value) and not _pairs(value)


def whole_end(text: str, start: int, end: int) -> int:
    """Where a password that was drawn ends, if it goes on behind what was taken for its end.

    Args:
        text: The text.
        start: Where it begins. It is not in quotation marks.
        end: What an expression took for its end: a bracket, a comma, a quotation mark.

    Returns:
        Where it ends, or ``end``: then all of it was not drawn.
    """
    if end >= len(text) or text[end].isspace():
        return end
    rest = _REST.match(text, end)
    stop = rest.end() if rest else end
    if following := _NEXT.search(text, end, stop):
        stop = following.start()
    value = trimmed(text[start:stop])
    return start + len(value) if start + len(value) > end and is_generated(value) else end


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


def _has_words(value: str) -> bool:
    """Whether letters stand together as words do."""
    long = [word for word in _WORD.findall(value) if len(word) > 3 and _VOWEL.search(word)]
    return len(long) > 1 or any(len(word) > 4 for word in long)


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
