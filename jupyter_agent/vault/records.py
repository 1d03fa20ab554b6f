"""The kinds of records that stand under a label."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from jupyter_agent.errors import LabelNotFound
from jupyter_agent.secret import check_label

VALUE: Final = "secret"
"""The value."""
ABOUT: Final = "about"
"""What is known of it (``meta``)."""


_NAMED: Final = 8
"""More labels are no help to somebody who looks for one."""


def not_found(label: str, known: Iterable[str]) -> LabelNotFound:
    """The error for a label that no record has.

    Args:
        label: It.
        known: Those that there are: mostly one of them was meant.
    """
    # A label that can't be one is not repeated: people paste the value where the label belongs.
    check_label(label)
    return LabelNotFound(
        f"No secret is stored under {label}.",
        f"{_there_is(label, sorted(known))} Add it in the Secrets panel, with %secret set {label}, "
        f"or with: jupyter agent secret set {label}",
    )


def _there_is(label: str, known: list[str]) -> str:
    if not known:
        return "None is stored yet."
    import difflib  # noqa: PLC0415  (seldom)

    if near := difflib.get_close_matches(label, known, 3, 0.75):
        return f"Did you mean {' or '.join(near)}?"
    more = f" and {len(known) - _NAMED} more" if len(known) > _NAMED else ""
    return f"There are: {', '.join(known[:_NAMED])}{more}."
