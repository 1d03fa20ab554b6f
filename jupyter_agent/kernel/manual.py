"""The description of a magic, for whoever asks for it on its line: ``%secret --help``."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, Final

_ASKS: Final = ("--help", "-h", "help")


def wanted(line: str) -> bool:
    """Whether a magic's line asks how it is used."""
    return line.strip() in _ASKS


def show(magic: Callable[..., Any]) -> None:
    """Print what ``magic?`` shows, without the marks that are for whoever formats it."""
    described = inspect.getdoc(magic) or ""
    print(described.replace("::\n\n", "\n").replace("\n\n\n", "\n\n"))  # noqa: T201  (a magic's own output)
