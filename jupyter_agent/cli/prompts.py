"""Questions on the person's own terminal, which is not always stdin: that may be a pipe."""

from __future__ import annotations

import sys

if sys.platform == "win32":
    from jupyter_agent.cli.console import Console as Tty
else:
    from jupyter_agent.cli.tty import Tty

__all__ = ["Tty", "confirmed", "has_person"]


def confirmed(question: str) -> bool:
    """Whether a person says yes on the terminal; False where there is none to ask."""
    tty = Tty.open()
    if tty is None:
        return False
    with tty:
        return tty.ask(f"{question} [y/N] ") in ("y", "yes")


def has_person() -> bool:
    """Whether a person seems to be typing: stdin is a terminal, and we are in its foreground."""
    if not sys.stdin or not sys.stdin.isatty():
        return False
    tty = Tty.open()
    if tty is not None:
        tty.close()
    return tty is not None
