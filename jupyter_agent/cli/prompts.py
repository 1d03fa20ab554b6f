"""Questions on the person's own terminal, which is not always stdin: that may be a pipe."""

from __future__ import annotations

import sys

from jupyter_agent.errors import RequestInvalid

if sys.platform == "win32":
    from jupyter_agent.cli.console import Console as Tty
else:
    from jupyter_agent.cli.tty import Tty

__all__ = ["Tty", "agree", "confirmed", "has_person"]


def agree(question: str, otherwise: str) -> None:
    """Go on only where a person says yes.

    Args:
        question: Already printable.
        otherwise: What is not done without a yes, as a sentence.

    Raises:
        RequestInvalid: They did not, or there is no terminal to ask on.
    """
    tty = Tty.open()
    if tty is None:
        raise RequestInvalid(
            f"{otherwise} There is no terminal to ask on.", "Without a question: --yes"
        )
    tty.close()
    if not confirmed(question):
        raise RequestInvalid(otherwise)


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
