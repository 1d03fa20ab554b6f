"""What stands before a word and says what it is: a user, a file, a network, and no password."""

from __future__ import annotations

from typing import Final

from jupyter_agent.screen import nouns
from jupyter_agent.screen.nouns import nouns_in


def names_other(before: str) -> bool:
    """Whether the last word before a value says that it is something else.

    Args:
        before: What stands before the value, forty characters at most.
    """
    named = before.rstrip(" :=#\"'`*(\t")
    # (What ends the line before says nothing about the word that begins this one.)
    if not named or named[-1] == "\n" or len(before) - len(named) > 3:
        return False
    if not named.isascii():
        if named[-1] in "\u306f\u304c\uc774\uac00":
            named = named[:-1]
        if named.endswith(nouns.OTHER_GLUED):
            return True
    word = named[max(map(named.rfind, _BLANKS)) + 1 :].lower().removesuffix("'s")
    if word not in nouns.COPULAS:
        return word in nouns.OTHER and not (
            ":" in before[len(named) :] and _is_owner(named[: len(named) - len(word)])
        )
    rest = named[: len(named) - len(word)].rstrip()
    word = rest[max(map(rest.rfind, _BLANKS)) + 1 :].lower()
    if word not in nouns.OTHER:
        return False
    found = nouns_in(rest)
    # "the password of the host is …", but "password …, host is …".
    return not found or not _ENDS.isdisjoint(rest[found[-1].end :])


def _is_owner(before: str) -> bool:
    """Whether a noun stands before a word, and the word says of what: "key of the box: …"."""
    found = nouns_in(before)
    return bool(found) and nouns.OF.fullmatch(before, found[-1].end) is not None


_ENDS: Final = frozenset(",;!?|")
_BLANKS: Final = (" ", "\n", "\t", "/", "-", "_", "(", ",")
