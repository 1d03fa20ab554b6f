"""Tokens that were wrapped: a line end in the middle of what a vendor drew as one word."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final

_CUT: Final = re.compile(
    r"[A-Za-z0-9_.~+/=-]{8,250}+(?P<joint>[ \t]{0,2}\r?\n[ \t>|#+]{0,12})"
    r"(?P<next>[A-Za-z0-9_.~+/=-]{3,250})(?=[\s\"'`,;)\]}<*\\]|$)",
    re.ASCII,
)
_MORE: Final = re.compile(
    r"(?P<joint>[ \t]{0,2}\r?\n[ \t>|#+]{0,12})"
    r"(?P<next>[A-Za-z0-9_.~+/=-]{3,250})(?=[\s\"'`,;)\]}<*\\]|$)",
    re.ASCII,
)
_RUN: Final = re.compile(r"[A-Za-z0-9_.~+/=-]{3,250}")
_SETTING: Final = re.compile(
    r"[A-Za-z_][\w.-]{0,100}(?:[ \t]{0,3}=(?!=)[ \t]{0,3}[^\s=]|[ \t]{0,3}:)", re.ASCII
)
"""The next line of an environment file. What was drawn has "=" at its end only."""
_WIDE: Final = 60
"""A token that is complete is taken for wrapped only where lines get wrapped at all."""
_LONG: Final = 20
_LINE_END: Final = re.compile(r"[\"'`,;)\]}]{0,3}[ \t]{0,2}(?:\r?\n|$)")


def joints(
    text: str,
    at: int,
    whole: re.Match[str] | None,
    prefixes: tuple[str, ...],
    known: Collection[int] = (),
) -> list[tuple[int, int]]:
    """Line ends inside the vendor's token that begins at a place.

    Args:
        text: The text.
        at: Where its prefix stands.
        whole: What the rule matches there without joining anything.
        prefixes: The vendor's; a line that begins with one is the next token of a list.
        known: Where those begin that were found from other places, for the same vendor and where
            the rule matched, or did not, as it does here. What comes behind one of them is the same
            from wherever it is reached, so it is left out.
    """
    found: list[tuple[int, int]] = []
    has_second = False
    cut = _CUT.match(text, at)
    while cut is not None:
        start, end = cut.span("joint")
        if cut["next"].startswith(prefixes):
            # (The second part of a JSON Web Token begins as the first does, behind a dot.)
            if has_second or text[start - 1] != ".":
                break
            has_second = True
        if _SETTING.match(text, cut.start("next")):
            break
        if whole is not None or found:
            line = text.rfind("\n", 0, start) + 1
            if whole is not None and not found and whole.end("secret") != start:
                break
            if start - line < _WIDE and whole is not None:
                break
            if not _is_random(cut["next"]):
                break
        found.append((start, end))
        if start in known:
            break
        cut = _MORE.match(text, cut.end("next"))
    return found


def rest(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """Line ends behind which a value goes on that nothing but its name gives away.

    Where such a value ends nobody knows, so only what looks like the rest of one counts: alone in
    its line, or long, below a line as wide as those that get wrapped.

    Args:
        text: The text.
        start: Where the value begins.
        end: Where its line ends, for all that is known.
    """
    line = text.rfind("\n", 0, end) + 1
    if end - line < _WIDE or end - start < _LONG:
        return []
    found: list[tuple[int, int]] = []
    while more := _MORE.match(text, end):
        begin, end = more.span("next")
        is_alone = end - begin >= _LONG or _LINE_END.match(text, end) is not None
        if not (is_alone and _is_random(more["next"])) or _SETTING.match(text, begin):
            break
        found.append(more.span("joint"))
    return found


def goes_on(text: str, joint: tuple[int, int]) -> bool:
    """Whether what stands behind a line end may belong to the token before it.

    Args:
        text: The text.
        joint: The line end, from ``joints``.
    """
    following = _RUN.match(text, joint[1])
    return following is not None and _is_random(following[0])


def _is_random(run: str) -> bool:
    """Whether a run of characters goes on with a token, rather than being the next word."""
    digits = sum(c.isdigit() for c in run)
    return bool(digits and digits < len(run)) or (
        re.search(r"[a-z][A-Z]", run) is not None and re.search(r"[A-Z].*[A-Z]", run) is not None
    )
