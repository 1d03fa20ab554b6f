"""The kinds of records that stand under a label."""

from __future__ import annotations

from typing import Final

from jupyter_agent.errors import LabelNotFound
from jupyter_agent.secret import check_label

VALUE: Final = "secret"
"""The value."""
ABOUT: Final = "about"
"""What is known of it (``meta``)."""


def not_found(label: str) -> LabelNotFound:
    """The error for a label that no record has."""
    # A label that can't be one is not repeated: people paste the value where the label belongs.
    check_label(label)
    return LabelNotFound(
        f"No secret is stored under {label}.",
        f"Save it in the Secrets panel, or run: jupyter agent secret set {label}",
    )
