"""Words that a program could have for a name, where a sentence says that they are a password."""

from __future__ import annotations

import re
from typing import Final

from jupyter_agent.screen import words
from jupyter_agent.screen.candidate import Candidate
from jupyter_agent.screen.expressions import at_need
from jupyter_agent.screen.words import words_of

_WORDS_AND_DIGIT: Final = re.compile(r"[A-Z][a-z]{2,}\.[a-z]{3,}\d{1,4}")
_IS: Final = re.compile(
    r"\s(?:is|was|ist|lautet|war|est|es|\u00e8|\u00e9|\u00e4r|er|jest|to|je|on|az)\s[\"'`]?$"
)


def is_said(candidate: Candidate) -> bool:
    """``the password is Stehlik.les3``: behind "is" stands no attribute of a program."""
    value = candidate.value
    if not _WORDS_AND_DIGIT.fullmatch(value):
        return False
    start = candidate.start
    before = candidate.text[max(candidate.match.start(), start - 12) : start]
    return bool(_IS.search(before)) and words.IN_NAMES.isdisjoint(words_of(value))


_MY: Final = (
    r"(?i:my|our|meine?|unser|mon|notre|mi|nuestra|minha|nossa|mia|nostra|mijn|onze|moje|m\u00f3j|"
    r"nasze|mitt|min|v\u00e5rt|moj|\u043c\u043e\u0439|\u043d\u0430\u0448)"
)
_MINE: Final = rf"(?<![^\W_]){_MY}\s(?:[\w'\u2019-]{{1,20}}\s){{0,2}}$"
_BEGINS_WITH_MY: Final = rf"{_MY}\s"
_TOLD: Final = (
    r"(?:\s(?:is|was|ist|lautet|war|est|\u00e9tait|es|era|\u00e8|\u00e9|\u00e4r|er|jest|to|je|luidt|"
    r"wordt|\u044d\u0442\u043e)(?: (?:now|still|just|jetzt))?|[\s']c'est|:)\s[\"'`]?$"
)
_JOINED: Final = re.compile(
    r"[^\W\d_]{3,}(?:_[^\W\d_]{2,}){1,3}|[^\W\d_]{2,}(?:\.[^\W\d_]{2,}){2,3}|"
    r"[^\W\d_]{2,}(?:-[^\W\d_]{2,}){2,3}|[A-Z]?[a-z]{3,}[A-Z](?:[a-z]*[A-Z])?[a-z]{3,}"
)
_FOLDERS: Final = ("pwd is", "PWD is", "pwd: ", "PWD: ")
_CLAUSE_ENDS: Final = (
    r"[\"'`\u201d\u2019]?(?:[.,;:!?)]|\s*(?:\n|$)|"
    r"\s(?:and|but|for|und|aber|et|mais|y|pero|e|ma|mas|en|maar|i|ale|och|men)\s)"
)
_LED: Final = (
    r"\s(?:for|of|to|on|till|f\u00fcr|von|zu|de|du|del|della|di|para|pour|van|voor|do|til)\s\S+(?:\s\S+){0,4}?"
    r"(?::|\s(?:is|ist|est|es|\u00e8|\u00e9|\u00e4r|er|jest))\s$"
)
_ENDS: Final = r"[.!]?\s*$"
_PARTS: Final = r"[A-Z]?[^\W\d_A-Z]+|[A-Z]+"
_NAMES: Final = words.IN_NAMES | words.VERDICTS | words.TALK | words.DEFAULTS | words.IN_MANUALS
_HORSES: Final = frozenset({"correct"})
"""What began the most famous of all passphrases, and many since."""


def is_mine(candidate: Candidate) -> bool:
    """``my password is tigger.and.roo``: words joined in a way that says nothing of a password.

    Without "my" it may be a variable or an adjective, of which programs' manuals are full.
    """
    value = candidate.value
    if not _JOINED.fullmatch(value):
        return False
    text = candidate.text
    begin = candidate.match.start()
    if text.startswith(_FOLDERS, begin):
        return False  # pwd is where one is, too
    is_owned = (
        at_need(_BEGINS_WITH_MY).match(text, begin)
        or at_need(_MINE).search(text, max(0, begin - 60), begin)
        # What a colon leads to, and nothing follows.
        or (
            at_need(_LED).search(text, begin, candidate.start)
            and at_need(_ENDS).match(text, candidate.end)
        )
    )
    if not (is_owned and at_need(_TOLD).search(text, begin, candidate.start)):
        return False
    if value.isalpha() and not at_need(_CLAUSE_ENDS).match(text, candidate.end):
        return False  # "our password is JavaScript generated"
    said = {word.lower() for word in at_need(_PARTS).findall(value)} - _HORSES
    # "hard-to-guess" says how it is; tigger.and.roo does not.
    return _NAMES.isdisjoint(said) and not ("-" in value and said & words.JOINING)
