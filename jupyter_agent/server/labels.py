"""A label to suggest for a finding."""

from __future__ import annotations

from collections.abc import Collection
from itertools import count
from typing import Final

from jupyter_agent.errors import LabelInvalid
from jupyter_agent.screen.cell import Screens
from jupyter_agent.secret import MAX_LABEL, check_label

_SHORTEST_NAME: Final = 4
"""Shorter variable names (``x``, ``key``) say less than the rule does."""

_SAYS_NOTHING: Final = frozenset(
    {
        *("my", "the", "api", "access", "auth", "bearer", "value", "credential", "credentials"),
        *("secret", "token", "key", "pass", "password", "passwd", "pwd"),
    }
)
"""Names of such words alone (``token``, ``api_key``) say less than the vendor's name does."""

_ANY: Final = "SECRET"


def suggest(rule_id: str, name: str, taken: Collection[str], screener: Screens) -> str:
    """A free label: the variable's name where it can be one and says what the secret is for.

    Else it is what the rule suggests.

    Args:
        rule_id: The rule that found the secret.
        name: The variable it was assigned to, or "".
        taken: The labels in use.
        screener: Knows the rules; also refuses a name that is itself a secret.
    """
    ruled = _of_rule(rule_id, screener)
    vague = ruled is not None and _SAYS_NOTHING.issuperset(name.lower().split("_"))
    named = None if vague else _of_variable(name, screener)
    return _made_free(named or ruled or _ANY, taken)


def _of_variable(name: str, screener: Screens) -> str | None:
    try:
        label = check_label(name.upper())
    except LabelInvalid:
        return None
    # Only now, when it is known to be short.
    return None if len(label) < _SHORTEST_NAME or screener.screen(name) else label


def _of_rule(rule_id: str, screener: Screens) -> str | None:
    try:
        return screener.rule(rule_id).label or None
    except KeyError:
        return None


def _made_free(label: str, taken: Collection[str]) -> str:
    if label not in taken:
        return label
    for number in count(2):
        tail = f"_{number}"
        candidate = label[: MAX_LABEL - len(tail)] + tail
        if candidate not in taken:
            return candidate
    raise AssertionError  # count() does not end
