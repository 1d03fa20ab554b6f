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

_ANY: Final = "SECRET"


def suggest(rule_id: str, name: str, taken: Collection[str], screener: Screens) -> str:
    """A free label: the variable's name where it can be one, else what the rule suggests.

    Args:
        rule_id: The rule that found the secret.
        name: The variable it was assigned to, or "".
        taken: The labels in use.
        screener: Knows the rules; also refuses a name that is itself a secret.
    """
    return _made_free(_of_variable(name, screener) or _of_rule(rule_id, screener), taken)


def _of_variable(name: str, screener: Screens) -> str | None:
    label = name.upper()
    if len(label) < _SHORTEST_NAME or screener.screen(name):
        return None
    try:
        return check_label(label)
    except LabelInvalid:
        return None


def _of_rule(rule_id: str, screener: Screens) -> str:
    try:
        return screener.rule(rule_id).label or _ANY
    except KeyError:
        return _ANY


def _made_free(label: str, taken: Collection[str]) -> str:
    if label not in taken:
        return label
    for number in count(2):
        tail = f"_{number}"
        candidate = label[: MAX_LABEL - len(tail)] + tail
        if candidate not in taken:
            return candidate
    raise AssertionError  # count() does not end
