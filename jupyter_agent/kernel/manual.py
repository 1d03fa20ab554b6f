"""The description of a magic, for whoever asks for it on its line: ``%secret --help``."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, Final

_ASKS: Final = ("--help", "-h")
_LEFT_OUT: Final = (
    "This Python leaves descriptions out (-OO, or PYTHONOPTIMIZE=2); start the kernel without that."
)
_WITH_A_BODY: Final = ("%%agent_run", "%%agent_chat")


def wanted(line: str) -> bool:
    """Whether a magic's line asks how it is used."""
    return line.strip() == "help" or any(word in _ASKS for word in line.split())


def with_body(lines: list[str]) -> list[str]:
    """Let a magic of ours that has nothing below it answer itself.

    IPython refuses it, whatever stands behind its name, and says less than the magic does. For its
    ``input_transformers_cleanup``.

    Args:
        lines: A cell's, each with its line break.
    """
    alone = len(lines) == 1 and lines[0].split()[:1] in [[name] for name in _WITH_A_BODY]
    return [*lines, "\n"] if alone else lines


# IPython's word for: not to be asked whether a cell is complete. In a terminal the body comes next.
with_body.has_side_effects = True  # type: ignore[attr-defined]


def show(magic: Callable[..., Any]) -> None:
    """Print what ``magic?`` shows, without the marks that are for whoever formats it."""
    described = inspect.getdoc(magic) or _LEFT_OUT
    print(described.replace("::\n\n", "\n").replace("\n\n\n", "\n\n"))  # noqa: T201  (a magic's own output)
